"""What a newer definition refuses that the older one took.

In: two definitions of one kind. Out: changes by version and field, those first that can break objects.
Never: looks at objects; what really breaks is for `validate` to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from renderer.validate.wording import clipped, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from renderer.validate.definitions import Definition

_PRESERVE: Final = "x-kubernetes-preserve-unknown-fields"
_RULES: Final = "x-kubernetes-validations"
_LIST: Final = "x-kubernetes-list-type"
_INT_OR_STRING: Final = "x-kubernetes-int-or-string"
_TEXT_RULES: Final = ("pattern", "format", "multipleOf")
_LOW: Final = ("minimum", "minLength", "minItems", "minProperties")
_HIGH: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
_WIDER: Final = (("integer", "number"), ("integer", "integer or string"), ("string", "integer or string"))
_ITEMS: Final = "[]"
_VALUES: Final = "{}"
_JUNCTORS: Final = ("oneOf", "anyOf", "allOf", "not")


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One difference: the version, the dotted field (empty for the version itself), in words; whether it may break."""

    version: str
    field: str
    what: str
    breaking: bool


class _Difference(NamedTuple):
    path: tuple[str, ...]
    what: str
    breaking: bool = True


def compare_definitions(before: Definition, after: Definition) -> list[DefinitionChange]:
    """Everything that differs, what may break objects first. Status is left out: no artifact has one."""
    found = [*_around(before, after)]
    for name, old in before.versions.items():
        new = after.versions.get(name)
        if new is not None and old.get("served") and new.get("served"):
            differences = (one for one in _schemas(_schema(old), _schema(new), ()) if one.path[:1] != ("status",))
            found += [DefinitionChange(name, _named(one.path), one.what, one.breaking) for one in differences]
    return sorted(dict.fromkeys(found), key=lambda one: not one.breaking)


def _named(path: tuple[str, ...]) -> str:
    """`spec.rules[].hosts`, `spec.limits{}`."""
    text = ""
    for part in path:
        text += part if part in (_ITEMS, _VALUES) else f".{part}" if text else part
    return text


def _schema(version: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def _around(before: Definition, after: Definition) -> Iterator[DefinitionChange]:
    if before.value["spec"]["scope"] != after.value["spec"]["scope"]:
        scopes = f"{before.value['spec']['scope']} -> {after.value['spec']['scope']}"
        yield DefinitionChange("", "", f"the scope changed: {scopes}", breaking=True)
    for name in before.served:
        if name not in after.served:
            yield DefinitionChange(name, "", "is no longer served", breaking=True)
    for name in after.served:
        if name not in before.served:
            yield DefinitionChange(name, "", "is served now", breaking=False)
        elif after.versions[name].get("deprecated") and not before.versions[name].get("deprecated"):
            yield DefinitionChange(name, "", "is deprecated now", breaking=False)


def _schemas(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Difference]:
    for look in (_types, _required, _enum, _bounds, _texts, _lists, _rules, _junctors):
        yield from (one._replace(path=(*path, *one.path)) for one in look(old, new))
    yield from _fields(old, new, path)
    for key, step in (("items", _ITEMS), ("additionalProperties", _VALUES)):
        below, beside = old.get(key), new.get(key)
        if isinstance(below, dict) and isinstance(beside, dict):
            yield from _schemas(below, beside, (*path, step))
        elif below and not beside and not new.get(_PRESERVE):
            yield _Difference((*path, step), "is no longer described: other keys are refused")


def _fields(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Difference]:
    before, after = old.get("properties") or {}, new.get("properties") or {}
    open_ended = bool(new.get(_PRESERVE)) or "additionalProperties" in new
    for key, inner in before.items():
        if key in after:
            yield from _schemas(inner, after[key], (*path, key))
        else:
            yield _Difference((*path, key), "was removed", breaking=not open_ended)
    yield from (_Difference((*path, key), "was added", breaking=False) for key in after if key not in before)
    if old.get(_PRESERVE) and not new.get(_PRESERVE):
        yield _Difference(path, "unknown fields are no longer kept")


def _type(schema: Mapping[str, Any]) -> str:
    return "integer or string" if schema.get(_INT_OR_STRING) else str(schema.get("type") or "any")


def _types(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Difference]:
    before, after = _type(old), _type(new)
    if before != after:
        wider = after in (
            "any",
            "integer or string" if before in ("integer", "string") else "",
            "number" * (before == "integer"),
        )
        yield _Difference((), f"has another type: {before} -> {after}", breaking=not wider)
    if old.get("nullable") and not new.get("nullable"):
        yield _Difference((), "may no longer be null")


def _required(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Difference]:
    before, after = set(old.get("required") or ()), set(new.get("required") or ())
    filled = {key for key, inner in (new.get("properties") or {}).items() if "default" in inner}
    yield from (_Difference((key,), "is required now", breaking=key not in filled) for key in sorted(after - before))
    yield from (_Difference((key,), "is no longer required", breaking=False) for key in sorted(before - after))


def _enum(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Difference]:
    before, after = old.get("enum"), new.get("enum")
    if after is None or before == after:
        return
    if before is None:
        yield _Difference((), f"takes only {', '.join(map(shown, after))} now")
        return
    for one in before:
        if one not in after:
            yield _Difference((), f"no longer takes {shown(one)}")
    yield from (_Difference((), f"takes {shown(one)} now", breaking=False) for one in after if one not in before)


def _bounds(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Difference]:
    narrower: tuple[tuple[tuple[str, ...], Callable[[Any, Any], bool]], ...] = (
        (_LOW, lambda before, after: before is None or after > before),
        (_HIGH, lambda before, after: before is None or after < before),
    )
    for keys, tighter in narrower:
        for key in keys:
            before, after = old.get(key), new.get(key)
            if before != after:
                breaking = after is not None and tighter(before, after)
                yield _Difference((), f"{key} changed: {shown(before)} -> {shown(after)}", breaking)


def _texts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Difference]:
    for key in _TEXT_RULES:
        before, after = old.get(key), new.get(key)
        if before != after:
            yield _Difference((), f"{key} changed: {shown(before)} -> {shown(after)}", breaking=after is not None)


def _lists(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Difference]:
    before, after = old.get(_LIST, "atomic"), new.get(_LIST, "atomic")
    if before != after:
        yield _Difference((), f"is a list of type {after} now, was {before}", breaking=after in ("map", "set"))


def _rules(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Difference]:
    known = {str(rule.get("rule")) for rule in old.get(_RULES) or ()}
    for rule in new.get(_RULES) or ():
        if str(rule.get("rule")) not in known:
            yield _Difference((), f"has a new rule: {clipped(' '.join(str(rule.get('rule')).split()))}")


def _junctors(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[_Difference]:
    for key in _JUNCTORS:
        if old.get(key) != new.get(key):
            yield _Difference((), f"{key} changed", breaking=key in new)

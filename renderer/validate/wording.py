"""Words for what a schema refuses.

In: errors of the `jsonschema` library. Out: `Violation` values: where, expected, got, next step.
Never: echoes more than 60 characters of a value, or any of it when asked to be quiet (Secrets).
"""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renderer.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jsonschema.exceptions import ValidationError

    from renderer.types import KeyPath

CLIP = 60
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_$-]+")
_KEY_LIST = 8
_TYPES = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "an integer",
    "null": "null",
    "number": "a number",
    "object": "a mapping",
    "string": "a string",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of a schema: key path, what was expected and found, the next step; `unknown` marks an unknown key."""

    path: KeyPath
    what: str
    hint: str = ""
    unknown: bool = False


def dotted(path: Iterable[str | int]) -> str:
    """`spec.containers[0].image`; keys that hold a dot or slash stand in brackets, quoted."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{clipped(json.dumps(part, ensure_ascii=False))}]"
    return text


def clipped(text: str) -> str:
    """`text`, cut to 60 characters."""
    return text if len(text) <= CLIP else text[: CLIP - 1] + "…"


def type_name(value: object) -> str:
    """The JSON type of `value`, with its article."""
    if isinstance(value, bool):
        return "a boolean"
    kinds: tuple[tuple[type, str], ...] = (
        (dict, "a mapping"),
        (list, "a list"),
        (str, "a string"),
        (int, "an integer"),
        (float, "a number"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "null")


def shown(value: object, *, quiet: bool = False) -> str:
    """`value` as JSON, clipped; the type only, for containers and when quiet."""
    if quiet or isinstance(value, dict | list):
        return type_name(value)
    # Hidden before it is cut: a part of a secret might not be known for one.
    return clipped(mask(json.dumps(value, ensure_ascii=False)))


def meant(key: str, known: Iterable[str]) -> str:
    """A did-you-mean for `key`, or the known keys where they are few, or nothing."""
    names = sorted(known)
    folded = {name.lower(): name for name in names}
    close = difflib.get_close_matches(key.lower(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]}?"
    return f"known here: {', '.join(names)}" if 0 < len(names) <= _KEY_LIST else ""


def worded(error: ValidationError, *, quiet: bool = False) -> list[Violation]:
    """Turn one `jsonschema` error into violations: one per unknown key, one for anything else."""
    path = tuple(error.absolute_path)
    if "propertyNames" in list(error.absolute_schema_path)[-2:-1] and isinstance(error.instance, str):
        path = (*path, error.instance)
    wording = _WORDINGS.get(str(error.validator))
    if wording is not None:
        return wording(error, path, quiet)
    return [Violation(path, f"expected {_rule(error)}, got {shown(error.instance, quiet=quiet)}")]


def _rule(error: ValidationError) -> str:
    limit = json.dumps(error.validator_value, ensure_ascii=False)
    return _RULES.get(str(error.validator), str(error.validator) + " {}").format(limit[: 4 * CLIP])


def _unknown(error: ValidationError, path: KeyPath, quiet: bool) -> list[Violation]:  # noqa: ARG001, FBT001
    known: Mapping[str, Any] = error.schema.get("properties", {})  # type: ignore[union-attr]
    extra = [key for key in error.instance if key not in known]  # type: ignore[union-attr]
    hint = "remove it, or correct its name"
    return [Violation((*path, key), "unknown field", meant(key, known) or hint, unknown=True) for key in extra]


def _missing(error: ValidationError, path: KeyPath, quiet: bool) -> list[Violation]:  # noqa: ARG001, FBT001
    # jsonschema yields one error per missing key; its message starts with the key's repr.
    absent = [key for key in error.validator_value if error.message.startswith(repr(key))]  # type: ignore[union-attr]
    hint = f"expected {', '.join(error.validator_value)}"  # type: ignore[arg-type]
    return [Violation(path, f"{key} is missing", f"{hint}; add {key}") for key in absent[:1]]


def _wrong_type(error: ValidationError, path: KeyPath, quiet: bool) -> list[Violation]:  # noqa: FBT001
    wanted = error.validator_value
    names = [wanted] if isinstance(wanted, str) else [str(name) for name in wanted]  # type: ignore[union-attr]
    return [_expected(names, error.instance, path, quiet=quiet)]


def _expected(names: list[str], value: object, path: KeyPath, *, quiet: bool) -> Violation:
    wanted = [_TYPES.get(name, name) for name in names if name != "null" or len(names) == 1]
    got = type_name(value) if quiet or isinstance(value, dict | list) else f"{type_name(value)}: {shown(value)}"
    if value is None:
        got = "null"
    return Violation(path, f"expected {' or '.join(wanted)}, got {got}", _type_hint(names, value, quiet=quiet))


def _type_hint(names: list[str], value: object, *, quiet: bool) -> str:
    if value is None:
        return "give it a value, or remove the key"
    if isinstance(value, bool) and {"integer", "number"} & set(names):
        return ""
    if "string" in names and isinstance(value, bool | int | float):
        return "quote it" if quiet else f'quote it: "{shown(value)}"'
    if isinstance(value, str) and {"integer", "number", "boolean"} & set(names):
        return "remove the quotes" if re.fullmatch(r"-?[0-9.]+|true|false", value) else ""
    return ""


def _not_listed(error: ValidationError, path: KeyPath, quiet: bool) -> list[Violation]:  # noqa: FBT001
    values = [value for value in error.validator_value if value is not None]  # type: ignore[union-attr]
    listed = ", ".join(shown(value) for value in values[:20]) + (", …" if len(values) > 20 else "")  # noqa: PLR2004
    hint = meant(str(error.instance), [str(value) for value in values]) if isinstance(error.instance, str) else ""
    hint = hint if hint.startswith("did") else ""
    one_of = "one of " if len(values) > 1 else ""
    return [Violation(path, f"expected {one_of}{listed}, got {shown(error.instance, quiet=quiet)}", hint)]


def _pattern(error: ValidationError, path: KeyPath, quiet: bool) -> list[Violation]:  # noqa: FBT001
    schema = error.schema if isinstance(error.schema, dict) else {}
    described = str(schema.get("description", ""))
    # A description that begins in lower case is a phrase that fits here; others are sentences about the key.
    rule = described if described[:1].islower() else f"text that matches {clipped(str(error.validator_value))}"
    return [Violation(path, f"expected {rule}, got {shown(error.instance, quiet=quiet)}")]


def _alternatives(error: ValidationError, path: KeyPath, quiet: bool) -> list[Violation]:  # noqa: FBT001
    context = error.context or []
    here = [inner for inner in context if not inner.relative_path]
    if here and len(here) == len(context) and all(inner.validator == "type" for inner in here):
        wanted = [name for inner in here for name in _as_list(inner.validator_value)]
        return [_expected(list(dict.fromkeys(wanted)), error.instance, path, quiet=quiet)]
    if not context:
        return [Violation(path, f"expected exactly one alternative of {error.validator}, got several")]
    if here and len(here) == len(context) and all(inner.validator == "required" for inner in here):
        keys = [key for inner in here for key in _as_list(inner.validator_value)]
        return [Violation(path, f"expected one of the fields {', '.join(dict.fromkeys(keys))}, got none of them")]
    from jsonschema.exceptions import relevance

    deepest = max(context, key=lambda inner: (len(inner.absolute_path), relevance(inner)))
    return worded(deepest, quiet=quiet)


def _as_list(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value]  # type: ignore[attr-defined]


def _refused(error: ValidationError, path: KeyPath, quiet: bool) -> list[Violation]:  # noqa: FBT001
    described = error.schema.get("description") if isinstance(error.schema, dict) else None
    if error.validator_value == {} and described:
        hint = "take a newer definition of the kind, or remove the field"
        return [Violation(path, f"expected {described}, got {shown(error.instance, quiet=quiet)}", hint)]
    rule = clipped(json.dumps(error.validator_value, ensure_ascii=False))
    return [Violation(path, f"expected anything but {rule}, got {shown(error.instance, quiet=quiet)}")]


_RULES = {
    "exclusiveMaximum": "less than {}",
    "exclusiveMinimum": "more than {}",
    "format": "the format {}",
    "maximum": "at most {}",
    "maxItems": "at most {} item(s)",
    "maxLength": "at most {} character(s)",
    "maxProperties": "at most {} key(s)",
    "minimum": "at least {}",
    "minItems": "at least {} item(s)",
    "minLength": "at least {} character(s)",
    "minProperties": "at least {} key(s)",
    "multipleOf": "a multiple of {}",
    "uniqueItems": "items that differ from each other",
}
_WORDINGS: Mapping[str, Callable[[ValidationError, KeyPath, bool], list[Violation]]] = {
    "additionalProperties": _unknown,
    "anyOf": _alternatives,
    "enum": _not_listed,
    "not": _refused,
    "oneOf": _alternatives,
    "pattern": _pattern,
    "required": _missing,
    "type": _wrong_type,
}

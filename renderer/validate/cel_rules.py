"""The rules of a CustomResourceDefinition: `x-kubernetes-validations` at every level of its schema.

In: an `openAPIV3Schema`, then custom resources that fit it. Out: breaches, and what of the rules cannot be used.
Never: takes a rule that cannot be evaluated for one that holds. Objects count as new: rules about changes are left out.
Source: apiextensions-apiserver pkg/apiserver/schema/cel.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.types import Severity
from renderer.validate.cel_reads import bare
from renderer.validate.cel_shape import Shape
from renderer.validate.wording import Violation, clipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import KeyPath
    from renderer.validate.cel_engine import CelError, Expression, Scope

_KEY = "x-kubernetes-validations"
_BEFORE = "oldSelf"
_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\['((?:[^'\\]|\\.)*)'\]")
_LINE = 200


class Breach(NamedTuple):
    """A rule that does not hold, or, as a warning, one that this engine cannot evaluate though Kubernetes might."""

    violation: Violation
    severity: Severity


@dataclass(frozen=True, slots=True)
class _Rule:
    text: str
    expression: Expression
    message: str
    worded: Expression | None
    path: KeyPath


@dataclass(slots=True)
class _Place:
    """The rules of one level of the schema, and the levels below that have any."""

    shape: Shape
    rules: list[_Rule] = field(default_factory=list)
    fields: dict[str, _Place] = field(default_factory=dict)
    rest: _Place | None = None
    items: _Place | None = None

    @property
    def idle(self) -> bool:
        return not (self.rules or self.fields or self.rest or self.items)


class CelRules:
    """The rules of one version of a definition. `unusable` says which of them cannot be compiled, and why."""

    def __init__(self, openapi: Mapping[str, Any]) -> None:
        self._openapi = openapi
        self.unusable: list[str] = []
        self._root = self._place(openapi, self._shape, ()) if _has_rules(openapi) else None

    @cached_property
    def _shape(self) -> Shape:  # most definitions have no rules, and some are very large
        return Shape.of(self._openapi)

    def defaulted(self, value: Mapping[str, Any]) -> Any:
        """A new value: the object with its definition's defaults."""
        return self._shape.defaulted(self._shape.without_nulls(value) if _holds_null(value) else value)

    def breaches(self, value: Mapping[str, Any]) -> list[Breach]:
        """What the API server would say about creating `value`, which must fit the schema."""
        return list(_asked(self._root, self.defaulted(value), ())) if self._root else []

    def asked(self, value: Mapping[str, Any]) -> int:
        """How many rules there are to ask about `value`."""
        return _counted(self._root, self.defaulted(value)) if self._root else 0

    def _place(self, schema: Mapping[str, Any], shape: Shape, path: tuple[str, ...]) -> _Place:
        place = _Place(shape)
        for part in (schema, *(one for one in schema.get("allOf", ()) if isinstance(one, dict))):
            for rule in part.get(_KEY) or ():
                place.rules.extend(self._compiled(rule, shape, path))
        for key, inner in (schema.get("properties") or {}).items():
            child = self._place(inner, shape.fields[key], (*path, key))
            if not child.idle:
                place.fields[key] = child
        place.rest = self._child(schema.get("additionalProperties"), shape.rest, (*path, "*"))
        place.items = self._child(schema.get("items"), shape.items, (*path, "[]"))
        return place

    def _child(self, schema: Any, shape: Shape | None, path: tuple[str, ...]) -> _Place | None:
        if not isinstance(schema, dict) or shape is None:
            return None
        place = self._place(schema, shape, path)
        return None if place.idle else place

    def _compiled(self, rule: Mapping[str, Any], shape: Shape, path: tuple[str, ...]) -> Iterator[_Rule]:
        from renderer.validate.cel_engine import CelError

        text, wording = str(rule.get("rule", "")), str(rule.get("messageExpression", "")).strip()
        optional = bool(rule.get("optionalOldSelf"))
        if not text.strip():
            return
        try:
            expression = _expression(text, shape, optional=optional)
            worded = _expression(wording, shape, optional=optional) if wording else None
            if expression is not None:
                yield _Rule(text, expression, str(rule.get("message", "")), worded, _steps(rule.get("fieldPath")))
        except CelError as error:
            place = ".".join(path) or "the root"
            self.unusable.append(f"the rule {clipped(one_line(text))} at {place} cannot be compiled: {error}")


def _holds_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_null, value.values()))
    return any(map(_holds_null, value)) if isinstance(value, list) else value is None


def _has_rules(schema: Any) -> bool:
    if isinstance(schema, dict):
        return bool(schema.get(_KEY)) or any(map(_has_rules, schema.values()))
    return isinstance(schema, list) and any(map(_has_rules, schema))


def _expression(text: str, shape: Shape, *, optional: bool) -> Expression | None:
    """None for a rule about changes: without an object before, Kubernetes does not ask it."""
    from renderer.validate.cel_engine import CelError, environment

    shape_times = [name for name in shape.times if re.search(rf"\b{re.escape(name)}\b", bare(text))]
    if shape_times:
        what = f"the field {shape_times[0]} holds a time or duration, which is read only by rules on the field itself"
        raise CelError(what, limited=True)
    self_ = ("self", shape.type)
    try:
        return environment(self_).compile(text)
    except CelError:
        if not re.search(rf"\b{_BEFORE}\b", bare(text)):
            raise
    environment(self_, (_BEFORE, "dyn" if optional else shape.type)).compile(text)
    if not optional:
        return None
    return environment(self_, bindings=True).compile(f"cel.bind({_BEFORE}, optional.none(), (\n{text}\n))")


def _steps(path: Any) -> KeyPath:
    """`.spec['a.b']` as a key path."""
    return tuple(part[1] or part[2].replace("\\'", "'") for part in _STEP.finditer(str(path or "")))


def _steps_below(place: _Place, value: Any) -> Iterator[tuple[str | int, _Place, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            child = place.fields.get(key) or (place.rest if key not in place.shape.fields else None)
            if child:
                yield key, child, inner
    elif isinstance(value, list) and place.items:
        yield from ((index, place.items, item) for index, item in enumerate(value))


def _asked(place: _Place, value: Any, path: KeyPath) -> Iterator[Breach]:
    if value is None:
        return  # Kubernetes asks the rules about a null only at the level above
    if place.rules:
        yield from _answers(place, value, path)
    for key, child, inner in _steps_below(place, value):
        yield from _asked(child, inner, (*path, key))


def _counted(place: _Place, value: Any) -> int:
    below = sum(_counted(child, inner) for _, child, inner in _steps_below(place, value))
    return below + (0 if value is None else len(place.rules))


def _answers(place: _Place, value: Any, path: KeyPath) -> Iterator[Breach]:
    from renderer.validate.cel_engine import CelError, environment, read

    try:
        kind = place.shape.type
        seen = read(kind, value) if kind in ("duration", "timestamp") else place.shape.seen(value)
        scope = environment(("self", kind)).scope({"self": seen})
    except CelError as error:
        yield from (_unevaluated(rule, path, error) for rule in place.rules)
        return
    for rule in place.rules:
        try:
            if not rule.expression.truth(scope):
                what = _message(rule, scope)
                yield Breach(Violation((*path, *rule.path), what, f"rule: {excerpt(rule.text)}"), Severity.ERROR)
        except CelError as error:
            yield _unevaluated(rule, path, error)


def _unevaluated(rule: _Rule, path: KeyPath, error: CelError) -> Breach:
    """Kubernetes refuses an object when a rule fails to evaluate; where our engine is at fault, it may not."""
    what = f"the rule {clipped(one_line(rule.text))} cannot be evaluated: {error}"
    hint = f"rule: {excerpt(rule.text)}"
    if str(error).startswith("no such key"):
        hint += "; what a webhook would fill in is not known here: write it out"
    if error.limited:
        return Breach(Violation((*path, *rule.path), what, f"check it by hand; {hint}"), Severity.WARNING)
    return Breach(Violation((*path, *rule.path), what, hint), Severity.ERROR)


def _message(rule: _Rule, scope: Scope) -> str:
    """The rule's own words: its message expression, its message, or the rule."""
    from renderer.validate.cel_engine import CelError

    if rule.worded:
        try:
            found = rule.worded.value(scope)
            if isinstance(found, str) and found.strip() and "\n" not in found:
                return excerpt(found)
        except CelError:
            pass  # as Kubernetes does: the plain message stands in
    return excerpt(rule.message) if rule.message else f"failed rule: {excerpt(rule.text)}"


def one_line(text: str) -> str:
    """`text` with single spaces for all white space."""
    return " ".join(text.split())


def excerpt(text: str) -> str:
    """`text` on one line, cut to 200 characters."""
    line = one_line(text)
    return line if len(line) <= _LINE else f"{line[:_LINE]}…"

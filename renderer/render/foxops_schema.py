"""JSON Schemas (draft-07) of the variables of a FoxOps template: exactly what is taken as a value.

In: variables. Out: for each the schema of its values, and the names that must have one. White space around a number
that is none to ASCII, and numbers beyond 64 bits that are written as fractions, are not looked into.
Never: checks a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from renderer.render.foxops_values import NO, YES, Kind
from renderer.render.questions import MISSING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from renderer.render.foxops_values import Variable
    from renderer.types import Json

    Schema = dict[str, Json]

_SPACE: Final = "[ \\t\\n\\r\\f\\v]*"
_INTEGER: Final = f"^{_SPACE}[+-]?[0-9]+(?:_[0-9]+)*(?:\\.0+)?{_SPACE}$"


def variable_schemas(variables: Iterable[Variable], *, partial: bool) -> dict[str, Schema]:
    """Variable -> schema of its values. What is `partial` may still be merged: members may be missing, or null."""
    return {variable.name: _schema(variable, partial=partial) for variable in variables}


def required_variables(variables: Iterable[Variable]) -> list[str]:
    """The variables that every site must give a value to."""
    return [variable.name for variable in variables if _is_required(variable)]


def _is_required(variable: Variable) -> bool:
    if variable.kind is Kind.OBJECT:
        return any(map(_is_required, variable.children))
    return variable.default is MISSING


def _schema(variable: Variable, *, partial: bool) -> Schema:
    schema: Schema = {"description": variable.description}
    default = variable.default
    if isinstance(default, (str, int, float, list, dict)):
        schema["default"] = default
    return schema | _values(variable, partial=partial)


def _values(variable: Variable, *, partial: bool) -> Schema:
    match variable.kind:
        case Kind.STRING:
            return {"type": ["string", "number", "boolean"]}
        case Kind.INTEGER:
            return {"anyOf": [{"type": ["integer", "boolean"]}, {"type": "string", "pattern": _INTEGER}]}
        case Kind.BOOLEAN:
            return {"anyOf": [{"enum": [True, False, 1, 0]}, {"type": "string", "pattern": _in_any_case(YES | NO)}]}
        case Kind.STRINGS:
            return {"type": "array", "items": {"type": "string"}}
        case Kind.OBJECTS:
            # A list is replaced as a whole, so nothing is merged into its items.
            return {"type": "array", "items": _object(variable.children, partial=False)}
        case Kind.OBJECT:
            return _object(variable.children, partial=partial)
        case _:
            assert_never(variable.kind)


def _object(children: Sequence[Variable], *, partial: bool) -> Schema:
    members = variable_schemas(children, partial=partial)
    schema: Schema = {"type": "object", "additionalProperties": False}
    if partial:
        return {**schema, "properties": {name: {"anyOf": [one, {"type": "null"}]} for name, one in members.items()}}
    required: list[Json] = [*required_variables(children)]
    return {**schema, "properties": {**members}, **({"required": required} if required else {})}


def _in_any_case(words: Iterable[str]) -> str:
    spelled = ("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in word) for word in sorted(words))
    return f"^(?:{'|'.join(spelled)})$"

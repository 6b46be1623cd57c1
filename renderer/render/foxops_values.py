"""The variables of a FoxOps template, and what a site's values become in their types, as FoxOps 2.9 does it.

In: variables, and what a site gives. Out: plain data in the order of the variables, and every problem found.
Never: keeps a value that a template or another site could change: maps and lists are made anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from renderer.errors import Code
from renderer.render.casting import plain
from renderer.render.questions import MISSING
from renderer.render.suggest import did_you_mean
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.render.questions import _Missing
    from renderer.types import Json, Origin

YES = frozenset({"1", "on", "t", "true", "y", "yes"})
NO = frozenset({"0", "off", "f", "false", "n", "no"})
_INTEGER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.0+)?")
_INT64 = 1 << 63
_SHOWN = 80
_CORRECT = "change the value where it is set, or the variable's type in fengine.yaml"


class Kind(StrEnum):
    """The types of fengine.yaml, a list's with what is in it."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    STRINGS = "list of strings"
    OBJECTS = "list of objects"
    OBJECT = "object"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `default` is MISSING when a value is required; an object takes its default from its children."""

    name: str
    kind: Kind
    origin: Origin
    default: Json | _Missing = MISSING
    children: tuple[Variable, ...] = ()
    description: str = ""


@dataclass(slots=True)
class Filling:
    """One site's values for a template. `problems` are told with the dotted name of the variable."""

    problems: list[Problem] = field(default_factory=list)

    def fill(self, variables: Sequence[Variable], given: Mapping[str, Json], prefix: str = "") -> dict[str, Json]:
        """All variables in their order: given and cast, or the default."""
        filled: dict[str, Json] = {}
        for variable in variables:
            key = f"{prefix}{variable.name}"
            if variable.name in given:
                filled[variable.name] = self.cast(variable, given[variable.name], key)
            elif variable.kind is Kind.OBJECT:
                filled[variable.name] = self.fill(variable.children, {}, f"{key}.")
            elif variable.default is not MISSING:
                filled[variable.name] = plain(variable.default)
            else:
                what = f"the template asks for {key}, and it has no value and no default"
                hint = "give it a value in a layer or the site file"
                self.problems.append(Problem(Code.ANSWER_MISSING, what, variable.origin, hint, key=key))
        return filled

    def cast(self, variable: Variable, value: Json, key: str) -> Json:
        """`value` in the variable's type; null, with a problem noted, when it does not fit."""
        kind = variable.kind
        match kind:
            case Kind.STRING | Kind.INTEGER | Kind.BOOLEAN:
                return self._scalar(kind, value, key)
            case Kind.STRINGS | Kind.OBJECTS:
                return self._items(variable, value, key)
            case Kind.OBJECT:
                return self._object(variable, value, key)
            case _:
                assert_never(kind)

    def _scalar(self, kind: Kind, value: Json, key: str) -> Json:
        try:
            if kind is Kind.STRING:
                return to_string(value)
            return to_integer(value) if kind is Kind.INTEGER else to_boolean(value)
        except ValueError:
            return self._refuse(kind, value, key)

    def _items(self, variable: Variable, value: Json, key: str) -> Json:
        if not isinstance(value, list):
            return self._refuse(variable.kind, value, key)
        if variable.kind is Kind.OBJECTS:
            return [self._object(variable, item, f"{key}.{index}") for index, item in enumerate(value)]
        # Unlike a string by itself, an item is not made of a number.
        return [
            item if isinstance(item, str) else self._refuse(Kind.STRING, item, f"{key}.{index}")
            for index, item in enumerate(value)
        ]

    def _object(self, variable: Variable, value: Json, key: str) -> Json:
        if not isinstance(value, dict):
            return self._refuse(Kind.OBJECT, value, key)
        known = [child.name for child in variable.children]
        for name in value:
            if name not in known:
                what = f"the template does not ask for {key}.{name}"
                hint = did_you_mean(name, known, "remove it: FoxOps would drop it without a word")
                self.problems.append(Problem(Code.VALUE_UNKNOWN, what, None, hint, key=f"{key}.{name}"))
        return self.fill(variable.children, value, f"{key}.")

    def _refuse(self, kind: Kind, value: Json, key: str) -> Json:
        text = repr(value)
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        what = f"{key}: expected {'an' if kind.value[0] in 'aeio' else 'a'} {kind.value}, got {shown}"
        self.problems.append(Problem(Code.ANSWER_INVALID, what, None, _CORRECT, key=key))
        return None


def to_string(value: Json) -> str:
    """Text as it is; numbers and booleans as Python writes them. ValueError for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int, float)):
        return str(value)
    raise ValueError


def to_integer(value: Json) -> int:
    """Whole numbers, also as text with a sign, single underscores and a fraction of zeros. ValueError otherwise."""
    if isinstance(value, (bool, int)):
        return int(value)
    if isinstance(value, float) and value.is_integer() and -_INT64 < value < _INT64:
        return int(value)
    if isinstance(value, str) and _INTEGER.fullmatch(text := _trimmed(value)):
        return int(text.partition(".")[0])  # Python gives up at 4,300 digits, as FoxOps does
    raise ValueError


def _trimmed(text: str) -> str:
    # To Python the four separators are white space too, to Unicode and FoxOps they are not.
    return text if any(separator in text for separator in "\x1c\x1d\x1e\x1f") else text.strip()


def to_boolean(value: Json) -> bool:
    """True and false, 1 and 0, and their words in any case. ValueError otherwise."""
    if isinstance(value, (bool, int, float)) and value in {0, 1}:
        return bool(value)
    if isinstance(value, str) and value.lower() in YES | NO:
        return value.lower() in YES
    raise ValueError

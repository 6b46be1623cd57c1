"""What is wrong with an input or an output, and places in files.

In: nothing. Out: frozen values. Never: does I/O, or raises for what it describes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.errors import Code
    from renderer.types.names import Json, KeyPath
    from renderer.types.waivers import Waived


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place in a file; `file` is relative to the fleet repository, lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Severity(StrEnum):
    """An error stops its site; a warning is only told; what is waived is counted, and listed where one looks for it."""

    ERROR = "error"
    WARNING = "warning"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an input or an output: what is wrong, where, and what to do about it.

    `what` says what was found and what was expected; `hint` the next step. `key` is the dotted variable that caused it,
    where one did: the origin of a merged value is looked up only when a problem needs it. `rendered` is the place in
    the artifact that `where`, then a line of a template, made; `causes` are where the values were set that it reads.
    `rule` is the name of the policy or rule that made it, `object` the object that it is about, Kind/namespace/name.
    """

    code: Code
    what: str
    where: Origin | None = None
    hint: str = ""
    site: str | None = None
    key: str | None = None
    severity: Severity = Severity.ERROR
    rendered: Origin | None = None
    causes: tuple[Origin, ...] = ()
    rule: str = ""
    object: str = ""
    waived: Waived | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed YAML file: its value, and the (line, column) of every mapping value and list item by key path."""

    file: str
    value: Json
    positions: Mapping[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at `path`, or its nearest recorded parent, was written."""
        while path and path not in self.positions:
            path = path[:-1]
        return Origin(self.file, *self.positions.get(path, (1, 1)))

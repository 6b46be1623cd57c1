"""Plans how the variables in layer and site files change with a template's version, by declarative migrations.

In: a template's migrations.yml, files with the sites that use them. Out: for each file its new bytes, or why it cannot
be changed. Never: reads or writes a file, renders, or decides between two values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from renderer import strict_yaml
from renderer.errors import Code
from renderer.scaffold import editing
from renderer.scaffold.nested import ABSENT, find
from renderer.scaffold.source import EditError
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from renderer.scaffold.nested import Keys
    from renderer.types import Document, Json

    # Sort key of a version: what is older is less.
    Order: TypeAlias = Callable[[str], Any]

SECTION = "values"


class Kind(StrEnum):
    """What a change does."""

    RENAME = "rename"
    MOVE = "move"
    DROP = "drop"
    MAP = "map"
    SET = "set-if-missing"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a migration. `key` is what it looks for; `to` the template version that made it."""

    kind: Kind
    to: str
    origin: Origin
    key: Keys
    target: Keys = ()
    values: Mapping[str, Json] | None = None
    value: Json = None

    def __str__(self) -> str:
        name = ".".join(self.key)
        if self.kind is Kind.SET:
            return f"set {name} to {editing.emit(self.value)}"
        return f"{self.kind} {name} to {'.'.join(self.target)}" if self.target else f"{self.kind} {name}"


@dataclass(frozen=True, slots=True)
class Use:
    """Sites that use a file and are alike: `start` and `end` are their versions of the template before and after.

    Both are None for sites without the template. `asked` are the variables that their other templates ask for, `site`
    is one of the sites and `count` how many they are.
    """

    start: str | None
    end: str | None
    asked: frozenset[str]
    site: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class File:
    """A layer or site file as it is, and as it will be. `notes` says what is changed, at which line of `before`."""

    file: str
    before: bytes
    after: bytes
    notes: tuple[tuple[Origin, str], ...] = ()

    @property
    def value(self) -> Json:
        """What the file will hold."""
        return strict_yaml.load(self.after, self.file).value

    def origin(self, path: Keys) -> Origin:
        """Where `path`, or what is nearest to it, stands in the file as it is."""
        return strict_yaml.load(self.before, self.file).origin(path)


class _Conflict(Exception):
    """A change that cannot be made, as a problem."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.what)
        self.problem = problem


def read_migrations(document: Document) -> tuple[Change, ...]:
    """The changes of a migrations.yml that fits its schema, in its order."""
    found = []
    for number, entry in enumerate(cast("list[dict[str, Json]]", document.value)):
        for index, change in enumerate(cast("list[dict[str, Json]]", entry["changes"])):
            origin = document.origin((number, "changes", index))
            found.append(_change(str(entry["to"]), change, origin))
    return tuple(found)


def _change(to: str, change: Mapping[str, Json], origin: Origin) -> Change:
    ((name, body),) = change.items()
    kind = Kind(name)
    if not isinstance(body, dict):
        return Change(kind, to, origin, _path(body))
    if kind is Kind.MAP:
        return Change(kind, to, origin, _path(body["key"]), values=cast("dict[str, Json]", body["values"]))
    if kind is Kind.SET:
        return Change(kind, to, origin, _path(body["key"]), value=body["value"])
    return Change(kind, to, origin, _path(body["from"]), _path(body["to"]))


def _path(key: Json) -> Keys:
    return tuple(str(key).split("."))


@dataclass(frozen=True, slots=True)
class Planner:
    """Applies `changes`, oldest version first, to one file at a time; `order` compares versions."""

    changes: Sequence[Change]
    order: Order

    def wanted(self, change: Change, use: Use) -> bool:
        """Whether sites come by the version of `change` on their way."""
        if use.start is None or use.end is None:
            return False
        return bool(self.order(use.start) < self.order(change.to) <= self.order(use.end))

    def plan(self, file: File, uses: Sequence[Use]) -> tuple[File, list[Problem]]:
        """`file` with every change that its sites want; with problems, some changes are missing."""
        problems: list[Problem] = []
        for change in self.changes:
            if change.kind is Kind.SET or not any(self.wanted(change, use) for use in uses):
                continue
            try:
                file = self._changed(file, change, uses)
            except _Conflict as conflict:
                problems.append(conflict.problem)
        return file, problems

    def insert(self, file: File, change: Change, uses: Sequence[Use]) -> tuple[File, list[Problem]]:
        """`file` with the value of a set-if-missing."""
        path = (SECTION, *change.key)
        try:
            self._check_uses(change, uses, file.origin((SECTION,)))
            _check_way(change, file, path, ())
            return _edited(file, change, path, lambda text: editing.insert(text, path, change.value)), []
        except _Conflict as conflict:
            return file, [conflict.problem]

    def _changed(self, file: File, change: Change, uses: Sequence[Use]) -> File:
        path = (SECTION, *change.key)
        _check_above(change, file, path)
        value = find(file.value, path)
        if value is ABSENT:
            return file
        self._check_uses(change, uses, file.origin(path))
        if change.kind is Kind.DROP:
            return _edited(file, change, path, lambda text: editing.remove(text, path))
        if change.kind is Kind.MAP:
            return _mapped(file, change, path, cast("Json", value))
        return _moved(file, change, path, (SECTION, *change.target))

    def _check_uses(self, change: Change, uses: Sequence[Use], where: Origin) -> None:
        """Raise when the file also serves sites that the change is not for."""
        end = self.order(change.to)
        staying = [use for use in uses if use.end is not None and self.order(use.end) < end]
        if staying:
            count, use = sum(use.count for use in staying), staying[0]
            sites = f"the site {use.site} uses" if count == 1 else f"{count:,} sites, {use.site} among them, use"
            what = f"cannot {change}: {sites} this file and stay at {use.end}, before {change.to}"
            hint = "migrate them too, or move the value to layers and sites that only migrated sites use"
            raise _Conflict(Problem(Code.MIGRATION_SHARED, what, where, hint, key=".".join(change.key)))
        names = {change.key[0], *change.target[:1]}
        for use in uses:
            for name in sorted(names & use.asked):
                what = f"cannot {change}: another template of the site {use.site} asks for {name} too"
                hint = "change the file by hand so that both templates have what they ask for"
                raise _Conflict(Problem(Code.MIGRATION_CONFLICT, what, where, hint, key=name))


def _moved(file: File, change: Change, source: Keys, target: Keys) -> File:
    _check_way(change, file, target, source)
    value, there = find(file.value, source), find(file.value, target)
    if there is ABSENT or target[: len(source)] == source:
        return _edited(file, change, source, lambda text: editing.move(text, source, target))
    if change.kind is Kind.MOVE and isinstance(value, dict) and isinstance(there, dict) and value:
        for key in value:
            file = _moved(file, change, (*source, key), (*target, key))
        return file
    what = f"cannot {change}: {'.'.join(target[1:])} has a value already, {file.origin(source)} has another"
    hint = "keep one of the two values in this file"
    raise _Conflict(Problem(Code.MIGRATION_CONFLICT, what, file.origin(target), hint, key=".".join(change.target)))


def _mapped(file: File, change: Change, path: Keys, value: Json) -> File:
    if isinstance(value, dict | list):
        what = f"cannot {change}: expected a text, a number, true or false, got a {_kind(value)}"
        hint = "change the value by hand to what the new version asks for"
        raise _Conflict(Problem(Code.MIGRATION_CONFLICT, what, file.origin(path), hint, key=".".join(change.key)))
    values = change.values or {}
    name = value if isinstance(value, str) else editing.emit(value)
    if name not in values or values[name] == value:
        return file
    return _edited(file, change, path, lambda text: editing.replace(text, path, values[name]))


def _check_above(change: Change, file: File, path: Keys) -> None:
    """Raise when a whole map that holds the key is replaced or deleted here."""
    for depth in range(2, len(path)):
        above = find(file.value, path[:depth])
        if above is ABSENT:
            return
        if not isinstance(above, dict):
            name = ".".join(path[1:depth])
            done = "deletes" if above is None else "replaces"
            what = f"cannot {change}: this file {done} {name} as a whole (it is a {_kind(above)})"
            hint = "write by hand what it means for the new version"
            where = file.origin(path[:depth])
            raise _Conflict(Problem(Code.MIGRATION_CONFLICT, what, where, hint, key=name))


def _check_way(change: Change, file: File, target: Keys, source: Keys) -> None:
    """Raise when something else than a map stands on the way to `target`."""
    for depth in range(2, len(target)):
        found = find(file.value, target[:depth])
        if found is ABSENT or target[:depth] == source:
            return
        if not isinstance(found, dict):
            name = ".".join(target[1:depth])
            what = f"cannot {change}: {name} is a {_kind(found)}, expected a map"
            hint = f"change {name} by hand to a map, or remove it"
            where = file.origin(target[:depth])
            raise _Conflict(Problem(Code.MIGRATION_CONFLICT, what, where, hint, key=name))


def _kind(value: object) -> str:
    names = {dict: "map", list: "list", str: "text", bool: "switch", int: "number", float: "number"}
    return names.get(type(value), "null")


def _edited(file: File, change: Change, path: Keys, edit: Callable[[bytes], bytes]) -> File:
    where = file.origin(path)
    try:
        after = edit(file.after)
    except EditError as error:
        what = f"cannot {change} without a person: {error}"
        hint = "make this change by hand, then run the command again"
        raise _Conflict(Problem(Code.MIGRATION_BY_HAND, what, where, hint, key=".".join(change.key))) from None
    note = (where, f"{change} ({change.to})")
    return replace(file, after=after, notes=(*file.notes, *([] if note in file.notes else [note])))


def diff_lines(file: File) -> Iterator[str]:
    """The change of a file as a unified diff without context."""
    import difflib

    before, after = (text.decode().splitlines() for text in (file.before, file.after))
    yield from difflib.unified_diff(before, after, file.file, file.file, lineterm="", n=0)


def sorted_changes(changes: Iterable[Change], order: Order) -> list[Change]:
    """Oldest version first; within a version as they were written."""
    return sorted(changes, key=lambda change: order(change.to))

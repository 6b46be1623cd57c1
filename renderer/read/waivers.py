"""waivers.yaml: findings that a fleet accepts for a time.

In: the file beside fleet.yaml. Out: Waivers, or ConfigurationError with everything that is wrong with the file.
Never: asks what day it is, or whether there is such a finding: those who make findings know.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

from renderer.errors import Code, ConfigurationError
from renderer.read.files import parse, read_file, unreadable
from renderer.types import Document, Origin, Problem, Scope, Waiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.read.interface import Check
    from renderer.types import Fleet

WAIVERS_FILE: Final = "waivers.yaml"


def load_waivers(fleet: Fleet, *, check: Check) -> tuple[Waiver, ...]:
    """The fleet's waivers, none when it has no such file; `check` vouches for the file's shape.

    Raises ConfigurationError with all problems.
    """
    path = fleet.root / WAIVERS_FILE
    file = path.relative_to(fleet.repository).as_posix()
    try:
        content = read_file(path)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _error([unreadable(file, error)]) from None
    document = parse(content, file, "waivers", check)
    if not isinstance(document, Document):
        raise _error(document)
    if problems := [*_judged(document)]:
        raise _error(problems)
    return tuple(_waivers(document))


def _judged(document: Document) -> Iterator[Problem]:
    value: Any = document.value
    seen: dict[str, Origin] = {}
    for index, one in enumerate(value["waivers"]):
        where = document.origin(("waivers", index, "name"))
        first = seen.setdefault(one["name"], where)
        if first != where:
            what = f"the waiver {one['name']} stands twice, first at line {first.line}"
            yield Problem(Code.WAIVER_INVALID, what, where, "give one of them another name")
        if _day(one["expires"]) is None:
            what = f"expected a day such as 2027-03-31, got {one['expires']}"
            where = document.origin(("waivers", index, "expires"))
            yield Problem(Code.WAIVER_INVALID, what, where, "there is no such day; correct it")


def _waivers(document: Document) -> Iterator[Waiver]:
    value: Any = document.value
    for index, one in enumerate(value["waivers"]):
        yield Waiver(
            name=one["name"],
            finding=one["finding"],
            scope=Scope.parse(one.get("sites")),
            objects=tuple(one.get("objects", ())),
            reason=one["reason"],
            expires=_day(one["expires"]) or date.min,
            where=document.origin(("waivers", index, "name")),
            owner=one.get("owner", ""),
        )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _error(problems: Iterable[Problem]) -> ConfigurationError:
    found = tuple(problems)
    return ConfigurationError(f"{found[0].where}: {found[0].what}", problems=found)

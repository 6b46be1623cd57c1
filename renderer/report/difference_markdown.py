"""A difference over a fleet as Markdown, for a comment on a merge request.

In: a FleetDifference, its groups as they are told. Out: at most 60,000 bytes: a table of the groups, and each group to
open. Never: lets a text become markup, a link, a mention or a command, or drops a group without saying so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from renderer.report.differences import counts_of, headline, some, summary
from renderer.report.escaping import one_line
from renderer.report.markdown import LIMIT, escaped
from renderer.report.objects import object_lines
from renderer.report.table import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.report.differences import Told
    from renderer.types import FleetDifference

_OBJECTS: Final = 40
_FIELDS: Final = 20
_ROWS: Final = 40
_MARKS: Final = frozenset("&<>\"'`*_[]()!|~#\\{}$")
# What stays free for the words about what did not fit.
_LEFT: Final = 400


def difference(found: FleetDifference, told: Sequence[Told]) -> str:
    """The text."""
    parts = [f"### fleetpress diff\n\n{escaped(headline(found))}\n"]
    if found.left:
        parts.append(f"\n{counted(len(found.left), 'site')} left the fleet: {escaped(some(found.left))}\n")
    if told:
        parts.append(_table(told))
    room = LIMIT - _LEFT - sum(len(part.encode()) for part in parts)
    shown = 0
    for number, one in enumerate(told, 1):
        part = next((text for text in (_group(number, one), _short(number, one)) if len(text.encode()) <= room), None)
        if part is None:
            break
        parts.append(part)
        room -= len(part.encode())
        shown += 1
    if shown < len(told):
        sites = sum(len(one.group.sites) for one in told[shown:])
        left = counted(len(told) - shown, "group")
        parts.append(f"\n{left} with {counted(sites, 'site')} did not fit; `-o json` and `-o html` have all of it.\n")
    return "".join(parts).rstrip("\n")


def _table(told: Sequence[Told]) -> str:
    rows = [
        f"| {number} | {len(one.group.sites):,} | {escaped(summary(one.changes))} | {one.group.risk.meaning} |\n"
        for number, one in enumerate(told[:_ROWS], 1)
    ]
    return "\n| group | sites | change | risk |\n|---|---|---|---|\n" + "".join(rows)


def _group(number: int, one: Told) -> str:
    lines = [line for change in one.changes[:_OBJECTS] for line in object_lines(change, _FIELDS)]
    if len(one.changes) > _OBJECTS:
        lines.append(f"and {counted(len(one.changes) - _OBJECTS, 'object')} more; `-o json` has all of it")
    body = "\n".join(_preformatted(line) for line in lines)
    return _opened(number, one, f"<pre>\n{body}\n</pre>\n")


def _short(number: int, one: Told) -> str:
    return _opened(number, one, "Too long for a comment; `-o json` and `-o html` have it.\n")


def _opened(number: int, one: Told, body: str) -> str:
    counts = "<br>".join(escaped(line) for line in counts_of(one.group))
    sites = escaped(some([site.site for site in one.group.sites]))
    head = f"\n<details><summary>{number}. {_entities(one.title)}</summary>\n\n"
    return f"{head}{counts}\n\n{sites}\n\n{body}\n</details>\n"


def _entities(text: str) -> str:
    """Text for a place where some readers take Markdown and others do not: without any of its marks."""
    return "".join(f"&#{ord(each)};" if each in _MARKS else each for each in one_line(text)).replace("@", "@\u200b")


def _preformatted(line: str) -> str:
    """A line for a block that is shown as it is: only what HTML itself would read is escaped."""
    marks = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b", "`": "&#96;"}
    return "".join(marks.get(character, character) for character in line)

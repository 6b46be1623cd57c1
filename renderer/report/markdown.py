"""Markdown for a comment on a merge request or a job summary: counts, and a group to open for each kind of problem.

In: Findings. Out: at most 60,000 bytes. Never: lets a text become markup, a link, a mention or a command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from renderer.report.escaping import one_line
from renderer.report.findings import is_error, message
from renderer.report.problems import name_of
from renderer.report.table import counted
from renderer.types import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renderer.report.findings import Findings
    from renderer.report.problems import Finding

# A comment may have 65,536 characters on GitHub; GitLab takes more.
LIMIT = 60_000
_SHOWN = 1_500
_LEFT = 200
# What can begin or end markup inside a line, and what would make an address a link.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()#!|~$]|(?<=:)/|(?<=www)\.)", re.IGNORECASE)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "@": "@\u200b"}


def markdown(kind: str, findings: Findings) -> str:
    """The text."""
    told = findings.distinct
    errors, warnings = findings.count(Severity.ERROR), findings.count(Severity.WARNING)
    failed = sum(any(map(is_error, problems)) for problems in findings.by_subject.values())
    checked = f"{len(findings.subjects):,} checked, {failed:,} failed"
    head = f"### fleetpress {kind}: {counted(errors, 'error')}, {counted(warnings, 'warning')}\n\n{checked}\n"
    return _within(head, _groups(findings, told), len(told))


def _groups(findings: Findings, told: Iterable[Finding]) -> list[tuple[str, list[str]]]:
    """The head and the items of each group: problems of one code and severity."""
    groups: dict[tuple[Severity, str], list[str]] = {}
    for finding in told:
        title = f"{finding.problem.code} {name_of(finding.problem.code)}"
        groups.setdefault((finding.problem.severity, title), []).append(_item(findings, finding))
    return [
        (f"{severity} {title}: {counted(len(items), 'problem')}", items) for (severity, title), items in groups.items()
    ]


def _within(head: str, groups: list[tuple[str, list[str]]], total: int) -> str:
    """As many items as fit: a group is closed before the room ends."""
    parts, room, told = [head], LIMIT - len(head.encode()) - _LEFT, 0
    for title, items in groups:
        opening, closing = f"\n<details><summary>{title}</summary>\n\n", "\n</details>\n"
        room -= len((opening + closing).encode())
        fitting = []
        for item in items:
            room -= len(item.encode())
            if room < 0:
                break
            fitting.append(item)
        parts += [opening, *fitting, closing] if fitting else []
        told += len(fitting)
        if room < 0:
            break
    if told < total:
        parts.append(f"\n{total - told:,} more did not fit; `-o json` has them all.\n")
    return "".join(parts).rstrip("\n")


def _item(findings: Findings, finding: Finding) -> str:
    place = findings.place(finding.problem)
    text = message(finding)
    clipped = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    body = "<br>".join(escaped(line) for line in clipped.split("\n") if line.strip())
    return f"- **{escaped(f'{place.file}:{place.line}')}** {body}\n"


def escaped(text: str) -> str:
    """`text` on one line, so that it shows as it is wherever Markdown is read."""
    plain = "".join(_ENTITIES.get(character, character) for character in one_line(text))
    # The marks inside entities are none of those that are escaped here.
    return _SPECIAL.sub(r"\\\1", plain)

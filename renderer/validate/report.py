"""What one file holds, as far as others must know.

In: reports of its documents. Out: one FileReport, or one of several documents as one.
Never: keeps parsed data. The file's own name is empty in its problems: the same content stands in many places.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from renderer.validate.summary import NOTHING, Summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Problem
    from renderer.validate.admission import Look
    from renderer.validate.kustomize import Reference
    from renderer.validate.secrets_rendered import Found


class Identity(NamedTuple):
    """What may exist once in a cluster."""

    group: str
    kind: str
    namespace: str
    name: str


class FileReport(NamedTuple):
    """What one file, or one document, holds: `objects` that have a name, `kinds` as (group, kind).

    `references` are those of its kustomizations, `summary` what the objects mean to the rest of their site, `looks`
    what policies look at beside them, `secrets` what looks like one.
    """

    problems: tuple[Problem, ...] = ()
    objects: tuple[Identity, ...] = ()
    kinds: frozenset[tuple[str, str]] = frozenset()
    references: tuple[Reference, ...] = ()
    summary: Summary = NOTHING
    looks: tuple[Look, ...] = ()
    secrets: tuple[Found, ...] = ()


def joined(documents: Sequence[tuple[int, FileReport]]) -> FileReport:
    """The documents of a file as one; each comes with the number of lines before it."""
    parts = [report for _, report in documents]
    return FileReport(
        tuple([located(problem, "", line) for line, report in documents for problem in report.problems]),
        tuple([found for report in parts for found in report.objects]),
        frozenset().union(*[report.kinds for report in parts]),
        tuple([replace(found, line=found.line + line) for line, report in documents for found in report.references]),
        Summary.joined([report.summary for report in parts]),
        tuple(dict.fromkeys([look for report in parts for look in report.looks])),
        tuple([found.below(line) for line, report in documents for found in report.secrets]),
    )


def located(problem: Problem, file: str, line: int = 0) -> Problem:
    """A problem of a file without name, in `file` and `line` lines further down."""
    where = problem.where
    if where is None or where.file:
        return problem
    return replace(problem, where=replace(where, file=file, line=where.line + line))

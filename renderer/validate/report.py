"""What one file holds, as far as others must know.

In: reports of its documents. Out: one FileReport, or one of several documents as one.
Never: keeps parsed data. The file's own name is empty in its problems: the same content stands in many places.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from renderer.validate.facts import Facts
from renderer.validate.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Problem
    from renderer.validate.admission import Look
    from renderer.validate.kustomize import Reference


class Identity(NamedTuple):
    """What may exist once in a cluster."""

    group: str
    kind: str
    namespace: str
    name: str


@dataclass(frozen=True)
class FileReport:
    """What one file, or one document, holds: `objects` that have a name, `kinds` as (group, kind).

    `references` are those of its kustomizations; `count` objects with and without name are in it. `looks` are what
    policies look at beside them, `parts` the documents that it is joined of, `own` what it means to its site.
    """

    problems: tuple[Problem, ...] = ()
    objects: tuple[Identity, ...] = ()
    kinds: frozenset[tuple[str, str]] = frozenset()
    references: tuple[Reference, ...] = ()
    own: Facts = field(default_factory=Facts)
    looks: tuple[Look, ...] = ()
    count: int = 0
    parts: tuple[FileReport, ...] = ()

    @classmethod
    def joined(cls, documents: Sequence[tuple[int, FileReport]]) -> FileReport:
        """The documents of a file as one; each comes with the number of lines before it."""
        parts = [report for _, report in documents]
        return cls(
            tuple(located(problem, "", line) for line, report in documents for problem in report.problems),
            tuple(found for report in parts for found in report.objects),
            frozenset[tuple[str, str]]().union(*(report.kinds for report in parts)),
            tuple(replace(found, line=found.line + line) for line, report in documents for found in report.references),
            looks=tuple(dict.fromkeys(look for report in parts for look in report.looks)),
            count=sum(report.count for report in parts),
            parts=tuple(parts),
        )

    @cached_property
    def identities(self) -> frozenset[Identity]:
        """`objects` without order."""
        return frozenset(self.objects)

    @cached_property
    def summary(self) -> Summary:
        """`facts` as sets."""
        return Summary.joined(part.summary for part in self.parts) if self.parts else Summary.of(self.own)

    @cached_property
    def facts(self) -> Facts:
        """What the rest of a site must know, objects numbered within the file."""
        if not self.parts:
            return self.own
        several, before = [], 0
        for part in self.parts:
            several.append(part.facts.moved(before))
            before += part.count
        return Facts.joined(several)


def located(problem: Problem, file: str, line: int = 0) -> Problem:
    """A problem of a file without name, in `file` and `line` lines further down."""
    where = problem.where
    if where is None or where.file:
        return problem
    return replace(problem, where=replace(where, file=file, line=where.line + line))

"""What the reporters for problems have in common: the problems of a run, and what was looked at.

In: problems, the names of what was checked. Out: the same, by subject and by place.
Never: decides how a problem is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.report.escaping import printable
from renderer.report.problems import described_origin, findings, some
from renderer.types import Origin, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.report.problems import Finding
    from renderer.types import Problem

_SITES_NAMED = 5


@dataclass(frozen=True, slots=True)
class Findings:
    """The problems of a run over `subjects`, sites or template versions.

    `home` is the file that a problem without a place is told at, and the subject of problems that belong to no other.
    `waived` are problems that count for nothing; SARIF alone has a place for them.
    """

    problems: tuple[Problem, ...]
    subjects: tuple[str, ...]
    home: str
    waived: tuple[Problem, ...] = ()

    @property
    def distinct(self) -> list[Finding]:
        """The distinct problems, errors first."""
        return sorted(findings(self.problems), key=lambda one: one.problem.severity is not Severity.ERROR)

    @property
    def by_subject(self) -> Mapping[str, list[Problem]]:
        """Every subject, `home` first, with its problems."""
        found: dict[str, list[Problem]] = {self.home: [], **{subject: [] for subject in self.subjects}}
        for problem in self.problems:
            found[problem.site if problem.site in found else self.home].append(problem)
        return found

    def count(self, severity: Severity) -> int:
        """How many distinct problems there are of a severity."""
        return sum(finding.problem.severity is severity for finding in self.distinct)

    def place(self, problem: Problem) -> Origin:
        """Where the problem is told."""
        return problem.where or Origin(self.home)


def message(finding: Finding) -> str:
    """What is wrong, at which sites, where it was rendered and what to do, over several lines."""
    problem = finding.problem
    sites = f" [{some(finding.sites, _SITES_NAMED)}]" if finding.sites else ""
    lines = [f"{problem.what}{sites}", described_origin(finding), problem.hint]
    return printable("\n".join(line for line in lines if line))


def is_error(problem: Problem) -> bool:
    """Whether a problem stopped anything."""
    return problem.severity is Severity.ERROR

"""Workflow commands that GitHub turns into annotations of a change: one line for each distinct problem.

In: Findings. Out: lines. Never: lets a text end its line, which would let it give commands of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.report.escaping import printable
from renderer.report.findings import is_error, message
from renderer.report.problems import name_of

if TYPE_CHECKING:
    from renderer.report.findings import Findings
    from renderer.report.problems import Finding


def github(kind: str, findings: Findings) -> str:
    """The lines, errors first: GitHub shows the first ten of each kind."""
    del kind
    return "\n".join(_command(findings, finding) for finding in findings.distinct)


def _command(findings: Findings, finding: Finding) -> str:
    problem, place = finding.problem, findings.place(finding.problem)
    title = f"{problem.code} {name_of(problem.code)}"
    fields = {"file": place.file, "line": str(place.line), "col": str(place.column), "title": title}
    told = ",".join(f"{name}={_property(value)}" for name, value in fields.items())
    return f"::{'error' if is_error(problem) else 'warning'} {told}::{_data(message(finding))}"


def _data(text: str) -> str:
    return printable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

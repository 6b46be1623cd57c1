"""GitLab's code quality report: an entry for each distinct problem, shown at the lines of a merge request.

In: Findings. Out: a JSON array. Never: gives two entries one fingerprint.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from renderer.report.escaping import printable
from renderer.report.findings import is_error, message
from renderer.report.problems import name_of
from renderer.report.sarif import fingerprints

if TYPE_CHECKING:
    from renderer.report.findings import Findings
    from renderer.report.problems import Finding
    from renderer.types import Json


def gitlab(kind: str, findings: Findings) -> str:
    """The array."""
    del kind
    told = findings.distinct
    prints = fingerprints(findings, told)
    entries = [_entry(findings, finding, print_) for finding, print_ in zip(told, prints, strict=True)]
    return json.dumps(entries, indent=2, ensure_ascii=False)


def _entry(findings: Findings, finding: Finding, fingerprint: str) -> Json:
    problem, place = finding.problem, findings.place(finding.problem)
    return {
        "description": " · ".join(message(finding).split("\n")),
        "check_name": f"{problem.code} {name_of(problem.code)}",
        "fingerprint": fingerprint,
        "severity": "major" if is_error(problem) else "minor",
        "location": {"path": printable(place.file), "lines": {"begin": place.line}},
    }

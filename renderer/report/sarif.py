"""SARIF 2.1.0, as GitHub code scanning and editors read it: a result for each distinct problem.

In: Findings. Out: a JSON document. Never: tells a path of this machine: files are relative to the repository.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import quote

from renderer import __version__
from renderer.report.escaping import printable
from renderer.report.findings import message
from renderer.report.problems import findings as grouped
from renderer.report.problems import name_of
from renderer.types import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.report.findings import Findings
    from renderer.report.problems import Finding
    from renderer.types import Json, Origin, Problem, Waiver

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# What GitHub takes of one run; what comes later is the least important, for errors come first.
MOST_RESULTS = 25_000


def sarif(kind: str, findings: Findings) -> str:
    """The document."""
    told = [*findings.distinct, *grouped(findings.waived)][:MOST_RESULTS]
    codes = sorted({finding.problem.code for finding in told})
    rules: list[Json] = [
        {"id": code.value, "name": name_of(code), "shortDescription": {"text": name_of(code).replace("-", " ")}}
        for code in codes
    ]
    prints = fingerprints(findings, told)
    results: list[Json] = [
        _result(findings, finding, codes.index(finding.problem.code), print_)
        for finding, print_ in zip(told, prints, strict=True)
    ]
    driver: dict[str, Json] = {"name": "fleetpress", "version": __version__, "rules": rules}
    run: dict[str, Json] = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"fleetpress/{kind}/"},
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def fingerprints(findings: Findings, told: Sequence[Finding]) -> list[str]:
    """For each problem a number that stays when lines move. Equal ones of a file are told apart by their order."""
    seen: dict[str, int] = {}
    found = []
    for finding in told:
        problem = finding.problem
        text = f"{problem.code}\0{findings.place(problem).file}\0{problem.what}"
        count = seen[text] = seen.get(text, 0) + 1
        found.append(sha256(f"{text}\0{count}".encode(errors="surrogatepass")).hexdigest())
    return found


def _result(findings: Findings, finding: Finding, rule: int, fingerprint: str) -> Json:
    problem = finding.problem
    data: dict[str, Json] = {
        "ruleId": problem.code.value,
        "ruleIndex": rule,
        "level": "error" if _severity(problem) is Severity.ERROR else "warning",
        "message": {"text": message(finding)},
        "locations": [_location(findings.place(problem))],
        "partialFingerprints": {"fleetpress/v1": fingerprint},
    }
    if finding.causes:
        data["relatedLocations"] = [
            {"id": number, "message": {"text": "a value that the line reads"}, **_location(cause)}
            for number, cause in enumerate(finding.causes, 1)
        ]
    if problem.waived:
        data["suppressions"] = [_suppression(problem.waived.waiver)]
    return data


def _severity(problem: Problem) -> Severity:
    return problem.waived.severity if problem.waived else problem.severity


def _suppression(waiver: Waiver) -> Json:
    """The waiver; consumers count a result with one as dealt with."""
    words = f"{waiver.reason} (waiver {waiver.name} until {waiver.expires})"
    text = {"kind": "external", "status": "accepted", "justification": printable(words)}
    return {**text, "location": _location(waiver.where)}


def _location(origin: Origin) -> dict[str, Json]:
    region: dict[str, Json] = {"startLine": origin.line, "startColumn": origin.column}
    uri = quote(printable(origin.file))
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}

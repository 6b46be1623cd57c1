"""TAP version 14: a test point for each subject, with its problems as a YAML block.

In: Findings. Out: lines. Never: lets a text end its line, or begin a directive such as `# SKIP`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from renderer.report.escaping import one_line, printable
from renderer.report.findings import is_error
from renderer.report.problems import problems_data

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.report.findings import Findings
    from renderer.types import Problem


def tap(kind: str, findings: Findings) -> str:
    """The lines."""
    cases = findings.by_subject
    lines = ["TAP version 14", f"1..{len(cases)}", f"# fleetpress {kind}"]
    for number, (subject, problems) in enumerate(cases.items(), 1):
        verdict = "not ok" if any(map(is_error, problems)) else "ok"
        lines += [f"{verdict} {number} - {_description(subject)}", *_block(problems)]
    return "\n".join(lines)


def _description(text: str) -> str:
    return one_line(text).replace("\\", "\\\\").replace("#", "\\#")


def _block(problems: Sequence[Problem]) -> Iterator[str]:
    if not problems:
        return
    yield "  ---"
    yield "  problems:"
    for problem in problems_data(problems):
        # A line of JSON is a YAML flow map; with sites left out, for the test point names the site.
        told = {key: value for key, value in problem.items() if key != "sites"} if isinstance(problem, dict) else {}
        yield f"    - {printable(json.dumps(_printable(told), ensure_ascii=False))}"
    yield "  ..."


def _printable(value: object) -> object:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    return [_printable(item) for item in value] if isinstance(value, list) else value

"""JUnit XML, as GitLab, GitHub and Jenkins read it: a test case for each subject, failed when it has an error.

In: Findings. Out: an XML document. Never: tells a time: the same findings give the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from renderer.report.escaping import one_line, printable
from renderer.report.findings import is_error
from renderer.report.problems import problems_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.report.findings import Findings
    from renderer.types import Problem

_MARKS = {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}


def junit(kind: str, findings: Findings) -> str:
    """The document."""
    cases = findings.by_subject
    failed = sum(any(map(is_error, problems)) for problems in cases.values())
    name = f"fleetpress {kind}"
    counts = f'name={_quoted(name)} tests="{len(cases)}" failures="{failed}" errors="0"'
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites {counts}>", f'<testsuite {counts} skipped="0">']
    lines += [_case(name, subject, problems) for subject, problems in cases.items()]
    return "\n".join([*lines, "</testsuite>", "</testsuites>"])


def _case(name: str, subject: str, problems: Sequence[Problem]) -> str:
    head = f"<testcase classname={_quoted(name)} name={_quoted(subject)}"
    errors = [problem for problem in problems if is_error(problem)]
    warnings = [problem for problem in problems if not is_error(problem)]
    parts = [_failure(errors)] if errors else []
    parts += [f"<system-out>{_escaped(problems_text(warnings))}</system-out>"] if warnings else []
    return f"{head}>{''.join(parts)}</testcase>" if parts else f"{head}/>"


def _failure(errors: Sequence[Problem]) -> str:
    first = errors[0]
    more = f" (and {len(errors) - 1:,} more)" if len(errors) > 1 else ""
    attributes = f"message={_quoted(one_line(first.what) + more)} type={_quoted(first.code.value)}"
    return f"<failure {attributes}>{_escaped(problems_text(errors))}</failure>"


def _escaped(text: str) -> str:
    # `>` is escaped too, so that no text can hold the end of a CDATA section.
    return escape(printable(text))


def _quoted(text: str) -> str:
    return f'"{escape(printable(text), _MARKS)}"'

"""The results of `template lint`, `template test` and `migrate`.

In: what the command found, as values. Out: a Report. Never: prints, or decides an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.report.objects import changes_data, changes_text
from renderer.report.problems import problems_data, problems_text
from renderer.report.report import Report
from renderer.report.table import counted
from renderer.types import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Json, ObjectChange, Origin, Problem, TemplatePin


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that a migration changes: what is done at which line, and the unified diff."""

    file: str
    notes: tuple[tuple[Origin, str], ...]
    diff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A golden case: `outcome` is passed, failed or updated; `objects` and `texts` say how it differs.

    `texts` are the lines of unified diffs, for files in which no object differs.
    """

    pin: TemplatePin
    case: str
    outcome: str
    objects: tuple[ObjectChange, ...] = ()
    texts: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def migration(
    heading: tuple[TemplatePin, int, int], files: Sequence[FileChange], problems: Sequence[Problem], *, written: bool
) -> Report:
    """The outcome of `migrate`. `heading`: the new version, how many changes it ships, how many sites take them."""
    pin, changes, sites = heading
    parts = [line for file in files for line in _file_lines(file)]
    parts.append(problems_text(problems))
    parts.append(_migration_summary(heading, len(files), written=written, failed=_failed(problems)))
    data: dict[str, Json] = {
        "template": pin.name,
        "to": pin.version,
        "migrations": changes,
        "sites": sites,
        "written": written,
        "files": [_file_data(file) for file in files],
        "problems": problems_data(problems),
    }
    return Report("migrate", data, "\n".join(part for part in parts if part))


def _migration_summary(heading: tuple[TemplatePin, int, int], files: int, *, written: bool, failed: bool) -> str:
    pin, changes, sites = heading
    if not changes:
        return f"{pin} ships no migrations: nothing to change"
    if failed:
        return f"{counted(sites, 'site')} to {pin}: nothing was written, for there are problems"
    if not files:
        return f"{counted(sites, 'site')} to {pin}: nothing to change"
    done = "changed" if written else "would change; --write changes them"
    pins = "; pins stay as they are, raise them in the same commit" if written else ""
    return f"{counted(sites, 'site')} to {pin}: {counted(files, 'file')} {done}{pins}"


def _file_lines(file: FileChange) -> list[str]:
    return [*(f"{origin}: {what}" for origin, what in file.notes), *(f"  {line}" for line in file.diff[2:])]


def _file_data(file: FileChange) -> Json:
    changes: list[Json] = [{"line": origin.line, "what": what} for origin, what in file.notes]
    return {"file": file.file, "changes": changes, "diff": "".join(f"{line}\n" for line in file.diff)}


def lint(pins: Sequence[TemplatePin], problems: Sequence[Problem]) -> Report:
    """The outcome of `template lint`."""
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - errors
    checked = counted(len(pins), "template version")
    summary = f"{checked} checked: {counted(errors, 'error')}, {counted(warnings, 'warning')}"
    text = "\n".join(part for part in (problems_text(problems), summary) if part)
    data: dict[str, Json] = {
        "templates": [str(pin) for pin in pins],
        "errors": errors,
        "warnings": warnings,
        "problems": problems_data(problems),
    }
    return Report("template-lint", data, text)


def cases(results: Sequence[CaseResult]) -> Report:
    """The outcome of `template test`."""
    failed = sum(result.outcome == "failed" for result in results)
    updated = sum(result.outcome == "updated" for result in results)
    lines = [line for result in results for line in _case_lines(result)]
    summary = f"{counted(len(results), 'case')}: {len(results) - failed - updated:,} passed, {failed:,} failed"
    summary += f", {updated:,} updated" if updated else ""
    text = "\n".join(part for part in (*lines, summary) if part)
    data: dict[str, Json] = {
        "cases": [_case_data(result) for result in results],
        "failed": failed,
        "updated": updated,
    }
    return Report("template-test", data, text)


def _case_lines(result: CaseResult) -> list[str]:
    lines = [f"{result.outcome} {result.pin} {result.case}"]
    details = [changes_text(result.objects), *result.texts, problems_text(result.problems)]
    return lines + [f"  {line}" for detail in details if detail for line in detail.splitlines()]


def _case_data(result: CaseResult) -> Json:
    return {
        "template": str(result.pin),
        "case": result.case,
        "outcome": result.outcome,
        "objects": changes_data(result.objects),
        "texts": list(result.texts),
        "problems": problems_data(result.problems),
    }


def _failed(problems: Sequence[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)

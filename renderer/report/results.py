"""One function per command: its result in, a Report out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.report.changes import default_data, default_lines
from renderer.report.explained import unsecret_trace
from renderer.report.objects import changes_data, changes_text, shown
from renderer.report.problems import count_by, problems_data, problems_text, waived_data, waived_words
from renderer.report.report import Report
from renderer.report.table import counted, table
from renderer.types import BASES, Outcome, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from renderer.report.changes import DefaultChange
    from renderer.types import Json, ObjectChange, Problem, Receipt, Trace

_MEANINGS = {
    Outcome.PUBLISHED: "new content under a new tag",
    Outcome.UNCHANGED: "looked at again: the same content is published",
    Outcome.SIGNED: "the same content, signed now",
    Outcome.VERIFIED: "as it should be",
    Outcome.EXPORTED: "verified, and in the file with its signatures",
    Outcome.SUPERSEDED: "a newer serial is published already",
    Outcome.FAILED: "the last good artifact stays",
}


def validation(checked: int, problems: Sequence[Problem], failed: int) -> Report:
    """The outcome of `validate`."""
    verdict = f"{counted(failed, 'site')} failed" if failed else "no errors"
    summary = f"{counted(checked, 'site')} checked, {verdict}{waived_words(problems)}"
    text = "\n".join(part for part in (problems_text(problems), summary) if part)
    data: dict[str, Json] = {
        "checked": checked,
        "failed": failed,
        "problems": problems_data(problems),
        "suppressed": waived_data(problems),
    }
    return Report("validate", data, text)


def fleet_lint(sites: int, layers: int, problems: Sequence[Problem]) -> Report:
    """The outcome of `lint`."""
    errors = sum(problem.severity is Severity.ERROR for problem in problems)
    warnings = len(problems) - errors
    checked = f"{counted(sites, 'site')}, {counted(layers, 'layer')}"
    summary = f"{checked} checked: {counted(errors, 'error')}, {counted(warnings, 'warning')}"
    text = "\n".join(part for part in (problems_text(problems), summary) if part)
    data: dict[str, Json] = {
        "sites": sites,
        "layers": layers,
        "errors": errors,
        "warnings": warnings,
        "problems": problems_data(problems),
    }
    return Report("lint", data, text)


def plan(
    changed: Mapping[str, tuple[str, ...]],
    unchanged: int,
    removed: Sequence[str],
    problems: Sequence[Problem],
    defaults: Sequence[DefaultChange] = (),
) -> Report:
    """What `publish` would do, and why. Sites with the same reasons are told together."""
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for site, reasons in changed.items():
        groups[reasons].append(site)
    lines = [
        f"{counted(len(names), 'site')}: {'; '.join(reasons)}\n  {_some(names)}" for reasons, names in groups.items()
    ]
    if removed:
        lines.append(
            f"{counted(len(removed), 'site')} left the fleet; what is published for them stays\n  {_some(removed)}"
        )
    lines += default_lines(defaults)
    lines.append(f"{counted(len(changed), 'site')} to publish, {unchanged:,} unchanged")
    text = "\n".join(part for part in (problems_text(problems), *lines) if part)
    data: dict[str, Json] = {
        "changed": [{"site": site, "reasons": list(reasons)} for site, reasons in changed.items()],
        "unchanged": unchanged,
        "removed": list(removed),
        "defaults": default_data(defaults),
        "problems": problems_data(problems),
    }
    return Report("plan", data, text)


@dataclass(frozen=True, slots=True)
class Waived:
    """Limits that a publication was allowed to exceed, and why."""

    reason: str
    limits: tuple[Problem, ...]


def publication(
    receipts: Sequence[Receipt],
    unchanged: int,
    where: str,
    problems: Sequence[Problem],
    waived: Waived | None = None,
) -> Report:
    """The outcome of `publish`; `unchanged` sites were never contacted. Bases have receipts of their own."""
    bases = [receipt for receipt in receipts if receipt.site.startswith(BASES)]
    sites = [receipt for receipt in receipts if not receipt.site.startswith(BASES)]
    counts = count_by(receipt.outcome.value for receipt in sites)
    uploads = sum(receipt.uploads for receipt in receipts)
    rows = [[outcome.value, f"{counts[outcome]:,}", _MEANINGS[outcome]] for outcome in Outcome if outcome in counts]
    if unchanged:
        rows.append(["skipped", f"{unchanged:,}", "nothing changed since the ledger was written"])
    summary = table(["outcome", "sites", ""], rows)
    before = count_by(receipt.outcome.value for receipt in bases)
    shared = [f"shared bases: {', '.join(f'{number:,} {outcome}' for outcome, number in before.items())}"]
    sent = f"{counted(uploads, 'upload')} to {where}{waived_words(problems)}"
    beyond = [f"waived: {one.what}; {waived.reason}" for one in waived.limits] if waived else []
    text = "\n".join(
        part for part in (problems_text(problems), *beyond, summary, *(shared if bases else ()), sent) if part
    )
    data: dict[str, Json] = {
        "target": where,
        "waived": {"reason": waived.reason, "limits": [one.what for one in waived.limits]} if waived else None,
        "skipped": unchanged,
        "uploads": uploads,
        "receipts": [_receipt(receipt) for receipt in sites],
        **({"bases": [_receipt(receipt) for receipt in bases]} if bases else {}),
        "problems": problems_data(problems),
        "suppressed": waived_data(problems),
    }
    return Report("publish", data, text)


def rollback(receipts: Sequence[Receipt], where: str, problems: Sequence[Problem]) -> Report:
    """The outcome of `rollback`: a receipt per site, under its new serial."""
    rows = [[one.site, one.outcome.value, str(one.serial or ""), str(one.content or "")] for one in receipts]
    text = "\n".join(
        part for part in (problems_text(problems), table(["site", "outcome", "serial", "content"], rows)) if part
    )
    receipts_data: list[Json] = [_receipt(receipt) for receipt in receipts]
    data: dict[str, Json] = {"target": where, "receipts": receipts_data, "problems": problems_data(problems)}
    return Report("rollback", data, text)


def verification(verified: Sequence[Receipt], where: str, fleetwide: Sequence[Problem] = ()) -> Report:
    """The outcome of `verify`: a receipt per site, FAILED with its problems or VERIFIED."""
    problems = [*fleetwide, *(problem for receipt in verified for problem in receipt.problems)]
    failed = sum(receipt.outcome is Outcome.FAILED for receipt in verified)
    summary = f"{counted(len(verified), 'site')} at {where}: {len(verified) - failed:,} verified, {failed:,} failed"
    text = "\n".join(part for part in (problems_text(problems), summary) if part)
    data: dict[str, Json] = {
        "target": where,
        "sites": [_receipt(receipt) for receipt in verified],
        "problems": problems_data(problems),
    }
    return Report("verify", data, text)


def exported(receipts: Sequence[Receipt], where: str, file: str) -> Report:
    """The outcome of `export`: a receipt per site, FAILED with its problems or EXPORTED."""
    problems = [problem for receipt in receipts for problem in receipt.problems]
    carried = [receipt for receipt in receipts if receipt.outcome is Outcome.EXPORTED]
    rows = [[one.site, str(one.serial), str(one.digest)] for one in carried]
    counts = f"{len(carried):,} exported, {len(receipts) - len(carried):,} failed"
    summary = f"{counted(len(receipts), 'site')} from {where}: {counts}"
    last = f"{summary}\n{file}" if carried else f"{summary}; no file was written"
    text = "\n".join(
        part for part in (problems_text(problems), table(["site", "serial", "digest"], rows), last) if part
    )
    data: dict[str, Json] = {
        "source": where,
        "file": file if carried else None,
        "sites": [_receipt(receipt) for receipt in receipts],
        "problems": problems_data(problems),
    }
    return Report("export", data, text)


def live_difference(site: str, changes: Sequence[ObjectChange]) -> Report:
    """The outcome of `diff --live`: what applying the site would change in its cluster."""
    text = changes_text(changes) or f"{site}: the cluster has what is rendered"
    return Report("diff-live", {"site": site, "changes": changes_data(changes)}, text)


def explanation(site: str, traces: Sequence[Trace]) -> Report:
    """Where the values under a key come from."""
    lines: list[str] = []
    data: list[Json] = []
    for trace in map(unsecret_trace, traces):
        key = ".".join(map(str, trace.path))
        lines.append(f"{key} = {shown(trace.value)}\n  {trace.origin}")
        lines += [f"  overrides {shown(value)} of {origin}" for origin, value in reversed(trace.overridden)]
        overridden: list[Json] = [
            {"file": origin.file, "line": origin.line, "value": value} for origin, value in trace.overridden
        ]
        place: dict[str, Json] = {"file": trace.origin.file, "line": trace.origin.line}
        data.append({"key": key, "value": trace.value, **place, "overridden": overridden})
    return Report("explain", {"site": site, "values": data}, "\n".join(lines))


def made(what: str, folder: str, files: Sequence[str], steps: Sequence[str]) -> Report:
    """The outcome of `init` and `new`: the new `files`, relative to `folder`; `steps` are command lines."""
    lines = [f"made in {folder}:", *(f"  {file}" for file in files), "next:", *(f"  {step}" for step in steps)]
    return Report("made", {"made": what, "folder": folder, "files": list(files), "next": list(steps)}, "\n".join(lines))


def _receipt(receipt: Receipt) -> Json:
    data: dict[str, Json] = {"site": receipt.site, "outcome": receipt.outcome.value, "uploads": receipt.uploads}
    if receipt.reference:
        data["reference"] = receipt.reference
    if receipt.digest:
        data["digest"] = str(receipt.digest)
    if receipt.content:
        data["content"] = str(receipt.content)
    if receipt.serial is not None:
        data["serial"] = receipt.serial
    if receipt.base:
        data["base"] = receipt.base
    return data


def _some(names: Iterable[str], most: int = 5) -> str:
    listed = list(names)
    more = f" and {len(listed) - most:,} more" if len(listed) > most else ""
    return ", ".join(listed[:most]) + more

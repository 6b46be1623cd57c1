"""What moving a pin does, for people and for programs.

In: a plan, as the wiring made it. Out: a Report. Never: prints, or decides an exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from renderer.report.differences import summary
from renderer.report.problems import problems_data, problems_text
from renderer.report.report import Report
from renderer.report.table import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from renderer.types import FleetDifference, Json, Problem, TemplatePin

_SHOWN: Final = 5
_GROUPS: Final = 8


class Edit(Protocol):
    """A file that changes."""

    @property
    def file(self) -> str:
        """Relative to the repository."""
        ...


class Bump(Protocol):
    """What moving a pin would do; see `renderer.fleet.pinning.PinPlan`."""

    @property
    def pin(self) -> TemplatePin:
        """The template and its new version."""
        ...

    @property
    def files(self) -> Sequence[Edit]:
        """The files that change."""
        ...

    @property
    def moved(self) -> Mapping[str, Sequence[str]]:
        """Old version -> the sites that leave it."""
        ...

    @property
    def already(self) -> Sequence[str]:
        """Sites that are at the version."""
        ...

    @property
    def held(self) -> Sequence[str]:
        """Sites that pin the template in their own file."""
        ...

    @property
    def migrations(self) -> int:
        """How many files hold variables that the new version wants otherwise and that do not change."""
        ...

    @property
    def problems(self) -> Sequence[Problem]:
        """What stands against it."""
        ...


class Verdict(Protocol):
    """What one condition of a gate says; see `renderer.rollout.Verdict`."""

    @property
    def gate(self) -> str:
        """The condition."""
        ...

    @property
    def passes(self) -> bool:
        """Whether it lets pass."""
        ...

    @property
    def why(self) -> str:
        """The reason."""
        ...

    @property
    def until(self) -> datetime | None:
        """When it will let pass, where that is known."""
        ...


class Promotion(Protocol):
    """A plan and the verdicts on it."""

    @property
    def plan(self) -> Bump:
        """What would move."""
        ...

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """What the gates say."""
        ...

    @property
    def passes(self) -> bool:
        """Whether all of them pass."""
        ...


def bump(plan: Bump, impact: FleetDifference | None = None, *, written: bool) -> Report:
    """The outcome of `bump`; `impact` is what changes at the sites that move."""
    lines = [*_moves(plan), *_impact(impact), *_files(plan, written=written), *_notes(plan)]
    if not plan.moved:
        lines.append(f"nothing to move: {counted(len(plan.already), 'site')} at {plan.pin} already")
    text = "\n".join(part for part in (*lines, problems_text(plan.problems)) if part)
    told: Json = {"changed": impact.changed, "failed": impact.failed, "groups": _groups(impact)} if impact else None
    return Report("bump", {**_data(plan, written=written), "impact": told}, text)


def promotion(rings: tuple[str, str], found: Sequence[Promotion], *, written: bool) -> Report:
    """The outcome of `promote`: `rings` are the one before and the one that gets its versions."""
    before, after = rings
    lines = [line for one in found for line in _promotion_lines(one, written=written)]
    if not found:
        lines = [f"nothing to promote: {after} has what {before} has"]
    held = sum(not one.passes for one in found)
    if held:
        lines.append(f"{counted(held, 'template')} held back")
    data: dict[str, Json] = {
        "from": before,
        "ring": after,
        "templates": [
            {**_data(one.plan, written=written), "passes": one.passes, "gates": [_verdict(v) for v in one.verdicts]}
            for one in found
        ],
    }
    return Report("promote", data, "\n".join(lines))


def _data(plan: Bump, *, written: bool) -> dict[str, Json]:
    return {
        "template": plan.pin.name,
        "version": plan.pin.version,
        "written": written and bool(plan.files),
        "files": [file.file for file in plan.files],
        "moved": [{"from": version, "sites": list(sites)} for version, sites in plan.moved.items()],
        "already": len(plan.already),
        "held": list(plan.held),
        "migrations": plan.migrations,
        "problems": problems_data(plan.problems),
    }


def _verdict(verdict: Verdict) -> Json:
    until = verdict.until.isoformat(timespec="seconds") if verdict.until else None
    return {"gate": verdict.gate, "passes": verdict.passes, "why": verdict.why, "until": until}


def _promotion_lines(one: Promotion, *, written: bool) -> Iterator[str]:
    yield from _moves(one.plan)
    for verdict in one.verdicts:
        until = f"; passes from {verdict.until.isoformat(timespec='minutes')}" if verdict.until else ""
        yield f"  {'passes' if verdict.passes else 'holds '}  {verdict.gate}: {verdict.why}{until}"
    yield from _files(one.plan, written=written)
    yield from _notes(one.plan)
    if one.plan.problems:
        yield problems_text(one.plan.problems)


def _impact(found: FleetDifference | None) -> Iterator[str]:
    """The groups in a line each, the riskiest first; `diff` has the rest."""
    if found is None:
        return
    failed = f", {counted(found.failed, 'site')} cannot be rendered with it" if found.failed else ""
    yield f"changes {counted(found.changed, 'site')} in {counted(len(found.groups), 'group')}{failed}"
    for group in found.groups[:_GROUPS]:
        told = f"{counted(len(group.sites), 'site')}: {summary(group.change.changes)} [{group.risk.meaning}]"
        yield f"  {told}; {named([site.site for site in group.sites])}"
    if len(found.groups) > _GROUPS:
        yield f"  and {counted(len(found.groups) - _GROUPS, 'group')} more; `fleetpress diff --what-if` has all"
    if found.problems:
        yield problems_text(found.problems)


def _groups(found: FleetDifference) -> list[Json]:
    return [
        {"id": group.digest[:12], "risk": group.risk.name.lower(), "sites": [site.site for site in group.sites]}
        for group in found.groups
    ]


def named(sites: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(sites) - _SHOWN:,} more" if len(sites) > _SHOWN else ""
    return f"{', '.join(sites[:_SHOWN])}{more}"


def _moves(plan: Bump) -> Iterator[str]:
    for version, sites in plan.moved.items():
        yield f"{plan.pin.name} {version} -> {plan.pin.version}: {counted(len(sites), 'site')}"
        yield f"  {named(sites)}"


def _files(plan: Bump, *, written: bool) -> Iterator[str]:
    if plan.files:
        verb = "changed" if written else "would change"
        yield f"{counted(len(plan.files), 'file')} {verb}: {named([file.file for file in plan.files])}"


def _notes(plan: Bump) -> Iterator[str]:
    if plan.held:
        alone = len(plan.held) == 1
        verbs = "pins it in its own file and stays" if alone else "pin it in their own files and stay"
        yield f"{counted(len(plan.held), 'site')} {verbs}: {named(plan.held)}"
        yield "  --exceptions moves them too"
    if plan.migrations:
        files = counted(plan.migrations, "file")
        yield f"the new version wants variables of {files} otherwise: `fleetpress bump --migrate` adapts them"

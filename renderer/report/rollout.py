"""What moving a pin does, for people and for programs.

In: a plan, as the wiring made it. Out: a Report. Never: prints, or decides an exit code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from renderer.report.problems import problems_data, problems_text
from renderer.report.report import Report
from renderer.report.table import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from renderer.types import Json, Problem, TemplatePin

_SHOWN: Final = 5


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


def bump(plan: Bump, *, written: bool) -> Report:
    """The outcome of `bump`."""
    moved = sum(map(len, plan.moved.values()))
    data: dict[str, Json] = {
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
    lines = [*_moves(plan), *_files(plan, written=written), *_notes(plan)]
    if not moved:
        lines.append(f"nothing to move: {counted(len(plan.already), 'site')} at {plan.pin} already")
    return Report("bump", data, "\n".join(part for part in (*lines, problems_text(plan.problems)) if part))


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

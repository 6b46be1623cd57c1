"""Holds a plan against the limits of fleet.yaml.

In: a workspace, what would change, the ledger's entries, a moment. Out: problems.
Never: reads a site that no limit asks about: a small change costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer import engine, read, rollout, validate
from renderer.errors import Code
from renderer.fleet.task import FleetTask
from renderer.plan import Candidates
from renderer.types import Action, Document, Problem, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from renderer.fleet.run import Reach
    from renderer.fleet.workspace import Workspace
    from renderer.plan import Entry, Move
    from renderer.read import SiteFile

_HINTS = {
    False: "publish a part, by a selector, or waive the limits with a reason: --waive-limits",
    True: "wait, leave these sites out by a selector, or waive the limits with a reason: --waive-limits",
}


class LabelsOf(FleetTask):
    """Task: the labels of a site; none of one that cannot be read."""

    def __call__(self, file: SiteFile) -> dict[str, str]:
        """What stands under `labels` in the site's own file."""
        document = read.read_site(self.space.fleet, file, validate.check_input)
        return read.site_labels(document) if isinstance(document, Document) else {}

    def lost(self, file: SiteFile, reason: str) -> dict[str, str]:
        """A site that ended its worker."""
        del file, reason
        return {}


def beyond_limits(
    space: Workspace,
    changed: Sequence[str],
    moves: Mapping[Move, Sequence[str]],
    reach: Reach,
    now: datetime,
    workers: engine.Workers,
) -> list[Problem]:
    """A problem for each limit that the change exceeds; [] when fleet.yaml has none.

    With a limit on deletions, the sites that change are rendered, and what is published for them is read.
    """
    from renderer.fleet.selection import select_among

    entries = reach.books.entries
    settings = space.fleet.rollout
    limits = settings.limits
    going = dict(_going(moves))
    needed = rollout.needs_labels(limits, len(changed), len(going))
    radius = rollout.Radius(
        changed,
        _labels(space, workers) if needed else {},
        going,
        {pin: frozenset(_having(pin, entries)) for pin in going} if limits.in_order else {},
        settings.label,
        space.fleet.labels.get(settings.label, ()),
        [
            (freeze, select_among(space, freeze.sites, changed, workers) if freeze.sites else changed)
            for freeze in rollout.active(limits, now)
        ],
        _deleted(space, changed, reach, workers) if limits.deletable is not None else {},
    )
    return [_problem(breach) for breach in rollout.breaches(limits, radius)]


def _going(moves: Mapping[Move, Sequence[str]]) -> Iterator[tuple[TemplatePin, list[str]]]:
    found: dict[TemplatePin, list[str]] = {}
    for move, sites in moves.items():
        if move.before != move.after:
            found.setdefault(TemplatePin.parse(move.after), []).extend(sites)
    yield from found.items()


def _having(pin: TemplatePin, entries: Mapping[str, Entry]) -> Iterator[str]:
    text = str(pin)
    return (site for site, entry in entries.items() if any(name == text for name, _ in entry.inputs))


def _deleted(space: Workspace, changed: Sequence[str], reach: Reach, workers: engine.Workers) -> dict[str, list[str]]:
    """Kind.group -> the published sites at which an object of it goes, or goes by another name."""
    from renderer.fleet.comparisons import Asked, against_published, compare

    there = {name: () for name in changed if name in reach.books.entries and name in space.index.sites}
    comparison = against_published(space, reach.books, Candidates(there, 0, ()), reach.options, reach.destination)
    found: dict[str, list[str]] = {}
    for group in compare(space, comparison, Asked(workers)).groups:
        keys = [one.key if one.action is Action.REMOVED else one.was for one in group.change.changes]
        kinds = {f"{key.kind}.{key.group}".rstrip(".") for key in keys if key is not None}
        for kind in kinds:
            found.setdefault(kind, []).extend(site.site for site in group.sites)
    return found


def _labels(space: Workspace, workers: engine.Workers) -> dict[str, dict[str, str]]:
    files = list(space.index.sites.values())
    found: Iterator[dict[str, str]] = engine.for_size(len(files), workers).map(LabelsOf(space.root), files)
    return {file.name: labels for file, labels in zip(files, found, strict=True)}


def _problem(breach: rollout.Breach) -> Problem:
    code = Code.FROZEN if breach.freeze else Code.LIMIT_EXCEEDED
    return Problem(code, breach.what, hint=_HINTS[breach.freeze])

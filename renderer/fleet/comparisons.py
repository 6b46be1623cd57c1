"""Compares a fleet with what it was, and puts equal changes together.

In: a workspace, sites by name, and what to compare with. Out: a FleetDifference.
Never: writes, publishes, or looks at a site twice: which sites may differ is found out before any is read.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from renderer import diff, engine
from renderer.fleet import snapshots
from renderer.fleet.baselines import FolderBaseline, Pairing, PublishedBaseline, SupposingRender
from renderer.fleet.comparing import Compare
from renderer.fleet.earlier import earlier
from renderer.fleet.press import Order, Rendered
from renderer.fleet.snapshots import SnapshotBaseline
from renderer.fleet.supposing import suppose
from renderer.fleet.workspace import Workspace
from renderer.types import FleetDifference, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from renderer.fleet.baselines import Baseline
    from renderer.fleet.books import Books
    from renderer.fleet.comparing import Compared
    from renderer.fleet.destination import Destination
    from renderer.fleet.pinning import PinPlan
    from renderer.fleet.supposing import Supposition
    from renderer.plan import Candidates, Entry
    from renderer.publish import TargetOptions
    from renderer.types import Change, Problem, SiteChange

TREE = "tree"
Watch: TypeAlias = "Callable[[Iterable[Compared | Rejected]], Iterable[Compared | Rejected]]"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared with what, ready to go: a baseline for the workers, and the pairs of site files."""

    before: str
    baseline: Baseline
    pairings: tuple[Pairing, ...]
    skipped: int = 0
    left: tuple[str, ...] = ()
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """How to compare: what is supposed of the fleet, what does not count, on which processors."""

    workers: engine.Workers
    supposition: Supposition | None = None
    ignore_defaults: bool = False


def compare(
    space: Workspace,
    comparison: Comparison,
    asked: Asked,
    watch: Watch = iter,
) -> FleetDifference:
    """The difference over the fleet. `watch` sees the outcomes pass by."""
    task = Compare(
        space.root, comparison.baseline, asked.supposition, space.today, ignore_defaults=asked.ignore_defaults
    )
    workers = asked.workers.here if comparison.is_local else asked.workers
    sites: list[SiteChange] = []
    changes: dict[str, Change] = {}
    problems: list[Problem] = []
    failed = 0
    for outcome in watch(engine.for_size(len(comparison.pairings), workers).map(task, comparison.pairings)):
        problems += outcome.problems
        if isinstance(outcome, Rejected):
            failed += 1
            continue
        if outcome.change is not None:
            sites.append(outcome.change)
            if outcome.news is not None:
                changes.setdefault(outcome.change.digest, outcome.news)
    labels = tuple(space.fleet.labels)
    after = f"the work tree, with {asked.supposition}" if asked.supposition else "the work tree"
    groups = diff.make_groups(sites, changes, labels)
    compared = len(comparison.pairings) + comparison.skipped - failed
    return FleetDifference(comparison.before, after, labels, compared, groups, comparison.left, failed, tuple(problems))


def impact_of(
    space: Workspace, plan: PinPlan, workers: engine.Workers, watch: Callable[[int], Watch]
) -> FleetDifference:
    """What moving a pin changes at the sites that move. What migrations do to their variables is not in it."""
    with against_folder(space, TREE, plan.sites, whole=False) as comparison:
        supposition = suppose(space, [f"{plan.pin.name}={plan.pin.version}"], [])
        return compare(space, comparison, Asked(workers, supposition), watch(len(comparison.pairings)))


def ring_rank(space: Workspace, found: FleetDifference) -> dict[str, int]:
    """Site -> the place of its ring; sites that are gone have none."""
    settings = space.fleet.rollout
    if settings.label not in found.labels:
        return {}
    column, rings = found.labels.index(settings.label), space.fleet.labels[settings.label]
    members = [site for group in found.groups for site in group.sites if site.labels[column] in rings]
    return {site.site: rings.index(site.labels[column]) for site in members}


def save(space: Workspace, names: Sequence[str], asked: Asked, path: Path) -> int:
    """Write a snapshot of the sites that render; how many they are. Raises EnvironmentFailure."""
    orders = [Order(space.file(name)) for name in names]
    task = SupposingRender(space.root, asked.supposition, space.today)
    rendered = engine.for_size(len(orders), asked.workers.here).map(task, orders)
    return snapshots.save(path, ((one, _labels(space, one)) for one in rendered if isinstance(one, Rendered)))


def _labels(space: Workspace, rendered: Rendered) -> dict[str, str]:
    site = space.merged(space.file(rendered.made.site))
    return {} if isinstance(site, Rejected) else dict(site.labels)


@contextmanager
def against_folder(space: Workspace, against: str, names: Sequence[str], *, whole: bool) -> Iterator[Comparison]:
    """A commit, the index, or the work tree itself. Sites that are gone are compared when the `whole` fleet is."""
    files = space.index.sites
    if against == TREE:
        pairings = tuple(Pairing(name, files[name], files[name]) for name in names)
        yield Comparison("the work tree", FolderBaseline(space.root, space.today), pairings)
        return
    with earlier(space, against) as past:
        known = Workspace(past.root).index.sites
        chosen = [name for name in names if past.changed is None or name in past.changed]
        gone = [name for name in known if name not in files] if whole else []
        pairings = tuple(Pairing(name, known.get(name), files.get(name)) for name in (*chosen, *gone))
        yield Comparison(
            against, FolderBaseline(past.root, space.today), pairings, len(names) - len(chosen), is_local=True
        )


def against_published(
    space: Workspace, books: Books, found: Candidates, options: TargetOptions, destination: Destination
) -> Comparison:
    """What is published, for the sites that the plan says may have changed; the others are not looked at."""
    entries = books.entries
    pairings = tuple(_ledgered(space, name, entries.get(name)) for name in found.changed)
    baseline = PublishedBaseline(space.root.absolute(), destination.to, options)
    return Comparison(f"published at {destination.to}", baseline, pairings, found.unchanged, found.removed)


def with_all(found: Candidates, names: Sequence[str]) -> Candidates:
    """The same, with every site to be looked at."""
    return replace(found, changed={name: found.changed.get(name, ()) for name in names}, unchanged=0)


def _ledgered(space: Workspace, name: str, entry: Entry | None) -> Pairing:
    file = space.index.sites[name]
    return Pairing(name, None, file, entry.fingerprint, entry.content) if entry else Pairing(name, None, file)


def against_snapshot(space: Workspace, path: Path, names: Sequence[str], *, whole: bool) -> Comparison:
    """A snapshot that was saved."""
    baseline = SnapshotBaseline(path.absolute())
    baseline.prepare()
    files = space.index.sites
    gone = [name for name in baseline.names() if name not in files] if whole else []
    pairings = tuple(Pairing(name, None, files.get(name)) for name in (*names, *gone))
    return Comparison(path.name, baseline, pairings, is_local=True)

"""The order of the stages: read -> plan -> [render -> validate -> pack] -> sign -> publish.

In: a fleet and where its artifacts go. Out: a receipt per site, and ledgers that know of each.
Never: does a stage's work itself, prints, or knows about the command line.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from renderer import engine, plan, publish, read
from renderer.errors import Code, ConfigurationError
from renderer.fleet.defaults import default_changes
from renderer.fleet.press import Examine, Made, Order, Press, Pressed, Same
from renderer.fleet.signing import entry_of, is_ours, signed
from renderer.types import Outcome, Problem, Receipt, Rejected, Release, Shard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from renderer.fleet.books import Books
    from renderer.fleet.run import Run
    from renderer.fleet.workspace import Workspace
    from renderer.plan import Candidates, Entry, Move
    from renderer.report.changes import DefaultChange

_ALL = Shard()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be published and why; `problems` are those of the sites that cannot even be read."""

    changed: Mapping[str, tuple[str, ...]]
    unchanged: int
    removed: tuple[str, ...]
    problems: tuple[Problem, ...]
    defaults: tuple[DefaultChange, ...] = ()
    moves: Mapping[Move, Sequence[str]] = field(default_factory=dict)


def choose_serial(space: Workspace, serial: int | None, to: str, *, allow_dirty: bool) -> int:
    """The serial of this publication: the one asked for, else the number of first-parent commits up to HEAD."""
    if serial is not None:
        return serial
    revision = read.head(space.fleet.repository, space.look)
    if revision.serial is None:
        what = "this clone is shallow, so its commits cannot be counted"
        hint = "fetch the whole history (`git fetch --unshallow`), or give --serial, such as the CI's pipeline number"
        raise ConfigurationError(what, problems=[Problem(Code.GIT_SHALLOW, what, hint=hint)])
    if revision.dirty and not publish.is_folder(to) and not allow_dirty:
        what = "the fleet has changes that are not committed; what is published could not be found in git again"
        raise ConfigurationError(
            what,
            problems=[
                Problem(Code.GIT_FAILED, what, hint="`git status` shows them: commit them, or give --allow-dirty")
            ],
        )
    return revision.serial


def survey(
    space: Workspace, books: Books, names: Collection[str], key_id: str | None, shard: Shard = _ALL
) -> Candidates:
    """Which of the sites `names` have to be looked at, and which of the shard are gone.

    Reads no site, and asks about none that cannot have changed.
    """
    sites = space.index.sites
    suspects = books.suspects(space.input_digest, key_id)
    if suspects is None:
        suspects = {*sites, *books.entries}
    # All sites are a set that is not gone through: a fleet may have 100,000.
    if isinstance(names, AbstractSet):
        chosen = sorted(suspects & names)
    else:
        chosen = [name for name in names if name in suspects]
    files = {name: sites[name].digest for name in chosen}
    entries = {name: entry for name in suspects if (entry := books.entries.get(name))}
    found = plan.candidates(files, entries, space.input_digest, key_id)
    # A site is gone when its file is, not when somebody chose not to publish it today.
    removed = tuple(name for name in found.removed if name not in sites and shard.has(name))
    return replace(found, unchanged=len(names) - len(found.changed), removed=removed)


def make_plan(
    space: Workspace, books: Books, names: Collection[str], workers: engine.Workers, shard: Shard = _ALL
) -> Plan:
    """Which sites would be published, and why. Reads the sites that may have changed; renders none."""
    candidates = survey(space, books, names, None, shard)
    entries = books.entries
    changed = dict(candidates.changed)
    problems: list[Problem] = []
    moves: dict[Move, list[str]] = defaultdict(list)
    orders = _orders(space, candidates, entries, None)
    for outcome in engine.for_size(len(changed), workers).map(Examine(space.root, space.today), orders):
        if isinstance(outcome, Rejected):
            del changed[outcome.site]
            problems += outcome.problems
        elif isinstance(outcome, Same):
            del changed[outcome.made.site]
        elif outcome.site in entries:
            moved = plan.reasons_for(entries[outcome.site], outcome.inputs)
            changed[outcome.site] = tuple(dict.fromkeys((*changed[outcome.site], *moved)))
            for move in plan.moves_for(entries[outcome.site], outcome.inputs):
                moves[move].append(outcome.site)
    unchanged = len(names) - len(changed) - len({problem.site for problem in problems})
    defaults = default_changes(space, moves, entries, workers)
    return Plan(changed, unchanged, candidates.removed, tuple(problems), defaults, moves)


def publish_sites(
    run: Run, books: Books, candidates: Candidates, names: Collection[str] | None = None
) -> Iterator[Receipt]:
    """Press, sign and publish the candidates; yields a receipt for each, and brings the ledgers up to date.

    Receipts come as sites are done; a site that fails is a receipt and stops no other. Raises PublishError when the
    target itself fails; the ledgers then know of what was published until there. `names` are the sites that were
    chosen, None for all: where sites share bases, all that have one must be among them.
    """
    if run.space.fleet.publishing.shared:
        yield from _publish_parts(run, books, candidates, names)
        return
    desk = _Desk(run, books, candidates)
    orders = _orders(run.space, candidates, books.entries, run.signer.key_id)
    outcomes = engine.for_size(len(candidates.changed), run.workers).map(Press(run.space.root, run.space.today), orders)
    try:
        for receipt in publish.publish_all(run.target, desk.releases(outcomes), is_ours=partial(is_ours, run)):
            yield desk.noted(receipt)
        yield from desk.settled
    finally:
        for site in candidates.removed:
            books.drop(site)
        books.save(run.serial, run.reasons)


def _publish_parts(run: Run, books: Books, candidates: Candidates, names: Collection[str] | None) -> Iterator[Receipt]:
    """`publish_sites` where sites share bases: nothing goes out before all are pressed, and bases go first."""
    from renderer.fleet.gathering import Gathering
    from renderer.fleet.parting import PressParts

    orders = _orders(run.space, candidates, books.entries, run.signer.key_id)
    task = PressParts(run.space.root, run.space.today)
    ours = partial(is_ours, run)
    with closing(Gathering(run, books, names)) as gathering:
        gathering.take(engine.for_size(len(candidates.changed), run.workers).map(task, orders))
        try:
            for receipt in publish.publish_all(run.target, gathering.bases(), is_ours=ours):
                yield gathering.noted_base(receipt)
            for receipt in publish.publish_all(run.target, gathering.parts(), is_ours=ours):
                yield gathering.noted(receipt)
            yield from gathering.settled
        finally:
            for site in candidates.removed:
                books.drop(site)
            books.save(run.serial, run.reasons)


def _orders(
    space: Workspace, candidates: Candidates, entries: Mapping[str, Entry], key_id: str | None
) -> Iterator[Order]:
    for name in candidates.changed:
        file, entry = space.index.sites[name], entries.get(name)
        # A site signed by another key has to be signed again, whatever its content.
        if entry is None or key_id not in (None, entry.key_id):
            yield Order(file, with_objects=bool(entry and entry.base))
        else:
            yield Order(file, entry.fingerprint, entry.content if entry.base else None, bool(entry.base))


@dataclass
class _Desk:
    """Turns outcomes into releases on their way out, and receipts into ledger entries on their way back."""

    run: Run
    books: Books
    candidates: Candidates
    settled: list[Receipt] = field(default_factory=list)
    _made: dict[str, Made] = field(default_factory=dict)
    _warnings: dict[str, tuple[Problem, ...]] = field(default_factory=dict)

    def releases(self, outcomes: Iterable[Pressed | Same | Rejected]) -> Iterator[Release]:
        """The signed releases; what has nothing to release is settled at once."""
        for outcome in outcomes:
            if isinstance(outcome, Rejected):
                self.settled.append(Receipt(outcome.site, Outcome.FAILED, problems=outcome.problems))
            elif isinstance(outcome, Same):
                self._refresh(outcome.made)
            else:
                yield from self._release(outcome)

    def noted(self, receipt: Receipt) -> Receipt:
        """Enter a receipt into the ledger; the warnings of its site go with it."""
        made = self._made.pop(receipt.site)
        if receipt.outcome not in (Outcome.FAILED, Outcome.SUPERSEDED):
            self.books.note(made.site, made.region, entry_of(self.run, made, receipt))
        warnings = self._warnings.pop(receipt.site, ())
        return replace(receipt, problems=(*receipt.problems, *warnings))

    def _release(self, pressed: Pressed) -> Iterator[Release]:
        made = pressed.made
        repository = self.run.destination.repository(made.site, made.region)
        if isinstance(repository, Problem):
            self.settled.append(Receipt(made.site, Outcome.FAILED, problems=(repository,)))
            return
        self._made[made.site] = made
        self._warnings[made.site] = pressed.warnings
        signatures = signed(self.run, pressed.artifact, repository)
        before = self.books.entries.get(made.site)
        # What the ledger has of a site that shared a base is about another repository; the higher serial counts.
        shared = before is not None and bool(before.base)
        yield Release(pressed.artifact, repository, self.run.serial, signatures, retag=shared)

    def _refresh(self, made: Made) -> None:
        before = self.books.entries[made.site]
        file = self.run.space.index.sites[made.site].digest
        self.books.note(made.site, made.region, replace(before, file=file, inputs=made.inputs))
        self.settled.append(
            Receipt(made.site, Outcome.UNCHANGED, digest=before.manifest, content=before.content, serial=before.serial)
        )

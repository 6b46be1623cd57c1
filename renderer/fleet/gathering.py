"""Holds the parts and bases of a publication back until every site was looked at, and lets out what may go.

In: outcomes of PressParts, the ledger, what is published. Out: releases of bases, then of the parts that need them; and
receipts for all others.
Never: lets a part out before its base, or keeps what was made for sites in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from renderer import diff, publish
from renderer.errors import Code
from renderer.fleet.cohorts import Cohorts
from renderer.fleet.held_back import HeldBack
from renderer.fleet.moving import Moves
from renderer.fleet.parting import Parted, Spoilt
from renderer.fleet.press import Made, Same
from renderer.fleet.signing import entry_of, signed
from renderer.plan import Base
from renderer.types import BASES, Outcome, Problem, Receipt, Rejected, Release, Severity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from renderer.fleet.books import Books
    from renderer.fleet.parting import PartOutcome
    from renderer.fleet.run import Run
    from renderer.plan import Inputs
    from renderer.types import Artifact, Digest, ObjectKey


@dataclass(frozen=True, slots=True)
class _Record:
    """A site that was found good; `had` is the base that its cluster follows until now.

    `inputs` is a number: sites have few different ones, and each is large.
    """

    made: Made
    inputs: int
    cohort: str
    had: str
    part: Artifact | None
    warnings: tuple[Problem, ...]


class Gathering:
    """See the module. `names` are the sites that were chosen, None for all."""

    def __init__(self, run: Run, books: Books, names: Collection[str] | None) -> None:
        self.run, self.books = run, books
        self.settled: list[Receipt] = []
        self._sites = run.space.index.sites
        self._moves = Moves(run)
        self._cohorts = Cohorts(books, names, self._sites, run.signer.key_id, self._moves.content_there)
        self._inputs: dict[Inputs, int] = {}
        self._records: HeldBack[_Record] = HeldBack()
        self._bases: HeldBack[tuple[str, Artifact]] = HeldBack()
        self._handed: set[tuple[str, Digest]] = set()
        # Of sites whose part is news: the base that they have until now, and the one that they come to.
        self._changes: dict[tuple[str, str], str] = {}
        self._late: dict[str, tuple[Problem, ...]] = {}
        self._going: dict[str, tuple[Made, str, tuple[Problem, ...]]] = {}

    def close(self) -> None:
        """Forget what was held back."""
        self._records.close()
        self._bases.close()

    def take(self, outcomes: Iterable[PartOutcome]) -> None:
        """Look at all sites. Raises ConfigurationError when a base would move that sites not chosen have, too."""
        for outcome in outcomes:
            if isinstance(outcome, Parted):
                self._found_good(outcome)
            elif isinstance(outcome, Same):
                made, key = outcome.made, self.books.entries[outcome.made.site].base
                self._cohorts.same(made.site, key)
                self._keep(made, key, ())
            elif isinstance(outcome, Spoilt):
                self._reject(outcome.rejected, outcome.cohort)
            else:
                self._reject(outcome, "")
        self._look_back()
        self._cohorts.judge(self._handed)

    def bases(self) -> Iterator[Release]:
        """The bases that go out, signed."""
        for key, artifact in self._bases:
            cohort = self._cohorts[key]
            if cohort.problem is None and self._cohorts.is_due(key, artifact.content):
                repository = self.run.destination.base(key, cohort.region)
                yield Release(artifact, repository, self.run.serial, signed(self.run, artifact, repository))

    def noted_base(self, receipt: Receipt) -> Receipt:
        """Enter the receipt of a base into the ledger; a base that did not go out takes its parts along."""
        key = receipt.site.removeprefix(BASES)
        cohort = self._cohorts[key]
        if receipt.outcome is Outcome.FAILED:
            why = receipt.problems[0].what if receipt.problems else "it could not be published"
            hint = "run again: what is published already is not sent twice"
            cohort.problem = Problem(Code.BASE_HELD, f"held back, for its base {key} did not go out: {why}", hint=hint)
        elif receipt.outcome is Outcome.SUPERSEDED:
            cohort.newer = receipt.serial
        else:
            assert receipt.digest is not None, "a published base has a digest"  # noqa: S101
            assert receipt.content is not None, "and content"  # noqa: S101
            serial = receipt.serial or self.run.serial
            made = Base(receipt.content, receipt.digest, serial, self.run.signer.key_id, self.run.now())
            self.books.note_base(key, cohort.region, made)
        return receipt

    def parts(self) -> Iterator[Release]:
        """The parts that go out, signed; what does not is settled."""
        inputs = list(self._inputs)
        for record in self._records:
            made = replace(record.made, inputs=inputs[record.inputs])
            late = self._late.get(made.site, ())
            if not _has_error(late):  # that was settled when it was found
                yield from self._part(made, record, (*record.warnings, *late))

    def _part(self, made: Made, record: _Record, warnings: tuple[Problem, ...]) -> Iterator[Release]:
        cohort = self._cohorts[record.cohort]
        if cohort.problem is not None:
            self._settle(made.site, Outcome.FAILED, (replace(cohort.problem, site=made.site),))
        elif cohort.newer is not None:
            what = f"its base {record.cohort} already has serial {cohort.newer}, which is newer"
            hint = "nothing to do if a newer job ran meanwhile; else publish from the newest commit"
            problem = Problem(Code.SUPERSEDED, what, hint=hint, site=made.site, severity=Severity.WARNING)
            self._settle(made.site, Outcome.SUPERSEDED, (problem,))
        elif record.part is None:
            self._keep(made, record.cohort, warnings)
        else:
            repository = self.run.destination.repository(made.site, made.region)
            assert not isinstance(repository, Problem), "asked before"  # noqa: S101
            self._going[made.site] = made, record.cohort, warnings
            signatures = signed(self.run, record.part, repository)
            before = self.books.entries.get(made.site)
            # What the ledger has of a site that shared no base is about another repository; the higher serial counts.
            shared_none = before is not None and not before.base
            yield Release(record.part, repository, self.run.serial, signatures, retag=shared_none)

    def noted(self, receipt: Receipt) -> Receipt:
        """Enter the receipt of a part into the ledger; the warnings of its site go with it."""
        made, cohort, warnings = self._going.pop(receipt.site)
        if receipt.outcome not in (Outcome.FAILED, Outcome.SUPERSEDED):
            self.books.note(made.site, made.region, replace(entry_of(self.run, made, receipt), base=cohort))
        return replace(receipt, problems=(*receipt.problems, *warnings))

    def _found_good(self, outcome: Parted) -> None:
        made, key = outcome.made, outcome.cohort
        had = self._cohorts.followed(made.site, made.region, key)
        repository = self.run.destination.repository(made.site, made.region)
        forbidden = (repository,) if isinstance(repository, Problem) else ()
        moving = forbidden or (self._moves.to_part(made, had, _objects_of(outcome)) if had else ())
        if _has_error(moving):
            self._reject(Rejected(made.site, moving), key)
            return
        self._cohorts.good(made.site, made.region, key, outcome.base)
        if outcome.packed is not None and (key, outcome.base) not in self._handed:
            self._handed.add((key, outcome.base))
            self._bases.put((key, outcome.packed))
        if outcome.part is not None and had:
            self._changes[had, key] = made.region
        number = self._inputs.setdefault(made.inputs, len(self._inputs))
        slim = replace(made, inputs=frozenset())
        self._records.put(_Record(slim, number, key, had, outcome.part, (*outcome.warnings, *moving)))

    def _look_back(self) -> None:
        """Find objects that would go from parts to bases. Parts are read only where the base gained an object."""
        coming = {key for _, key in self._changes}
        new = {key: _objects(artifact) for key, artifact in self._bases if key in coming}
        gained: dict[tuple[str, str], frozenset[ObjectKey]] = {}
        for (had, key), region in self._changes.items():
            now = new[key] if key in new else self._moves.of_base(key, region)
            before = self._moves.of_base(had, region)
            if before and (more := now - before):
                gained[had, key] = more
        for record in self._records if gained else ():
            if record.part is None or (record.had, record.cohort) not in gained:
                continue
            site = record.made.site
            moving = self._moves.to_base(record.made, gained[record.had, record.cohort])
            if moving:
                self._late[site] = moving
            if _has_error(moving):
                self._reject(Rejected(site, moving), record.cohort)

    def _reject(self, rejected: Rejected, key: str) -> None:
        self._cohorts.failed(rejected.site, key)
        self._settle(rejected.site, Outcome.FAILED, rejected.problems)

    def _keep(self, made: Made, key: str, warnings: tuple[Problem, ...]) -> None:
        """The part that is published already is what the site's files say now."""
        before = self.books.entries[made.site]
        file = self._sites[made.site].digest
        now = replace(before, file=file, inputs=made.inputs, fingerprint=made.fingerprint, base=key)
        self.books.note(made.site, made.region, now)
        found = Receipt(made.site, Outcome.UNCHANGED, "", before.manifest, before.content, before.serial)
        self.settled.append(replace(found, problems=warnings))

    def _settle(self, site: str, outcome: Outcome, problems: tuple[Problem, ...]) -> None:
        self.settled.append(Receipt(site, outcome, problems=problems))


def _objects_of(outcome: Parted) -> frozenset[ObjectKey]:
    """The objects of a part that is news; the worker did not name them where the ledger knows nothing of the site."""
    return outcome.objects or (_objects(outcome.part) if outcome.part is not None else frozenset())


def _objects(artifact: Artifact) -> frozenset[ObjectKey]:
    return frozenset(diff.read_objects(publish.unpack(artifact.layer.data)))


def _has_error(problems: Iterable[Problem]) -> bool:
    return any(problem.severity is Severity.ERROR for problem in problems)

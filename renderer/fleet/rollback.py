"""Gives sites an earlier artifact again, under a new serial.

In: a run, sites, a serial to go back to. Out: a receipt for each, and ledgers that know of it.
Never: renders, or publishes an artifact that the key of this run did not sign before.

The ledger then has the earlier content for what the files say now: `publish` leaves the site alone until they change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from renderer import engine, publish, sign
from renderer.errors import Code, PublishError
from renderer.fleet.press import Examine, Made, Order, Same
from renderer.fleet.signing import is_ours, signed
from renderer.plan import Entry
from renderer.types import Outcome, Problem, Receipt, Rejected, Release

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.fleet.books import Books
    from renderer.fleet.run import Run
    from renderer.types import Artifact, Blob, Reference


def roll_back(run: Run, books: Books, names: Sequence[str], wanted: int | None) -> Iterator[Receipt]:
    """Publish what each site had at serial `wanted`, or, for None, before its present content.

    A site that cannot be rolled back is a receipt with its problems and stops no other.
    """
    desk = _Desk(run, wanted)
    try:
        for receipt in publish.publish_all(run.target, desk.releases(names), is_ours=partial(is_ours, run)):
            if receipt.outcome is Outcome.PUBLISHED:
                made, artifact = desk.going[receipt.site]
                books.note(made.site, made.region, desk.entry(made, artifact))
            yield receipt
        yield from desk.failed
    finally:
        books.save(run.serial)


@dataclass
class _Desk:
    """Finds what sites go back to; `failed` are those for which there is nothing, or that cannot be read."""

    run: Run
    wanted: int | None
    going: dict[str, tuple[Made, Artifact]] = field(default_factory=dict)
    failed: list[Receipt] = field(default_factory=list)

    def releases(self, names: Sequence[str]) -> Iterator[Release]:
        """The earlier artifacts, signed again for the new serial: the same bytes, which are there already."""
        orders = [Order(self.run.space.file(name)) for name in names]
        for outcome in engine.for_size(len(orders), self.run.workers).map(
            Examine(self.run.space.root, self.run.space.today), orders
        ):
            if isinstance(outcome, Rejected):
                self.failed.append(Receipt(outcome.site, Outcome.FAILED, problems=outcome.problems))
                continue
            made = outcome.made if isinstance(outcome, Same) else outcome
            try:
                yield self._release(made)
            except PublishError as error:
                told = tuple(replace(one, site=made.site) for one in error.problems)
                self.failed.append(Receipt(made.site, Outcome.FAILED, problems=told))

    def _release(self, made: Made) -> Release:
        repository = self.run.destination.repository(made.site, made.region)
        if isinstance(repository, Problem):
            raise PublishError(repository.what, problems=[repository])
        manifest = self._chosen(repository, self.wanted)
        artifact = publish.read_artifact(self.run.target, repository, made.site, manifest)
        self._check(artifact, repository)
        self.going[made.site] = made, artifact
        return Release(artifact, repository, self.run.serial, signed(self.run, artifact, repository))

    def _chosen(self, repository: Reference, wanted: int | None) -> Blob:
        found = publish.earlier(self.run.target, repository)
        highest, present = next(found, (0, None))
        if present is None:
            raise _none(f"nothing is published at {repository.name}", "publish it first")
        if highest >= self.run.serial:
            what = f"{repository.name} is at serial {highest}, and this run has {self.run.serial}"
            raise _none(what, "commit (`git commit --allow-empty`), or give a higher --serial")
        for serial, manifest in found:
            if serial == wanted or (wanted is None and manifest.digest != present.digest):
                return manifest
        what = f"{repository.name} has no serial {wanted}" if wanted else f"{repository.name} never had other content"
        raise _none(f"{what} below {highest}", "the tags of the repository are its serials: 1.SERIAL.0")

    def _check(self, artifact: Artifact, repository: Reference) -> None:
        """Raise unless the key of this run signed the artifact before: a rollback must not bless anything."""
        suffix = self.run.destination.suffix(repository)
        expected = sign.Expected(artifact.manifest.digest, frozenset([repository.name]), suffix)
        manifests = publish.signature_manifests(self.run.target, repository, artifact.manifest.digest)
        fetch = publish.fetcher(self.run.target, repository)
        verdict = sign.verify_signatures(manifests, fetch, expected, [self.run.signer.verifier])
        if not isinstance(verdict, sign.Verified):
            raise PublishError(f"{repository.name} cannot be rolled back", problems=verdict)

    def entry(self, made: Made, artifact: Artifact) -> Entry:
        """The earlier content, for what the site's files say now."""
        return Entry(
            file=self.run.space.file(made.site).digest,
            inputs=made.inputs,
            fingerprint=made.fingerprint,
            content=artifact.content,
            manifest=artifact.manifest.digest,
            serial=self.run.serial,
            key_id=self.run.signer.key_id,
            published=self.run.now(),
        )


def _none(what: str, hint: str) -> PublishError:
    return PublishError(what, problems=[Problem(Code.ROLLBACK_NONE, what, hint=hint)])

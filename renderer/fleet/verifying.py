"""Checks what is published: everything that a cluster relies on, and what it cannot check itself.

In: sites by name, a target, trusted keys, the ledgers' entries. Out: a receipt for each site.
Never: renders, or believes what an artifact says of itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from renderer import pack, publish, sign
from renderer.errors import Code, PublishError
from renderer.types import BASES, Outcome, Problem, Receipt, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.fleet.books import Books
    from renderer.fleet.destination import Destination
    from renderer.fleet.workspace import Workspace
    from renderer.plan import Base, Entry
    from renderer.publish import Published, Target
    from renderer.types import Reference, Site

_ELSEWHERE = "somebody else writes to this repository; publish the site again with a higher serial"


def verify(
    space: Workspace,
    names: Sequence[str],
    destination: Destination,
    target: Target,
    keys: Sequence[sign.Verifier],
    books: Books,
) -> Iterator[Receipt]:
    """Check what is published for each site, and the base that it shares, if it does; `books` are the ledgers."""
    checker = _Checker(destination, target, keys, books)
    for name in names:
        site = space.site(space.file(name))
        if isinstance(site, Rejected):
            yield Receipt(name, Outcome.FAILED, problems=site.problems)
        else:
            yield checker.receipt(site)


@dataclass(frozen=True, slots=True)
class _Check:
    """One artifact to verify: what it is `called` in the fleet, where it is, what the ledger knows of it."""

    called: str
    repository: Reference
    known: Entry | Base | None


@dataclass(slots=True)
class _Checker:
    """`_bases` are what was found of bases: each is checked once, whoever shares it."""

    destination: Destination
    target: Target
    keys: Sequence[sign.Verifier]
    books: Books
    _bases: dict[Reference, tuple[str, tuple[Problem, ...]]] = field(default_factory=dict)

    def receipt(self, site: Site) -> Receipt:
        name = site.name
        repository = self.destination.repository(name, site.region)
        if isinstance(repository, Problem):
            return Receipt(name, Outcome.FAILED, problems=(repository,))
        check = _Check(name, repository, self.books.entries.get(name))
        try:
            found = publish.published(self.target, repository)
            problems, base = self._problems(check, found), ""
            if found is not None and self.destination.fleet.publishing.shared:
                base, flaws = self._base(found, site)
                problems += flaws
        except PublishError as error:
            problems, found = list(error.problems), None
        told = tuple(replace(problem, site=name) for problem in problems)
        if found is None:
            return Receipt(name, Outcome.FAILED, problems=told)
        outcome = Outcome.FAILED if told else Outcome.VERIFIED
        reference = str(replace(repository, tag=found.tag))
        digests = found.manifest.digest, found.content
        return Receipt(name, outcome, reference, *digests, found.serial, problems=told, base=base)

    def _problems(self, check: _Check, found: Published | None) -> list[Problem]:
        if found is None:
            what = f"nothing is published at {check.repository.name}"
            hint = (
                "run `fleetpress publish`"
                if check.called.startswith(BASES)
                else f"run `fleetpress publish {check.called}`"
            )
            return [Problem(Code.NOT_PUBLISHED, what, hint=hint)]
        return [
            *_content_problems(check, found),
            *_ledger_problems(check, found),
            *self._signature_problems(check, found),
        ]

    def _base(self, part: Published, site: Site) -> tuple[str, tuple[Problem, ...]]:
        """Where the base is that a part leads to, and what is wrong with it."""
        key = pack.base_named(part.files)
        if key is None or publish.manifest_annotations(part.manifest).get(pack.BASE_ANNOTATION) != key:
            what = "the site's part does not lead to the base that its manifest names"
            return "", (Problem(Code.SITE_MISMATCH, what, hint=_ELSEWHERE),)
        repository = self.destination.base(key, site.region)
        if repository not in self._bases:
            check = _Check(f"{BASES}{key}", repository, self.books.bases.get(key))
            self._bases[repository] = self._checked_base(check)
        return self._bases[repository]

    def _checked_base(self, check: _Check) -> tuple[str, tuple[Problem, ...]]:
        try:
            found = publish.published(self.target, check.repository)
            problems = tuple(self._problems(check, found))
        except PublishError as error:
            return "", error.problems
        return str(replace(check.repository, tag=found.tag)) if found else "", problems

    def _signature_problems(self, check: _Check, found: Published) -> list[Problem]:
        repository, subject = check.repository, found.manifest.digest
        expected = sign.Expected(subject, frozenset([repository.name]), self.destination.suffix(repository))
        manifests = publish.signature_manifests(self.target, repository, subject)
        verdict = sign.verify_signatures(manifests, publish.fetcher(self.target, repository), expected, self.keys)
        return [] if isinstance(verdict, sign.Verified) else verdict


def _content_problems(check: _Check, found: Published) -> Iterator[Problem]:
    annotations = publish.manifest_annotations(found.manifest)
    if annotations.get(pack.CONTENT_ANNOTATION) != str(found.content):
        what = f"the files in {check.repository.name} have the digest {found.content}, its manifest says another"
        yield Problem(Code.DIGEST_MISMATCH, what, hint=_ELSEWHERE)
    is_base = check.called.startswith(BASES)
    named = annotations.get(pack.BASE_ANNOTATION if is_base else pack.SITE_ANNOTATION, "?")
    if named != check.called.removeprefix(BASES):
        kind = "base" if is_base else "site"
        what = f"{check.repository.name} holds the artifact of {kind} {named[:60]!r}"
        yield Problem(Code.SITE_MISMATCH, what, hint=_ELSEWHERE)


def _ledger_problems(check: _Check, found: Published) -> Iterator[Problem]:
    """A good artifact under a serial that we did not give it: how a registry would roll a cluster back."""
    known = check.known
    if known is None or (known.serial, known.manifest) == (found.serial, found.manifest.digest):
        return
    what = (
        f"{check.repository.name} offers {found.manifest.digest} as serial {found.serial}, "
        f"the ledger has {known.manifest} as serial {known.serial}"
    )
    hint = (
        "if no publication is under way, somebody else moved or removed tags: publish with `--all` and a higher serial"
    )
    yield Problem(Code.SERIAL_MISMATCH, what, hint=hint)

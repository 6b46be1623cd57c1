"""Cuts what a site renders to into the base of its cohort and its own part, in the worker that renders it.

In: an Order. Out: the part, and the base the first time that this worker makes it; or what is wrong with the site.
Never: lets a site's own values decide which files are shared. Templates and fleet.yaml alone tell that: what went from
a base to a part would be removed from the cluster and made anew there (docs/adr/0035-shared-base.md).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from renderer import diff, pack
from renderer.fleet.press import Made, Order, Render, Same, SiteTask
from renderer.types import Artifact, Digest, Manifest, ObjectKey, Problem, Rejected

if TYPE_CHECKING:
    from renderer.types import Manifests

# Cohorts whose base a worker knows at once; one that it has forgotten is packed again.
_KNOWN_BASES: Final = 4096


@dataclass(frozen=True, slots=True)
class Parted:
    """A site rendered, found valid, and cut in two.

    `base` is the content of its cohort's base; `packed` is the base itself, the first time that a worker makes it.
    `part` is None when the ledger has it already. `objects` are those of a part that is news, when the order asks.
    """

    made: Made
    cohort: str
    base: Digest
    packed: Artifact | None
    part: Artifact | None
    objects: frozenset[ObjectKey]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A site that did not make it, of a cohort that is known."""

    rejected: Rejected
    cohort: str


PartOutcome: TypeAlias = "Parted | Same | Spoilt | Rejected"


@dataclass(slots=True)
class _Bases:
    """The bases that a worker has made: by cohort, the files and the digest of the last one; and those handed over.

    The main process needs each base once. What it got from one worker it may get from another one too.
    """

    last: dict[str, tuple[tuple[Manifest, ...], Digest]] = field(default_factory=dict)
    handed: dict[str, set[Digest]] = field(default_factory=lambda: defaultdict(set))

    def of(self, cohort: str, base: Manifests) -> tuple[Digest, Artifact | None]:
        """The content of a base, and the base if it is news."""
        known = self.last.get(cohort)
        # Files that sites share are one object in a worker with a memo: this compares no bytes then.
        if known is not None and known[0] == base.files:
            return known[1], None
        artifact = pack.pack_base(base.files, cohort)
        if len(self.last) >= _KNOWN_BASES:
            self.last.clear()
        self.last[cohort] = (base.files, artifact.content)
        is_news = artifact.content not in self.handed[cohort]
        self.handed[cohort].add(artifact.content)
        return artifact.content, artifact if is_news else None


class PressParts(SiteTask):
    """Task: a site's part, and its cohort's base."""

    def prepare(self) -> None:
        """See `Render.prepare`."""
        self._render = Render(self.root, self.today)
        self._render.prepare()
        self.space = self._render.space
        self._bases = _Bases()

    def __call__(self, order: Order) -> PartOutcome:
        """The site's part, or everything that is wrong with it."""
        found = self._render.examine(order)
        if not isinstance(found, tuple):
            return found
        site, made = found
        cohort = self.space.cohort_of(site)
        rendered = self._render.make(site, made)
        if isinstance(rendered, Rejected):
            return Spoilt(rendered, cohort)
        base, own = pack.split(rendered.manifests, self._render.shared(site).files)
        content, packed = self._bases.of(cohort, base)
        part, objects = self._part(order, own, cohort)
        return Parted(made, cohort, content, packed, part, objects, rendered.warnings)

    def _part(self, order: Order, own: Manifests, cohort: str) -> tuple[Artifact | None, frozenset[ObjectKey]]:
        part = pack.part_of(own, cohort)
        if order.content is not None and pack.content_of(part) == order.content:
            return None, frozenset()
        files = {one.path: one.content for one in own.files} if order.with_objects else {}
        return pack.pack_part(part, cohort), frozenset(diff.read_objects(files))

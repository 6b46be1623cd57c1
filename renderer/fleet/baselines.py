"""What a fleet is compared with: a fleet in another folder, what is published, or a snapshot.

In: a site, and what it is made from now. Out: the files that it had. A worker opens what it needs itself.
Never: renders or fetches a site of which the fingerprint or the content's digest says that it is the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from renderer import pack, publish
from renderer.errors import PublishError
from renderer.fleet.destination import Destination
from renderer.fleet.press import Made, Order, Render, Same
from renderer.fleet.supposing import Supposed
from renderer.fleet.workspace import Workspace
from renderer.types import Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from renderer.fleet.supposing import Supposition
    from renderer.publish import TargetOptions
    from renderer.read import SiteFile
    from renderer.types import Digest, Manifests, Reference, Site


@dataclass(frozen=True, slots=True)
class Pairing:
    """One site to compare: its files on either side, and what the ledger knows of it."""

    name: str
    before: SiteFile | None = None
    after: SiteFile | None = None
    fingerprint: Digest | None = None
    content: Digest | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """What a site had: its files, and its labels when these are known."""

    files: Mapping[str, bytes]
    labels: Mapping[str, str] = field(default_factory=dict)


class Baseline(Protocol):
    """See the module. `prepare` opens what is needed; it is pickled to reach the workers."""

    def prepare(self) -> None:
        """Open; runs once in each worker."""
        ...

    def is_same(self, pairing: Pairing, made: Made) -> bool:
        """Whether a site is certainly what it was, before anything is rendered."""
        ...

    def past(self, pairing: Pairing, now: tuple[Site, Manifests] | None) -> Past | Rejected | None:
        """What the site had; None when it was not there."""
        ...


class FolderBaseline:
    """A fleet in a folder: as it was, or as it is; on the same day, so that waivers make no difference."""

    def __init__(self, root: Path, today: date | None = None) -> None:
        self.root, self.today = root, today

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.root, self.today)

    def prepare(self) -> None:
        """See `Baseline`."""
        self._render = Render(self.root, self.today)
        self._render.prepare()
        # A site that is not the same is read once, to find that out.
        self._examined: tuple[SiteFile, Site] | None = None

    def is_same(self, pairing: Pairing, made: Made) -> bool:
        """See `Baseline`."""
        if pairing.before is None:
            return False
        found = self._render.examine(Order(pairing.before, made.fingerprint))
        self._examined = (pairing.before, found[0]) if isinstance(found, tuple) else None
        return isinstance(found, Same)

    def past(self, pairing: Pairing, now: tuple[Site, Manifests] | None) -> Past | Rejected | None:
        """See `Baseline`. What was valid then is not asked again."""
        del now
        if pairing.before is None:
            return None
        file, examined = self._examined or (None, None)
        site = examined if examined is not None and file == pairing.before else self._render.space.site(pairing.before)
        if isinstance(site, Rejected):
            return site
        made = self._render.unchecked(site)
        return made if isinstance(made, Rejected) else Past(_files(made.manifests), site.labels)


class PublishedBaseline:
    """What is published at a target."""

    def __init__(self, root: Path, to: str, options: TargetOptions) -> None:
        self.root, self.to, self.options = root, to, options

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.root, self.to, self.options)

    def prepare(self) -> None:
        """See `Baseline`."""
        self._destination = Destination.parse(Workspace(self.root).fleet, self.to)
        self._target = publish.open_targets(self._destination.targets, options=self.options)
        self._bases: dict[Reference, Mapping[str, bytes]] = {}

    def is_same(self, pairing: Pairing, made: Made) -> bool:
        """See `Baseline`: the ledger has the fingerprint."""
        return pairing.fingerprint == made.fingerprint

    def past(self, pairing: Pairing, now: tuple[Site, Manifests] | None) -> Past | Rejected | None:
        """See `Baseline`. What the ledger knows to have the same content is not fetched."""
        assert now is not None, "sites that left are not looked at"  # noqa: S101
        site, manifests = now
        shares = self._destination.fleet.publishing.shared
        if not shares and pairing.content is not None and pack.content_of(manifests) == pairing.content:
            return Past(_files(manifests))
        repository = self._destination.repository(site.name, site.region)
        if isinstance(repository, Problem):
            return Rejected(site.name, (repository,))
        try:
            found = publish.published(self._target, repository)
            if found is None:
                return None
            return Past(self._whole(found.files, site.region) if shares else found.files)
        except PublishError as error:
            return Rejected(site.name, error.problems)

    def _whole(self, part: Mapping[str, bytes], region: str) -> dict[str, bytes]:
        """The files of a site from its part, and from the base that the part leads to."""
        key = pack.base_named(part)
        if key is None:
            return pack.own_files(part)
        place = self._destination.base(key, region)
        if place not in self._bases:
            found = publish.published(self._target, place)
            self._bases[place] = found.files if found else {}
        return {**self._bases[place], **pack.own_files(part)}


class SupposingRender(Render):
    """Renders the fleet as it would be."""

    def __init__(self, root: Path, supposition: Supposition | None, today: date | None = None) -> None:
        super().__init__(root, today)
        self.supposition = supposition

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.root, self.supposition, self.today)

    def prepare(self) -> None:
        """See `Render.prepare`."""
        super().prepare()
        if self.supposition is not None:
            self.space = Supposed(self.root, self.supposition, self.today)


def _files(manifests: Manifests) -> dict[str, bytes]:
    return {one.path: one.content for one in manifests.files}

"""Chooses sites by selectors.

In: a workspace, names, globs and selectors. Out: names of sites, in the order in which they were asked for.
Never: reads a site whose name alone rules it out, or leaves out a site because it cannot be read: what is wrong with it
is for the command to tell that was asked about it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from renderer import engine, read, validate
from renderer.errors import ConfigurationError, TemplateError
from renderer.fleet.task import FleetTask
from renderer.read import Need
from renderer.types import Document, Rejected, Shard

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from renderer.fleet.workspace import Workspace
    from renderer.read import Selector, SiteFile
    from renderer.types import Site

_ALL = Shard()


class Meant(FleetTask):
    """Task: whether a site is meant by a selector. One that cannot be read may be, so it is."""

    def __init__(self, root: Path, text: str) -> None:
        super().__init__(root)
        self.text = text

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.root, self.text)

    def prepare(self) -> None:
        """Read fleet.yaml, whose labels the selector is about."""
        super().prepare()
        self.selector = read.parse_selector(self.text, self.space.fleet)

    def __call__(self, file: SiteFile) -> bool:
        """Labels stand in the site's own file; its layers are read only when these leave it open."""
        document = read.read_site(self.space.fleet, file, validate.check_input)
        if not isinstance(document, Document):
            return True
        labels = read.site_labels(document)
        if self.selector.need < Need.MERGED or not self.selector.holds(file.name, labels):
            return self.selector.holds(file.name, labels)
        site = self._merged(file)
        return site is None or self.selector.holds(file.name, labels, site)

    def lost(self, file: SiteFile, reason: str) -> bool:
        """A site that ends its worker, like one that cannot be read."""
        del file, reason
        return True

    def _merged(self, file: SiteFile) -> Site | None:
        site = self.space.merged(file)
        if isinstance(site, Rejected):
            return None
        try:
            return replace(site, templates=tuple(map(self.space.library.exact, site.templates)))
        except TemplateError:
            return None


def select(space: Workspace, texts: Sequence[str], workers: engine.Workers, shard: Shard = _ALL) -> list[str]:
    """The sites of a shard that at least one of `texts` means, each once; all of the shard for none.

    Raises ConfigurationError for a selector that cannot be read, and for a plain name that no site has.
    """
    if not texts:
        return list(filter(shard.has, space.index.sites))
    chosen: dict[str, None] = {}
    for selector in [read.parse_selector(text, space.fleet) for text in texts]:
        chosen.update(dict.fromkeys(_meant(space, selector, workers, shard)))
    return list(chosen)


def select_among(space: Workspace, text: str, names: Sequence[str], workers: engine.Workers) -> list[str]:
    """Those of the sites `names` that a selector means; no other is read. Raises ConfigurationError."""
    selector = read.parse_selector(text, space.fleet)
    files = [file for name in names if (file := space.index.sites.get(name)) and selector.may_hold(name)]
    return _answered(space, selector, files, workers)


def _meant(space: Workspace, selector: Selector, workers: engine.Workers, shard: Shard) -> list[str]:
    if selector.pattern is not None and selector.pattern in space.index.sites:
        return list(filter(shard.has, [selector.pattern]))
    files = [file for file in space.index.sites.values() if selector.may_hold(file.name)]
    if not files and selector.pattern is not None:
        space.file(selector.pattern)
    files = [file for file in files if shard.has(file.name)]
    names = _answered(space, selector, files, workers)
    if not names and (problems := read.misspelt(selector, space.fleet)):
        raise ConfigurationError(f"the selector {selector.text} means no site", problems=problems)
    return names


def _answered(space: Workspace, selector: Selector, files: Sequence[SiteFile], workers: engine.Workers) -> list[str]:
    if selector.need is Need.NAME:
        return [file.name for file in files]
    answers = engine.for_size(len(files), workers).map(Meant(space.root, selector.text), files)
    return [file.name for file, meant in zip(files, answers, strict=True) if meant]

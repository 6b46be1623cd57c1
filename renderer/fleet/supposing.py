"""A fleet as it would be: other template versions, other values, before anybody writes them down.

In: `NAME=VERSION` and `SELECTOR:PATH=VALUE`. Out: a Supposition, and a Workspace in which it is true.
Never: writes, or asks a source in a worker: what a version is, is settled once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from renderer import read
from renderer.engine import Workers
from renderer.errors import Code, ConfigurationError, TemplateError
from renderer.fleet.selection import select
from renderer.fleet.workspace import Workspace
from renderer.read import Need
from renderer.strict_yaml import YamlError, load
from renderer.types import Json, Problem, Rejected, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from renderer.read import Locked, Selector
    from renderer.types import Site, TemplateTree

_PATH: Final = re.compile(r"(?:(?P<selector>.+):)?(?P<path>[A-Za-z_][\w-]*(?:\.[\w-]+)*)=(?P<value>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Setting:
    """A value for the sites that `selector` means; all sites when it is empty."""

    selector: str
    path: tuple[str, ...]
    value: Json

    @property
    def patch(self) -> dict[str, Json]:
        """As a merge patch."""
        patch: Json = self.value
        for key in reversed(self.path):
            patch = {key: patch}
        assert isinstance(patch, dict), "a path has at least one key"  # noqa: S101
        return patch


@dataclass(frozen=True, slots=True)
class Supposition:
    """Versions that templates would have wherever they are used, and values that sites would have."""

    versions: tuple[tuple[TemplatePin, Locked], ...] = ()
    settings: tuple[Setting, ...] = ()

    def __str__(self) -> str:
        told = [str(pin) for pin, _ in self.versions]
        told += [f"{one.selector or 'all'}: {'.'.join(one.path)}" for one in self.settings]
        return ", ".join(told)


def suppose(space: Workspace, versions: Sequence[str], settings: Sequence[str]) -> Supposition | None:
    """Read what the command line supposes; None for nothing. Raises ConfigurationError; asks the sources."""
    if not versions and not settings:
        return None
    return Supposition(
        tuple(_version(space, text) for text in versions), tuple(_setting(space, text) for text in settings)
    )


class Supposed(Workspace):
    """The fleet in `root`, with a supposition."""

    def __init__(self, root: Path, supposition: Supposition, today: date | None = None) -> None:
        super().__init__(root, today)
        self._supposition = supposition
        self._versions = {pin.name: pin.version for pin, _ in supposition.versions}
        self._supposed_trees = dict(supposition.versions)

    def merged(self, file: read.SiteFile) -> Site | Rejected:
        """See `Workspace.merged`."""
        site = super().merged(file)
        if isinstance(site, Rejected):
            return site
        pins = tuple(TemplatePin(pin.name, self._versions.get(pin.name, pin.version)) for pin in site.templates)
        values = site.values
        for selector, setting in self._settings:
            if selector is None or selector.holds(site.name, site.labels, self._exact(site, selector)):
                values = _merged(values, setting)
        return replace(site, templates=pins, values=values)

    def tree(self, pin: TemplatePin) -> TemplateTree:
        """See `Workspace.tree`; a supposed version need not be in the lock."""
        if pin in self._supposed_trees and pin not in self._trees:
            try:
                self._trees[pin] = self.library.fetch(pin, self._supposed_trees[pin])
            except TemplateError as error:
                self._trees[pin] = error
        return super().tree(pin)

    @cached_property
    def _settings(self) -> list[tuple[Selector | None, Setting]]:
        return [
            (read.parse_selector(one.selector, self.fleet) if one.selector else None, one)
            for one in self._supposition.settings
        ]

    def _exact(self, site: Site, selector: Selector) -> Site:
        if selector.need < Need.MERGED:
            return site
        return replace(site, templates=tuple(map(self.library.exact, site.templates)))


def _merged(values: Mapping[str, Json], setting: Setting) -> dict[str, Json]:
    merged = read.merge_patch(dict(values), setting.patch)
    assert isinstance(merged, dict), "maps merge to a map"  # noqa: S101
    return merged


def _version(space: Workspace, text: str) -> tuple[TemplatePin, Locked]:
    name, equals, version = text.partition("=")
    if not (name and equals and version):
        raise _invalid(f"--what-if {text!r} is not NAME=VERSION", "write it like edge-platform=next")
    pin = TemplatePin(name, version)
    if read.is_range(version):
        pin = space.library.resolve_range(pin)
    known = space.library.lock.versions.get(pin) if space.library.lock else None
    return pin, known or space.library.resolve(pin)


def _setting(space: Workspace, text: str) -> Setting:
    match = _PATH.fullmatch(text)
    if match is None:
        raise _invalid(f"--set {text!r} is not SELECTOR:PATH=VALUE", "write it like region=eu:cilium.mtu=1400")
    selector = match["selector"] or ""
    # Asking every site is worth it only when the selector looks as if it could mean none.
    if selector and read.misspelt(read.parse_selector(selector, space.fleet), space.fleet):
        select(space, [selector], Workers(1))
    try:
        value = load(match["value"], "--set").value
    except YamlError as error:
        raise _invalid(f"--set {text!r}: {error.problems[0].what}", error.problems[0].hint) from None
    return Setting(selector, tuple(match["path"].split(".")), value)


def _invalid(what: str, hint: str) -> ConfigurationError:
    return ConfigurationError(what, problems=[Problem(Code.SUPPOSITION_INVALID, what, hint=hint)])

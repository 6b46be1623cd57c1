"""The template versions that commands about templates look at, wherever they come from.

In: a workspace, what a person named. Out: pins, the files of a version, its golden cases.
Never: asks a source for anything but what templates.lock holds it to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from renderer import read
from renderer.errors import Code, ConfigurationError
from renderer.types import Problem, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from renderer.fleet.workspace import Workspace
    from renderer.read import Case
    from renderer.types import TemplateTree


def choose(space: Workspace, names: Sequence[str]) -> list[TemplatePin]:
    """The versions that `names` (NAME, NAME@VERSION or NAME@RANGE) mean, in order; all for none.

    All are those in the fleet's folder, and those that the lock has from elsewhere. Raises TemplateError for a name
    that has no version there.
    """
    known = _known(space)
    chosen: dict[TemplatePin, None] = {}
    for name in names:
        found = [pin for pin in known if name in {pin.name, str(pin)}]
        chosen.update(dict.fromkeys(found or [_elsewhere(space, name)]))
    return list(chosen) if names else known


def _known(space: Workspace) -> list[TemplatePin]:
    locked = space.library.lock.versions if space.library.lock is not None else {}
    found = {
        *space.library.folders(),
        *(pin for pin, one in locked.items() if one.kind is not read.SourceKind.DIRECTORY),
    }
    return sorted(found, key=lambda pin: (pin.name, read.order(pin.version)))


def _elsewhere(space: Workspace, name: str) -> TemplatePin:
    """The newest version that a range allows; raises TemplateError for what neither a folder nor the lock has."""
    template, _, version = name.partition("@")
    pin = TemplatePin(template, version or "?")
    if not read.is_range(version):
        space.tree(pin)
        return pin
    known = tuple(one.version for one in _known(space) if one.name == template)
    try:
        newest = read.newest(known, version)
    except ValueError as error:
        raise ConfigurationError(str(error), problems=[Problem(Code.USAGE, f"{template}: {error}")]) from None
    if newest is None:
        raise read.missing(pin, {template: known} if known else {})
    return replace(pin, version=newest)


def tree_of(space: Workspace, pin: TemplatePin) -> TemplateTree:
    """The files of a version: in the fleet's folder as they are now, else as they are locked. Raises TemplateError."""
    return read.load_template(space.fleet, pin) if is_own(space, pin) else space.tree(pin)


def cases_of(space: Workspace, pin: TemplatePin) -> tuple[Case, ...]:
    """The golden cases that ship with a version. Raises TemplateError."""
    if is_own(space, pin):
        return read.load_cases(space.fleet, pin)
    return read.cases_among(pin, space.library.source_files(pin))


def is_own(space: Workspace, pin: TemplatePin) -> bool:
    """Whether a version lies in the fleet's folder, where it can be changed."""
    return read.has_folder(space.fleet, pin)


def owner(pins: Iterable[TemplatePin], problem: Problem) -> str | None:
    """The version, of `pins`, in whose files a problem stands."""
    file = f"/{problem.where.file}/" if problem.where else ""
    return next(
        (str(pin) for pin in pins if f"/{pin.name}/{pin.version}/" in file or file.startswith(f"/{pin}/")), None
    )

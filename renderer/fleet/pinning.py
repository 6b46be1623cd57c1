"""Moves the pin of a template for some sites, in as few files as can be.

In: a workspace, a template, a version, sites. Out: a plan: every file with its new bytes, and what it does to whom.
Never: moves a site that was not asked for, adds a template to a site that does not use it, or writes a file by itself.

A pin is changed where it stands if everybody who takes it from there is to move; else it is put into the most general
layer below that only such sites have (the layer of their ring); else into the site's own file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from renderer import engine, read, scaffold, validate
from renderer.errors import Code, ConfigurationError
from renderer.fleet import migration
from renderer.fleet.task import FleetTask
from renderer.scaffold import EditedFile
from renderer.types import Document, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from renderer.fleet.workspace import Workspace
    from renderer.read import SiteFile
    from renderer.types import TemplatePin

_SECTION = "templates"


class PinUse(NamedTuple):
    """Where a site has a template's pin from: `place` counts its `layers`, one more is its own file, -1 nowhere.

    `version` is None for a site that does not use the template.
    """

    site: str
    file: str
    layers: tuple[str, ...]
    place: int
    version: str | None

    @property
    def is_own(self) -> bool:
        """Whether the site's own file has the last word."""
        return self.place == len(self.layers)


class PinUses(FleetTask):
    """Task: where each site has the pin of one template from."""

    def __init__(self, root: Path, template: str) -> None:
        super().__init__(root)
        self.template = template

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.root, self.template)

    def __call__(self, file: SiteFile) -> PinUse | tuple[Problem, ...]:
        """The site's use, or what keeps its files from being read."""
        document = read.read_site(self.space.fleet, file, validate.check_input)
        if not isinstance(document, Document):
            return document
        names = tuple(name for _, name in read.layer_names(self.space.fleet, read.site_labels(document)))
        sources = [*(self.space.layer(name).document for name in names), document]
        for place in reversed(range(len(sources))):
            pins = _pins(sources[place])
            if self.template in pins:
                version = pins[self.template]
                return PinUse(file.name, file.path, names, place, version if isinstance(version, str) else None)
        return PinUse(file.name, file.path, names, -1, None)

    def lost(self, file: SiteFile, reason: str) -> tuple[Problem, ...]:
        """A site that ended its worker."""
        return (Problem(Code.WORKER_LOST, f"the site {reason}", Origin(file.path), site=file.name),)


def _pins(document: Document | None) -> Mapping[str, object]:
    value = document.value if document is not None else None
    found = value.get(_SECTION) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class PinPlan:
    """What moving a pin would do.

    `files` are those that change; `moved` has the sites by the version that they leave; `already` are at the version,
    `without` do not use the template; `held` pin it in their own file, which is an exception that somebody made.
    `migrations` counts files whose variables the new version wants otherwise, and that are not adapted.
    """

    pin: TemplatePin
    files: tuple[EditedFile, ...] = ()
    moved: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    already: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    migrations: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def sites(self) -> tuple[str, ...]:
        """All sites that move."""
        return tuple(sorted(site for sites in self.moved.values() for site in sites))


@dataclass(frozen=True, slots=True)
class PinRequest:
    """Which sites go to `pin`. `exceptions` moves those too that pin the template in their own file.

    `in_layers` says whether layers may be edited: not for sites that were asked for one by one.
    """

    pin: TemplatePin
    sites: frozenset[str]
    exceptions: bool = False
    in_layers: bool = True


def plan_bump(space: Workspace, request: PinRequest, workers: engine.Workers, *, migrate: bool = False) -> PinPlan:
    """Plan the move of a pin, and with `migrate` what its migrations do to variables, as one change of files.

    Raises TemplateError when there is no such version.
    """
    plan = plan_pins(space, request, workers)
    variables = plan_variables(space, plan)
    if variables is None:
        return plan
    if not migrate:
        return replace(plan, migrations=len(variables.files))
    if migration.has_errors(variables):
        return replace(plan, files=(), problems=(*plan.problems, *variables.problems))
    return plan_pins(space, request, workers, {file.file: file for file in variables.files})


def plan_variables(space: Workspace, plan: PinPlan) -> migration.MigrationPlan | None:
    """What the migrations of the new version do to the variables of the sites that move; None when there are none."""
    if not plan.moved or not migration.read_changes(space, plan.pin):
        return None
    wanted = migration.Request(plan.pin.name, plan.pin.version, sites=frozenset(plan.sites))
    return migration.plan_migration(space, wanted)


def write_pins(space: Workspace, plans: Sequence[PinPlan]) -> None:
    """Change the files of plans without problems, all or none; of a file that is in several, the last counts.

    Raises EnvironmentFailure.
    """
    repository = space.fleet.repository
    files = {file.file: file for plan in plans for file in plan.files}
    scaffold.rewrite([scaffold.Rewrite(repository / name, file.before, file.after) for name, file in files.items()])


def plan_pins(
    space: Workspace, request: PinRequest, workers: engine.Workers, edited: Mapping[str, EditedFile] | None = None
) -> PinPlan:
    """Plan the move; `edited` are files that change for another reason too. Raises TemplateError: no such version."""
    space.tree(request.pin)
    files = list(space.index.sites.values())
    if not request.in_layers:
        files = [file for file in files if file.name in request.sites]
    found = list(engine.for_size(len(files), workers).map(PinUses(space.root, request.pin.name), files))
    problems = [problem for one in found if not isinstance(one, PinUse) for problem in one]
    uses = [one for one in found if isinstance(one, PinUse)]
    if problems and request.in_layers:
        # Who takes a layer's pin is not known while a site cannot be read.
        what = f"{len(problems)} problems keep sites from being read, so nobody knows whom a layer's pin would move"
        raise ConfigurationError(what, problems=dict.fromkeys(problems))
    return _Planner(space, request, uses, dict(edited or {})).plan(problems)


@dataclass(slots=True)
class _Planner:
    space: Workspace
    request: PinRequest
    uses: Sequence[PinUse]
    edited: dict[str, EditedFile]

    def plan(self, problems: Sequence[Problem]) -> PinPlan:
        pin = self.request.pin
        asked = [use for use in self.uses if use.site in self.request.sites]
        held = {use.site for use in asked if use.is_own and use.version is not None and not self.request.exceptions}
        moving = [use for use in asked if use.version is not None and use.site not in held]
        places = _Places(self.uses, frozenset(use.site for use in moving))
        wanted: dict[str, bool] = {}
        for use in moving:
            if use.version != pin.version:
                wanted.setdefault(self._file(use, places), True)
        found = [*problems]
        for name in sorted(wanted):
            found += self._edit(name)
        moved: dict[str, list[str]] = {}
        for use in moving:
            if use.version is not None and use.version != pin.version:
                moved.setdefault(use.version, []).append(use.site)
        return PinPlan(
            pin,
            tuple(self.edited[name] for name in sorted(self.edited)),
            {version: tuple(sites) for version, sites in sorted(moved.items())},
            tuple(use.site for use in moving if use.version == pin.version),
            tuple(use.site for use in asked if use.version is None),
            tuple(sorted(held)),
            problems=tuple(found),
        )

    def _file(self, use: PinUse, places: _Places) -> str:
        """The file to change for one site."""
        if not use.is_own and self.request.in_layers:
            layer = places.best(use)
            if layer is not None:
                return self.space.layer(layer).file
        return use.file

    def _edit(self, name: str) -> Iterator[Problem]:
        content = self.edited[name].after if name in self.edited else self._read(name)
        before = self.edited[name].before if name in self.edited else content
        path = (_SECTION, self.request.pin.name)
        try:
            after = scaffold.set_text(content, path, self.request.pin.version)
        except scaffold.EditError as error:
            hint = f'set {".".join(path)} to "{self.request.pin.version}" by hand'
            yield Problem(Code.PIN_BY_HAND, f"the pin cannot be changed: {error}", Origin(name), hint)
            return
        self.edited[name] = EditedFile(name, before, after)

    def _read(self, name: str) -> bytes:
        return (self.space.fleet.repository / name).read_bytes()


class _Places:
    """Which layers a pin can be changed in without moving anybody else than the sites `moving`."""

    def __init__(self, uses: Sequence[PinUse], moving: frozenset[str]) -> None:
        self._strangers: Counter[tuple[str, bool]] = Counter()
        for use in uses:
            if use.site not in moving:
                # A change where the pin stands moves who has it from there; a new pin moves everybody from below.
                self._strangers.update((layer, False) for layer in use.layers[use.place : use.place + 1])
                self._strangers.update((layer, True) for layer in use.layers[use.place + 1 :])

    def best(self, use: PinUse) -> str | None:
        """The most general layer for one site, None when there is none."""
        for place in range(use.place, len(use.layers)):
            layer = use.layers[place]
            if not self._strangers[layer, place != use.place]:
                return layer
        return None

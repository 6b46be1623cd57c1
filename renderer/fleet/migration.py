"""Migrates the variables of a fleet from one version of a template to another.

In: a workspace, a template, versions, sites. Out: a plan, every file with its new bytes, or the problems that stand
against it; and the files themselves, when the plan is carried out.
Never: changes a pin, or writes anything while there is a problem.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from renderer import read, render, scaffold, strict_yaml, validate
from renderer.errors import Code, ConfigurationError
from renderer.report.quality import FileChange
from renderer.scaffold import Change, ChangeKind, EditedFile, Use
from renderer.types import Problem, Rejected, Severity, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renderer.fleet.workspace import Workspace
    from renderer.read import SiteFile
    from renderer.types import Site

FILE = "migrations.yml"


@dataclass(frozen=True, slots=True)
class Request:
    """What to migrate: `template` to the version `end`. `sites` None are all.

    Without `start` each site comes from the version that it pins. With it, the sites that pin a version from `start` to
    `end` come from `start`: for a fleet whose pins have been raised already.
    """

    template: str
    end: str
    start: str | None = None
    sites: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """What would change. With problems nothing must be written. `sites` counts those that are migrated."""

    request: Request
    changes: int
    sites: int
    files: tuple[EditedFile, ...]
    problems: tuple[Problem, ...]

    def told(self) -> tuple[tuple[TemplatePin, int, int], list[FileChange], tuple[Problem, ...]]:
        """The plan as a report takes it."""
        pin = TemplatePin(self.request.template, self.request.end)
        files = [FileChange(file.file, file.notes, tuple(scaffold.diff_lines(file))) for file in self.files]
        return (pin, self.changes, self.sites), files, self.problems


def newest(space: Workspace, template: str) -> str:
    """The newest released version of a template; raises TemplateError when there is none."""
    versions = [version for version in space.library.versions(template) if version != read.NEXT]
    if not versions:
        space.tree(TemplatePin(template, read.NEXT))
    return versions[-1] if versions else read.NEXT


def plan_migration(space: Workspace, request: Request) -> MigrationPlan:
    """Read every site, and plan every file. Raises ConfigurationError when the template's migrations cannot be used."""
    if request.start is not None and read.order(request.start) >= read.order(request.end):
        what = f"cannot migrate from {request.start} to {request.end}: migrations go to a newer version"
        hint = "a downgrade is undone in git: revert the commit that migrated"
        raise ConfigurationError(what, problems=[Problem(Code.USAGE, what, hint=hint)])
    survey = _Survey(space, request, read_changes(space, TemplatePin(request.template, request.end)))
    for file in space.index.sites.values():
        survey.take(file)
    survey.plan_layers()
    survey.plan_missing()
    files = (survey.files[name] for name in sorted(survey.files))
    problems = (*space.index.problems, *dict.fromkeys(survey.problems))
    changed = tuple(file for file in files if file.after != file.before)
    return MigrationPlan(request, len(survey.planner.changes), survey.migrated, changed, problems)


def read_changes(space: Workspace, pin: TemplatePin) -> list[Change]:
    """The changes that a template version ships, oldest first; none without a migrations.yml."""
    tree = space.tree(pin)
    for file in tree.files:
        if file.path == FILE:
            document = strict_yaml.load(file.content, f"{tree.file}/{FILE}")
            problems = validate.check_input("migrations", document)
            if problems:
                raise ConfigurationError(f"{document.file} cannot be used", problems=problems)
            return scaffold.sorted_changes(scaffold.read_migrations(document), read.order)
    return []


def write_migration(space: Workspace, plan: MigrationPlan) -> None:
    """Replace the files of a plan without problems. Raises EnvironmentFailure."""
    assert not has_errors(plan), "nothing is written while there is a problem"  # noqa: S101
    repository = space.fleet.repository
    scaffold.rewrite([scaffold.Rewrite(repository / file.file, file.before, file.after) for file in plan.files])


def has_errors(plan: MigrationPlan) -> bool:
    """Whether a problem stands against the plan."""
    return any(problem.severity is Severity.ERROR for problem in plan.problems)


@dataclass(frozen=True, slots=True)
class _Taker:
    """A migrated site, as far as a set-if-missing must know it: its files, the one that pins the template, its use."""

    files: tuple[str, ...]
    pinned_in: str
    use: Use


@dataclass(slots=True)
class _Survey:
    """Collects who uses which layer while sites come by, and plans the files."""

    space: Workspace
    request: Request
    changes: list[Change]
    planner: scaffold.Planner = field(init=False)
    uses: dict[str, dict[tuple[object, ...], Use]] = field(default_factory=lambda: defaultdict(dict))
    files: dict[str, EditedFile] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    takers: list[_Taker] = field(default_factory=list)
    asked: dict[TemplatePin, frozenset[str]] = field(default_factory=dict)
    migrated: int = 0

    def __post_init__(self) -> None:
        self.planner = scaffold.Planner(self.changes, read.order)

    def take(self, file: SiteFile) -> None:
        """Note a site's layers, and plan its own file."""
        site = self.space.site(file)
        if isinstance(site, Rejected):
            self.problems += site.problems
            return
        use = self._use(site)
        for layer in site.layers:
            uses, key = self.uses[layer], (use.start, use.end, use.asked)
            known = uses.get(key)
            uses[key] = use if known is None else replace(known, count=known.count + 1)
        if use.start is None or use.start == use.end:
            return
        self.migrated += 1
        self._plan_site(site, use)

    def _use(self, site: Site) -> Use:
        request = self.request
        own = next((pin for pin in site.templates if pin.name == request.template), None)
        others = [self._asked(pin) for pin in site.templates if pin.name != request.template]
        asked = frozenset().union(*others)
        if own is None:
            return Use(None, None, asked, site.name)
        chosen = request.sites is None or site.name in request.sites
        pinned, start, end = read.order(own.version), request.start, read.order(request.end)
        if not chosen or pinned > end:
            return Use(own.version, own.version, asked, site.name)
        if start is None:
            return Use(own.version, request.end, asked, site.name)
        inside = pinned >= read.order(start)
        return Use(start, request.end, asked, site.name) if inside else Use(own.version, own.version, asked, site.name)

    def _asked(self, pin: TemplatePin) -> frozenset[str]:
        if pin not in self.asked:
            self.asked[pin] = frozenset(render.compile_template(self.space.tree(pin)).variables)
        return self.asked[pin]

    def _plan_site(self, site: Site, use: Use) -> None:
        content = (self.space.fleet.repository / site.file).read_bytes()
        if any(change.key[-1].encode() in content for change in self.changes):
            self._plan(EditedFile(site.file, content, content), [use])
        if any(change.kind is ChangeKind.SET and self.planner.wanted(change, use) for change in self.changes):
            files = (*(self.space.layer(name).file for name in site.layers), site.file)
            self.takers.append(_Taker(files, self._pinned_in(site, content), use))

    def _pinned_in(self, site: Site, content: bytes) -> str:
        """The most specific file of a site that pins the template."""
        path = ("templates", self.request.template)
        if _holds(content, path):
            return site.file
        for layer in map(self.space.layer, reversed(site.layers)):
            if layer.document is not None and scaffold.holds(layer.document.value, path):
                return layer.file
        return site.file

    def _plan(self, file: EditedFile, uses: Iterable[Use]) -> None:
        planned, problems = self.planner.plan(file, list(uses))
        self.files[file.file] = planned
        self.problems += problems

    def _file(self, name: str) -> EditedFile:
        """A file as planned so far."""
        if name in self.files:
            return self.files[name]
        content = (self.space.fleet.repository / name).read_bytes()
        return EditedFile(name, content, content)

    def plan_layers(self) -> None:
        """Plan every layer that a site uses."""
        for name in sorted(self.uses):
            self._plan(self._file(self.space.layer(name).file), self.uses[name].values())

    def plan_missing(self) -> None:
        """Set what is missing: where the template is pinned if all its sites there lack it, else site by site."""
        layers = {self.space.layer(name).file: list(uses.values()) for name, uses in self.uses.items()}
        for change in self.changes:
            if change.kind is not ChangeKind.SET:
                continue
            lacking: dict[str, list[_Taker]] = defaultdict(list)
            having: set[str] = set()
            for taker in self.takers:
                if not self.planner.wanted(change, taker.use):
                    continue
                if any(_holds(self._file(name).after, ("values", *change.key)) for name in taker.files):
                    having.add(taker.pinned_in)
                else:
                    lacking[taker.pinned_in].append(taker)
            for pinned_in, takers in lacking.items():
                whole = pinned_in in layers and pinned_in not in having
                for name in [pinned_in] if whole else [taker.files[-1] for taker in takers]:
                    uses = layers[pinned_in] if whole else [takers[0].use]
                    self.files[name], problems = self.planner.insert(self._file(name), change, uses)
                    self.problems += problems


# A pure function; what it remembers is the few layers that thousands of sites ask for.
@lru_cache(maxsize=4096)
def _holds(content: bytes, path: tuple[str, ...]) -> bool:
    return path[-1].encode() in content and scaffold.holds(strict_yaml.load(content, "file").value, path)

"""Looks over a whole fleet for what has no effect in it, or stands where it need not.

In: a workspace. Out: problems: errors of what cannot be read, warnings of everything else.
Never: renders a site that no waiver is about, or changes a file. It reads every site by design; workers parse, one
process counts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from renderer import engine, lint, read, render, strict_yaml
from renderer.errors import Code, ConfigurationError, TemplateError
from renderer.fleet.locating import on_one_way
from renderer.fleet.task import FleetTask
from renderer.fleet.waiver_watch import WaiverWatch
from renderer.lint import rules
from renderer.read.layers import PLACEHOLDER
from renderer.types import Document, Origin, Problem, Rejected, Severity, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.fleet.workspace import Workspace
    from renderer.read import SiteFile
    from renderer.render.reads import ReadPath
    from renderer.types import KeyPath


class ReadFacts(FleetTask):
    """Task: the facts of a site."""

    def __call__(self, file: SiteFile) -> lint.SiteFacts | Rejected:
        """What lint asks of a site, or why it cannot be read."""
        site = self.space.site(file)
        if isinstance(site, Rejected):
            return site
        document = read.read_site(self.space.fleet, file, _accept)
        own = lint.leaves_of(document) if isinstance(document, Document) else ()
        return lint.SiteFacts(site.name, site.file, site.labels, site.layers, site.templates, own)

    def lost(self, file: SiteFile, reason: str) -> Rejected:
        """The outcome of a site that took its worker down."""
        problem = Problem(Code.WORKER_LOST, f"the site {reason}", hint="look at its size and depth", site=file.name)
        return Rejected(file.name, (problem,))


def _accept(_kind: str, _document: Document) -> list[Problem]:
    """The shape was checked when the site was merged."""
    return []


@dataclass(frozen=True, slots=True)
class Result:
    """What `lint` found: problems without places where `locating` finds them, and how much was looked at."""

    sites: int
    layers: int
    problems: tuple[Problem, ...]


def read_facts(space: Workspace, workers: engine.Workers) -> Iterator[lint.SiteFacts | Rejected]:
    """The facts of every site, in the order of their names."""
    files = space.index.sites.values()
    yield from engine.for_size(len(files), workers).map(ReadFacts(space.root), files)


def lint_fleet(space: Workspace, facts: Iterable[lint.SiteFacts | Rejected], workers: engine.Workers) -> Result:
    """Everything wrong or doubtful. What only the whole fleet can tell is not told when a site cannot be read."""
    watch = WaiverWatch(space)
    usage = _Usage(space)
    fleetwide = lint.Fleetwide(lint.Views(lambda name: lint.leaves_of(space.layer(name).document)), usage.is_read)
    survey = lint.Survey(fleetwide)
    errors = list(space.index.problems)
    for one in facts:
        if isinstance(one, Rejected):
            errors += one.problems
        else:
            survey.add(one)
            watch.add(one)
    files = read.layer_files(space.fleet)
    errors += [problem for name in files for problem in space.layer(name).problems]
    errors += watch.flaws()
    doubts = [] if errors else [*_doubts(space, fleetwide, files), *watch.doubts(workers)]
    return Result(len(space.index.sites), len(files), (*dict.fromkeys(errors), *doubts))


def _doubts(space: Workspace, fleetwide: lint.Fleetwide, files: list[str]) -> list[Problem]:
    used = _used_layers(space, fleetwide)
    general = [layer for layer in space.fleet.layers if not PLACEHOLDER.search(layer)]
    found = [
        *_unused_labels(space, fleetwide.labels),
        *_unused_layers(space, files, set(used), fleetwide.labels),
        *_unpinned(space, {pin for _, pins in fleetwide.combinations for pin in pins}),
        *rules.unneeded_values(fleetwide),
        *rules.generic_sites(fleetwide, general),
        *rules.repeated_values(fleetwide, used),
        *rules.twins(fleetwide),
    ]
    return sorted(found, key=lambda problem: (problem.code, problem.where or Origin("")))


def _used_layers(space: Workspace, fleetwide: lint.Fleetwide) -> list[str]:
    """The layers that sites have, general to specific."""
    by_pattern = [
        dict.fromkeys(layers[index] for layers in fleetwide.first) for index in range(len(space.fleet.layers))
    ]
    return [name for names in by_pattern for name in sorted(names)]


@dataclass
class _Usage:
    """What template versions read; each is compiled once."""

    space: Workspace
    _known: dict[TemplatePin, frozenset[ReadPath] | None] = field(default_factory=dict)
    _asked: dict[tuple[tuple[TemplatePin, ...], KeyPath], bool] = field(default_factory=dict)

    def is_read(self, pins: tuple[TemplatePin, ...], path: KeyPath) -> bool:
        """Whether templates read the value at `path`, a part of it, or what it is a part of."""
        if path[0] != "values":
            return True
        key = (pins, path)
        if key not in self._asked:
            self._asked[key] = any(self._reads(pin, path[1:]) for pin in pins)
        return self._asked[key]

    def _reads(self, pin: TemplatePin, path: KeyPath) -> bool:
        if pin not in self._known:
            self._known[pin] = self._used(pin)
        known = self._known[pin]
        return known is None or any(on_one_way(one, path) for one in known)

    def _used(self, pin: TemplatePin) -> frozenset[ReadPath] | None:
        try:
            return render.compile_template(self.space.tree(pin)).used()
        except TemplateError:
            return None  # `validate` and `template lint` say what is wrong with it


def _unused_labels(space: Workspace, seen: Mapping[str, set[str]]) -> Iterator[Problem]:
    """Values of labels that no site has."""
    document = _fleet_document(space)
    for label, values in space.fleet.labels.items():
        for index, value in enumerate(values):
            if value not in seen.get(label, ()):
                what = f"no site has the {label} {value}"
                hint = "remove it and its layer, unless sites are to come"
                yield _warning(Code.LABEL_UNUSED, what, document.origin(("labels", label, index)), hint)


def _fleet_document(space: Workspace) -> Document:
    path = space.fleet.root / "fleet.yaml"
    file = path.relative_to(space.fleet.repository).as_posix()
    try:
        return strict_yaml.load(path.read_bytes(), file)
    except (ConfigurationError, OSError):
        return Document(file, None)  # it was in order when the workspace was opened


def _unused_layers(
    space: Workspace, files: Iterable[str], used: set[str], seen: Mapping[str, set[str]]
) -> Iterator[Problem]:
    """Files that no site has as a layer; one for a label value without sites is told with the value."""
    for name in files:
        if name in used:
            continue
        chosen = [labels for pattern in space.fleet.layers if (labels := _matched(space, pattern, name)) is not None]
        if not any(value not in seen.get(label, ()) for labels in chosen for label, value in labels.items()):
            why = "no site has these labels" if chosen else "no pattern in fleet.yaml leads to it"
            hint = "remove the file, or correct its name or the patterns"
            yield _warning(Code.LAYER_UNUSED, f"no site uses this layer: {why}", Origin(space.layer(name).file), hint)


def _matched(space: Workspace, pattern: str, name: str) -> dict[str, str] | None:
    """The labels with which `pattern` becomes `name`."""
    parts = PLACEHOLDER.split(pattern)
    labels = parts[1::2]
    allowed = {label: "|".join(map(re.escape, space.fleet.labels.get(label, ()))) for label in labels}
    groups = [f"({allowed[part]})" if index % 2 else re.escape(part) for index, part in enumerate(parts)]
    match = re.fullmatch("".join(groups), name)
    return None if match is None else dict(zip(labels, match.groups(), strict=True))


def _unpinned(space: Workspace, pinned: set[TemplatePin]) -> Iterator[Problem]:
    """Versions in the fleet's folder that nobody pins, though newer ones are: what is newest may be about to be."""
    newest = {
        name: max((read.order(p.version) for p in pinned if p.name == name), default=None) for name in _names(pinned)
    }
    for pin in space.library.folders():
        last = newest.get(pin.name)
        if pin in pinned or pin.version == read.NEXT or (last is not None and read.order(pin.version) > last):
            continue
        folder = space.fleet.templates.relative_to(space.fleet.repository).as_posix()
        what = f"no site pins {pin}" if last is not None else f"no site pins any version of {pin.name}, such as {pin}"
        where = Origin(f"{folder}/{pin.name}/{pin.version}/copier.yml")
        yield _warning(Code.VERSION_UNPINNED, what, where, "remove it, unless a rollback may need it")


def _names(pins: Iterable[TemplatePin]) -> set[str]:
    return {pin.name for pin in pins}


def _warning(code: Code, what: str, where: Origin, hint: str) -> Problem:
    return Problem(code, what, where, hint, severity=Severity.WARNING)

"""Imports what FoxOps or Copier rendered site by site into a fleet.

In: a workspace, checkouts, rules. Out: a new file for each site, one site after the other, and what stood against it.
Never: overwrites a file, writes a site with an error, or keeps more than one site at a time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from renderer import read, render, scaffold
from renderer.errors import Code, ConfigurationError, TemplateError
from renderer.report.imports import Imported
from renderer.scaffold import Draft, Record, Rules, Tool
from renderer.strict_yaml import Limits, load
from renderer.types import Origin, Problem, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from renderer.fleet.workspace import Workspace
    from renderer.types import Document, Json

# A file that names 100,000 checkouts with their labels.
_SITES_LIMITS = Limits(size=64 << 20, nodes=4_000_000)


@dataclass(frozen=True, slots=True)
class Own:
    """What the file of `--sites` says about one checkout: another name than its folder's, labels."""

    name: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """What to import, and how. `templates` and `versions` map names of the tool to names of the fleet."""

    tool: Tool
    paths: Sequence[Path]
    templates: Mapping[str, str]
    versions: Mapping[str, str]
    labels: Mapping[str, str]
    sites: Mapping[str, Own] = field(default_factory=dict)
    unpin: bool = False
    write: bool = True


def read_sites_file(path: Path) -> dict[str, Own]:
    """Checkout -> what is said about it; raises ConfigurationError with every problem."""
    try:
        document = load(path.read_bytes(), str(path), limits=_SITES_LIMITS)
    except OSError as error:
        what = f"cannot read {path}: {error.strerror}"
        raise ConfigurationError(what, problems=[Problem(Code.FILE_UNREADABLE, what, hint="check the path")]) from None
    value = {} if document.value is None else document.value
    if not isinstance(value, dict):
        raise _misshapen([_shape(document, (), "expected a map of checkouts")])
    problems = [problem for name, raw in value.items() for problem in _flaws(document, name, raw)]
    if problems:
        raise _misshapen(problems)
    found: Any = value
    return {name: Own(raw.get("name"), raw.get("labels", {})) for name, raw in found.items()}


def _flaws(document: Document, name: str, raw: Json) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        yield _shape(document, (name,), f"{name} must be a map with name or labels")
        return
    for key in raw:
        if key not in {"name", "labels"}:
            yield _shape(document, (name, key), f"unknown key {name}.{key}, expected name or labels")
    if not isinstance(raw.get("name", ""), str):
        yield _shape(document, (name, "name"), f"{name}.name must be text")
    labels = raw.get("labels", {})
    if not isinstance(labels, dict) or not all(isinstance(value, str) for value in labels.values()):
        yield _shape(document, (name, "labels"), f"{name}.labels must be a map of texts")


def _shape(document: Document, path: tuple[str, ...], what: str) -> Problem:
    return Problem(Code.INPUT_SCHEMA, what, document.origin(path), "docs/how-to/move-from-foxops.md shows such a file")


def _misshapen(problems: list[Problem]) -> ConfigurationError:
    return ConfigurationError(problems[0].what, problems=problems)


def import_sites(space: Workspace, request: Request) -> tuple[int, Iterator[Imported]]:
    """How many sites there are, and each of them, imported when it is asked for."""
    importer = _Importer(space, request)
    return len(importer.folders), importer.run()


class _Importer:
    """`folders` has the folders of each site by its name, in the order in which they were found."""

    def __init__(self, space: Workspace, request: Request) -> None:
        self.space = space
        self.request = request
        known = {name: tuple(space.library.versions(name)) for name in set(request.templates.values())}
        templates = {scaffold.without_user(source): name for source, name in request.templates.items()}
        self.rules = Rules(templates, request.versions, request.labels, known, space.fleet.labels)
        self.records = scaffold.find_records(request.tool, request.paths)
        self.folders: dict[str, list[Path]] = {}
        for folder in self.records:
            self.folders.setdefault(self._own(folder).name or folder.name, []).append(folder)
        self.compiled: dict[TemplatePin, render.Template] = {}

    def run(self) -> Iterator[Imported]:
        """One site after the other."""
        unused = set(self.request.sites) - {folder.name for folder in self.records}
        for name in sorted(unused):
            what = f"the file of --sites names {name}, which is no folder with a file of {self.request.tool}"
            yield Imported(name, problems=(Problem(Code.USAGE, what, hint="correct its name", site=name),))
        for name, folders in self.folders.items():
            yield self._site(name, folders)

    def _own(self, folder: Path) -> Own:
        return self.request.sites.get(folder.name, Own())

    def _site(self, name: str, folders: list[Path]) -> Imported:
        files = [file for folder in folders for file in self.records[folder]]
        sources = tuple(map(str, files))
        problems = [*self._taken(name), *_twice(name, folders)]
        records: list[Record] = []
        for file in files:
            try:
                records.append(scaffold.read_record(self.request.tool, scaffold.read_checkout_file(file), str(file)))
            except ConfigurationError as error:
                problems += [replace(problem, site=name) for problem in error.problems]
            except OSError as error:
                what = f"cannot read the file: {error.strerror}"
                problems.append(Problem(Code.FILE_UNREADABLE, what, Origin(str(file)), "check its permissions", name))
        if problems:
            return Imported(name, sources=sources, problems=tuple(problems))
        draft = scaffold.draft_site(name, records, self.rules, self._own(folders[0]).labels, self.space.fleet.name)
        return self._finish(draft, sources)

    def _taken(self, name: str) -> Iterator[Problem]:
        there = self.space.index.sites.get(name)
        if there is not None:
            hint = "nothing is overwritten: remove it first, or name the site differently with --sites"
            yield Problem(Code.SCAFFOLD_EXISTS, f"the fleet has a site {name}", Origin(there.path), hint, name)

    def _finish(self, draft: Draft, sources: tuple[str, ...]) -> Imported:
        unpinned: list[str] = []
        if draft.usable and self.request.unpin:
            draft.values, unpinned = scaffold.unpin(draft.values, lambda values: self._answers(draft, values))
        path = self.space.fleet.root / "sites" / f"{draft.name}.yaml"
        file = path.relative_to(self.space.fleet.repository).as_posix()
        if draft.usable:
            self._write(draft, path, Origin(file))
        result = Imported(draft.name, sources=sources, problems=tuple(draft.problems))
        if not draft.usable:
            return result
        return replace(result, file=file, templates=draft.templates, values=len(draft.values), unpinned=tuple(unpinned))

    def _write(self, draft: Draft, path: Path, where: Origin) -> None:
        try:
            content = scaffold.site_file(draft.labels, draft.templates, draft.values)
        except ValueError as error:
            draft.report(Code.INPUT_SCHEMA, f"no site file can hold the values: {error}", where, "shorten them")
            return
        try:
            if self.request.write:
                scaffold.create_file(path, content)
        except FileExistsError:
            hint = "nothing is overwritten: remove it first, or name the site differently with --sites"
            draft.report(Code.SCAFFOLD_EXISTS, "the file exists already", where, hint)

    def _answers(self, draft: Draft, values: Mapping[str, Json]) -> str | None:
        """All that the site's templates make of `values` over its layers; None when they do not fit."""
        merged: Any = self.space.layered(draft.labels)
        pins: Any = read.merge_patch(merged.get("templates", {}), dict(draft.templates))
        found: Any = read.merge_patch(merged.get("values", {}), dict(values))
        given = {**found, **draft.labels, "site": draft.name, "fleet": self.space.fleet.name}
        answers: list[Any] = []
        for name, version in sorted(pins.items()):
            try:
                answers.append(self._template(TemplatePin(name, version)).answers(draft.name, given))
            except TemplateError:
                return None
        return None if None in answers else json.dumps(answers)

    def _template(self, pin: TemplatePin) -> render.Template:
        if pin not in self.compiled:
            self.compiled[pin] = render.compile_template(self.space.tree(pin))
        return self.compiled[pin]


def _twice(name: str, folders: list[Path]) -> Iterator[Problem]:
    for folder in folders[1:]:
        what = f"{folder} makes the site {name}, as {folders[0]} does"
        hint = "rename one of the folders, or leave it out: --sites goes by the folder's name"
        yield Problem(Code.SITE_DUPLICATE, what, Origin(str(folder)), hint, name)

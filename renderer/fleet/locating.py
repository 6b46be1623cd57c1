"""Finds the places in the repository that problems are about.

In: a workspace, problems as the stages tell them. Out: the same problems, each at the file and line to change.
Never: renders a site that has no problem, or drops or adds a problem, but for those of the fleet's CRDs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from renderer import render, validate
from renderer.errors import Code, TemplateError
from renderer.types import Origin, Problem, Site

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.fleet.workspace import Workspace
    from renderer.types import Json, KeyPath, TemplatePin, Trace

# Each costs as much as several sites: more distinct problems than these nobody reads, and bad sites must stay cheap.
_MOST_BLAMED: Final = 300
_RENDERED: Final = ("FP4", "FP5")


def locate(space: Workspace, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The same problems, each with the file and line of what caused it.

    A problem of a value stands where the value was set, one of a rendered object at the template's line, one of the
    site as a whole at its file. A kind without a schema may have one that cannot be read: then what is wrong with the
    fleet's CRDs follows.
    """
    locator = _Locator(space)
    schemas_doubtful = False
    for problem in problems:
        schemas_doubtful |= problem.code in {Code.OBJECT_KIND_UNKNOWN, Code.OBJECT_API_REMOVED}
        yield locator.placed(problem)
    if schemas_doubtful:
        yield from validate.check_schemas(space.schemas)


@dataclass
class _Locator:
    """What one run has found out: compiled templates, traces of the sites with problems, blames by problem."""

    space: Workspace
    _templates: dict[TemplatePin, render.Template | None] = field(default_factory=dict)
    _blames: dict[tuple[object, ...], render.Blame | None] = field(default_factory=dict)
    _site: Site | None = None
    _files: dict[str, render.Blamed | None] = field(default_factory=dict)
    _traces: tuple[Trace, ...] = ()
    _traced: str = ""

    def placed(self, problem: Problem) -> Problem:
        if problem.site is None:
            return problem
        if problem.where is not None:
            return self._at_template(problem, problem.site, problem.where)
        # From signing on, it is no longer the site's files that are at fault.
        is_input = problem.code < Code.KEY_UNREADABLE
        whole = replace(problem, where=Origin(self.space.file(problem.site).path)) if is_input else problem
        if problem.key is None:
            return whole
        # A question may be answered by a whole map: its first leaf tells the file.
        key = problem.key.partition(".")[0]
        origin = next((trace.origin for trace in self._trace(problem.site) if trace.path[1:2] == (key,)), None)
        return whole if origin is None else replace(problem, where=origin)

    def _at_template(self, problem: Problem, name: str, where: Origin) -> Problem:
        if not problem.code.startswith(_RENDERED) or where.file == self.space.file(name).path:
            return problem
        site = self._opened(name)
        if site is None:
            return problem
        # The same problem of sites with the same templates comes from the same line.
        key = (problem.code, problem.what, where, site.templates)
        if key not in self._blames:
            room = len(self._blames) < _MOST_BLAMED
            self._blames[key] = self._blamed(site, where) if room else None
        blame = self._blames[key]
        if blame is None:
            return problem
        return replace(problem, where=blame.origin, rendered=where, causes=tuple(self._causes(name, blame)))

    def _opened(self, name: str) -> Site | None:
        if self._site is None or self._site.name != name:
            site = self.space.site(self.space.file(name))
            self._site, self._files = (site, {}) if isinstance(site, Site) else (None, {})
        return self._site

    def _blamed(self, site: Site, where: Origin) -> render.Blame | None:
        if where.file not in self._files:
            made = (self._made(site, pin, where.file) for pin in site.templates)
            self._files[where.file] = next((found for found in made if found is not None), None)
        blamed = self._files[where.file]
        return blamed.at(where.line) if blamed is not None else None

    def _made(self, site: Site, pin: TemplatePin, path: str) -> render.Blamed | None:
        if pin not in self._templates:
            try:
                self._templates[pin] = render.compile_template(self.space.tree(pin))
            except TemplateError:
                self._templates[pin] = None
        template = self._templates[pin]
        return None if template is None else render.blame_lines(template, site, self.space.fleet.name, path)

    def _causes(self, name: str, blame: render.Blame) -> Iterator[Origin]:
        traces = self._trace(name)
        found = [origin for path in blame.reads for origin in _origins(traces, path, blame.text)]
        yield from dict.fromkeys([*found, *blame.defaults])

    def _trace(self, name: str) -> tuple[Trace, ...]:
        if self._traced != name:
            self._traces, self._traced = self.space.trace(self.space.file(name)), name
        return self._traces


def _origins(traces: Iterable[Trace], path: KeyPath, line: str) -> list[Origin]:
    """Where the values at, above or below `path` were set; of several those that can be seen in the rendered line."""
    found = [trace for trace in traces if trace.path[0] != "templates" and on_one_way(trace.path[1:], path)]
    seen = [trace for trace in found if _is_in(trace.value, line)]
    return [trace.origin for trace in seen or found]


def on_one_way(one: KeyPath, other: KeyPath) -> bool:
    """Whether one path leads to, or through, what is at the end of the other."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _is_in(value: Json, line: str) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and str(value) in line

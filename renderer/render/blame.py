"""Finds the template line, and the variables, that a line of a rendered file comes from.

In: a compiled template, a site, the path of a rendered file. Out: for each of its lines a Blame.
Never: is used while sites are rendered; it renders one file again, and tells what it can rather than fail.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from renderer.render.allowance import TimeUsedUp, allowance
from renderer.render.faults import RENDER_FAULTS
from renderer.render.marking import Marker, telling
from renderer.render.naming import Naming
from renderer.render.recording import Line, Recording, Trail
from renderer.render.site import given_of
from renderer.types import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from renderer.render.interface import MadeFile, Template
    from renderer.render.marking import Point
    from renderer.render.outline import SourceFile
    from renderer.render.reads import ReadPath
    from renderer.types import Site


@dataclass(frozen=True, slots=True)
class Blame:
    """Where a rendered line comes from: the line of the template, and the variables that it reads.

    `reads` are paths below a variable that the site gives, such as ("cilium", "mtu"); a path may go on beyond a value.
    `defaults` are the questions that answered instead of the site, `text` is the rendered line.
    """

    origin: Origin
    text: str = ""
    reads: tuple[ReadPath, ...] = ()
    defaults: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Blamed:
    """One rendered file. `lines` are empty for a file that is copied as it is."""

    file: str
    content: bytes
    lines: tuple[Line, ...] = ()
    points: tuple[Point, ...] = ()
    names: Naming = field(default_factory=lambda: Naming({}, frozenset()))
    template: Template | None = None
    given: frozenset[str] = frozenset()

    def at(self, line: int) -> Blame | None:
        """What line `line`, from 1, comes from; None when the file has no such line, or nothing is known of it."""
        template = self.template
        if template is None:
            return Blame(Origin(self.file, line)) if 0 < line <= self.content.count(b"\n") + 1 else None
        trails = [trail for trail in self._trails(line) if trail.points]
        if not trails:
            return None
        reads = self._reads(trails)
        if not reads and line < len(self.lines) and _opens_block(self.lines[line - 1].text):
            # The value of `args:` stands in the lines below it.
            reads = self._reads(self._trails(line + 1))
        reads = reads or next(filter(None, (self.names.around(self._places(trail)) for trail in trails)), [])
        main = _main(trails, self.points)
        origin = Origin(template.environment.file_of(self.points[main.points[0]].name or ""), main.line)
        found = list(_settled(reads, template, self.given))
        paths = tuple(one for one in found if not isinstance(one, Origin))
        defaults = tuple(one for one in found if isinstance(one, Origin))
        return Blame(origin, self.lines[line - 1].text, paths, defaults)

    def _trails(self, line: int) -> Sequence[Trail]:
        return self.lines[line - 1].trails if 0 < line <= len(self.lines) else ()

    def _places(self, trail: Trail) -> list[Point]:
        return [self.points[point] for point in trail.points]

    def _reads(self, trails: Sequence[Trail]) -> list[ReadPath]:
        found = [path for trail in trails if trail.text.strip() for path in self.names.reads(self._places(trail))]
        return list(dict.fromkeys(found))


def blame_lines(template: Template, site: Site, fleet_name: str, path: str) -> Blamed | None:
    """How `template` made the file `path` of `site`; None when it did not make it.

    Renders that one file once more, with marks. A pure function.
    """
    try:
        with allowance():
            return _blamed(template, site, fleet_name, path)
    except TimeUsedUp:
        return None


def _blamed(template: Template, site: Site, fleet_name: str, path: str) -> Blamed | None:
    found = next((one for one in _made_files(template, site, fleet_name) if one.path == path), None)
    if found is None:
        return None
    source = found.source
    if source.text is None:
        return Blamed(source.origin.file, source.content)
    try:
        return _marked(template, source, found.view, frozenset(given_of(site, fleet_name)))
    except RENDER_FAULTS:
        return None  # with marks it costs more steps: a file at the limit renders only without


def _made_files(template: Template, site: Site, fleet_name: str) -> Iterator[MadeFile]:
    try:
        yield from template.made_files(site.name, given_of(site, fleet_name))
    except RENDER_FAULTS:
        return


def _marked(template: Template, source: SourceFile, view: Mapping[str, Any], given: frozenset[str]) -> Blamed | None:
    assert source.text is not None, "only a text has template code"  # noqa: S101
    marker = Marker(template.environment)
    recording = Recording(marker.points)
    environment = template.environment.marked(marker, telling(recording))
    environment.budget.reset()
    name = source.origin.file.removeprefix(f"{environment.folder}/")
    code = environment.compile(source.text.source, name, name)
    compiled = environment.template_class.from_code(environment, code, environment.globals)
    for chunk in compiled.root_render_func(compiled.new_context(cast("dict[str, Any]", view))):
        recording.chunk(chunk)
    lines = tuple(recording.lines())
    content = "".join(line.text for line in lines).encode()
    names = Naming(marker.trees, frozenset(template.variables))
    return Blamed(source.origin.file, content, lines, tuple(marker.points), names, template, given)


def _opens_block(text: str) -> bool:
    return text.rstrip().endswith((":", "|", ">", "|-", ">-"))


def _main(trails: Sequence[Trail], points: Sequence[Point]) -> Trail:
    """The trail that a line is told by: the first expression with text, else the longest text."""
    for trail in trails:
        if points[trail.points[0]].node is not None and trail.text.strip():
            return trail
    return max(trails, key=lambda trail: len(trail.text.strip()))


def _settled(reads: Iterable[ReadPath], template: Template, given: frozenset[str]) -> Iterator[ReadPath | Origin]:
    """What the site gives of `reads`; for the others the question that answered, and what its default reads."""
    todo, seen = list(reads), set[str]()
    while todo:
        path = todo.pop(0)
        name = str(path[0])
        default = template.default_of(name)
        if name in given:
            yield path
        elif default is not None and name not in seen:
            seen.add(name)
            origin, others = default
            yield origin
            todo += [(other,) for other in sorted(others)]

"""Which files a template makes, and where they go: all of it that does not depend on more than three texts.

In: the sources, the name of the answers file, the excluded patterns. Out: places, each with its output path where every
site has the same one. Never: renders anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.render.exclusion import matcher
from renderer.render.outputs import normal_path, path_fault
from renderer.types import Manifest, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.render.texts import Text

# How many outlines a worker keeps for a template: one for each way in which `_exclude` comes out.
_OUTLINES = 64


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the template: its path's parts, the last one without the suffix, and its content, compiled or not.

    `origin` is the file in the fleet repository.
    """

    path: str
    parts: tuple[Text, ...]
    mode: int
    content: bytes
    text: Text | None
    is_template: bool
    origin: Origin

    @property
    def constant(self) -> bytes | None:
        """The content when it is the same for every site."""
        if self.text is None:
            return self.content
        return (self.text.constant or "").encode() if self.text.template is None else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where one source goes: `path` for every site, or wherever its parts come out when that is None.

    `manifest` is the finished file when its content is the same too. `problem` is why it cannot go there.
    """

    source: SourceFile
    path: str | None = None
    manifest: Manifest | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """What sites have in common whose three texts come out alike. `finish` decides about one output path."""

    answers_file: str
    places: tuple[Place, ...]
    finish: Callable[[SourceFile, str], str | Problem | None]


@dataclass(frozen=True, slots=True)
class Outliner:
    """Makes outlines for one template. Asked again, it gives what it made before."""

    files_under: Callable[[str], tuple[SourceFile, ...] | None]
    has_template_for: Callable[[str], bool]

    def cached(self) -> Callable[[str, str, tuple[str, ...]], Outline]:
        """`make`, remembering what it made: it is a function of its arguments alone."""
        return lru_cache(maxsize=_OUTLINES)(self.make)

    def make(self, answers_file: str, root: str, excluded: tuple[str, ...]) -> Outline:
        """The outline; raises NotADirectoryError when `root` is no folder of the template."""
        sources = self.files_under(root)
        if sources is None:
            raise NotADirectoryError(f"_subdirectory came out as {root[:80]!r}, which is no folder of the template")
        finish = self._finisher(matcher(excluded))
        places = (self._place(source, answers_file, finish) for source in sources)
        return Outline(answers_file, tuple(place for place in places if place is not None), finish)

    def _finisher(self, is_excluded: Callable[[str], bool]) -> Callable[[SourceFile, str], str | Problem | None]:
        def finish(source: SourceFile, path: str) -> str | Problem | None:
            fault = path_fault(path)
            if fault is not None:
                what = f"the output path {path[:200]!r} is not usable: {fault}"
                return Problem(Code.OUTPUT_PATH, what, source.origin, "correct the file's name in the template")
            path = normal_path(path)
            shadowed = not source.is_template and self.has_template_for(path)
            return None if shadowed or is_excluded(path) else path

        return finish

    @staticmethod
    def _place(
        source: SourceFile, answers_file: str, finish: Callable[[SourceFile, str], str | Problem | None]
    ) -> Place | None:
        parts = [part.constant for part in source.parts]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return Place(source)
        if answers_file in known or "" in known:
            return None
        path = finish(source, "/".join(known))
        if isinstance(path, Problem):
            return Place(source, problem=path)
        if path is None:
            return None
        content = source.constant
        finished = None if content is None else Manifest(path, content, source.mode, source.origin.file)
        return Place(source, path, finished)

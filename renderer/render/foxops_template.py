"""A template in FoxOps' format, compiled.

In: a site's name and what it gives. Out: its files, or every problem found.
Never: does I/O, keeps anything of a site, or writes FoxOps' own state file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.render.contents import SiteFiles
from renderer.render.faults import RENDER_FAULTS
from renderer.render.foxops_values import Filling
from renderer.render.given import given_variables
from renderer.render.interface import MadeFile, Rendered
from renderer.render.outputs import normal_path, path_fault
from renderer.render.texts import render_text
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from renderer.render.foxops_values import Variable
    from renderer.render.memo import Steps
    from renderer.render.outline import SourceFile
    from renderer.render.reads import ReadPath
    from renderer.render.sandbox import TemplateEnvironment
    from renderer.types import Json, Origin, TemplatePin

OWN_NAMES = frozenset({"fengine", "_fengine_template_repository", "_fengine_template_repository_version"})
_STATE_FILE = ".fengine.yaml"


@dataclass(frozen=True, slots=True)
class FoxopsTemplate:
    """One version of a template: every file in `sources` is made for every site.

    `repository` is the address that it comes from, or its name.
    """

    pin: TemplatePin
    repository: str
    environment: TemplateEnvironment
    asked: tuple[Variable, ...]
    sources: tuple[SourceFile, ...]
    readers: Callable[[str], frozenset[ReadPath] | None]
    usage: Callable[[], frozenset[ReadPath] | None]
    steps: Steps

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables, in order."""
        return tuple(variable.name for variable in self.asked)

    def reads(self, path: str) -> frozenset[ReadPath] | None:
        """What the template file `path` can read, its name included; None when only a run can tell."""
        return self.readers(path)

    def givens(self) -> Mapping[str, frozenset[ReadPath] | None]:
        """What each file depends on of all that a site is given; None when only a run can tell."""
        return {file.origin.file: given_variables(self.readers(file.path), self.asked) for file in self.sources}

    def used(self) -> frozenset[ReadPath] | None:
        """What any text of the template can read; None when only a run can tell."""
        return self.usage()

    def default_of(self, name: str) -> tuple[Origin, frozenset[str]] | None:
        """Where a variable is declared; a default is made of no other. None for an unknown one."""
        return next(((variable.origin, frozenset()) for variable in self.asked if variable.name == name), None)

    def answers(self, site: str, given: Mapping[str, Json]) -> dict[str, Json] | None:
        """What a site's files can read of it: its variables; None when some will not do. FoxOps knows no `site`."""
        del site
        filling = Filling()
        answers = filling.fill(self.asked, given)
        return None if filling.problems else answers

    def render(self, site: str, given: Mapping[str, Json]) -> Rendered:
        """Fill the variables, then render every file."""
        filling = Filling()
        answers = filling.fill(self.asked, given)
        if filling.problems:
            return Rendered((), tuple(filling.problems))
        made = self._files(site, answers)
        for source in self.sources:
            try:
                path = self._path(source, made)
                if isinstance(path, Problem):
                    made.problems.append(path)
                else:
                    made.add(source, path, {})
            except RENDER_FAULTS as error:
                made.fault(error, source.origin)
        return made.rendered()

    def made_files(self, site: str, given: Mapping[str, Json]) -> Iterator[MadeFile]:
        """What is made for a site, nothing of it rendered but paths. Raises what the template raises."""
        filling = Filling()
        answers = filling.fill(self.asked, given)
        if filling.problems:
            return
        made = self._files(site, answers)
        for source in self.sources:
            path = self._path(source, made)
            if not isinstance(path, Problem):
                yield MadeFile(source, path, made.context)

    def _files(self, site: str, answers: Mapping[str, Any]) -> SiteFiles:
        return SiteFiles(self.environment, {**answers, **self._own()}, self.steps, self.steps.recall(site))

    def _own(self) -> dict[str, Any]:
        """What FoxOps says about the template itself, the older names included."""
        name, version = self.repository, self.pin.version
        return {
            "fengine": {"template": {"repository": name, "repository_version": version}},
            "_fengine_template_repository": name,
            "_fengine_template_repository_version": version,
        }

    def _path(self, source: SourceFile, made: SiteFiles) -> str | Problem:
        (text,) = source.parts

        def make() -> str:
            return render_text(self.environment, text, made.context)

        step = self.steps.paths.get(source.path)
        path = make() if step is None else made.recall(step, made.context, make)
        fault = path_fault(path)
        if fault is None and normal_path(path) != _STATE_FILE:
            return normal_path(path)
        what = f"the output path {path[:200]!r} is not usable: {fault or 'FoxOps keeps its own state there'}"
        return Problem(Code.OUTPUT_PATH, what, source.origin, "correct the file's name in the template")

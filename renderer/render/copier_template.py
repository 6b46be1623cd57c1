"""A template in Copier's format, compiled.

In: a site's name and what it gives. Out: its files, or every problem found.
Never: does I/O, keeps anything of a site, or gives one site a value that another could change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renderer.render.answers import Interview
from renderer.render.contents import SiteFiles
from renderer.render.exclusion import excluded_lines
from renderer.render.faults import RENDER_FAULTS
from renderer.render.interface import MadeFile, Rendered
from renderer.render.outputs import Output, PathRenderer, normal_path
from renderer.render.texts import render_text
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from renderer.render.memo import Recall, Steps
    from renderer.render.outline import Outline, Place, SourceFile
    from renderer.render.questions import Question
    from renderer.render.reads import ReadPath
    from renderer.render.sandbox import TemplateEnvironment
    from renderer.render.texts import Text
    from renderer.types import Json, TemplatePin


@dataclass(frozen=True, slots=True)
class CopierTemplate:
    """One version of a template. `outline` gives where its files go, `steps` what is remembered across sites."""

    pin: TemplatePin
    config_file: str
    environment: TemplateEnvironment
    questions: tuple[Question, ...]
    subdirectory: Text
    answers_path: Text
    exclude: tuple[Text, ...]
    outline: Callable[[str, str, tuple[str, ...]], Outline]
    readers: Callable[[str], frozenset[ReadPath] | None]
    usage: Callable[[], frozenset[ReadPath] | None]
    dependencies: Callable[[], Mapping[str, frozenset[ReadPath] | None]]
    steps: Steps

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the questions, in order."""
        return tuple(question.name for question in self.questions)

    def reads(self, path: str) -> frozenset[ReadPath] | None:
        """What the template file `path` can read, its name included; None when only a run can tell."""
        return self.readers(path)

    def givens(self) -> Mapping[str, frozenset[ReadPath] | None]:
        """What each file depends on of all that a site is given; None when only a run can tell."""
        return self.dependencies()

    def used(self) -> frozenset[ReadPath] | None:
        """What any text of the template can read; None when only a run can tell."""
        return self.usage()

    def render(self, site: str, given: Mapping[str, Json]) -> Rendered:
        """Answer the questions, then render every file."""
        interview, recall = self._ask(site, given)
        if interview.problems:
            return Rendered((), (*interview.problems, *recall.problems))
        return _Rendering(self, _context(interview), recall).run()

    def answers(self, site: str, given: Mapping[str, Json]) -> dict[str, Json] | None:
        """What a site's files can read of it: its answers; None when it has none that will do."""
        interview, _ = self._ask(site, given)
        return None if interview.problems else interview.answers

    def made_files(self, site: str, given: Mapping[str, Json]) -> Iterator[MadeFile]:
        """What is made for a site, nothing of it rendered but paths. Raises what the template raises."""
        interview, recall = self._ask(site, given)
        if interview.problems:
            return
        yield from _Rendering(self, _context(interview), recall).made_files()

    def default_of(self, name: str) -> tuple[Origin, frozenset[str]] | None:
        """Where a question stands, and the names that it is made of when nothing is given; None for an unknown one."""
        for question in self.questions:
            if question.name == name:
                return question.origin, frozenset(other for text in question.texts() for other in text.names) - {name}
        return None

    def _ask(self, site: str, given: Mapping[str, Json]) -> tuple[Interview, Recall]:
        asked = {question.name: given[question.name] for question in self.questions if question.name in given}
        conf = {"answers_file": "", "sep": "/", "vcs_ref": self.pin.version}
        own: dict[str, Any] = {"_folder_name": site, "_copier_conf": conf, "_copier_phase": "prompt"}
        recall = self.steps.recall(site)
        interview = Interview(self.environment, asked, own, self.steps.answers, recall)
        interview.ask(self.questions)
        return interview, recall


def _context(interview: Interview) -> dict[str, Any]:
    return {**interview.answers, **interview.context, "_copier_phase": "render"}


class _Rendering:
    """One site's files. `context` is what every text sees."""

    def __init__(self, template: CopierTemplate, context: dict[str, Any], recall: Recall) -> None:
        self.template = template
        self.environment = template.environment
        self.context = context
        self.recall = recall
        self.made = SiteFiles(template.environment, context, template.steps, recall)

    def run(self) -> Rendered:
        """Render every file that is not excluded."""
        try:
            outline = self._outline()
        except RENDER_FAULTS as error:
            self.made.fault(error, Origin(self.template.config_file))
        else:
            for place in outline.places:
                if place.manifest is not None:
                    self.made.files.append(place.manifest)
                else:
                    self._fill(place, outline)
        return self.made.rendered()

    def made_files(self) -> Iterator[MadeFile]:
        """See `CopierTemplate.made_files`."""
        outline = self._outline()
        for place in outline.places:
            fixed: list[tuple[str, Mapping[str, Any]]] = [] if place.path is None else [(place.path, {})]
            for path, extra in fixed or ([] if place.problem else self._paths(place.source, outline)):
                yield MadeFile(place.source, path, {**self.context, **extra})

    def _outline(self) -> Outline:
        step = self.template.steps.outline
        settings = self._settings() if step is None else self.recall(step, self.context, self._settings)
        self.context["_copier_conf"] = {**self.context["_copier_conf"], "answers_file": settings[0]}
        return self.template.outline(*settings)

    def _settings(self) -> tuple[str, str, tuple[str, ...]]:
        """The name of the answers file, the subdirectory, and the lines of `_exclude`."""
        template = self.template
        answers_file = normal_path(render_text(self.environment, template.answers_path, self.context))
        view = {**self.context, "_copier_conf": {**self.context["_copier_conf"], "answers_file": answers_file}}
        root = render_text(self.environment, template.subdirectory, view)
        return answers_file, root, excluded_lines(self.environment, template.exclude, view)

    def _fill(self, place: Place, outline: Outline) -> None:
        source = place.source
        if place.problem is not None:
            self.made.problems.append(place.problem)
            return
        try:
            if place.path is not None:
                self.made.add(source, place.path, {})
            else:
                for path, extra in self._paths(source, outline):
                    self.made.add(source, path, extra)
        except RENDER_FAULTS as error:
            self.made.fault(error, source.origin)

    def _paths(self, source: SourceFile, outline: Outline) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The output paths of a source whose parts differ from site to site, each with what yield tags have set."""
        for output in self._outputs(source, outline):
            if output.answers_file:
                continue
            path = outline.finish(source, output.path)
            if isinstance(path, Problem):
                self.made.problems.append(path)
            elif path is not None:
                yield path, output.extra

    def _outputs(self, source: SourceFile, outline: Outline) -> list[Output]:
        renderer = PathRenderer(self.environment, self.context, outline.answers_file)
        step = self.template.steps.paths.get(source.path)
        if step is None:
            return renderer.outputs(source.parts)

        def make() -> tuple[tuple[str, bool], ...]:
            return tuple((output.path, output.answers_file) for output in renderer.outputs(source.parts))

        found = self.recall(step, self.context, make, outline.answers_file, len(source.parts))
        return [Output(path, {}, is_answers) for path, is_answers in found]

"""A template in Copier's format, compiled.

In: a site's name and what it gives. Out: its files, or every problem found.
Never: does I/O, keeps anything of a site, or gives one site a value that another could change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.render.answers import Interview, undefined_hint
from renderer.render.exclusion import excluder
from renderer.render.faults import RENDER_FAULTS, explain
from renderer.render.interface import Rendered
from renderer.render.limits import MAX_FILE_BYTES, LimitExceeded
from renderer.render.outputs import Output, PathRenderer, normal_path, path_fault
from renderer.render.texts import Text, render_text
from renderer.types import Manifest, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.render.questions import Question
    from renderer.render.reading import Reads
    from renderer.render.sandbox import TemplateEnvironment
    from renderer.types import Json, TemplatePin

# How Python shows an object that has no text of its own: an address, different in each run.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}>| object at 0x")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of the template: its path's parts, the last one without the suffix, and its content, compiled or not."""

    path: str
    parts: tuple[Text, ...]
    mode: int
    content: bytes
    text: Text | None
    is_template: bool


def settle(environment: TemplateEnvironment, file: SourceFile, reads: Reads) -> SourceFile:
    """Render a file that reads no variable, once for all sites. What fails is left for the site to report."""
    text = file.text
    if text is None or text.template is None or reads.of_texts([text]) != frozenset():
        return file
    try:
        constant = render_text(environment, text, {})
    except RENDER_FAULTS:
        return file
    if _ADDRESS.search(constant):
        return file
    return replace(file, text=Text(text.source, text.origin, constant))


@dataclass(frozen=True, slots=True)
class CopierTemplate:
    """One version of a template. `roots` gives the files under each folder that `_subdirectory` may name."""

    pin: TemplatePin
    folder: str
    config_file: str
    environment: TemplateEnvironment
    questions: tuple[Question, ...]
    subdirectory: Text
    answers_path: Text
    exclude: tuple[Text, ...]
    files_under: Callable[[str], tuple[SourceFile, ...] | None]
    has_template_for: Callable[[str], bool]
    readers: Callable[[str], frozenset[str] | None]

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the questions, in order."""
        return tuple(question.name for question in self.questions)

    def reads(self, path: str) -> frozenset[str] | None:
        """The variables that the template file `path` can read; None when only a run can tell."""
        return self.readers(path)

    def render(self, site: str, given: Mapping[str, Json]) -> Rendered:
        """Answer the questions, then render every file."""
        asked = {question.name: given[question.name] for question in self.questions if question.name in given}
        conf = {"answers_file": "", "sep": "/", "vcs_ref": self.pin.version}
        own: dict[str, Any] = {"_folder_name": site, "_copier_conf": conf, "_copier_phase": "prompt"}
        interview = Interview(self.environment, asked, own)
        interview.ask(self.questions)
        if interview.problems:
            return Rendered((), tuple(interview.problems))
        return _Rendering(self, {**interview.answers, **own, "_copier_phase": "render"}).run()


class _Rendering:
    """One site's files. `context` is what every text sees."""

    def __init__(self, template: CopierTemplate, context: dict[str, Any]) -> None:
        self.template = template
        self.environment = template.environment
        self.context = context
        self.problems: list[Problem] = []
        self.files: list[Manifest] = []

    def run(self) -> Rendered:
        """Render every file that is not excluded."""
        try:
            sources, paths, excluded = self._prepare()
        except RENDER_FAULTS as error:
            self._fault(error, Origin(self.template.config_file))
            return Rendered((), tuple(self.problems))
        for source in sources:
            origin = Origin(self.environment.file_of(source.path))
            try:
                for output in paths.outputs(source.parts):
                    self._output(source, output, excluded, origin)
            except RENDER_FAULTS as error:
                self._fault(error, origin)
        return Rendered(tuple(self.files), tuple(self.problems))

    def _prepare(self) -> tuple[tuple[SourceFile, ...], PathRenderer, Callable[[str], bool]]:
        template = self.template
        answers_file = render_text(self.environment, template.answers_path, self.context)
        self.context["_copier_conf"] = {**self.context["_copier_conf"], "answers_file": normal_path(answers_file)}
        root = render_text(self.environment, template.subdirectory, self.context)
        sources = template.files_under(root)
        if sources is None:
            raise NotADirectoryError(f"_subdirectory came out as {root[:80]!r}, which is no folder of the template")
        excluded = excluder(self.environment, template.exclude, self.context)
        return sources, PathRenderer(self.environment, self.context, normal_path(answers_file)), excluded

    def _fault(self, error: Exception, origin: Origin) -> None:
        fault = explain(error, self.environment, origin)
        hint = undefined_hint(fault, set(self.context))
        self.problems.append(Problem(fault.code, fault.what, fault.where, hint, key=fault.name))

    def _output(self, source: SourceFile, output: Output, excluded: Callable[[str], bool], origin: Origin) -> None:
        if output.answers_file:
            return
        fault = path_fault(output.path)
        if fault is not None:
            what = f"the output path {output.path[:200]!r} is not usable: {fault}"
            self.problems.append(Problem(Code.OUTPUT_PATH, what, origin, "correct the file's name in the template"))
            return
        path = normal_path(output.path)
        if not source.is_template and self.template.has_template_for(path):
            return
        if not excluded(path):
            content = self._content(source, output)
            self.files.append(Manifest(path, content, source.mode, origin.file))

    def _content(self, source: SourceFile, output: Output) -> bytes:
        text = source.text
        if text is None:
            return source.content
        if text.template is None:
            return (text.constant or "").encode()
        view = {**self.context, **output.extra} if output.extra else self.context
        rendered = render_text(self.environment, text, view)
        if _ADDRESS.search(rendered):
            raise ValueError("the output shows an object of the renderer instead of a value: print one of its members")
        content = rendered.encode()
        if len(content) > MAX_FILE_BYTES:
            raise LimitExceeded(f"a file of more than {MAX_FILE_BYTES:,} bytes")
        return content

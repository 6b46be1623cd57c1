"""One site's files of one template, as they are made.

In: sources, their output paths, what every text sees. Out: Manifests, or every problem found.
Never: decides where a file goes, or keeps anything but in the memo.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from renderer.render.allowance import TimeUsedUp, allowance
from renderer.render.answers import undefined_hint
from renderer.render.faults import RENDER_FAULTS, explain
from renderer.render.interface import Rendered
from renderer.render.limits import MAX_FILE_BYTES, LimitExceeded
from renderer.render.texts import Text, render_text
from renderer.types import Manifest, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.render.memo import Recall, Steps
    from renderer.render.outline import SourceFile
    from renderer.render.reads import ReadSets
    from renderer.render.sandbox import TemplateEnvironment
    from renderer.types import Origin

# For all files of a template version together; the time of the sites is another.
_SETTLING_SECONDS = 0.5
# How Python shows an object that has no text of its own: an address, different in each run.
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{6,}>| object at 0x")


def settle(environment: TemplateEnvironment, files: Mapping[str, SourceFile], reads: ReadSets) -> dict[str, SourceFile]:
    """Render the files that read no variable, once for all sites.

    What fails, and what a small allowance is not enough for, is left as it is: the site reports it.
    """
    settled = dict(files)
    with suppress(TimeUsedUp), allowance(_SETTLING_SECONDS):
        for path, file in files.items():
            settled[path] = _settled(environment, file, reads)
    return settled


def _settled(environment: TemplateEnvironment, file: SourceFile, reads: ReadSets) -> SourceFile:
    text = file.text
    if text is None or text.template is None or reads.of([text]) != frozenset():
        return file
    try:
        constant = render_text(environment, text, {})
    except RENDER_FAULTS:
        return file
    if _ADDRESS.search(constant):
        return file
    return replace(file, text=Text(text.source, text.origin, constant))


@dataclass(slots=True)
class SiteFiles:
    """What has been made so far. `context` is what every text sees."""

    environment: TemplateEnvironment
    context: dict[str, Any]
    steps: Steps
    recall: Recall
    files: list[Manifest] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def add(self, source: SourceFile, path: str, extra: Mapping[str, Any]) -> None:
        """Make the file `path` of `source`, which sees `extra` too; raises what the template raises."""
        content = source.constant
        if content is None:
            content = self._content(source, extra)
        self.files.append(Manifest(path, content, source.mode, source.origin.file))

    def fault(self, error: Exception, origin: Origin) -> None:
        """Note what the template raised."""
        fault = explain(error, self.environment, origin)
        hint = undefined_hint(fault, set(self.context))
        self.problems.append(Problem(fault.code, fault.what, fault.where, hint, key=fault.name))

    def rendered(self) -> Rendered:
        """All of it."""
        return Rendered(tuple(self.files), (*self.problems, *self.recall.problems))

    def _content(self, source: SourceFile, extra: Mapping[str, Any]) -> bytes:
        view = {**self.context, **extra} if extra else self.context
        make = partial(self._make, source, view)
        step = self.steps.contents.get(source.path)
        return make() if step is None else self.recall(step, view, make)

    def _make(self, source: SourceFile, view: Mapping[str, Any]) -> bytes:
        assert source.text is not None, "a file without a text is constant"  # noqa: S101
        rendered = render_text(self.environment, source.text, view)
        if _ADDRESS.search(rendered):
            raise ValueError("the output shows an object of the renderer instead of a value: print one of its members")
        content = rendered.encode()
        if len(content) > MAX_FILE_BYTES:
            raise LimitExceeded(f"a file of more than {MAX_FILE_BYTES:,} bytes")
        return content

"""Finds out what of a template can be remembered from site to site, and by what each thing goes.

In: the compiled parts of a template, and the digest of all its files. Out: the steps for a memo.
Never: makes a step of something whose reads are not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from renderer.render.digests import framed, version_digest
from renderer.render.memo import Memo, Step, Steps, make_step
from renderer.render.reads import ReadSets
from renderer.types import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.render.outline import SourceFile
    from renderer.render.questions import Question
    from renderer.render.reads import ReadPath
    from renderer.render.sandbox import TemplateEnvironment
    from renderer.render.texts import Text
    from renderer.types import TemplateTree

# What a context holds besides the answers.
_OWN_NAMES = frozenset({"_folder_name", "_copier_conf", "_copier_phase", "_copier_operation"})
# What YAML writes depends on whether two collections are one object. Answers never share one, what a site gives may.
_SEES_SHARING = frozenset({"to_yaml", "to_nice_yaml"})
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything in a template that is rendered for a site."""

    questions: tuple[Question, ...]
    settings: tuple[Text, ...]
    files: Mapping[str, SourceFile]


def read_sets(environment: TemplateEnvironment, included: Mapping[str, Text], parts: Parts) -> ReadSets:
    """The read sets of a template with these parts."""
    paths = [part for file in parts.files.values() for part in file.parts]
    names = {question.name for question in parts.questions}
    yielded = {name for text in paths for name in text.yielded}
    return ReadSets(environment, included, _OWN_NAMES | names | yielded)


def all_reads(reads: ReadSets, parts: Parts) -> frozenset[ReadPath] | None:
    """What anything that is rendered for a site can read; None when only a run can tell."""
    questions = [text for question in parts.questions for text in question.texts()]
    files = [text for file in parts.files.values() for text in (*file.parts, *([file.text] if file.text else []))]
    return reads.of([*questions, *parts.settings, *files])


def make_steps(tree: TemplateTree, parts: Parts, reads: ReadSets, memo: Memo | None) -> Steps:
    """The steps of a template; none without a memo."""
    return Steps() if memo is None else _StepMaker(tree, reads).make(parts, memo)


class _StepMaker:
    """Makes the steps of one template version. Each has a salt of its own, so that all may share one memo."""

    def __init__(self, tree: TemplateTree, reads: ReadSets) -> None:
        self.reads = reads
        self.file = tree.file
        self.template = version_digest(tree)

    def make(self, parts: Parts, memo: Memo) -> Steps:
        answers = {question.name: self._answer(question) for question in parts.questions}
        paths = {path: self._path(file) for path, file in parts.files.items()}
        contents = {path: self._content(file) for path, file in parts.files.items()}
        settings = self._step("settings", "", self.reads.of(parts.settings), Origin(self.file))
        return Steps(memo, _found(answers), settings, _found(paths), _found(contents))

    def _answer(self, question: Question) -> Step | None:
        texts = tuple(question.texts())
        if any(text.filters & _SEES_SHARING for text in texts):
            return None
        return self._step("answer", question.name, self.reads.of(texts), question.origin)

    def _path(self, file: SourceFile) -> Step | None:
        if all(part.constant is not None for part in file.parts):
            return None
        return self._step("path", file.path, self.reads.of(file.parts), file.origin)

    def _content(self, file: SourceFile) -> Step | None:
        if file.text is None or file.constant is not None:
            return None
        return self._step("content", file.path, self.reads.of([file.text]), file.origin)

    def _step(self, kind: str, name: str, paths: Iterable[ReadPath] | None, where: Origin) -> Step | None:
        salt = blake2b(framed([self.template, kind.encode(), name.encode()]), digest_size=_SALT_BYTES).digest()
        return make_step(salt, where, paths)


def _found(steps: Mapping[str, Step | None]) -> dict[str, Step]:
    return {name: step for name, step in steps.items() if step is not None}

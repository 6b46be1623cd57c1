"""What no answers can bring about: files never rendered, choices never chosen, defaults never accepted.

In: a draft, and the answers that can be listed. Out: warnings. Never: judges what depends on an answer that is free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.render.answers import AnswerRefused, Asker
from renderer.render.casting import to_bool
from renderer.render.exclusion import excluded_lines, matcher
from renderer.render.faults import RENDER_FAULTS
from renderer.render.lint_names import warning
from renderer.render.outputs import PathRenderer, normal_path, path_fault
from renderer.render.questions import MISSING
from renderer.render.references import include_path
from renderer.render.texts import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.render.compiling import Draft
    from renderer.render.domains import Domains
    from renderer.render.outline import SourceFile
    from renderer.render.questions import Choice, Question
    from renderer.types import Json, Problem


class _Unknown(Exception):
    """Only a run can tell."""


class AnswerLint:
    """Tries every answer that can be listed."""

    def __init__(self, draft: Draft, domains: Domains) -> None:
        self.draft = draft
        self.domains = domains

    def unreachable_files(self) -> Iterator[Problem]:
        """Files whose path is empty or excluded for all answers."""
        for path, file in self.draft.files.items():
            if path in self.draft.referred:
                continue
            if self._never_made(file):
                what = f"{file.path} is never rendered: for all choices, its path is empty or excluded"
                hint = "correct the condition in its path or in _exclude, or remove the file"
                yield warning(Code.FILE_UNREACHABLE, what, file.origin, hint)

    def _is_made(self, file: SourceFile, context: dict[str, Any]) -> bool:
        environment = self.draft.environment
        root = include_path(self.draft.subdirectory.constant or "")
        parts = file.parts[len(root.split("/")) :] if root else file.parts
        view = {**context, "_copier_phase": "render"}
        outputs = PathRenderer(environment, view, self.draft.answers_path.source).outputs(parts)
        excluded = matcher(excluded_lines(environment, self.draft.exclude, context))
        return any(path_fault(output.path) or not excluded(normal_path(output.path)) for output in outputs)

    def bad_defaults(self) -> Iterator[Problem]:
        """Defaults that their own question refuses, whatever the other answers are."""
        for question in self.draft.questions:
            if isinstance(question.default, type(MISSING)) or question.secret:
                continue
            reasons = self._refusals(question, question.default, [*question.texts()])
            if reasons:
                what = f"the default of {question.name} is never accepted: {reasons[0]}"
                hint = "correct the default, or leave it out so that sites must answer"
                yield warning(Code.QUESTION_DEFAULT, what, question.origin, hint)

    def _refusals(self, question: Question, value: Any, texts: list[Text]) -> list[str]:
        """Why `value` is refused in every context; empty when it is accepted in one, or when only a run can tell."""
        contexts = self.domains.contexts(texts, [question.name, "UNSET"])
        if contexts is None:
            return []
        reasons = []
        for context in contexts:
            try:
                asker = Asker(self.draft.environment, question, context)
                if not to_bool(asker.value(question.when)):
                    continue
                asker.validate(asker.parse(asker.value(value)))
            except AnswerRefused as refused:
                reasons.append(refused.what)
            except RENDER_FAULTS:
                return []
            else:
                return []
        return reasons

    def unreachable_choices(self) -> Iterator[Problem]:
        """Choices that stand twice, do not fit the type, or are refused by their own or the question's validator."""
        for question in self.draft.questions:
            if not isinstance(question.choices, tuple):
                continue
            seen: list[Json] = []
            for choice in question.choices:
                reason = self._refused(question, choice, seen)
                if reason:
                    what = f"a choice of {question.name} can never be the answer: {reason}"
                    hint = "remove it, or correct it"
                    yield warning(Code.CHOICE_UNREACHABLE, what, question.origin, hint)

    def _refused(self, question: Question, choice: Choice, seen: list[Json]) -> str:
        texts = [part for part in (question.type, choice.value, choice.name) if isinstance(part, Text)]
        contexts = self.domains.contexts(texts)
        if contexts is None or any(text.constant is None for text in texts):
            return ""
        try:
            asker = Asker(self.draft.environment, question, next(contexts))
            value = asker.offer(choice).value
        except AnswerRefused as refused:
            return refused.what
        except RENDER_FAULTS:
            return ""
        if value in seen:
            return f"{value!r} stands twice"
        seen.append(value)
        answer = [value] if question.multiselect else value
        reasons = self._refusals(question, answer, [*question.texts()])
        return reasons[0] if reasons else ""

    def _never_made(self, file: SourceFile) -> bool:
        contexts = self.domains.contexts([*file.parts, *self.draft.exclude])
        if contexts is None or self.draft.subdirectory.constant is None:
            return False
        try:
            return not any(self._is_made(file, context) for context in contexts)
        except RENDER_FAULTS:
            return False

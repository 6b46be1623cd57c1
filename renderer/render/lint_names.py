"""Names that do not meet: questions that nothing reads, variables that nobody asks for.

In: a draft. Out: warnings. Never: runs anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

from renderer.errors import Code
from renderer.render.domains import OWN
from renderer.render.suggest import did_you_mean
from renderer.types import Origin, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.render.compiling import Draft
    from renderer.render.texts import Text


def warning(code: Code, what: str, where: Origin, hint: str) -> Problem:
    """A problem that stops nothing."""
    return Problem(code, what, where, hint, severity=Severity.WARNING)


def unused_questions(draft: Draft) -> Iterator[Problem]:
    """Questions that no file, path, setting or other question reads; none where an include is computed."""
    if any(not reference.names for text in _texts(draft) for reference in text.references):
        return
    read = {name for text in _texts(draft) for name in text.names}
    for question in draft.questions:
        others = {name for other in draft.questions if other is not question for t in other.texts() for name in t.names}
        if question.name not in read | others:
            what = f"nothing reads the question {question.name}"
            hint = "remove it, or use it; a migration can drop its values"
            yield warning(Code.QUESTION_UNUSED, what, question.origin, hint)


def unasked_variables(draft: Draft) -> Iterator[Problem]:
    """Variables that no question declares, each at the first place of each text that reads it."""
    texts = [*_texts(draft), *(text for question in draft.questions for text in question.texts())]
    asked = {question.name for question in draft.questions}
    # A file that is included sees what the including one sets, so what is set anywhere is nowhere unknown.
    known = asked | set(draft.environment.globals) | OWN.keys() | {name for text in texts for name in _set(text)}
    for text in texts:
        for name in sorted(text.names - known):
            what = f"no question is called {name}: where this is read, it is undefined"
            hint = did_you_mean(name, asked, "declare it in copier.yml")
            yield warning(Code.VARIABLE_UNASKED, what, _place(text, name), hint)


def _texts(draft: Draft) -> list[Text]:
    """Everything that is rendered besides the questions."""
    parts = {id(part): part for file in draft.files.values() for part in file.parts}
    contents = {id(file.text): file.text for file in draft.files.values() if file.text is not None}
    contents |= {id(text): text for text in draft.included.values()}
    return [draft.subdirectory, draft.answers_path, *draft.exclude, *parts.values(), *contents.values()]


def _set(text: Text) -> Iterator[str]:
    if text.tree is None:
        return
    for name in text.tree.find_all(nodes.Name):
        if name.ctx in {"store", "param"}:
            yield name.name
    yield from text.yielded


def _place(text: Text, name: str) -> Origin:
    """The line in a file; a text of copier.yml stands where its key does, and a path at its file."""
    lines = [node.lineno for node in text.tree.find_all(nodes.Name) if node.name == name] if text.tree else []
    is_file = text.origin.line == 1 and "\n" in text.source
    return Origin(text.origin.file, min(lines)) if lines and is_file else text.origin

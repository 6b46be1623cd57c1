"""What is doubtful in a template that compiles.

In: a template tree, and the values that labels may have. Out: warnings, all of them, in a fixed order.
Never: says that something cannot be where only a run can tell.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.render.compiling import compile_template, draft_template
from renderer.render.digests import FOXOPS_CONFIG_FILE
from renderer.render.domains import Domains
from renderer.render.lint_answers import AnswerLint
from renderer.render.lint_names import unasked_variables, unused_questions, warning
from renderer.types import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from renderer.render.compiling import Draft
    from renderer.types import Problem, TemplateTree

# Jinja as people write it; {{ .Values }} and {{ $labels }} are Go's, and stand in manifests on purpose.
_CODE = re.compile(rb"\{\{[-+]?\s*[A-Za-z_]|\{%[-+]?\s*[a-z]")
_PAGES = {"README.md": "what it is for, and what its questions mean", "CHANGELOG.md": "what changed in this version"}


def lint_template(tree: TemplateTree, labels: Mapping[str, Sequence[str]]) -> list[Problem]:
    """Every warning about `tree`; raises TemplateError with everything that keeps it from being compiled.

    `labels` are the labels of the fleet with the values that fleet.yaml lists.
    """
    if any(file.path == FOXOPS_CONFIG_FILE for file in tree.files):
        compile_template(tree)  # says what is wrong; what else there is to look at is about Copier's questions
        return list(_without_pages(tree))
    draft = draft_template(tree)
    answers = AnswerLint(draft, Domains(draft, labels))
    found = [
        *unused_questions(draft),
        *unasked_variables(draft),
        *answers.unreachable_files(),
        *answers.bad_defaults(),
        *answers.unreachable_choices(),
        *_undocumented(tree, draft),
        *_secrets(draft),
        *_verbatim(draft),
    ]
    return sorted(found, key=lambda one: (one.where or Origin(""), one.code, one.what))


def _undocumented(tree: TemplateTree, draft: Draft) -> Iterator[Problem]:
    for question in draft.questions:
        if question.when is not False and not question.help.strip():  # nobody answers a computed value
            what = f"the question {question.name} has no help"
            yield warning(Code.TEMPLATE_UNDOCUMENTED, what, question.origin, "say what it means, and in which unit")
    yield from _without_pages(tree)


def _without_pages(tree: TemplateTree) -> Iterator[Problem]:
    names = {file.path.lower() for file in tree.files}
    for page, content in _PAGES.items():
        if page.lower() not in names:
            yield warning(Code.TEMPLATE_UNDOCUMENTED, f"there is no {page}", Origin(tree.file), f"write {content}")


def _secrets(draft: Draft) -> Iterator[Problem]:
    for question in draft.questions:
        if question.secret:
            what = f"the question {question.name} asks for a secret, which no output may hold"
            hint = "ask for the path of the secret in its store, and render an ExternalSecret"
            yield warning(Code.QUESTION_SECRET, what, question.origin, hint)


def _verbatim(draft: Draft) -> Iterator[Problem]:
    for file in draft.files.values():
        found = None if file.is_template else _CODE.search(file.content)
        if found is not None and b"\0" not in file.content:
            line = file.content.count(b"\n", 0, found.start()) + 1
            what = f"the file is copied as it is, and contains {found[0].decode()}…"
            hint = "add the suffix of templates to its name if this is to be rendered"
            yield warning(Code.FILE_VERBATIM, what, Origin(file.origin.file, line), hint)

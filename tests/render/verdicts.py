"""What a comparison with Copier comes to, for any template and any answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from renderer.errors import Code, TemplateError
from renderer.render import Rendered, compile_template
from tests.render.oracle import Files, copier_files, read_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Of docs/reference/templates.md, "Stricter than Copier", and so with `compat: copier` too: choices with template code.
STRICTER = {Code.ANSWER_INVALID}
WRONG = {"different", "only Copier rejects", "only we reject"}


@dataclass(frozen=True)
class Verdict:
    """What a comparison came to: the kind, and codes or the difference."""

    kind: str
    why: str = ""


def compare(template: Path, answers: Mapping[str, Any], target: Path, *, unsafe: bool = False) -> Verdict:
    """Render with both; `target` is a folder that does not exist yet, called like the site."""
    if any(path.is_symlink() for path in template.rglob("*")):
        return Verdict("refused", "FP303 symbolic link")
    tree = read_tree(template)
    try:
        compiled = compile_template(tree)
    except TemplateError as error:
        return Verdict("refused", " ".join(sorted({f"{problem.code} {problem.what}" for problem in error.problems})))
    known = {name: value for name, value in answers.items() if name in compiled.variables}
    ours = compiled.render(target.name, known)
    theirs = expected(template, known, target, unsafe=unsafe)
    if isinstance(theirs, Exception):
        return Verdict("both reject" if ours.problems else "only Copier rejects", repr(theirs)[:200])
    if not ours.problems:
        return Verdict("equal" if made(ours) == theirs else "different")
    lenient = compile_template(replace(tree, lenient=True)).render(target.name, known)
    codes = {problem.code for problem in lenient.problems}
    told = "; ".join(f"{problem.code} {problem.what}" for problem in (lenient.problems or ours.problems))
    if lenient.problems:
        return Verdict("stricter" if codes <= STRICTER else "only we reject", told)
    return Verdict("equal when lenient" if made(lenient) == theirs else "different", told)


def made(rendered: Rendered) -> Files:
    """Path -> content and mode."""
    return {file.path: (file.content, file.mode) for file in rendered.files}


def expected(template: Path, answers: Mapping[str, Any], target: Path, *, unsafe: bool) -> Files | Exception:
    """What Copier makes, or how it fails."""
    try:
        return copier_files(template, target, answers, unsafe=unsafe, answers_file=False)
    except Exception as error:  # noqa: BLE001 - Copier raises all kinds of them
        return error

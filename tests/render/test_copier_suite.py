"""The templates of Copier's own tests give what Copier gives, where they use what is supported.

They are not ours to keep, and most tests write them as they run. So they are recorded; FLEETPRESS_COPIER_TESTS names
the folder:

    FLEETPRESS_COPIER_TESTS=$(ci/record-copier-tests) pytest -m slow -s tests/render/test_copier_suite.py

copier_suite.json says how many of them are equal at least, and how many we are stricter with at most.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from renderer.errors import Code, TemplateError
from renderer.render import Rendered, compile_template
from tests.render.oracle import Files, copier_files, read_tree

SUITE = Path(os.environ.get("FLEETPRESS_COPIER_TESTS", "does-not-exist"))
GOLDEN = Path(__file__).with_name("copier_suite.json")
SITE = "site-1"
# Of docs/reference/templates.md, "Stricter than Copier", and so with `compat: copier` too: choices with template code.
STRICTER = {Code.ANSWER_INVALID}
WRONG = {"different", "only Copier rejects", "only we reject"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SUITE.is_dir(), reason="FLEETPRESS_COPIER_TESTS names no folder with what was recorded"),
]


@dataclass(frozen=True)
class Verdict:
    """What a comparison came to: the kind, and codes or the difference."""

    kind: str
    why: str = ""


def compare(template: Path, answers: dict[str, Any], target: Path) -> Verdict:
    """Render with both; `target` is a folder that does not exist yet, called like the site."""
    if any(path.is_symlink() for path in template.rglob("*")):
        return Verdict("refused", "FP303 symbolic link")
    tree = read_tree(template)
    try:
        compiled = compile_template(tree)
    except TemplateError as error:
        return Verdict("refused", " ".join(sorted({f"{problem.code} {problem.what}" for problem in error.problems})))
    known = {name: value for name, value in answers.items() if name in compiled.variables}
    ours = compiled.render(SITE, known)
    theirs = expected(template, known, target)
    if isinstance(theirs, Exception):
        return Verdict("both reject" if ours.problems else "only Copier rejects", repr(theirs)[:200])
    if not ours.problems:
        return Verdict("equal" if made(ours) == theirs else "different")
    lenient = compile_template(replace(tree, lenient=True)).render(SITE, known)
    codes = {problem.code for problem in lenient.problems}
    told = "; ".join(f"{problem.code} {problem.what}" for problem in (lenient.problems or ours.problems))
    if lenient.problems:
        return Verdict("stricter" if codes <= STRICTER else "only we reject", told)
    return Verdict("equal when lenient" if made(lenient) == theirs else "different", told)


def made(rendered: Rendered) -> Files:
    """Path -> content and mode."""
    return {file.path: (file.content, file.mode) for file in rendered.files}


def expected(template: Path, answers: dict[str, Any], target: Path) -> Files | Exception:
    """What Copier makes, or how it fails."""
    try:
        return copier_files(template, target, answers, answers_file=False)
    except Exception as error:  # noqa: BLE001 - Copier raises all kinds of them
        return error


def cases() -> list[tuple[str, Path, dict[str, Any]]]:
    """(name, template, answers): what was recorded, each once."""
    recorded: dict[str, tuple[str, Path, dict[str, Any]]] = {}
    for answers in sorted(SUITE.glob("*/answers.json")):
        files = [path for path in sorted(answers.parent.rglob("*")) if path.is_file()]
        content = [(path.relative_to(answers.parent), path.read_bytes()) for path in files]
        name = answers.parent.name
        recorded.setdefault(repr(content), (name, answers.with_name("template"), json.loads(answers.read_text())))
    return list(recorded.values())


def test_every_template_of_copiers_tests_gives_what_copier_gives(tmp_path: Path) -> None:
    verdicts = {
        name: compare(template, answers, tmp_path / str(index) / SITE)
        for index, (name, template, answers) in enumerate(cases())
    }

    counts = Counter(verdict.kind for verdict in verdicts.values())
    print(f"\n{len(verdicts)} templates: {dict(counts)}")  # noqa: T201 - the figures are for people
    for name, verdict in verdicts.items():
        if verdict.kind != "equal":
            print(f"  {name}: {verdict.kind}: {verdict.why}")  # noqa: T201
    least = json.loads(GOLDEN.read_text())
    assert version("copier") == least["copier"], "record anew, and correct copier_suite.json"
    assert counts["equal"] >= least["equal"]
    assert counts["equal when lenient"] >= least["equal when lenient"]
    assert counts["stricter"] <= least["stricter"]
    assert {name: verdict for name, verdict in verdicts.items() if verdict.kind in WRONG} == {}

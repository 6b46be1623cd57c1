"""The templates of Copier's own tests give what Copier gives, where they use what is supported.

They are not ours to keep. FLEETPRESS_COPIER_TESTS names the folder tests/ of a checkout of Copier. Most of its
tests write templates of their own; to compare those too, record them, and name the folder that was recorded:

    export COPIER_RECORDED=$(mktemp -d) PYTHONPATH=tests/render
    pytest -p copier_recorder COPIER/tests
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from renderer.errors import Code, TemplateError
from renderer.render import compile_template
from tests.render.oracle import Files, copier_files, read_tree

SUITE = Path(os.environ.get("FLEETPRESS_COPIER_TESTS", "does-not-exist"))
SITE = "site-1"
# Of docs/reference/templates.md, "Stricter than Copier": undefined variables, and choices that contain template code.
STRICTER = {Code.TEMPLATE_UNDEFINED, Code.ANSWER_INVALID}
WRONG = {"different", "only Copier rejects", "only we reject"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SUITE.is_dir(), reason="FLEETPRESS_COPIER_TESTS names no folder with Copier's tests"),
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
    try:
        compiled = compile_template(read_tree(template))
    except TemplateError as error:
        return Verdict("refused", " ".join(sorted({f"{problem.code} {problem.what}" for problem in error.problems})))
    known = {name: value for name, value in answers.items() if name in compiled.variables}
    ours = compiled.render(SITE, known)
    theirs = expected(template, known, target)
    if isinstance(theirs, Exception):
        return Verdict("both reject" if ours.problems else "only Copier rejects", repr(theirs)[:200])
    if ours.problems:
        codes = {problem.code for problem in ours.problems}
        told = "; ".join(f"{problem.code} {problem.what}" for problem in ours.problems)
        return Verdict("stricter" if codes <= STRICTER else "only we reject", told)
    files = {file.path: (file.content, file.mode) for file in ours.files}
    different = sorted(name for name in files | theirs if files.get(name) != theirs.get(name))
    return Verdict("different", ", ".join(different)) if different else Verdict("equal")


def expected(template: Path, answers: dict[str, Any], target: Path) -> Files | Exception:
    """What Copier makes, or how it fails."""
    try:
        return copier_files(template, target, answers, answers_file=False)
    except Exception as error:  # noqa: BLE001 - Copier raises all kinds of them
        return error


def cases() -> list[tuple[str, Path, dict[str, Any]]]:
    """(name, template, answers): what was recorded, each once, else every folder with a copier.yml."""
    recorded: dict[str, tuple[str, Path, dict[str, Any]]] = {}
    for answers in sorted(SUITE.glob("*/answers.json")):
        files = [path for path in sorted(answers.parent.rglob("*")) if path.is_file()]
        content = [(path.relative_to(answers.parent), path.read_bytes()) for path in files]
        name = answers.parent.name
        recorded.setdefault(repr(content), (name, answers.with_name("template"), json.loads(answers.read_text())))
    folders = sorted({path.parent for path in SUITE.rglob("copier.y*ml")})
    return list(recorded.values()) or [(folder.name, folder, {}) for folder in folders]


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
    assert counts["equal"] > 0
    assert {name: verdict for name, verdict in verdicts.items() if verdict.kind in WRONG} == {}

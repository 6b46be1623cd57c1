"""Every template of the corpus, and the sample templates, give what Copier gives: paths, bytes and modes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from renderer.errors import Code
from renderer.render import compile_template
from tests.render.oracle import copier_files, read_tree

CORPUS = Path(__file__).parent / "corpus"
ANSWERS_FILES = (".copier-answers.yml", ".ans-x.yml", ".state/answers.yml")
SITE = "site-1"


def _cases() -> list[Any]:
    found = []
    for folder in sorted(path for path in CORPUS.iterdir() if path.is_dir()):
        data = yaml.safe_load((folder / "cases.yaml").read_text())
        for index, case in enumerate(data["cases"]):
            values = (folder / "template", case, data.get("unsafe", False))
            found.append(pytest.param(*values, id=f"{folder.name}-{index}"))
    return found


@pytest.mark.parametrize(("template", "case", "unsafe"), _cases())
def test_renders_what_copier_renders(template: Path, case: dict[str, Any], *, unsafe: bool, tmp_path: Path) -> None:
    rendered = compile_template(read_tree(template)).render(SITE, case["answers"])

    if "rejected" in case:
        assert Code[case["rejected"]] in {problem.code for problem in rendered.problems}
        with pytest.raises(Exception):  # noqa: B017, PT011 - Copier raises all kinds of them
            copier_files(template, tmp_path / SITE, case["answers"], unsafe=unsafe)
        return
    expected = copier_files(template, tmp_path / SITE, case["answers"], unsafe=unsafe)
    for name in ANSWERS_FILES:
        expected.pop(name, None)
    assert rendered.problems == ()
    assert {file.path: (file.content, file.mode) for file in rendered.files} == expected

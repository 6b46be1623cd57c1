"""Every template of the FoxOps corpus gives what FoxOps gives, as recorded and as it does now: paths, bytes, modes."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from renderer.errors import Code, TemplateError
from renderer.render import compile_template
from tests.render.foxops_oracle import (
    REPOSITORY,
    REPOSITORY_VERSION,
    VARIABLE,
    VERSION_FILE,
    corpus,
    find_python,
    foxops_results,
    jobs_of,
)
from tests.render.oracle import read_tree

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.render import Rendered

CASES = [
    pytest.param(folder, case, index, id=f"{folder.name}-{index}")
    for folder, cases in corpus()
    for index, case in enumerate(cases)
]


def _golden(folder: Path) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = json.loads((folder / "golden.json").read_text())
    return results


def _render(folder: Path, values: dict[str, Any]) -> Rendered | set[Code]:
    """What fleetpress gives: files, or the codes of what is wrong."""
    tree = read_tree(folder / "template", name=REPOSITORY, version=REPOSITORY_VERSION)
    try:
        rendered = compile_template(tree).render("site-1", values)
    except TemplateError as error:
        return {problem.code for problem in error.problems}
    return {problem.code for problem in rendered.problems} or rendered


@pytest.mark.parametrize(("folder", "case", "index"), CASES)
def test_renders_what_foxops_renders(folder: Path, case: dict[str, Any], index: int) -> None:
    expected = _golden(folder)[index]

    rendered = _render(folder, case["values"])

    code = case.get("rejected", case.get("refused"))
    assert ("error" in expected) == ("rejected" in case), "the case says which of the two gives up"
    if code is not None:
        assert isinstance(rendered, set), rendered
        assert Code[code] in rendered
        return
    assert not isinstance(rendered, set), rendered
    files = {
        file.path: {"content": base64.b64encode(file.content).decode(), "executable": bool(file.mode & 0o100)}
        for file in rendered.files
    }
    assert files == expected["files"]


def test_the_recorded_outputs_say_which_foxops_made_them() -> None:
    assert VERSION_FILE.read_text().startswith("foxops 2.")


@pytest.mark.slow
def test_foxops_still_gives_what_is_recorded() -> None:
    python = find_python()
    if python is None:
        pytest.skip(f"{VARIABLE} names no Python that can import foxops: what it gave stands recorded, and is compared")

    jobs = [job for folder, cases in corpus() for job in jobs_of(folder, cases)]
    results = foxops_results(python, jobs)["results"]

    recorded = [golden for folder, _ in corpus() for golden in _golden(folder)]
    assert [{"error": True} if "error" in result else result for result in results] == recorded

"""The tests of what templates may do run twice: compiled now, and from what an earlier run has kept."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from renderer.render import compiling
from tests.render.support import Shelves

if TYPE_CHECKING:
    from renderer.render import Memo, Template
    from renderer.render.shelf import Kept
    from renderer.types import TemplateTree

# Escapes, bombs, limits, undefined names, lines of errors, marks: where code of another run could make a difference.
TREACHEROUS = {"allowance", "blame", "compile", "foxops", "hostile", "including", "lenient", "site"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test of the treacherous modules a second run, with the slow ones."""
    if metafunc.module.__name__.rpartition("test_")[2] in TREACHEROUS:
        metafunc.fixturenames.append("kept_code")
        warm = pytest.param("kept", marks=pytest.mark.slow)
        metafunc.parametrize("kept_code", ["made", warm], indirect=True)


@pytest.fixture
def kept_code(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """For "kept", every template that the test compiles has been compiled before, and comes from there."""
    if request.param != "kept":
        return
    make = compiling.compile_template

    def compile_template(tree: TemplateTree, memo: Memo | None = None, kept: Kept | None = None) -> Template:
        shelves = kept or Shelves()
        make(tree, None, shelves)
        return make(tree, memo, shelves)

    ours = [module for name, module in list(sys.modules.items()) if name.startswith(("renderer.", "tests.render"))]
    for module in (request.module, *ours):
        if vars(module).get("compile_template") is make:
            monkeypatch.setattr(module, "compile_template", compile_template)

"""What compiling gave is had again from an earlier run, and is the same; everything else is made anew."""

from __future__ import annotations

import marshal
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from jinja2 import Environment

from renderer.errors import TemplateError
from renderer.render import Memo, compile_template
from renderer.render import shelf as shelf_module
from renderer.render.shelf import Shelf, shelf_key
from renderer.types import Digest
from tests.render.oracle import read_tree
from tests.render.support import Shelves, make_tree

if TYPE_CHECKING:
    from renderer.render import Template

CORPUS = Path(__file__).parent / "corpus"
FILES = {
    "copier.yml": "size: {type: int, default: 1}\nhost: {type: str, default: '{{ site }}.org'}\nsite: {type: str}\n",
    "{{ site }}.yaml.jinja": "{% import 'macros.jinja' as m %}{% include 'part.jinja' %}{{ m.named(host) }}{{ size }}",
    "part.jinja": "part of {{ site | upper }}\n",
    "macros.jinja": "{% macro named(it) %}name: {{ it }}\n{% endmacro %}",
    "fixed.yaml.jinja": "{{ 'fixed' | upper }}\n",
}


def kept_template(files: dict[str, str], memo: Memo | None = None) -> Template:
    shelves = Shelves()
    compile_template(make_tree(files), Memo(), shelves)
    return compile_template(make_tree(files), memo, shelves)


def forbid(monkeypatch: pytest.MonkeyPatch, *methods: str) -> None:
    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError(f"called with {arguments} {more}")

    for method in methods:
        monkeypatch.setattr(Environment, method, refuse)


def test_nothing_is_parsed_or_compiled_again_not_even_what_is_included(monkeypatch: pytest.MonkeyPatch) -> None:
    shelves = Shelves()
    cold = compile_template(make_tree(FILES), Memo(), shelves)
    expected = cold.render("lab-1", {"site": "lab-1"})

    forbid(monkeypatch, "_parse", "compile", "_generate")
    warm = compile_template(make_tree(FILES), Memo(), shelves)

    assert warm.render("lab-1", {"site": "lab-1"}) == expected
    assert not expected.problems
    assert sorted(file.path for file in expected.files) == ["fixed.yaml", "lab-1.yaml", "macros", "part"]


@pytest.mark.parametrize("folder", sorted(path.name for path in CORPUS.iterdir() if path.is_dir()))
def test_kept_templates_render_what_new_ones_do(folder: str) -> None:
    tree = read_tree(CORPUS / folder / "template")
    shelves = Shelves()
    try:
        cold = compile_template(tree, None, shelves)
    except TemplateError:
        assert not shelves.kept
        return
    warm = compile_template(tree, Memo(), shelves)

    for case in yaml.safe_load((CORPUS / folder / "cases.yaml").read_text())["cases"]:
        assert warm.render("site-1", case["answers"]) == cold.render("site-1", case["answers"])
    assert warm.used() == cold.used()
    assert {file.path: warm.reads(file.path) for file in tree.files if _is_rendered(cold, file.path)} == {
        file.path: cold.reads(file.path) for file in tree.files if _is_rendered(cold, file.path)
    }


def _is_rendered(template: Template, path: str) -> bool:
    try:
        template.reads(path)
    except KeyError:
        return False
    return True


def test_an_error_in_kept_code_stands_at_its_line() -> None:
    files = {"copier.yml": "a: {type: str, default: x}\n", "out.jinja": "one\n{{ a }}\n{{ a.missing.more }}\n"}

    (problem,) = kept_template(files).render("lab-1", {}).problems

    assert str(problem.where) == "templates/sample/1.0.0/out.jinja:3"
    assert "missing" in problem.what


def test_a_template_with_problems_is_not_kept() -> None:
    shelves = Shelves()

    for text in ("{{ now() }}", "{% if %}", "{{ x | nothing }}"):
        with pytest.raises(TemplateError):
            compile_template(make_tree({"copier.yml": "x: 1\n", "out.jinja": text}), None, shelves)

    assert not shelves.kept


def test_what_is_known_is_not_put_again(monkeypatch: pytest.MonkeyPatch) -> None:
    shelves = Shelves()
    compile_template(make_tree(FILES), Memo(), shelves)
    monkeypatch.setattr(shelves, "put", None)  # to call it fails

    compile_template(make_tree(FILES), Memo(), shelves)


def test_what_a_run_without_a_memo_left_out_is_added_later() -> None:
    shelves = Shelves()
    compile_template(make_tree(FILES), None, shelves)
    (before,) = shelves.kept.values()

    compile_template(make_tree(FILES), Memo(), shelves)

    (after,) = shelves.kept.values()
    assert after != before


def test_a_key_is_that_of_one_version_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    tree = make_tree(FILES)
    other = replace(tree.files[0], content=tree.files[0].content + b"#")
    keys = [
        shelf_key(tree),
        shelf_key(replace(tree, files=(other, *tree.files[1:]), digest=Digest.of(b""))),
        shelf_key(replace(tree, files=(replace(tree.files[0], mode=0o755), *tree.files[1:]))),
        shelf_key(replace(tree, lenient=True)),
        shelf_key(replace(tree, file="elsewhere/sample/1.0.0")),
        shelf_key(replace(tree, repository="https://example.com/x.git")),
    ]
    monkeypatch.setattr(shelf_module, "_PYTHON", b"another")
    keys.append(shelf_key(tree))

    assert len(set(keys)) == len(keys)


def test_the_key_names_the_build_of_python_and_its_flags() -> None:
    assert sys.version.encode() in shelf_module._PYTHON
    assert shelf_module._PYTHON.endswith(b" %d" % sys.flags.optimize)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[", marshal.dumps([1]), marshal.dumps(7), marshal.dumps({"x": 1})[:-3]]
)
def test_bytes_that_are_no_shelf_are_an_empty_one(data: bytes) -> None:
    shelf = Shelf(data)

    assert shelf.get(("a",), lambda: 1) == 1
    assert shelf.dump() is not None


def test_what_cannot_be_made_is_tried_again() -> None:
    shelf = Shelf()

    def fail() -> Any:
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        shelf.get(("a",), fail)

    assert shelf.dump() is None
    assert shelf.get(("a",), lambda: None) is None
    assert shelf.get(("a",), fail) is None

"""`compat: copier`: what Copier lets pass renders to Copier's bytes, and what is unsafe is refused all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, TemplateError
from renderer.render import Rendered, compile_template, rendered_digest
from tests.render.oracle import copier_files, read_tree
from tests.render.support import make_tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

A = "a: {type: yaml, default: {b: 1}}\n"
TEXTS = (
    "[{{ nope }}]", "{% for x in nope %}{{ x }}{% else %}none{% endfor %}", "{% if nope %}1{% else %}2{% endif %}",
    "{{ nope | default('x') }}", "{{ [nope, 1] }}", "{{ nope ~ 'x' }}", "{{ a.nope }}", "{{ a['nope'] | length }}",
    "{{ nope is defined }} {{ nope == 1 }} {{ nope | upper }} {{ nope | join(',') }}",
    "{{ a | map(attribute='q') | list }}",
    "{% set x = nope %}{{ x }}", "{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m() }}",
    "{{ nope | to_json if false else 'y' }}",
)  # fmt: skip
FILES: Mapping[str, Mapping[str, str]] = {
    **{f"text {number}": {"copier.yml": A, "a.txt.jinja": text} for number, text in enumerate(TEXTS)},
    "path": {"copier.yml": A, "x{{ nope }}.txt.jinja": "1", "{{ nope }}/a.txt": "2", "{{ nope }}.jinja": "3"},
    "default": {"copier.yml": "b: {type: str, default: '<{{ nope }}>'}\n", "a.txt.jinja": "{{ b }}"},
    "when": {"copier.yml": "b: {type: str, default: x, when: '{{ nope }}'}\n", "a.txt.jinja": "{{ b }}"},
    "validator": {"copier.yml": "b: {type: str, default: x, validator: '{{ nope }}'}\n", "a.txt.jinja": "{{ b }}"},
    "setting": {"copier.yml": f"_excludes: [a]\n_my_own: 1\n{A}", "a.txt.jinja": "{{ a }}"},
    "include": {"copier.yml": f"{A}--- !include nope/*.yml\n", "a.txt.jinja": "{{ a }}"},
    "named undefined": {"copier.yml": f"_envops: {{undefined: jinja2.Undefined}}\n{A}", "a.txt.jinja": "{{ nope }}"},
}
BOTH_REJECT = {
    "member of nothing": {"copier.yml": A, "a.txt.jinja": "{{ nope.x }}"},
    "strict": {"copier.yml": f"_envops: {{undefined: jinja2.StrictUndefined}}\n{A}", "a.txt.jinja": "{{ nope }}"},
}


def lenient(folder: Path) -> Rendered:
    return compile_template(replace(read_tree(folder), lenient=True)).render("site-1", {})


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.mark.parametrize("name", FILES)
def test_what_copier_lets_pass_has_copiers_bytes(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "template", FILES[name])

    rendered = lenient(folder)

    assert rendered.problems == ()
    theirs = copier_files(folder, tmp_path / "site-1", {}, answers_file=False)
    assert {file.path: (file.content, file.mode) for file in rendered.files} == theirs


@pytest.mark.parametrize("name", sorted(FILES.keys() - {"text 3", "text 12"}))
def test_without_it_most_of_that_is_an_error(name: str, tmp_path: Path) -> None:
    try:
        problems = compile_template(read_tree(write(tmp_path, FILES[name]))).render("site-1", {}).problems
    except TemplateError as error:
        problems = error.problems

    assert problems


@pytest.mark.parametrize("name", BOTH_REJECT)
def test_what_copier_rejects_is_rejected(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "template", BOTH_REJECT[name])

    assert lenient(folder).problems
    with pytest.raises(Exception):  # noqa: B017, PT011 - Copier raises all kinds of them
        copier_files(folder, tmp_path / "site-1", {})


@pytest.mark.parametrize(
    "text",
    [
        "{{ now() }}",
        "{{ ''.__class__ }}",
        "{{ nope.__class__.__mro__ }}",
        "{{ a.update({}) }}",
        "{{ '~' | expanduser }}",
    ],
)
def test_what_is_unsafe_is_refused_all_the_same(text: str) -> None:
    tree = replace(make_tree({"copier.yml": A, "a.txt.jinja": text}), lenient=True)

    try:
        codes = {problem.code for problem in compile_template(tree).render("site-1", {}).problems}
    except TemplateError as error:
        codes = {problem.code for problem in error.problems}

    assert codes
    assert codes <= {Code.TEMPLATE_REFUSED, Code.RENDER_FORBIDDEN, Code.RENDER_FAILED}


def test_how_a_template_is_read_is_part_of_what_a_site_depends_on() -> None:
    tree = make_tree({"copier.yml": A, "a.txt": "x"})

    assert rendered_digest(replace(tree, lenient=True)) != rendered_digest(tree)

"""copier.yml of several documents and with includes: what is wrong is told where it was written."""

from __future__ import annotations

import pytest

from renderer.errors import Code, TemplateError
from renderer.render import (
    Memo,
    answer_schemas,
    compile_template,
    lint_template,
    question_config,
    question_defaults,
    required_answers,
)
from tests.render.support import make_site, make_tree, press, problems_of

FOLDER = "templates/sample/1.0.0"
PARTS = {
    "copier.yml": "_exclude: [a]\n--- !include parts/*.yml\n---\nlast: {type: str, choices: !include lists/ab.yml}\n",
    "parts/one.yml": "_exclude: [b, c]\n\none: {type: int, default: 1, help: x}\n",
    "parts/two.yml": "site: {type: str}\ntwo: {type: str}\n",
    "lists/ab.yml": "- a\n- b\n",
    "out.txt.jinja": "{{ site }} {{ one }} {{ two }} {{ last }}",
}


def told(files: dict[str, str]) -> list[tuple[Code, str, str]]:
    with pytest.raises(TemplateError) as caught:
        compile_template(make_tree(files))
    return [
        (problem.code, str(problem.where).removeprefix(f"{FOLDER}/"), problem.what) for problem in caught.value.problems
    ]


def including(pattern: str, **files: str) -> dict[str, str]:
    return {"copier.yml": f"a: x\n--- !include {pattern}\n", **{f"{name}.yml": text for name, text in files.items()}}


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("/etc/passwd", "!include /etc/passwd: it is absolute"),
        ("../x.yml", "!include ../x.yml: it leaves the template's folder with `..`"),
        ("b/../b.yml", "!include b/../b.yml: it leaves the template's folder with `..`"),
        ("nope.yml", "!include nope.yml: the template has no such file"),
        ("b.yml/", "!include b.yml/: the template has no such file"),
        ("''", "!include : it is empty"),
        ("b/**", "!include b/**: what a trailing `**` means depends on the Python that runs Copier"),
        ("copier.yml", "!include copier.yml: copier.yml would include itself"),
        ("tests/case/answers.yml", "!include tests/case/answers.yml: the template has no such file"),
    ],
)
def test_an_include_that_cannot_be_followed_is_told_at_its_line(pattern: str, what: str) -> None:
    assert told(including(pattern, b="b: 1\n")) == [(Code.TEMPLATE_INCLUDE, "copier.yml:2", what)]


def test_files_that_include_each_other_are_told_and_do_not_go_on_forever() -> None:
    files = including("b.yml", b="--- !include c.yml\n", c="b: 1\n--- !include b.yml\n")

    assert told(files) == [(Code.TEMPLATE_INCLUDE, "c.yml:2", "!include b.yml: b.yml would include itself")]


def test_files_that_double_at_each_step_end() -> None:
    doubling = {f"n{number}": f"--- !include n{number + 1}.yml\n" * 2 for number in range(40)}

    found = told(including("n0.yml", **doubling, n40="z: 1\n"))

    assert [(code, what) for code, _, what in found] == [
        (Code.TEMPLATE_INCLUDE, "more than 100 files are included, counted each time")
    ]


@pytest.mark.parametrize(
    ("file", "text", "code", "where"),
    [
        ("parts/one.yml", "\none: {type: nonsense}\n", Code.TEMPLATE_CONFIG, "parts/one.yml:2"),
        ("parts/one.yml", "\n_tasks: [x]\n", Code.TEMPLATE_REFUSED, "parts/one.yml:2"),
        ("parts/one.yml", "one:\n  type: str\n  default: '{{ x'\n", Code.TEMPLATE_SYNTAX, "parts/one.yml:3"),
        ("parts/one.yml", "a: 1\na: 2\n", Code.YAML_DUPLICATE_KEY, "parts/one.yml:2"),
        ("parts/one.yml", "\n- one: 1\n- text\n", Code.TEMPLATE_CONFIG, "parts/one.yml:3"),
        ("parts/one.yml", "one: !python/x y\n", Code.YAML_FEATURE, "parts/one.yml:1"),
        ("parts/one.yml", "_jinja_extensions:\n- jinja2.ext.do\n- my.own\n", Code.TEMPLATE_REFUSED, "parts/one.yml:3"),
        ("lists/ab.yml", "- a\n- '{{ x'\n", Code.TEMPLATE_SYNTAX, "lists/ab.yml:2"),
    ],
)
def test_what_is_wrong_in_an_included_file_is_told_there(file: str, text: str, code: Code, where: str) -> None:
    assert (code, where) in [(found, place) for found, place, _ in told({**PARTS, file: text, "out.txt.jinja": ""})]


def test_the_joined_lists_keep_their_places() -> None:
    files = {**PARTS, "parts/two.yml": "_exclude: [d, '{{ x']\n"}

    assert (Code.TEMPLATE_SYNTAX, "parts/two.yml:1") in [(code, where) for code, where, _ in told(files)]


def test_an_answer_is_told_with_the_line_of_its_question() -> None:
    files = {**PARTS, "parts/two.yml": "\n\nsite: {type: str}\ntwo: {type: str, default: '{{ nope }}'}\n"}

    problems = problems_of(press(compile_template(make_tree(files)), site=make_site(last="a")))

    assert [str(problem.where) for problem in problems] == [f"{FOLDER}/parts/two.yml:4"]


def test_everything_that_looks_at_questions_sees_the_included_ones() -> None:
    tree = make_tree(PARTS)
    template = compile_template(tree, Memo())

    assert template.variables == ("one", "site", "two", "last")
    assert list(answer_schemas(tree)) == ["one", "site", "two", "last"]
    assert required_answers(tree) == ["site", "two", "last"]
    assert question_defaults(tree) == {"one": 1}
    assert (question_config(tree) or {})["_exclude"] == ["a", "b", "c"]
    assert f"{FOLDER}/parts/two.yml:2" in {str(problem.where) for problem in lint_template(tree, {})}


def test_an_alias_of_an_include_is_refused() -> None:
    assert [code for code, _, _ in told({"copier.yml": "a: &x !include b.yml\nc: *x\n", "b.yml": "- 1\n"})] == [
        Code.YAML_FEATURE
    ]

"""render_site: what a site sees, and how its trouble is told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import Code
from renderer.render.site import _has_word
from renderer.types import Manifests
from tests.render.support import make_site, make_template, press, problems_of

NAMED = {"name.txt.jinja": "{{ site }}"}
SITE = "site: {type: str}\n"


def test_a_site_sees_labels_values_its_name_and_the_fleets_name() -> None:
    config = "site: {type: str}\nfleet: {type: str}\nregion: {type: str}\nmtu: {type: int}\n"
    template = make_template({"copier.yml": config, "a.jinja": "{{ site }} {{ fleet }} {{ region }} {{ mtu }}"})

    result = press(template, site=make_site(mtu=1500))

    assert isinstance(result, Manifests)
    (file,) = result.files
    assert (file.path, file.content) == ("a", b"lab-1 labs eu 1500")
    assert file.source == "templates/sample/1.0.0/a.jinja"


def test_a_template_sees_only_what_it_asks_for() -> None:
    one = make_template({"copier.yml": SITE, **NAMED, "a.jinja": "{{ region is defined }}{{ mtu is defined }}"}, "one")
    two = make_template({"copier.yml": "mtu: {type: int}\n", "b.jinja": "{{ mtu }}"}, "two")

    result = press(one, two, site=make_site(mtu=1))

    assert isinstance(result, Manifests)
    assert {file.path: file.content for file in result.files}["a"] == b"FalseFalse"


def test_files_are_sorted_by_path() -> None:
    result = press(make_template({"copier.yml": SITE, **NAMED, "z": "", "b/c": "", "a": "", "b.txt": ""}))

    assert isinstance(result, Manifests)
    assert [file.path for file in result.files] == ["a", "b.txt", "b/c", "name.txt", "z"]


def test_an_undefined_variable_is_named_with_file_line_and_what_was_meant() -> None:
    template = make_template({"copier.yml": SITE + "cilium: {type: yaml, default: {mtu: 1}}\n", **NAMED,
                              "a.jinja": "one\n{{ cilum }}", "b.jinja": "\n\n{{ cilium.mtuu }}"})  # fmt: skip

    first, second = problems_of(press(template))

    assert (first.code, first.what) == (Code.TEMPLATE_UNDEFINED, "'cilum' is undefined")
    assert (str(first.where), first.hint) == ("templates/sample/1.0.0/a.jinja:2", "did you mean 'cilium'?")
    assert (first.site, first.key) == ("lab-1", "cilum")
    assert (str(second.where), second.hint) == ("templates/sample/1.0.0/b.jinja:3", "did you mean 'mtu'?")


def test_an_error_in_an_include_points_at_the_included_line() -> None:
    files = {
        "copier.yml": SITE + "_subdirectory: t\n",
        "t/a.jinja": "{{ site }}\n{% include 'p.txt' %}",
        "p.txt": "\n{{ x }}",
    }

    (problem,) = problems_of(press(make_template(files)))

    assert str(problem.where) == "templates/sample/1.0.0/p.txt:2"


@pytest.mark.parametrize(
    ("question", "value", "code"),
    [
        ("{type: int}", "many", Code.ANSWER_INVALID),
        ("{type: str, choices: [a, b]}", "c", Code.ANSWER_INVALID),
        ("{type: int, validator: '{% if a > 1 %}too many: {{ a }}{% endif %}'}", 2, Code.ANSWER_REJECTED),
    ],
)
def test_a_wrong_answer_carries_its_key(question: str, value: object, code: Code) -> None:
    template = make_template({"copier.yml": f"{SITE}a: {question}\n", **NAMED})

    (problem,) = problems_of(press(template, site=make_site(a=value)))

    assert (problem.code, problem.key, problem.site) == (code, "a", "lab-1")


def test_the_validators_words_are_the_problem() -> None:
    template = make_template({"copier.yml": "a: {type: int, validator: 'never {{ a }}'}\n", **NAMED})

    (problem,) = problems_of(press(template, site=make_site(a=2)))

    assert "never 2" in problem.what


def test_a_missing_answer_points_at_the_question() -> None:
    template = make_template({"copier.yml": SITE + "a: {type: int}\n", **NAMED})

    (problem,) = problems_of(press(template))

    assert (problem.code, problem.key) == (Code.ANSWER_MISSING, "a")
    assert str(problem.where) == "templates/sample/1.0.0/copier.yml:2"


def test_all_wrong_answers_are_told_and_what_follows_from_them_is_not() -> None:
    config = "a: {type: int}\nb: {type: int}\nc: {type: str, default: '{{ a }}'}\nd: {type: bool}\n"
    template = make_template({"copier.yml": config})

    problems = problems_of(press(template, site=make_site(a="x", b="y", zz=1)))

    assert [(problem.code, problem.key) for problem in problems] == [
        (Code.VALUE_UNKNOWN, "zz"),
        (Code.ANSWER_INVALID, "a"),
        (Code.ANSWER_INVALID, "b"),
        (Code.ANSWER_MISSING, "d"),
    ]


def test_a_value_that_no_template_asks_for_is_unknown() -> None:
    (problem,) = problems_of(
        press(make_template({"copier.yml": SITE + "cilium: x\n", **NAMED}), site=make_site(cilum=1))
    )

    assert (problem.code, problem.key, problem.hint) == (Code.VALUE_UNKNOWN, "cilum", "did you mean 'cilium'?")


def test_a_secrets_value_is_not_shown() -> None:
    template = make_template({"copier.yml": SITE + "p: {type: int, secret: true, default: 1}\n", **NAMED})

    (problem,) = problems_of(press(template, site=make_site(p="hunter2")))

    assert "hunter2" not in problem.what + problem.hint


def test_two_templates_with_one_output_path_conflict() -> None:
    one = make_template({"copier.yml": SITE, **NAMED}, "one")
    two = make_template({"name.txt": "x"}, "two")

    (problem,) = problems_of(press(one, two))

    assert problem.code is Code.OUTPUT_CONFLICT
    assert "templates/one/1.0.0/name.txt.jinja" in problem.what
    assert "templates/two/1.0.0/name.txt" in problem.what


def test_a_file_and_a_folder_of_one_name_conflict() -> None:
    one = make_template({"copier.yml": SITE, **NAMED}, "one")
    two = make_template({"name.txt/x": "x"}, "two")

    (problem,) = problems_of(press(one, two))

    assert problem.code is Code.OUTPUT_CONFLICT


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/../b",
        "a//b",
        "a\\b",
        "a\nb",
        "a\tb",
        "a ",
        " a",
        "a.",
        "a/",
        "a\x7f",
        "x" * 300,
    ],
)
def test_an_unsafe_output_path_is_refused(name: str) -> None:
    template = make_template({"copier.yml": SITE + "a: {type: str}\n", **NAMED, "{{ a }}": "x"})

    (problem,) = problems_of(press(template, site=make_site(a=name)))

    assert problem.code is Code.OUTPUT_PATH
    assert problem.where is not None


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("lab-1", True),
        ("cluster: lab-1\n", True),
        ("host: lab-1.eu.example", True),
        ('"lab-1"', True),
        ("é lab-1 é", True),
        ("lab-10", False),
        ("my-lab-1", False),
        ("lab-1-old", False),
        ("xlab-1", False),
        ("lab-1_", False),
        ("", False),
    ],
)
def test_one_file_must_contain_the_sites_name_as_a_word(content: str, *, named: bool) -> None:
    result = press(make_template({"a.txt": content, "b.txt": "other"}))

    assert isinstance(result, Manifests) is named
    if not named:
        assert [problem.code for problem in problems_of(result)] == [Code.SITE_NOT_NAMED]


def test_an_address_of_an_object_never_reaches_an_artifact() -> None:
    template = make_template({"copier.yml": SITE, **NAMED, "a.jinja": "\n{{ [site] | map('upper') }}"})

    (problem,) = problems_of(press(template))

    assert problem.code is Code.RENDER_FAILED


def test_a_file_has_a_largest_size() -> None:
    body = "{% set s = 'x' * 100000 %}{% for i in range(50) %}{{ s }}{% endfor %}{{ site }}"

    (problem,) = problems_of(press(make_template({"copier.yml": SITE, "a.jinja": body})))

    assert problem.code is Code.RENDER_LIMIT


def test_the_sites_files_have_a_largest_size_together() -> None:
    body = "{% set s = 'x' * 100000 %}{% for i in range(40) %}{{ s }}{% endfor %} {{ site }}"
    files: dict[str, Any] = {f"{number}.jinja": body for number in range(9)}

    (problem,) = problems_of(press(make_template({"copier.yml": SITE, **files})))

    assert problem.code is Code.RENDER_LIMIT


def test_a_site_has_so_many_objects_and_no_more() -> None:
    body = "# {{ site }}{% for i in range(COUNT) %}\n---\nkind: ConfigMap{% endfor %}"
    few, many = (
        press(make_template({"copier.yml": SITE, "a.jinja": body.replace("COUNT", count)}))
        for count in ("5000", "5001")
    )

    assert isinstance(few, Manifests)
    (problem,) = problems_of(many)
    assert problem.code is Code.RENDER_LIMIT


def test_vcs_ref_is_the_templates_version() -> None:
    result = press(make_template({"copier.yml": SITE, "a.jinja": "{{ site }} {{ _copier_conf.vcs_ref }}"}))

    assert isinstance(result, Manifests)
    assert result.files[0].content == b"lab-1 1.0.0"


def test_the_same_site_gives_the_same_bytes_whatever_the_order_of_its_values() -> None:
    template = make_template({"copier.yml": SITE + "m: {type: yaml}\n", "a.jinja": "{{ site }} {{ m | dictsort }}"})

    one = press(template, site=make_site(m={"a": 1, "b": 2}))
    two = press(template, site=make_site(m={"b": 2, "a": 1}))

    assert one == two


@given(word=st.text("ab-", min_size=1, max_size=3), content=st.text("ab-. _", max_size=12))
@settings(max_examples=300, deadline=None)
def test_a_name_is_found_as_a_word_only(word: str, content: str) -> None:
    pattern = rb"(?<![A-Za-z0-9_-])" + re.escape(word.encode()) + rb"(?![A-Za-z0-9_-])"

    assert _has_word(content.encode(), word.encode()) == bool(re.search(pattern, content.encode()))

"""What compile_template accepts, and how it says what it does not."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, TemplateError
from renderer.render import compile_template
from tests.render.support import make_template, make_tree

if TYPE_CHECKING:
    from renderer.types import Problem

FOLDER = "templates/sample/1.0.0"


def _problems(files: dict[str, str | bytes]) -> tuple[Problem, ...]:
    with pytest.raises(TemplateError) as raised:
        compile_template(make_tree({"copier.yml": "", **files}))
    return raised.value.problems


REFUSED_SETTINGS = {
    "_tasks: [echo]": "_tasks",
    "_migrations: [{version: '1', command: x}]": "_migrations",
    "_skip_if_exists: [a]": "_skip_if_exists",
    "_external_data: {a: b}": "_external_data",
    "_preserve_symlinks: true": "_preserve_symlinks",
    "_jinja_extensions: [jinja2_time.TimeExtension]": "jinja2_time.TimeExtension",
    "_envops: {autoescape: true}": "_envops.autoescape",
    "_envops: {undefined: jinja2.Undefined}": "_envops.undefined",
    "_envops: {finalize: x}": "_envops.finalize",
}


@pytest.mark.parametrize(("setting", "name"), REFUSED_SETTINGS.items())
def test_a_refused_setting_is_named_with_a_way_out(setting: str, name: str) -> None:
    (problem,) = _problems({"copier.yml": f"# comment\n{setting}\n"})

    assert problem.code is Code.TEMPLATE_REFUSED
    assert name in problem.what
    assert problem.hint
    assert str(problem.where) == f"{FOLDER}/copier.yml:2"


REFUSED_CODE = {
    "{{ now() }}": "now",
    "{{ make_secret() }}": "make_secret",
    "{{ lipsum() }}": "lipsum",
    "{{ [1] | random }}": "random",
    "{{ 5 | ans_random }}": "ans_random",
    "{{ [1] | shuffle }}": "shuffle",
    "{{ '%Y' | strftime }}": "strftime",
    "{{ '%Y' | strftime(0) }}": "strftime",
    "{{ 'x' | to_datetime }}": "to_datetime",
    "{{ 'x' | random_mac }}": "random_mac",
    "{{ 'x' | expandvars }}": "expandvars",
    "{{ 'x' | expanduser }}": "expanduser",
    "{{ 'x' | fileglob }}": "fileglob",
    "{{ 'x' | realpath }}": "realpath",
    "{{ 'x' | relpath }}": "relpath",
    "{{ _copier_python }}": "_copier_python",
    "{{ _copier_answers }}": "_copier_answers",
    "{{ _external_data.x }}": "_external_data",
    "{{ _copier_conf.src_path }}": "_copier_conf.src_path",
    "{{ _copier_conf.dst_path }}": "_copier_conf.dst_path",
    "{{ _copier_conf.os }}": "_copier_conf.os",
    "{{ _copier_conf.vcs_ref_hash }}": "_copier_conf.vcs_ref_hash",
    "{{ _copier_conf['settings'] }}": "_copier_conf.settings",
    "{{ _copier_conf | to_json }}": "_copier_conf as a whole",
    "{% set x = [] %}{{ x.append(1) }}": ".append()",
    "{% autoescape true %}{% endautoescape %}": "autoescape",
    "{% yield x from [1] %}{% endyield %}": "yield",
}


@pytest.mark.parametrize(("code", "name"), REFUSED_CODE.items())
def test_refused_template_code_is_named_with_its_line(code: str, name: str) -> None:
    (problem,) = _problems({"a.txt.jinja": f"one\ntwo\n{code}\n"})

    assert problem.code is Code.TEMPLATE_REFUSED
    assert name in problem.what
    assert problem.hint
    assert str(problem.where) == f"{FOLDER}/a.txt.jinja:3"


def test_refused_code_is_found_in_questions_paths_and_includes() -> None:
    problems = _problems(
        {
            "copier.yml": "_subdirectory: t\n\na:\n  default: '{{ now() }}'\n",
            "t/{{ '$x' | expandvars }}.txt": "x",
            "t/a.jinja": "{% include 'part.txt' %}",
            "part.txt": "\n{{ [1] | random }}",
            "unused.txt.jinja": "{{ now() }}",
        }
    )

    assert {str(problem.where) for problem in problems} == {
        f"{FOLDER}/copier.yml:4",
        f"{FOLDER}/t/{{{{ '$x' | expandvars }}}}.txt:1",
        f"{FOLDER}/part.txt:2",
    }


def test_all_problems_of_a_template_are_told_at_once() -> None:
    problems = _problems(
        {
            "copier.yml": "_tasks: [x]\n_exclud: []\na: {type: strr}\nb: {typ: str}\n",
            "a.jinja": "{% if %}",
            "b.jinja": "{{ now() }}{{ 1 | nofilter }}",
        }
    )

    assert [problem.code for problem in problems] == [
        Code.TEMPLATE_REFUSED,
        Code.TEMPLATE_CONFIG,
        Code.TEMPLATE_CONFIG,
        Code.TEMPLATE_CONFIG,
        Code.TEMPLATE_SYNTAX,
        Code.TEMPLATE_REFUSED,
        Code.TEMPLATE_SYNTAX,
    ]


@pytest.mark.parametrize(
    ("config", "what", "hint"),
    [
        ("_exclud: []", "unknown setting _exclud", "did you mean '_exclude'?"),
        ("a: {typ: str}", "unknown field 'typ' in question a", "did you mean 'type'?"),
        ("a: {type: strng}", "unknown type 'strng' in question a", "did you mean 'str'?"),
        ('_min_copier_version: "99.1"', "the template needs Copier 99.1, this reads the format of 9.19.1", ""),
        ("_subdirectory: nowhere", "_subdirectory 'nowhere' is no folder of the template", ""),
        ("_subdirectory: ../x", "_subdirectory '../x' is no folder of the template", ""),
        ("_exclude: x", "_exclude must be a list of texts", ""),
        ("_templates_suffix: [x]", "_templates_suffix must be text", ""),
        ("now: 1", "a question cannot be called now: Copier uses the name itself", ""),
        ("a: {secret: true}", "the secret question a needs a default", ""),
        ("a: {choices: [[1, 2, 3]]}", "a choice given as a list must be a pair of name and value, got 3 items", ""),
        ("a: {when: 5}", "when of question a must be true, false or a template", ""),
        ("[1]", "expected a mapping of settings and questions", ""),
    ],
)
def test_a_wrong_setting_says_what_is_expected(config: str, what: str, hint: str) -> None:
    (problem,) = _problems({"copier.yml": config})

    assert (problem.code, problem.what) == (Code.TEMPLATE_CONFIG, what)
    assert hint in problem.hint


def test_ambiguous_yaml_is_refused_with_its_line() -> None:
    (problem,) = _problems({"copier.yml": "a: x\ncountry: {default: no}\n"})

    assert problem.code is Code.YAML_AMBIGUOUS
    assert problem.where is not None
    assert problem.where.line == 2


@pytest.mark.parametrize(
    ("files", "what"),
    [({}, "no copier.yml"), ({"copier.yml": "", "copier.yaml": ""}, "both copier.yml and copier.yaml")],
)
def test_a_template_has_exactly_one_config(files: dict[str, str | bytes], what: str) -> None:
    with pytest.raises(TemplateError) as raised:
        compile_template(make_tree(files))

    assert what in raised.value.problems[0].what
    assert raised.value.problems[0].code is Code.TEMPLATE_CONFIG


def test_a_missing_include_is_found_before_any_site_is_read() -> None:
    (problem,) = _problems({"a.jinja": "x\n{% include 'nope.txt' %}"})

    assert (problem.code, str(problem.where)) == (Code.TEMPLATE_SYNTAX, f"{FOLDER}/a.jinja:2")


def test_a_template_file_that_is_not_text_is_refused() -> None:
    (problem,) = _problems({"a.bin.jinja": b"\xff\xfe"})

    assert problem.code is Code.TEMPLATE_SYNTAX


def test_an_unknown_filter_is_named_with_the_one_that_was_meant() -> None:
    (problem,) = _problems({"a.jinja": "{{ 1 | to_jsn }}"})

    assert (problem.code, problem.hint) == (Code.TEMPLATE_SYNTAX, "did you mean 'to_json'?")


def test_loops_nested_deeper_than_python_allows_are_a_syntax_problem() -> None:
    problems = _problems({"a.jinja": "{% for i in x %}" * 30 + "{% endfor %}" * 30})

    assert problems[0].code is Code.TEMPLATE_SYNTAX


def test_a_secret_may_be_asked_but_not_used() -> None:
    config = "password: {type: str, secret: true, default: ''}\nuser: x\n"

    make_template({"copier.yml": config, "a.txt.jinja": "{{ user }}"})
    (problem,) = _problems({"copier.yml": config, "a.txt.jinja": "{{ password }}"})
    (derived,) = _problems({"copier.yml": config + "b: '{{ password }}'\n", "a.txt.jinja": "{{ b }}"})
    (listed,) = _problems({"copier.yml": "_secret_questions: [user]\nuser: x\n", "a.jinja": "{{ user }}"})

    assert {problem.code, derived.code, listed.code} == {Code.TEMPLATE_REFUSED}
    assert "password" in problem.what


def test_reads_follows_includes_and_gives_up_on_computed_ones() -> None:
    template = make_template(
        {
            "copier.yml": "_subdirectory: t\na: x\nb: x\nc: x\n",
            "t/{{ a }}.jinja": "{% include 'part.txt' %}{% from 'm.jinja' import m %}",
            "t/static.txt.jinja": "{{ 1 + 1 }}",
            "t/computed.jinja": "{% include b %}",
            "t/verbatim": "{{ c }}",
            "part.txt": "{{ b }}",
            "m.jinja": "{% macro m() %}{{ c }}{% endmacro %}",
        }
    )

    assert template.reads("t/{{ a }}.jinja") == frozenset({("a",), ("b",)}), "an import sees no variable"
    assert template.reads("t/static.txt.jinja") == frozenset()
    assert template.reads("t/computed.jinja") is None
    assert template.reads("t/verbatim") == frozenset()


def test_a_tree_and_its_errors_cross_processes() -> None:
    tree = make_tree({"copier.yml": "_tasks: [x]\n"})
    with pytest.raises(TemplateError) as raised:
        compile_template(pickle.loads(pickle.dumps(tree)))

    assert pickle.loads(pickle.dumps(raised.value)).problems == raised.value.problems

"""The JSON Schema of a question accepts what the engine takes, where it claims to tell."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import Code
from renderer.render import answer_schemas, compile_template, required_answers
from tests.render.support import make_tree

CHOICES: dict[str, list[Any]] = {
    "str": ["a", "1.35", "7", "True", "no", "x y"],
    "path": ["a/b", "3"],
    "int": [0, 1, -3, 12, 7],
    "float": [1.5, -2.25, 10.5],
}
NUMBERS = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6, allow_nan=False).filter(lambda number: number % 1 != 0)
SPELLED = st.from_regex(r"\A[ ]?[+-]?0?[0-9]{1,2}(_[0-9])?(\.[0-9])?(e[0-9])?[ ]?\Z") | st.sampled_from(
    ["inf", "-Infinity", "NaN", "", " ", "1_", "_1", "1__2", "0_1", "0x1", "1e", ".", ".5", "5.", "+", "\t3\n", "12\n"]
)
TEXTS = SPELLED | st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=6)
ANSWERS = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    TEXTS,
    st.lists(st.integers(0, 9), max_size=2),
    st.dictionaries(st.sampled_from("ab"), st.integers(), max_size=2),
)


def refused(question: dict[str, Any], answer: Any) -> bool:
    config = json.dumps({"_subdirectory": "t", "q": question})
    found = compile_template(make_tree({"copier.yml": config, "t/a.jinja": "x"})).render("site-1", {"q": answer})
    return any(problem.code is Code.ANSWER_INVALID for problem in found.problems)


def rejected(question: dict[str, Any], answer: Any) -> bool:
    config = json.dumps({"_subdirectory": "t", "q": question})
    schema = answer_schemas(make_tree({"copier.yml": config, "t/a.jinja": "x"}))["q"]
    jsonschema.Draft7Validator.check_schema(schema)
    return not jsonschema.Draft7Validator(schema).is_valid(answer)


@given(st.sampled_from(["str", "int", "float", "bool", "path"]), ANSWERS)
def test_a_type_accepts_what_the_engine_casts(kind: str, answer: Any) -> None:
    assert rejected({"type": kind}, answer) == refused({"type": kind}, answer)


@given(st.sampled_from(["str", "int", "path"]), st.data())
def test_choices_accept_what_the_engine_casts_to_one_of_them(kind: str, data: st.DataObject) -> None:
    choices = data.draw(st.lists(st.sampled_from(CHOICES[kind]), min_size=1, unique=True))
    near = st.sampled_from(
        [*CHOICES[kind], *map(str, CHOICES[kind]), 1.35, 7, True, False, "+7", "007", -3.5, 12.9, "-0"]
    )
    answer = data.draw(near | ANSWERS)
    question = {"type": kind, "choices": choices}

    assert rejected(question, answer) == refused(question, answer)


@given(st.lists(st.sampled_from(CHOICES["float"]), min_size=1, unique=True), st.none() | st.booleans() | NUMBERS)
def test_choices_of_float_are_exact_but_for_texts(choices: list[float], answer: Any) -> None:
    question = {"type": "float", "choices": choices}

    assert rejected(question, answer) == refused(question, answer)


@given(st.lists(st.sampled_from(["a", "b", "1", "zz"]), max_size=3) | st.none() | st.integers())
def test_a_multiselect_takes_lists_of_its_choices(answer: Any) -> None:
    question = {"type": "str", "choices": ["a", "b", "1"], "multiselect": True}

    assert rejected(question, answer) == refused(question, answer)


@pytest.mark.parametrize(
    "choices",
    [
        {"One node": "single", "Three": "ha"},
        [["One node", "single"], ["Three", "ha"]],
        {"One": {"value": "single"}, "Three": {"value": "ha"}, "Never": {"value": "none", "validator": "not yet"}},
    ],
)
def test_the_values_of_named_choices_count_and_disabled_ones_do_not(choices: Any) -> None:
    question = {"type": "str", "choices": choices}

    for answer in ("single", "ha", "none", "One node", "One"):
        assert rejected(question, answer) == refused(question, answer) == (answer not in {"single", "ha"})


def test_what_depends_on_other_answers_is_told_and_not_decided() -> None:
    config = {
        "_subdirectory": "t",
        "a": {"type": "str", "help": "An a.", "validator": "{% if a == 'x' %}not x{% endif %}"},
        "b": {"type": "str", "choices": "{{ [a] }}", "default": "{{ a }}", "when": "{{ a == 'y' }}"},
        "c": {"type": "int", "default": 3},
        "d": {"type": "str", "secret": True, "default": "s"},
    }
    tree = make_tree({"copier.yml": json.dumps(config), "t/x.jinja": "{{ a }}"})

    schemas = answer_schemas(tree)

    assert schemas["a"]["description"] == "An a.\nChecked by a validator: {% if a == 'x' %}not x{% endif %}"
    assert "The choices depend on other answers." in str(schemas["b"]["description"])
    assert "default" not in schemas["b"]
    assert "enum" not in schemas["b"]
    assert schemas["c"]["default"] == 3
    assert "default" not in schemas["d"], "a secret is shown nowhere"
    assert required_answers(tree) == ["a"]

"""The JSON Schema of a FoxOps variable accepts what the reader takes, and nothing else."""

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

D = {"description": "x"}
CHILDREN = {"host": {"type": "string", **D}, "port": {"type": "int", "default": 80, **D}}
VARIABLES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "boolean": {"type": "bool"},
    "strings": {"type": "list", "element_type": "string"},
    "objects": {"type": "list", "element_type": "object", "children": CHILDREN},
    "object": {"type": "object", "children": {**CHILDREN, "inner": {"type": "object", "children": CHILDREN, **D}}},
}
WORDS = st.sampled_from(
    ["yes", "No", "tRUE", "f", "1", "0", "2", "maybe", "", " 3 ", "+4", "1_000", "1__0", "3.0", "3.5", "x"]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.sampled_from([0.0, 1.0, 2.5, -3.0]),
    WORDS,
    st.text("ab1", max_size=3),
)
MAPS = st.dictionaries(st.sampled_from(["host", "port", "other"]), SCALARS, max_size=3)
NESTED = st.fixed_dictionaries({"host": SCALARS}, optional={"inner": MAPS | SCALARS, "port": SCALARS})
VALUES = SCALARS | st.lists(SCALARS | MAPS, max_size=3) | MAPS | NESTED
REFUSED = {Code.ANSWER_INVALID, Code.ANSWER_MISSING, Code.VALUE_UNKNOWN}


def tree(variable: dict[str, Any]) -> Any:
    return make_tree({"fengine.yaml": json.dumps({"variables": {"v": {**variable, **D}}}), "template/a.txt": "x"})


@given(st.sampled_from(sorted(VARIABLES)), VALUES)
def test_a_schema_accepts_exactly_what_is_taken(kind: str, value: Any) -> None:
    made = tree(VARIABLES[kind])
    schema = answer_schemas(made)["v"]
    jsonschema.Draft7Validator.check_schema(schema)

    problems = compile_template(made).render("site-1", {"v": value}).problems

    assert {problem.code for problem in problems} <= REFUSED
    assert jsonschema.Draft7Validator(schema).is_valid(value) == (not problems)


@pytest.mark.parametrize(
    ("variable", "required"),
    [
        ({"type": "string"}, True),
        ({"type": "string", "default": None}, True),
        ({"type": "string", "default": "a"}, False),
        ({"type": "object", "children": CHILDREN}, True),
        ({"type": "object", "children": {"port": CHILDREN["port"]}}, False),
    ],
)
def test_what_has_no_default_is_required(variable: dict[str, Any], *, required: bool) -> None:
    assert required_answers(tree(variable)) == (["v"] if required else [])


def test_a_layer_may_say_a_part_of_an_object_and_delete_another() -> None:
    whole, part = (answer_schemas(tree(VARIABLES["object"]), partial=partial)["v"] for partial in (False, True))

    for value in ({"port": 1}, {"port": None}, {"inner": {"host": None}}):
        assert not jsonschema.Draft7Validator(whole).is_valid(value)
        assert jsonschema.Draft7Validator(part).is_valid(value)
    assert not jsonschema.Draft7Validator(part).is_valid({"prot": 1})


def test_defaults_and_descriptions_are_shown() -> None:
    schema = answer_schemas(tree({"type": "int", "default": "3"}))["v"]

    assert (schema["default"], schema["description"]) == (3, "x")

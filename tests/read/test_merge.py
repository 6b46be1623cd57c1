"""read.merge: exactly RFC 7386."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.read import merge_patch

# RFC 7386, appendix A.
TABLE = """
{"a":"b"}           | {"a":"c"}                | {"a":"c"}
{"a":"b"}           | {"b":"c"}                | {"a":"b","b":"c"}
{"a":"b"}           | {"a":null}               | {}
{"a":"b","b":"c"}   | {"a":null}               | {"b":"c"}
{"a":["b"]}         | {"a":"c"}                | {"a":"c"}
{"a":"c"}           | {"a":["b"]}              | {"a":["b"]}
{"a":{"b":"c"}}     | {"a":{"b":"d","c":null}} | {"a":{"b":"d"}}
{"a":[{"b":"c"}]}   | {"a":[1]}                | {"a":[1]}
["a","b"]           | ["c","d"]                | ["c","d"]
{"a":"b"}           | ["c"]                    | ["c"]
{"a":"foo"}         | null                     | null
{"a":"foo"}         | "bar"                    | "bar"
{"e":null}          | {"a":1}                  | {"e":null,"a":1}
[1,2]               | {"a":"b","c":null}       | {"a":"b"}
{}                  | {"a":{"bb":{"ccc":null}}}| {"a":{"bb":{}}}
"""
ROWS = [tuple(map(json.loads, line.split("|"))) for line in TABLE.strip().splitlines()]

keys = st.sampled_from("abcd")
leaves = st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, "", "x"])
data = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
maps = st.dictionaries(keys, data, max_size=4)


def oracle(target: Any, patch: Any) -> Any:
    """The RFC's pseudo code, word by word."""
    if isinstance(patch, dict):
        if not isinstance(target, dict):
            target = {}
        for name, value in patch.items():
            if value is None:
                if name in target:
                    del target[name]
            else:
                target[name] = oracle(target.get(name), value)
        return target
    return patch


@pytest.mark.parametrize(("target", "patch", "result"), ROWS)
def test_the_examples_of_the_rfc_hold(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


@given(target=data, patch=data)
def test_merging_equals_the_pseudo_code_of_the_rfc_to_the_type(target: Any, patch: Any) -> None:
    expected = oracle(copy.deepcopy(target), copy.deepcopy(patch))
    merged = merge_patch(target, patch)
    assert repr(_sorted(merged)) == repr(_sorted(expected))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@given(target=data, patch=data)
def test_merging_changes_nothing_and_shares_nothing(target: Any, patch: Any) -> None:
    before = repr((target, patch))
    merged = merge_patch(target, patch)
    assert repr((target, patch)) == before
    assert not _containers(merged) & (_containers(target) | _containers(patch))


def _containers(value: Any) -> set[int]:
    if not isinstance(value, dict | list):
        return set()
    children = value.values() if isinstance(value, dict) else value
    return {id(value)}.union(*map(_containers, children))


def shaped(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Maps in which `a` and `b` always hold maps, `c` and `d` never."""
    flat = st.fixed_dictionaries({}, optional={"c": leaf, "d": leaf})
    return st.recursive(
        flat,
        lambda inner: st.fixed_dictionaries({}, optional={"a": inner, "b": inner, "c": leaf, "d": leaf}),
        max_leaves=6,
    )


values = st.sampled_from([0, False, "", [None], ["x"]])


@given(first=shaped(values), second=shaped(values | st.none()), third=shaped(values))
def test_layers_of_one_shape_may_be_merged_in_any_grouping(first: Any, second: Any, third: Any) -> None:
    # The RFC allows no more: a deletion in `third` would be lost, and a map over a scalar would merge with `first`.
    left = merge_patch(merge_patch(first, second), third)
    right = merge_patch(first, merge_patch(second, third))
    assert left == right


def test_in_general_the_grouping_matters_so_layers_are_merged_from_the_general_one() -> None:
    layers: list[Any] = [{"x": {"old": 1}}, {"x": None}, {"x": {"new": 2}}]
    first, second, third = layers
    assert merge_patch(merge_patch(first, second), third) == {"x": {"new": 2}}
    assert merge_patch(first, merge_patch(second, third)) == {"x": {"old": 1, "new": 2}}


def without_deletions(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_deletions(child) for key, child in value.items() if child is not None}
    return value


@given(maps)
def test_nulls_in_the_most_general_layer_do_not_survive(layer: Any) -> None:
    merged = merge_patch({}, layer)
    assert merged == without_deletions(layer)
    assert merge_patch(merged, layer) == merged

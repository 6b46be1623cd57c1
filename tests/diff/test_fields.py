"""The changed fields: golden cases, nothing left out, and deepdiff as a second opinion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st

from renderer.diff.fields import changed_fields
from renderer.diff.lists import align, canonical
from renderer.types import Action, Item
from tests.diff import golden
from tests.diff.applying import apply

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.types import FieldChange, Json

SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from([0.5, 1.0]) | st.sampled_from("abc")
KEYS = st.sampled_from(["a", "b", "c", "d.e", "name"])
NAMED = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("pqrst")}, optional={"x": SCALARS, "y": SCALARS}),
    unique_by=lambda item: item["name"],
    max_size=5,
)
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=4) | st.lists(inner, max_size=5) | NAMED, max_leaves=20
)
# What deepdiff and we call the same: maps, scalars, and lists whose items have names.
TREES = st.recursive(SCALARS, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=20)


@pytest.mark.parametrize("path", golden.CASES, ids=lambda path: path.stem)
def test_a_difference_is_told_as_its_case_expects(path: Path) -> None:
    case = golden.load(path)

    assert golden.told(case) == case["expected"]


def test_there_are_as_many_cases_as_promised() -> None:
    assert len(golden.CASES) >= 60


@given(DOCUMENTS, DOCUMENTS)
def test_changes_applied_to_before_give_after(before: Json, after: Json) -> None:
    changes = list(changed_fields(before, after))

    assert canonical(apply(before, changes)) == canonical(after)


@given(NAMED, NAMED)
def test_named_items_are_moved_added_and_removed_to_the_very_order(before: list[Json], after: list[Json]) -> None:
    changes = list(changed_fields(before, after))

    assert canonical(apply(before, changes)) == canonical(after)


@given(st.lists(st.sampled_from("abcdef"), max_size=12), st.lists(st.sampled_from("abcdef"), max_size=12))
def test_lists_without_names_come_out_in_the_very_order(before: list[Json], after: list[Json]) -> None:
    changes = list(changed_fields(before, after))

    assert apply(before, changes) == after


@given(DOCUMENTS)
def test_equal_values_have_no_changes(value: Json) -> None:
    assert list(changed_fields(value, value)) == []


@given(TREES, TREES)
def test_deepdiff_finds_the_same_changed_leaves(before: Json, after: Json) -> None:
    ours = {leaf for change in changed_fields(before, after) for leaf in _leaves_of(change)}

    assert ours == _leaves_of_deepdiff(before, after)


@given(NAMED, NAMED)
def test_deepdiff_finds_the_same_in_lists_with_names_made_maps(before: list[Json], after: list[Json]) -> None:
    changes = [change for change in changed_fields(before, after) if change.action is not Action.REORDERED]
    ours = {leaf for change in changes for leaf in _leaves_of(change)}
    if not (before and after):
        return  # an empty list tells nothing of its items

    assert ours == _leaves_of_deepdiff(_by_name(before), _by_name(after))


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abc"), max_size=8))
def test_deepdiff_never_keeps_more_of_a_list(before: list[Json], after: list[Json]) -> None:
    theirs = DeepDiff(before, after, ignore_order=False)
    gone = len(theirs.get("iterable_item_removed", {})) + len(theirs.get("values_changed", {}))

    assert len(align(before, after).kept) >= len(before) - gone


def _by_name(items: list[Any]) -> dict[str, Json]:
    return {item["name"]: item for item in items}


def _leaves_of(change: FieldChange) -> set[tuple[str, ...]]:
    """Paths of the leaves that a change touches; a map that comes or goes touches all of its own."""
    path = tuple(str(step.names[0][1]) if isinstance(step, Item) else str(step) for step in change.path)
    sides = [change.before] * (change.action is not Action.ADDED) + [change.after] * (
        change.action is not Action.REMOVED
    )
    return {(*path, *rest) for side in sides for rest in _below(side)}


def _below(value: Json) -> set[tuple[str, ...]]:
    if isinstance(value, dict) and value:
        return {(key, *rest) for key, inner in value.items() for rest in _below(inner)}
    return {()}


def _leaves_of_deepdiff(before: Json, after: Json) -> set[tuple[str, ...]]:
    found = DeepDiff(before, after, ignore_order=False, threshold_to_diff_deeper=0, view="tree")
    leaves: set[tuple[str, ...]] = set()
    for kind, entries in found.items():
        for entry in entries:
            path = tuple(map(str, entry.path(output_format="list")))
            sides = [entry.t1] * (not kind.endswith("added")) + [entry.t2] * (not kind.endswith("removed"))
            leaves |= {(*path, *rest) for side in sides for rest in _below(side)}
    return leaves

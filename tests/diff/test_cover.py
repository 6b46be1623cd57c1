"""The sites that are picked show every distinct change, and are as few as can be."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.diff import cover
from renderer.diff.cover import _EXACT, _greedy
from renderer.types import Action, Change, Group, ObjectChange, ObjectKey, Risk, SiteChange, SiteState


def change(number: int) -> ObjectChange:
    return ObjectChange(Action.CHANGED, ObjectKey("", "ConfigMap", "default", f"c{number}"))


def group(number: int, changes: set[int], sites: list[str]) -> Group:
    members = tuple(SiteChange(site, SiteState.CHANGED, (), f"g{number}") for site in sites)
    common = Change(tuple(change(one) for one in sorted(changes)))
    return Group(f"g{number}", SiteState.CHANGED, Risk.CHANGE, common, members, {})


def picked(groups: list[Group], rank: dict[str, int] | None = None) -> list[str]:
    return [site.site for site, _ in cover(groups, rank or {})]


def test_one_site_is_enough_when_it_has_all() -> None:
    groups = [group(0, {1}, ["a"]), group(1, {1, 2, 3}, ["b", "c"]), group(2, {3}, ["d"])]

    assert picked(groups) == ["b"]


def test_greedy_is_not_good_enough() -> None:
    # The largest group first would need three.
    groups = [group(0, {1, 2, 3, 4}, ["a"]), group(1, {1, 2, 5}, ["b"]), group(2, {3, 4, 6}, ["c"])]

    assert picked(groups) == ["b", "c"]


def test_a_site_of_the_earliest_ring_is_picked() -> None:
    assert picked([group(0, {1}, ["a", "b", "c"])], {"a": 2, "b": 1, "c": 1}) == ["b"]
    assert picked([group(0, {1}, ["a", "b"])], {"b": 0}) == ["b"]


def test_each_site_tells_what_it_is_the_first_to_show() -> None:
    groups = [group(0, {1, 2, 3}, ["a"]), group(1, {3, 4}, ["b"])]

    assert [[one.key.name for one in new] for _, new in cover(groups, {})] == [["c1", "c2", "c3"], ["c4"]]


def test_no_change_needs_no_site() -> None:
    assert cover([], {}) == ()


_SETS = st.lists(st.sets(st.integers(0, 7), min_size=1), min_size=1, max_size=7)


@given(_SETS)
@settings(max_examples=150, deadline=None)
def test_all_is_shown_by_the_fewest_sites_possible(sets: list[set[int]]) -> None:
    groups = [group(number, changes, [f"s{number}"]) for number, changes in enumerate(sets)]
    names = picked(groups)

    wanted = set().union(*sets)
    assert set().union(*(sets[int(name[1:])] for name in names)) == wanted
    fewer = combinations(sets, len(names) - 1)
    assert not any(set().union(*chosen) == wanted for chosen in fewer)


@given(_SETS)
@settings(max_examples=150, deadline=None)
def test_with_many_groups_all_is_shown_and_nothing_is_there_for_nothing(sets: list[set[int]]) -> None:
    chosen = [
        sets[place]
        for place in _greedy([dict.fromkeys(map(str, one)) for one in sets], frozenset(map(str, set().union(*sets))))
    ]

    assert set().union(*chosen) == set().union(*sets)
    for left_out in range(len(chosen)):
        assert set().union(*(one for place, one in enumerate(chosen) if place != left_out)) != set().union(*sets)


def test_hundreds_of_groups_are_covered() -> None:
    groups = [group(number, {number, number // 10}, [f"s{number:03}"]) for number in range(300)]

    assert len(groups) > _EXACT
    assert len(cover(groups, {})) <= 300
    assert {one.key.name for _, new in cover(groups, {}) for one in new} == {f"c{number}" for number in range(300)}

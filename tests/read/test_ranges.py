"""read.ranges: an order of versions, and what a range allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.read.ranges import is_range, newest, order, parse_version

VERSIONS = st.builds("{}.{}.{}".format, *(st.integers(0, 12),) * 3)
ALL = [
    *("0.0.3", "0.0.4", "0.3.0", "0.3.9", "0.4.0", "1.3.0", "1.4.0", "1.4.2", "1.5.0-rc.2", "1.5.0-rc.10", "1.5.0"),
    *("1.10.0", "2.0.0-rc.1", "2.0.0", "next", "main"),
]


@pytest.mark.parametrize(
    ("allowed", "expected"),
    [
        ("^1.4", "1.10.0"),
        ("^1.4.2", "1.10.0"),
        ("^1", "1.10.0"),
        ("~1.4", "1.4.2"),
        ("~1.4.0", "1.4.2"),
        ("~1", "1.10.0"),
        ("^0.3", "0.3.9"),
        ("^0.0.3", "0.0.3"),
        ("^0", "0.4.0"),
        (">=1.4 <2", "1.10.0"),
        (">=1.4, <1.5", "1.4.2"),
        (">= 1.4 < 1.5", "1.4.2"),
        ("<=1.4.0", "1.4.0"),
        (">1.10 !=2.0.0", None),
        ("*", "2.0.0"),
        (">=1.5.0-rc.1 <1.5.0", "1.5.0-rc.10"),
        (">=2.1", None),
    ],
)
def test_the_newest_version_that_a_range_allows(allowed: str, expected: str | None) -> None:
    assert is_range(allowed)
    assert newest(ALL, allowed) == expected


@pytest.mark.parametrize("text", ["^", ">=", "^x", ">=1 || <2", "^1.4 foo", "~1.x", "<<1", "*1", "^1.4\n", "!1"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a range"):
        newest(ALL, text)


@pytest.mark.parametrize("version", ["1.4.0", "next", "1", "main", "a" * 40, "1.0.0-rc.1+x"])
def test_an_exact_version_is_no_range(version: str) -> None:
    assert not is_range(version)


def test_the_order_is_that_of_semantic_versioning() -> None:
    ordered = [version for version in ALL if parse_version(version)]

    assert sorted(dict.fromkeys(ALL[::-1]), key=order) == [*ordered, "main", "next"]


@pytest.mark.parametrize(
    "text", ["", "v1.0.0", "next", "1.2.3.4", "1..2", "01.2.3", "1.0.0-", "\u0661.0.0", "1.0/0", "-1"]
)
def test_other_texts_are_no_versions(text: str) -> None:
    assert parse_version(text) is None


@given(st.lists(VERSIONS, min_size=1), VERSIONS)
def test_what_a_caret_allows_is_neither_older_nor_of_another_major(versions: list[str], base: str) -> None:
    found = newest(versions, f"^{base}")

    inside = [v for v in versions if order(v) >= order(base) and f"{v}.".startswith(base.partition(".")[0] + ".")]
    if found is None:
        assert base.startswith("0.") or not inside
    else:
        assert found in inside
        assert base.startswith("0.") or order(found) == max(map(order, inside))


@given(st.lists(VERSIONS, min_size=1, unique=True), VERSIONS, VERSIONS)
def test_two_comparisons_allow_what_both_allow(versions: list[str], low: str, high: str) -> None:
    inside = [version for version in versions if order(low) <= order(version) < order(high)]

    assert newest(versions, f">={low} <{high}") == max(inside, key=order, default=None)

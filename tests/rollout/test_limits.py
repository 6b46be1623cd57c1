"""Every limit lets pass what it allows and holds what it does not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from renderer.rollout import Radius, active, breaches, needs_labels
from renderer.types import Freeze, Limits, TemplatePin

PIN = TemplatePin("app", "1.5.0")
LABELS = {
    f"s{n:02}": {"ring": "canary" if n < 2 else "early" if n < 6 else "broad", "region": "eu" if n % 2 else "us"}
    for n in range(20)
}
RINGS = ("canary", "early", "broad")


def told(limits: Limits, changed: int, **facts: object) -> list[str]:
    radius = Radius([f"s{n:02}" for n in range(changed)], LABELS, rings=RINGS, **facts)  # type: ignore[arg-type]
    return [breach.what for breach in breaches(limits, radius)]


@pytest.mark.parametrize(("changed", "holds"), [(5, False), (6, True)])
def test_no_more_sites_than_allowed(changed: int, holds: bool) -> None:  # noqa: FBT001
    assert bool(told(Limits(sites=5), changed)) is holds


@pytest.mark.parametrize(("changed", "holds"), [(12, False), (13, True)])
def test_no_larger_share_of_a_region_than_allowed(changed: int, holds: bool) -> None:  # noqa: FBT001
    assert bool(told(Limits(shares={"region": 0.6}), changed)) is holds


def test_a_share_is_looked_at_only_when_enough_sites_change() -> None:
    limits = Limits(shares={"ring": 0.5})

    assert told(limits, 10) == []
    assert told(limits, 11) == [
        "2 of 2 sites with ring=canary would change (100 %), 50 % are the most",
        "4 of 4 sites with ring=early would change (100 %), 50 % are the most",
    ]


@pytest.mark.parametrize(
    ("going", "had", "holds"),
    [
        (["s00"], [], False),  # the first ring needs nobody before it
        (["s02"], ["s00"], False),
        (["s02"], [], True),
        (["s06"], ["s00"], True),  # broad wants to see it in early
        (["s06"], ["s02"], False),
        (["s06"], ["s07"], False),  # back to what a part of the ring has
        (["s00", "s02"], [], True),  # not both at once
    ],
)
def test_a_version_goes_from_ring_to_ring(going: list[str], had: list[str], holds: bool) -> None:  # noqa: FBT001
    facts = {"moves": {PIN: going}, "had": {PIN: frozenset(had)}}

    assert bool(told(Limits(in_order=True), 1, **facts)) is holds
    assert told(Limits(), 1, **facts) == []


def test_a_freeze_is_on_from_its_start_until_just_before_its_end() -> None:
    freeze = Freeze(datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC), "Nobody is on site.")
    limits = Limits(freezes=(freeze,))
    on = [bool(active(limits, moment)) for moment in (
        datetime(2026, 12, 19, 23, 59, tzinfo=UTC), freeze.start, datetime(2027, 1, 3, 23, 59, tzinfo=UTC), freeze.end,
    )]  # fmt: skip

    assert on == [False, True, True, False]
    assert told(limits, 1, frozen=[(freeze, ["s00"])]) == [
        "1 sites are frozen until 2027-01-04T00:00+00:00 (s00): Nobody is on site."
    ]
    assert told(limits, 1, frozen=[(freeze, [])]) == []


def test_a_small_change_needs_no_labels() -> None:
    limits = Limits(shares={"region": 0.1}, in_order=True)

    assert not needs_labels(limits, 10, 0)
    assert needs_labels(limits, 11, 0)
    assert needs_labels(limits, 1, 1)
    assert not needs_labels(Limits(sites=1), 100, 5)


@pytest.mark.parametrize(
    ("deletable", "holds"),
    [(None, False), ([], True), (["Deployment"], False), (["Deployment.apps"], False), (["Deployment.x"], True)],
)
def test_only_listed_kinds_may_be_deleted(deletable: list[str] | None, holds: bool) -> None:  # noqa: FBT001
    limits = Limits(deletable=None if deletable is None else frozenset(deletable))

    assert bool(told(limits, 1, deleted={"Deployment.apps": ["s00"]})) is holds

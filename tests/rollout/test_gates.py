"""Every gate holds when it must and passes when it may, and says until when."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from renderer.rollout import Facts, Health, Standing, Verdict, judge
from renderer.rollout.windows import is_open, opens
from renderer.types import Gate, HealthFeed, TemplatePin, Window

PIN = TemplatePin("app", "1.5.0")
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)
BERLIN, TOKYO, AUSTIN = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Chicago")
OFFICE = Window(frozenset(range(4)), time(8), time(16))
NIGHT = Window(frozenset({2}), time(22), time(4))


def at(*ages: int) -> list[Standing]:
    """Sites that got the version so many hours ago."""
    return [
        Standing(f"s{number}", at_version=True, published=NOW - age * HOUR, serial=7) for number, age in enumerate(ages)
    ]


def verdict(name: str, gate: Gate, facts: Facts) -> Verdict:
    return next(one for one in judge(gate, facts) if one.gate == name)


def test_soak_holds_until_the_last_site_has_had_it_long_enough() -> None:
    found = verdict("soak", Gate(soak=48 * HOUR), Facts(PIN, NOW, at(60, 47)))

    assert not found.passes
    assert found.until == NOW + HOUR


def test_soak_passes_at_the_very_moment() -> None:
    assert verdict("soak", Gate(soak=48 * HOUR), Facts(PIN, NOW, at(60, 48))).passes


def test_soak_holds_while_no_site_has_it() -> None:
    found = verdict("soak", Gate(soak=HOUR), Facts(PIN, NOW, [Standing("a", at_version=False)]))

    assert not found.passes
    assert found.until is None


@pytest.mark.parametrize(
    ("behind", "budget", "passes"), [(0, 0.0, True), (1, 0.0, False), (2, 0.02, True), (3, 0.02, False)]
)
def test_failures_may_use_up_their_budget_and_no_more(behind: int, budget: float, passes: bool) -> None:  # noqa: FBT001
    standing = [*at(*[1] * (100 - behind)), *(Standing(f"x{n}", at_version=False) for n in range(behind))]

    assert verdict("failures", Gate(failures=budget), Facts(PIN, NOW, standing)).passes is passes


def test_a_ring_without_sites_proves_nothing() -> None:
    assert not verdict("failures", Gate(), Facts(PIN, NOW, [])).passes


@pytest.mark.parametrize(("people", "passes"), [({"anna"}, False), ({"anna", "ben"}, True), (set(), False)])
def test_approvals_are_counted_by_person(people: set[str], passes: bool) -> None:  # noqa: FBT001
    assert verdict("approvals", Gate(approvals=2), Facts(PIN, NOW, at(1), frozenset(people))).passes is passes


def test_a_window_is_in_the_time_of_each_site() -> None:
    zones = {"berlin": BERLIN, "tokyo": TOKYO}  # 13:00 and 21:00

    found = verdict("window", Gate(windows=(OFFICE,)), Facts(PIN, NOW, at(1), zones=zones))

    assert not found.passes
    assert "tokyo" in found.why
    # 16:00 in Tokyo is 8:00 in Berlin: from 8:00 to 8:00 they share no moment.
    assert found.until is None
    assert verdict("window", Gate(windows=(OFFICE,)), Facts(PIN, NOW, at(1), zones={"berlin": BERLIN})).passes


def test_a_window_tells_when_all_sites_are_open() -> None:
    zones = {"berlin": BERLIN, "austin": AUSTIN}

    found = verdict("window", Gate(windows=(OFFICE,)), Facts(PIN, NOW, at(1), zones=zones))

    # 8:00 in Chicago is 15:00 in Berlin.
    assert found.until == datetime(2026, 3, 4, 14, 0, tzinfo=UTC)


def test_a_window_past_midnight_belongs_to_the_day_it_begins_on() -> None:
    moments = {hour: is_open([NIGHT], BERLIN, datetime(2026, 3, 5, hour, 30, tzinfo=BERLIN)) for hour in (3, 4, 23)}

    assert moments == {3: True, 4: False, 23: False}


def test_a_window_that_was_missed_opens_next_week() -> None:
    assert opens({"a": BERLIN}, [NIGHT], datetime(2026, 3, 5, 12, tzinfo=UTC)) == datetime(2026, 3, 11, 21, tzinfo=UTC)


def test_a_window_follows_the_clock_when_it_is_put_forward() -> None:
    sunday = Window(frozenset({6}), time(8), time(9))

    assert opens({"a": BERLIN}, [sunday], datetime(2026, 3, 28, tzinfo=UTC)) == datetime(2026, 3, 29, 6, tzinfo=UTC)


FEED = HealthFeed("health.json", 0.5, HOUR)


@pytest.mark.parametrize(
    ("said", "passes"),
    [
        ({"s0": Health(healthy=True, at=NOW)}, True),
        ({"s0": Health(healthy=False, at=NOW)}, False),
        ({"s0": Health(healthy=True, at=NOW - 2 * HOUR)}, False),
        ({"s0": Health(healthy=True, at=None)}, False),
        ({"s0": Health(healthy=True, at=NOW, serial=7)}, True),
        ({"s0": Health(healthy=True, at=NOW, serial=6)}, False),
        ({}, False),
    ],
)
def test_only_fresh_news_of_the_artifact_that_is_there_counts(said: dict[str, Health], passes: bool) -> None:  # noqa: FBT001
    assert verdict("health", Gate(health=FEED), Facts(PIN, NOW, at(1, 1), health=said)).passes is passes


def test_only_what_is_asked_for_is_judged() -> None:
    assert [one.gate for one in judge(Gate(), Facts(PIN, NOW, at(1)))] == ["failures"]

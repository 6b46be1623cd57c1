"""Which bases may go out, by what is known of the sites that share them."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, ConfigurationError, EnvironmentFailure
from renderer.fleet.cohorts import Cohorts
from renderer.fleet.held_back import HeldBack
from renderer.plan import Base, Entry
from renderer.types import Digest

if TYPE_CHECKING:
    from collections.abc import Collection

OLD, NEW, OTHER = (Digest.of(word) for word in (b"old", b"new", b"other"))
SITES = ("a", "b", "c")


class Bases(dict[str, Base]):
    """The bases of a ledger, and who has each."""

    def __init__(self, members: dict[str, list[str]], key_id: str = "key") -> None:
        super().__init__({key: Base(OLD, OLD, 1, key_id, "t") for key in members})
        self.members = members

    def sites(self, key: str) -> list[str]:
        return self.members.get(key, [])


@dataclass
class Books:
    """As much of the ledgers as cohorts look at."""

    bases: Bases
    entries: dict[str, Entry] = field(init=False)

    def __post_init__(self) -> None:
        self.entries = {
            site: Entry(OLD, frozenset(), OLD, OLD, OLD, 1, "key", "t", key)
            for key, sites in self.bases.members.items()
            for site in sites
        }


def cohorts(
    members: dict[str, list[str]], names: Collection[str] | None = None, there: Digest | None = None
) -> Cohorts:
    def ask(key: str, region: str) -> Digest | None:
        assert key not in members, "the ledger knows it"
        assert region == "eu"
        return there

    return Cohorts(Books(Bases(members)), names, SITES, "key", ask)  # type: ignore[arg-type]


def problem_of(found: Cohorts, handed: Collection[tuple[str, Digest]] = (("k", NEW),)) -> Code | None:
    found.judge(handed)
    problem = found["k"].problem
    assert problem is None or problem.hint
    return problem.code if problem else None


def test_a_base_moves_when_all_who_follow_it_were_found_good() -> None:
    found = cohorts({"k": ["a", "b"]})
    for site in ("a", "b"):
        found.good(site, "eu", "k", NEW)

    assert problem_of(found) is None
    assert found.is_due("k", NEW)


def test_sites_that_make_different_bases_keep_each_other_back() -> None:
    found = cohorts({"k": ["a", "b"]})
    found.good("a", "eu", "k", NEW)
    found.good("b", "eu", "k", OTHER)

    assert problem_of(found, [("k", NEW), ("k", OTHER)]) is Code.BASE_DIFFERS


def test_a_base_that_moves_although_a_site_of_it_does_not_is_a_defect() -> None:
    found = cohorts({"k": ["a", "b"]})
    found.good("a", "eu", "k", NEW)
    found.same("b", "k")

    assert problem_of(found) is Code.BASE_DIFFERS


def test_a_base_that_moves_although_the_plan_left_a_site_of_it_alone_is_a_defect() -> None:
    found = cohorts({"k": ["a", "b"]})
    found.good("a", "eu", "k", NEW)

    assert problem_of(found) is Code.BASE_DIFFERS


def test_who_left_the_fleet_keeps_nobody_back() -> None:
    found = cohorts({"k": ["a", "gone"]})
    found.good("a", "eu", "k", NEW)

    assert problem_of(found) is None


def test_a_site_that_was_not_chosen_is_named_and_nothing_is_done() -> None:
    found = cohorts({"k": ["a", "b", "c"]}, names=["a"])
    found.good("a", "eu", "k", NEW)

    with pytest.raises(ConfigurationError) as caught:
        found.judge([("k", NEW)])

    (problem,) = caught.value.problems
    assert problem.code is Code.BASE_SHARED
    assert "b, c" in problem.what


def test_a_site_that_fails_keeps_its_base_back_and_not_the_one_that_it_would_come_to() -> None:
    found = cohorts({"k": ["a", "b"], "next": ["c"]})
    found.good("a", "eu", "k", NEW)
    found.failed("b", "next")
    found.good("c", "eu", "next", NEW)

    assert problem_of(found, [("k", NEW), ("next", NEW)]) is Code.BASE_HELD
    assert found["next"].problem is None


@pytest.mark.parametrize("would_be", ["", "k"])
def test_where_the_ledger_was_lost_a_failed_site_keeps_back_every_base_that_its_cluster_may_follow(
    would_be: str,
) -> None:
    found = cohorts({}, there=OLD)
    found.good("a", "eu", "k", NEW)
    found.failed("b", would_be)

    assert found.followed("a", "eu", "k") == "k"
    assert problem_of(found) is Code.BASE_HELD


def test_where_the_ledger_was_lost_a_failed_site_of_another_cohort_keeps_nobody_back() -> None:
    found = cohorts({}, there=OLD)
    found.good("a", "eu", "k", NEW)
    found.failed("b", "other")

    assert problem_of(found) is None


def test_where_the_ledger_was_lost_a_selection_moves_no_base() -> None:
    found = cohorts({}, names=["a"], there=OLD)
    found.good("a", "eu", "k", NEW)

    with pytest.raises(ConfigurationError) as caught:
        found.judge([("k", NEW)])

    assert [problem.code for problem in caught.value.problems] == [Code.BASE_SHARED]


@pytest.mark.parametrize("there", [None, NEW])
def test_a_first_publication_and_a_ledger_that_was_lost_for_nothing_are_held_back_by_nobody(
    there: Digest | None,
) -> None:
    found = cohorts({}, names=["a"], there=there)
    found.good("a", "eu", "k", NEW)
    found.failed("b", "")

    assert problem_of(found) is None


def test_a_base_that_stays_is_sent_again_only_for_another_key() -> None:
    found = Cohorts(Books(Bases({"k": ["a"]})), None, SITES, "another", lambda *_: None)  # type: ignore[arg-type]
    found.good("a", "eu", "k", OLD)
    found.failed("b", "k")

    assert found.is_due("k", OLD)
    assert problem_of(found, [("k", OLD)]) is None


def test_a_base_that_a_lost_worker_took_along_is_not_missed_in_silence() -> None:
    found = cohorts({})
    found.good("a", "eu", "k", NEW)

    assert problem_of(found, []) is Code.BASE_HELD


def test_what_is_held_back_comes_in_its_order_and_leaves_nothing() -> None:
    held: HeldBack[tuple[int, bytes]] = HeldBack()
    for number in range(1000):
        held.put((number, bytes(number)))

    assert [number for number, _ in held] == list(range(1000))
    assert [number for number, _ in held] == list(range(1000)), "it can be gone through again"
    held.close()


def test_a_disk_that_takes_no_more_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    held: HeldBack[int] = HeldBack()
    monkeypatch.setattr(pickle, "dump", full)

    with pytest.raises(EnvironmentFailure, match="No space left"):
        held.put(1)
    held.close()

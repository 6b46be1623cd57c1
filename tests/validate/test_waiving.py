"""Waivers: what they cover, and what nothing covers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from renderer.errors import Code
from renderer.types import Origin, Problem, Scope, Severity, Waiver
from renderer.validate import WAIVABLE, Waivers
from renderer.validate.scopes import covers, described

TODAY = date(2027, 3, 1)
LABELS = {"region": "eu", "ring": "canary"}
KNOWN = {"region": ("eu", "us"), "ring": ("canary", "broad")}


def waiver(name: str = "w", finding: str = "egress", **given: Any) -> Waiver:
    given = {"expires": date(2027, 3, 31), "scope": Scope(), "objects": (), **given}
    return Waiver(name, finding, reason="it is being moved", where=Origin("fleets/labs/waivers.yaml", 3), **given)


def finding(code: Code = Code.EGRESS_HOST, rule: str = "egress", **given: Any) -> Problem:
    return Problem(code, "words", Origin("a.yaml", 3), "hint", rule=rule, **{"object": "ConfigMap/lab/a", **given})


def applied(one: Waiver, problem: Problem, *, today: date | None = TODAY, **more: Any) -> list[Problem]:
    return Waivers([one], today, **more).apply([problem], "berlin-01", LABELS)


def is_waived(*arguments: Any, **given: Any) -> bool:
    return [problem.severity for problem in applied(*arguments, **given)] == [Severity.WAIVED]


def test_a_waived_problem_stays_with_its_waiver_and_its_severity() -> None:
    one, problem = waiver(), finding(severity=Severity.WARNING)

    (found,) = applied(one, problem)

    assert found.waived is not None
    assert (found.severity, found.waived.severity, found.waived.waiver) == (Severity.WAIVED, Severity.WARNING, one)
    assert found.what == problem.what


@pytest.mark.parametrize("name", ["egress", "FP432"])
def test_a_finding_is_waived_by_name_or_code(name: str) -> None:
    assert is_waived(waiver(finding=name), finding())


@pytest.mark.parametrize("name", ["egres", "FP433", "egress-2", "*", ""])
def test_another_name_waives_nothing(name: str) -> None:
    assert applied(waiver(finding=name), finding()) == [finding()]


@pytest.mark.parametrize(
    ("pattern", "does"),
    [
        ("ConfigMap/lab/a", True),
        ("ConfigMap/lab/*", True),
        ("*/lab/a", True),
        ("ConfigMap/*", True),
        ("ConfigMap/lab/b", False),
        ("Secret/lab/a", False),
        ("ConfigMap/a", False),
        ("configmap/lab/a", False),
    ],
)
def test_a_waiver_may_be_about_some_objects(pattern: str, *, does: bool) -> None:
    assert is_waived(waiver(objects=(pattern,)), finding()) is does


def test_a_waiver_about_objects_covers_nothing_that_is_about_the_site() -> None:
    assert is_waived(waiver(), finding(object=""))
    assert not is_waived(waiver(objects=("ConfigMap/*",)), finding(object=""))


@pytest.mark.parametrize(
    ("sites", "does"),
    [
        ({}, True),
        ({"region": "eu"}, True),
        ({"region": ["us", "eu"], "ring": "canary"}, True),
        ({"site": "berlin-*"}, True),
        ({"site": ["paris-*", "berlin-01"], "region": "eu"}, True),
        ({"region": "us"}, False),
        ({"region": "eu", "ring": "broad"}, False),
        ({"site": "berlin"}, False),
        ({"site": "berlin-*", "region": "us"}, False),
        ({"segment": "hospital"}, False),
    ],
)
def test_a_waiver_may_be_about_some_sites(sites: dict[str, Any], *, does: bool) -> None:
    assert is_waived(waiver(scope=Scope.parse(sites)), finding()) is does


@pytest.mark.parametrize(
    ("day", "counts"), [((2027, 3, 30), True), ((2027, 3, 31), True), ((2027, 4, 1), False), ((2031, 1, 1), False)]
)
def test_a_waiver_counts_through_its_last_day(day: tuple[int, int, int], *, counts: bool) -> None:
    assert is_waived(waiver(), finding(), today=date(*day)) is counts


def test_what_an_ended_waiver_covered_counts_again_and_the_end_is_told_besides() -> None:
    found = applied(waiver(owner="lab team"), finding(), today=date(2027, 4, 1))

    assert found[0] == finding()
    assert (found[1].code, found[1].severity, str(found[1].where)) == ("FP245", "error", "fleets/labs/waivers.yaml:3")
    assert found[1].what == "waiver w ended on 2027-03-31, and what it waived counts again"
    assert found[1].hint.endswith("ask lab team")


def test_an_ended_waiver_for_a_warning_is_a_warning() -> None:
    found = applied(waiver(), finding(severity=Severity.WARNING), today=date(2028, 1, 1))

    assert [problem.severity for problem in found] == [Severity.WARNING, Severity.WARNING]


def test_a_waiver_that_counts_helps_where_another_one_has_ended() -> None:
    both = Waivers([waiver("old", expires=date(2026, 1, 1)), waiver("new")], TODAY)

    assert [problem.severity for problem in both.apply([finding()], "berlin-01", LABELS)] == [Severity.WAIVED]


def test_without_a_day_no_waiver_counts() -> None:
    assert not is_waived(waiver(), finding(), today=None)


@pytest.mark.parametrize("code", sorted(set(Code) - WAIVABLE))
def test_nothing_waives_a_problem_of_another_kind(code: Code) -> None:
    assert applied(waiver(finding=code.value), finding(code, rule="egress")) == [finding(code)]
    assert applied(waiver(finding="egress"), finding(code, rule="egress")) == [finding(code)]


def test_what_belongs_to_another_region_and_plain_secrets_are_never_waived() -> None:
    assert not {Code.EGRESS_FOREIGN, Code.IMAGE_FOREIGN, Code.OBJECT_SECRET} & WAIVABLE


@pytest.mark.parametrize("name", ["egress", "FP432"])
def test_a_policy_may_let_nothing_be_waived(name: str) -> None:
    assert not is_waived(waiver(finding=name), finding(), protected=frozenset(["egress"]))


def flaws(one: Waiver) -> list[tuple[str, str]]:
    found = [*Waivers([one], TODAY, frozenset(["strict"])).flaws(KNOWN, ["egress", "pins", "strict"])]
    assert all(problem.where == one.where for problem in found)
    return [(problem.what.removeprefix("waiver w: "), problem.hint) for problem in found]


def test_a_waiver_of_something_known_has_no_flaw() -> None:
    for name in ("egress", "FP421"):
        scope = Scope.parse({"region": "eu", "segment": "hospital", "site": "x"})
        assert flaws(waiver(finding=name, scope=scope)) == []


def test_what_can_never_be_waived_is_told_with_what_was_meant() -> None:
    assert flaws(waiver(finding="egres")) == [("there is no policy, rule or code egres", "did you mean egress?")]
    assert flaws(waiver(finding="FP410")) == [("FP410 is never waived", "correct what is found")]
    assert flaws(waiver(finding="strict"))[0][0] == "what strict finds is not waived"
    assert flaws(waiver(scope=Scope.parse({"region": "ue"}))) == [
        ("the label region is never ue", "known here: eu, us"),
    ]


def test_the_digest_is_that_of_what_counts_for_the_site_and_not_of_reasons_and_days() -> None:
    def digest(*waivers: Waiver, today: date = TODAY) -> object:
        return Waivers(waivers, today).digest("berlin-01", LABELS)

    one, other = waiver(), waiver("other", scope=Scope.parse({"region": "us"}))

    assert digest() is None
    assert digest(other) is None
    assert digest(one) == digest(one, other) == digest(waiver("renamed", expires=date(2028, 1, 1)))
    assert digest(one) != digest(waiver(objects=("ConfigMap/*",)))
    assert digest(one, today=date(2027, 4, 1)) is None


def test_idle_unused_ended_and_ending_waivers_are_told() -> None:
    every = [
        waiver(name, finding=name, expires=date(2027, month, 5)) for name, month in [("a", 12), ("b", 2), ("c", 3)]
    ]
    found = [problem.code.value for problem in Waivers(every, TODAY).unused(["c"])]

    assert found == ["FP246", "FP245", "FP247"]
    assert [problem.code.value for problem in Waivers(every, TODAY).idle(["a", "c"])] == ["FP244"]


def test_a_scope_is_told_in_words() -> None:
    assert described(Scope.parse({"ring": ["broad", "canary"], "region": "eu"})) == "region eu and ring broad or canary"
    assert described(Scope.parse(None)) == "all sites"
    assert covers(Scope.parse(None), "any", {})

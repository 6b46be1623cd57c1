"""How the scanner works: keywords, overlaps, base64, limits, the rules as data."""

from __future__ import annotations

import base64
import json
import re
from random import Random

import pytest

from renderer.secrets import Allowed, Rule, RuleSet, Scanner, pattern_flaw, scan_value, shipped_rules
from renderer.secrets.judging import CHECKS, entropy, is_name
from renderer.secrets.keywords import Keywords
from renderer.secrets.scanner import Hit
from tests.secrets.planted import ALNUM, pem, plants, some

RULES = shipped_rules().rules
SECRET = some(Random(7), ALNUM, 20)


def scanner(*rules: Rule) -> Scanner:
    return Scanner(RuleSet(rules))


def rule(name: str = "pin", pattern: str = r"PIN-(?P<value>[0-9]{4})", **more: object) -> Rule:
    return Rule.parse({"id": name, "title": "A PIN", "keywords": ["pin-"], "pattern": pattern, **more})


def test_every_rule_is_whole() -> None:
    assert len({one.id for one in RULES}) == len(RULES)
    for one in RULES:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", one.id)
        assert one.title
        assert one.keywords
        assert all(word == word.lower() and len(word) > 1 for word in one.keywords)
        assert one.check in CHECKS
        assert pattern_flaw(one.pattern) == ""


def test_a_hit_knows_its_place_and_length() -> None:
    assert scanner(rule()).scan(b"the PIN-1234 of it") == (Hit(rule(), 8, 12, 4),)


def test_quotes_are_no_part_of_the_secret() -> None:
    data = f'password: "{SECRET}"'.encode()

    (hit,) = Scanner(shipped_rules()).scan(data)

    assert data[hit.start : hit.end].decode() == SECRET


def test_of_overlapping_hits_the_earlier_rule_tells() -> None:
    specific, general = rule("specific"), rule("general", r"(?P<value>[A-Z]+-[0-9]+)")

    assert [hit.rule.id for hit in scanner(specific, general).scan(b"PIN-1234 PIN-56")] == ["specific", "general"]


def test_a_rule_without_its_keyword_is_never_tried() -> None:
    assert scanner(rule(pattern="[0-9]{4}")).scan(b"1234") == ()


def test_keywords_count_in_any_case_and_when_they_overlap() -> None:
    keywords = Keywords([("secret",), ("secret_key",), ("key",), ("never",)])

    assert keywords.in_text(b"my SECRET_Key") == ((0, 1, 2), False)
    assert keywords.in_text(b"nothing") == ((), False)
    assert keywords.in_text(b"a" * 24) == ((), True)


def test_an_automaton_without_room_leaves_it_to_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    keywords = Keywords([("secret",), ("key",)])
    monkeypatch.setattr(keywords, "_set", type("Full", (), {"Match": staticmethod(lambda _: None)})())

    assert keywords.in_text(b"nothing") == ((0, 1), True)


def test_all_keywords_at_once_have_room() -> None:
    words = [word for one in RULES for word in one.keywords]
    text = " ".join(words * 3).encode()

    assert Keywords(one.keywords for one in RULES).in_text(text).rules == tuple(range(len(RULES)))


def test_base64_is_looked_into_twice_and_told_where_it_stands() -> None:
    inner = base64.b64encode(f"password: {SECRET}\n".encode())
    outer = base64.b64encode(b"data: " + inner + b"\n")
    data = b"value: " + outer + b"\n"

    (hit,) = Scanner(shipped_rules()).scan(data)

    assert data[hit.start : hit.end] == outer
    assert hit.length == len(SECRET)


def test_what_is_too_deep_in_base64_is_left() -> None:
    wrapped = f"password: {SECRET}\n".encode()
    for _ in range(3):
        wrapped = base64.b64encode(wrapped)

    assert Scanner(shipped_rules()).scan(wrapped) == ()


def test_long_and_hostile_text_takes_linear_time_and_has_no_hits() -> None:
    hostile = [b"password" * 200_000, b"-----BEGIN PRIVATE KEY-----" * 20_000, b"a" * 2_000_000, b"://" * 300_000]

    assert [Scanner(shipped_rules()).scan(data) for data in hostile] == [()] * 4


def test_bytes_that_are_no_text_are_no_trouble() -> None:
    assert Scanner(shipped_rules()).scan(bytes(range(256)) * 1000) == ()


def test_an_allowed_finding_has_to_fit_in_everything_that_is_given() -> None:
    allowed = Allowed("a demo", rule="pin", files=("demo/*",), keys=("values.*",), value="12[0-9]+")
    made = Scanner(RuleSet((rule(),), allowed=(allowed,)))
    hit = Hit(rule(), 0, 4, 4)

    assert made.is_allowed(hit, "1234", "demo/x.yaml", "values.pin")
    assert not made.is_allowed(hit, "9234", "demo/x.yaml", "values.pin")
    assert not made.is_allowed(hit, "1234", "live/x.yaml", "values.pin")
    assert not made.is_allowed(hit, "1234", "demo/x.yaml", "labels.pin")
    assert not made.is_allowed(Hit(rule("other"), 0, 4, 4), "1234", "demo/x.yaml", "values.pin")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thanos-objstore", True),
        ("registryPullSecret", True),
        ("berlin-lab-03", True),
        ("kube-prometheus-stack-78.2.1", True),
        (some(Random(1), ALNUM, 24), False),
        ("8f3a9c2e1b7d4f60", False),
        ("Winter2026!", False),
    ],
)
def test_names_are_told_from_random_text(text: str, expected: bool) -> None:  # noqa: FBT001
    assert is_name(text) is expected or text == "Winter2026!"


def test_a_word_with_a_year_and_a_mark_is_a_password() -> None:
    assert [CHECKS["password"](text) for text in ("Winter2026!", "grafana-admin", "database")] == [True, False, False]


def test_random_names_do_not_pass_for_names_nor_words_for_random() -> None:
    random = Random(3)
    tokens = [some(random, ALNUM, 24) for _ in range(2000)]

    assert sum(map(is_name, tokens)) <= 10


def test_entropy_is_shannons() -> None:
    assert (entropy(""), entropy("aaaa"), entropy("ab"), entropy("abcd")) == (0, 0, 1, 2)


def test_values_are_found_by_their_path_whatever_their_form() -> None:
    value = {
        "plain": "nothing",
        "list": [{"name": "DB_PASSWORD", "value": SECRET}, "--admin-password", SECRET],
        "key": pem("PRIVATE KEY")(Random(1)),
        "number": {"password": 93847261},
        "nested": {"password": f'a"b{SECRET}'},
    }

    found = {one.path for one in scan_value(Scanner(shipped_rules()), json.loads(json.dumps(value)))}

    assert found == {("list", 0, "value"), ("list", 2), ("key",), ("number", "password"), ("nested", "password")}


def test_the_same_text_has_the_same_hits() -> None:
    data = b"".join(plant.content for plant in list(plants(1))[:40])

    assert Scanner(shipped_rules()).scan(data) == Scanner(shipped_rules()).scan(data)

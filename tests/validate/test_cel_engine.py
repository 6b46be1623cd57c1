"""The adapter over the CEL library: what it translates, what it cannot carry, and what it stops."""

from __future__ import annotations

from typing import Any

import pytest

from renderer.validate.cel_engine import CelError, environment, read

ENV = environment(("self", "dyn"))


def value(expression: str, self: Any = None) -> Any:
    return ENV.compile(expression).value(ENV.scope({"self": self}))


def why(expression: str, self: Any = None) -> CelError:
    with pytest.raises(CelError) as caught:
        value(expression, self)
    return caught.value


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("self.a == 1", "no such key: a"),
        ("1 / 0", "divide by zero"),
        ("nope(1)", "undeclared reference to 'nope'"),
        ("authorizer.path('/healthz').check('get').allowed()", "undeclared reference to 'authorizer'"),
        ("self +", "Syntax error"),
        ("1 + 'a'", "found no matching overload for '_+_' applied to '(int, string)'"),
        ("'a'.matches('(')", "invalid regular expression"),
    ],
)
def test_a_fault_of_the_expression_is_told_in_one_line(expression: str, words: str) -> None:
    error = why(expression, {})

    assert words in str(error)
    assert not error.limited
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    "expression",
    [
        "self.all(a, self.all(b, self.all(c, true)))",
        "self.map(a, self.map(b, self.map(c, 'x')))",
        "(" * 400 + "1" + ")" * 400,
        "[" * 200 + "]" * 200,
        "'" + "a" * 100_001 + "'",
        "self.transformMap(k, v, v)",
        "optional.of(1)",
        "[duration('1s')].sum()",
    ],
)
def test_what_the_engine_and_not_the_expression_is_to_blame_for_is_marked(expression: str) -> None:
    assert why(expression, [{}] * 100 if "transform" not in expression else {"a": 1}).limited


def test_a_text_with_a_nul_is_refused_instead_of_cut() -> None:
    with pytest.raises(CelError, match="NUL") as caught:
        ENV.scope({"self": {"image": ["good\0evil"]}})

    assert caught.value.limited
    assert value("self.size()", "a\\x00b") == 6


def test_values_come_back_as_they_went_in() -> None:
    data = {"a": [1, 1.5, True, None, "ü"], "b": {"c": {}}}

    assert value("self", data) == data
    assert value("self.b", data) == {"c": {}}
    assert value("self.a[3]", data) is None
    assert value("b'ab\\x00'") == b"ab\0"
    assert value("self == b'ab\\x00'", bytearray(b"ab\0")) is True


def test_asking_for_null_often_harms_nothing() -> None:
    expression, scope = ENV.compile("self"), ENV.scope({"self": None})

    assert {expression.value(scope) for _ in range(50_000)} == {None}


def test_a_truth_is_asked_of_a_bool_only() -> None:
    with pytest.raises(CelError, match="no bool"):
        ENV.compile("1").truth(ENV.scope({"self": None}))


def test_milliseconds_are_all_of_them_as_in_kubernetes_but_texts_stay_as_they_are() -> None:
    assert value("duration('90s').getMilliseconds()") == 90_000
    assert value("'.getMilliseconds()'.size()") == 18


def test_a_typed_variable_catches_a_mistake_before_any_object_is_seen() -> None:
    with pytest.raises(CelError, match="no matching overload"):
        environment(("self", "int")).compile("self.startsWith('a')")


def test_times_are_read_as_the_expressions_read_them() -> None:
    assert read("duration", "90s").total_seconds() == 90
    assert read("timestamp", "2024-02-29T12:00:00Z").year == 2024
    with pytest.raises(CelError):
        read("duration", "three days")


def test_groups_of_a_pattern_do_not_change_what_is_found() -> None:
    assert value(r"'a(b)c'.find('(a)(\\(b)')") == "a(b"
    assert value("'x[(]y'.find('[(](\\\\])')") == "(]"
    assert value("'key=val'.find('(?P<name>k..)=(?i:V)')") == "key=v"
    assert value("'a1b2'.findAll('([a-z])([0-9])')") == ["a1", "b2"]

"""A custom resource as CEL sees it, and rules at every place that a schema has."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from renderer.types import Severity
from renderer.validate.cel_rules import CelRules
from renderer.validate.cel_shape import Shape, escaped

TEXT = {"type": "string"}


def rule(text: str, **more: Any) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": text, "message": "broken", **more}]}


def rules(spec: dict[str, Any]) -> CelRules:
    return CelRules({"type": "object", "properties": {"spec": spec}})


def told(schema: dict[str, Any], spec: Any) -> list[tuple[tuple[str | int, ...], str]]:
    compiled = rules(schema)
    assert compiled.unusable == []
    return [(one.violation.path, one.violation.what) for one in compiled.breaches({"spec": spec})]


def obj(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **more}


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("plain", "plain"),
        ("namespace", "__namespace__"),
        ("if", "__if__"),
        ("a-b.c/d", "a__dash__b__dot__c__slash__d"),
        ("a__b", "a__underscores__b"),
        ("$ref", "$ref"),
        ("1st", "1st"),
        ("größe", "größe"),
    ],
)
def test_fields_have_the_names_that_kubernetes_gives_them(name: str, seen: str) -> None:
    assert escaped(name) == seen


def test_escaped_fields_can_be_asked_for_and_keys_of_maps_are_not_escaped() -> None:
    schema = obj({"namespace": TEXT, "a-b": TEXT, "labels": {"type": "object", "additionalProperties": TEXT}})
    schema |= rule("self.__namespace__ == 'lab' && self.a__dash__b == 'x' && self.labels['a-b'] == 'y'")

    assert told(schema, {"namespace": "lab", "a-b": "x", "labels": {"a-b": "y"}}) == []
    assert told(schema, {"namespace": "lab", "a-b": "x", "labels": {"a-b": "z"}}) == [(("spec",), "broken")]


def test_defaults_are_filled_in_before_a_rule_is_asked_and_the_object_stays_as_it_was() -> None:
    inner = obj({"mode": {"type": "string", "default": "a"}}, default={})
    schema = obj({"inner": inner, "rows": {"type": "array", "items": inner}}, **rule("self.inner.mode == 'a'"))
    value = {"rows": [{}, {"mode": None}, {"mode": "b"}]}
    before = copy.deepcopy(value)

    assert told(schema, value) == []
    assert value == before
    assert Shape.of(schema).defaulted(value) == {
        "rows": [{"mode": "a"}, {"mode": "a"}, {"mode": "b"}],
        "inner": {"mode": "a"},
    }


def test_a_null_stays_where_the_schema_takes_it_and_its_own_rules_are_not_asked() -> None:
    schema = obj({"a": {**TEXT, "nullable": True, "default": "x", **rule("false")}}, **rule("self.a == null"))

    assert told(schema, {"a": None}) == []


def test_rules_are_asked_at_properties_items_keys_and_the_root() -> None:
    item = {**TEXT, **rule("self != 'bad'")}
    schema = obj({"list": {"type": "array", "items": item}, "map": {"type": "object", "additionalProperties": item}})

    found = told(schema, {"list": ["ok", "bad"], "map": {"a": "bad", "b": "ok"}})

    assert found == [(("spec", "list", 1), "broken"), (("spec", "map", "a"), "broken")]
    root = CelRules({"type": "object", "properties": {"spec": {"type": "object"}}, **rule("has(self.spec)")})
    assert [one.violation.path for one in root.breaches({"kind": "Widget"})] == [()]


def test_rules_below_all_of_are_asked_too() -> None:
    assert told({"type": "object", "allOf": [rule("false")]}, {}) == [(("spec",), "broken")]


def test_numbers_are_doubles_and_integers_are_integers() -> None:
    schema = obj({"share": {"type": "number"}, "count": {"type": "integer"}})
    schema |= rule("self.share / 2.0 == 0.5 && self.count / 2 == 1 && type(self.share) == double")

    assert told(schema, {"share": 1, "count": 3}) == []


def test_an_int_or_string_may_be_either() -> None:
    port = {"x-kubernetes-int-or-string": True}
    schema = obj({"port": port}, **rule("type(self.port) == int ? self.port > 0 : self.port.startsWith('h')"))

    assert told(schema, {"port": 5}) == []
    assert told(schema, {"port": "http"}) == []
    assert told(schema, {"port": -1}) == [(("spec",), "broken")]


def test_bytes_durations_and_times_are_read() -> None:
    schema = obj({"data": {"type": "string", "format": "byte"}}, **rule("self.data == b'a\\x00b'"))
    assert told(schema, {"data": "YQBi"}) == []
    span = {"type": "string", "format": "duration", **rule("self > duration('1m')")}
    assert told(obj({"span": span}), {"span": "30s"}) == [(("spec", "span"), "broken")]
    day = {"type": "string", "format": "date-time", **rule("self.getFullYear() == 2024")}
    assert told(obj({"day": day}), {"day": "2024-02-29T12:00:00Z"}) == []


def test_a_rule_about_a_time_further_down_is_reported_as_unusable() -> None:
    span = {"type": "string", "format": "duration"}
    compiled = rules(obj({"a": obj({"span": span})}, **rule("self.a.span != duration('1m')")))

    (why,) = compiled.unusable
    assert "holds a time or duration" in why


def test_rules_about_changes_hold_for_what_is_new() -> None:
    assert told(obj({"a": TEXT}, **rule("self.a == oldSelf.a")), {"a": "x"}) == []
    optional = rule("!oldSelf.hasValue() || self == oldSelf.value()", optionalOldSelf=True)
    assert told(obj({"a": {**TEXT, **optional}}), {"a": "x"}) == []
    never = rule("oldSelf.hasValue() // not when new", optionalOldSelf=True)
    assert told(obj({"a": {**TEXT, **never}}), {"a": "x"}) == [(("spec", "a"), "broken")]


def test_an_expression_cannot_break_out_of_the_one_that_is_put_around_it() -> None:
    sly = rule("true), true || (oldSelf.hasValue()", optionalOldSelf=True)

    (why,) = rules(obj({"a": {**TEXT, **sly}})).unusable
    assert "Syntax error" in why


def test_messages_come_from_an_expression_the_text_or_the_rule() -> None:
    made = obj({"a": TEXT}, **rule("false", messageExpression="'a is ' + self.a"))
    assert told(made, {"a": "x"}) == [(("spec",), "a is x")]
    assert told(made, {}) == [(("spec",), "broken")], "as Kubernetes does when the expression fails"
    assert told(obj({}, **rule("false", message="")), {}) == [(("spec",), "failed rule: false")]


def test_a_rule_may_point_at_a_field() -> None:
    schema = obj({"a": obj({"b.c": TEXT})}, **rule("false", fieldPath=".a['b.c']"))

    assert told(schema, {"a": {"b.c": "x"}}) == [(("spec", "a", "b.c"), "broken")]


def test_a_rule_that_fails_to_evaluate_is_an_error_and_one_that_the_engine_cannot_is_a_warning() -> None:
    (error,) = rules(obj({"a": TEXT}, **rule("self.a == 'x'"))).breaches({"spec": {}})
    assert error.severity is Severity.ERROR
    assert "no such key: a" in error.violation.what
    big = rules({"type": "array", "items": {"type": "integer"}, **rule("self.all(x, x >= 0)")})
    (warning,) = big.breaches({"spec": list(range(20_000))})
    assert warning.severity is Severity.WARNING
    assert "cannot be evaluated" in warning.violation.what
    (nul,) = rules({**TEXT, **rule("self.size() > 0")}).breaches({"spec": "a\0"})
    assert nul.severity is Severity.WARNING


@pytest.mark.parametrize("text", ["self.a ==", "nope(self)", "self.a.startsWith(1)", "self + 1"])
def test_a_rule_that_does_not_compile_is_reported(text: str) -> None:
    compiled = rules(obj({"a": TEXT}, **rule(text)))

    (why,) = compiled.unusable
    assert "at spec cannot be compiled" in why
    assert compiled.breaches({"spec": {"a": "x"}}) == []


def test_an_empty_rule_says_nothing() -> None:
    assert told(obj({}, **rule(" ")), {}) == []

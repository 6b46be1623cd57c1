"""Structural schemas become strict JSON Schemas; definitions that cannot be used say so."""

from __future__ import annotations

from typing import Any

import pytest

from renderer.errors import Code
from renderer.types import Digest, SchemaSet, Severity
from renderer.validate import Validator, check_schemas
from renderer.validate.crds import CrdSet, Refusal
from renderer.validate.kind import KindSchema
from renderer.validate.kubernetes import META, Kubernetes
from renderer.validate.patterns import usable_pattern
from renderer.validate.schema import Schema
from renderer.validate.structural import to_json_schema
from tests.validate.support import manifests

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.acme.example
spec:
  group: acme.example
  names:
    kind: Widget
    plural: widgets
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties: SPEC
    - name: v1alpha1
      served: false
      storage: false
      schema: {openAPIV3Schema: {type: object}}
"""
WIDGET = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: a}\nspec: "


@pytest.fixture(scope="module")
def kubernetes() -> Kubernetes:
    return Kubernetes("1.35")


def schema(kubernetes: Kubernetes, **properties: Any) -> Schema:
    root = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    return Schema(to_json_schema(root, kubernetes.closure(META))[0])


def wrong(checked: Schema, **spec: Any) -> list[str]:
    value = {"apiVersion": "acme.example/v1", "kind": "Widget", "metadata": {"name": "a"}, "spec": spec}
    return [violation.what for violation in checked.violations(value)]


def definition(properties: str) -> SchemaSet:
    return SchemaSet((("schemas/crds/acme/widgets.yaml", CRD.replace("SPEC", properties).encode()),), Digest.of(b""))


def test_a_field_that_would_be_pruned_is_an_error(kubernetes: Kubernetes) -> None:
    nested = schema(kubernetes, deep={"type": "object", "properties": {"a": {"type": "string"}}})

    assert wrong(nested, deep={"a": "x"}) == []
    assert wrong(nested, deep={"b": "x"}) == ["unknown field"]
    assert wrong(nested, other={}) == ["unknown field"]


def test_unknown_fields_are_kept_where_the_schema_says_so_but_known_ones_below_are_checked(
    kubernetes: Kubernetes,
) -> None:
    inner = {"type": "object", "properties": {"b": {"type": "integer"}}}
    open_ended = {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"a": inner}}

    assert wrong(schema(kubernetes, deep=open_ended), deep={"any": {"thing": 1}, "a": {"b": 1}}) == []
    assert wrong(schema(kubernetes, deep=open_ended), deep={"a": {"c": 1}}) == ["unknown field"]


def test_int_or_string_takes_both_and_nothing_else(kubernetes: Kubernetes) -> None:
    either = {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]}

    assert wrong(schema(kubernetes, port=either), port=80) == wrong(schema(kubernetes, port=either), port="http") == []
    assert wrong(schema(kubernetes, port=either), port=True) == ["expected an integer or a string, got a boolean: true"]


def test_a_null_counts_as_missing_where_the_schema_is_not_nullable(kubernetes: Kubernetes) -> None:
    text: dict[str, Any] = {"type": "string", "enum": ["x"]}
    fields = {"must": text, "filled": {**text, "default": "x"}, "may": text}
    inner = {"type": "object", "required": ["must", "filled"], "properties": fields}
    every = schema(kubernetes, a={**text, "nullable": True}, b=text, c=inner, d={"type": "array", "items": text})

    assert wrong(every, a=None, b=None, c={"must": "x", "may": None}) == []
    assert wrong(every, c={"must": "x", "filled": None}) == []
    assert wrong(every, c={"must": None}) == ['expected "x", got null', "expected a string, got null"]
    assert wrong(every, d=[None]) == ['expected "x", got null', "expected a string, got null"]


def test_a_field_with_a_default_need_not_be_given(kubernetes: Kubernetes) -> None:
    fields = {"a": {"type": "string", "default": "x"}, "b": {"type": "string"}}
    deep = schema(kubernetes, deep={"type": "object", "required": ["a", "b"], "properties": fields})

    assert wrong(deep, deep={"b": "y"}) == []
    assert wrong(deep, deep={"a": "y"}) == ["b is missing"]


def test_unknown_fields_are_kept_through_lists_but_not_below_known_fields(kubernetes: Kubernetes) -> None:
    row = {"type": "object", "properties": {"known": {"type": "object", "properties": {"a": {"type": "string"}}}}}
    rows = schema(kubernetes, rows={"type": "array", "x-kubernetes-preserve-unknown-fields": True, "items": row})

    assert wrong(rows, rows=[{"any": {"thing": 1}}]) == []
    assert wrong(rows, rows=[{"known": {"b": 1}}]) == ["unknown field"]


def test_a_rule_does_not_see_a_null_that_the_api_server_drops() -> None:
    rule = "[{rule: '!has(self.a)', message: no a}]"
    text = "{type: object, properties: {a: {type: string}}, x-kubernetes-validations: RULE}".replace("RULE", rule)
    validator = Validator(definition(f"{{deep: {text}}}"))

    assert validator.check(manifests(a=WIDGET + "{deep: {a: null}}"), "1.35") == []
    assert [one.code for one in validator.check(manifests(a=WIDGET + "{deep: {a: x}}"), "1.35")] == [Code.OBJECT_CEL]


def test_an_embedded_resource_needs_its_type_and_may_have_metadata(kubernetes: Kubernetes) -> None:
    embedded = {
        "type": "object",
        "x-kubernetes-embedded-resource": True,
        "x-kubernetes-preserve-unknown-fields": True,
    }
    whole = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {}}

    assert wrong(schema(kubernetes, object=embedded), object=whole) == []
    assert wrong(schema(kubernetes, object=embedded), object={"kind": "X"}) == ["apiVersion is missing"]
    assert wrong(schema(kubernetes, object=embedded), object={**whole, "metadata": {"nam": "a"}}) == ["unknown field"]


def test_fields_below_a_junctor_do_not_close_the_object(kubernetes: Kubernetes) -> None:
    choice = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    }

    assert wrong(schema(kubernetes, choice=choice), choice={"a": "x"}) == []
    assert wrong(schema(kubernetes, choice=choice), choice={}) == ["expected one of the fields a, b, got none of them"]
    assert wrong(schema(kubernetes, choice=choice), choice={"a": "x", "b": "y"}) != []


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        ("date-time", "2024-05-01T10:00:00Z", "2024-05-01"),
        ("date-time", "2024-05-01T10:00:00.5+02:00", "2024-02-30T10:00:00Z"),
        ("duration", "1h30m", "soon"),
        ("duration", "3 days", "3 moons"),
        ("cidr", "10.1.2.3/8", "10.0.0.0"),
        ("cidr", "fd00::/64", "10.0.0.0/255.0.0.0"),
        ("ipv4", "10.0.0.1", "10.0.0.256"),
        ("ipv6", "fd00::1", "10.0.0.1"),
        ("byte", "aGk=", "a"),
        ("uuid", "6f1b2c3d-0000-4000-8000-00000000000a", "6f1b"),
        ("mac", "00:11:22:33:44:55", "00:11"),
        ("duration", "10s 5", "10"),
        ("hostname", "a.example", "a b"),
        ("hostname", "lab", "10.0.0.1"),
        ("ipv4", "010.0.0.1", "fd00::1"),
        ("cidr", "010.0.0.0/8", "fe80::1%eth0/64"),
        ("byte", "aGkh", ""),
        ("uri", "https://a.example/x", "https://a.example:port/"),
        ("idn-hostname", "anything goes", None),
    ],
)
def test_formats_are_enforced_where_kubernetes_does(
    kubernetes: Kubernetes, form: str, good: str, bad: str | None
) -> None:
    checked = schema(kubernetes, a={"type": "string", "format": form})

    assert wrong(checked, a=good) == []
    assert bad is None or wrong(checked, a=bad) == [f'expected the format "{form}", got "{bad}"']


def test_number_formats_are_ranges_that_narrow_the_given_ones(kubernetes: Kubernetes) -> None:
    checked = schema(kubernetes, a={"type": "integer", "format": "int32", "minimum": 1}, b={"type": "integer"})

    assert wrong(checked, a=2**31) == ["expected at most 2147483647, got 2147483648"]
    assert wrong(checked, a=0) == ["expected at least 1, got 0"]
    assert wrong(checked, b=2**40) == []


def test_number_formats_are_enforced_from_the_minor_that_does_so() -> None:
    validator = Validator(definition("{a: {type: integer, format: int32}}"))

    assert validator.check(manifests(a=WIDGET + "{a: 3000000000}"), "1.35") == []
    (problem,) = validator.check(manifests(a=WIDGET + "{a: 3000000000}"), "1.36")
    assert "expected at most 2147483647" in problem.what


def test_a_bound_outside_of_its_format_refuses_every_value_where_kubernetes_does() -> None:
    validator = Validator(definition("{a: {type: integer, format: int32, maximum: 4294967295}}"))

    assert validator.check(manifests(a=WIDGET + "{a: 64512}"), "1.35") == []
    assert validator.check(manifests(a=WIDGET + "{}"), "1.36") == []
    (problem,) = validator.check(manifests(a=WIDGET + "{a: 64512}"), "1.36")
    assert problem.code is Code.OBJECT_SCHEMA
    assert "refuses every value, for the maximum 4294967295 is no int32, got 64512" in problem.what
    assert problem.hint == "take a newer definition of the kind, or remove the field"


def test_exclusive_bounds_of_openapi_become_those_of_json_schema(kubernetes: Kubernetes) -> None:
    checked = schema(kubernetes, a={"type": "number", "minimum": 0, "exclusiveMinimum": True})

    assert wrong(checked, a=0) == ["expected more than 0, got 0"]
    assert wrong(checked, a=0.1) == []


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        (r"^\d+\z", "123", True),
        (r"^\pL+$", "äé", True),
        (r"(?i)^abc$", "ABC", True),
        (r"^[[:alpha:]]+$", "abc", True),
        (r"^{{.*}}$", "{{a}}", True),
        (r"a{,3}", "a{,3}", True),
        (r"^[^[:space:]x]+$", "abc", True),
        (r"^\s$", "\u00a0", False),
        (r"^[\w\s]+$", "a\u00a0b", False),
        (r"^\Qa.b\E$", "a.b", True),
        (r"^\Qa.b\E$", "axb", False),
        (r"^[[a]$", "[", True),
        (r"^[]a]$", "]", True),
        (r"^a$", "a\n", False),
    ],
)
def test_go_patterns_mean_what_they_mean_to_go(kubernetes: Kubernetes, pattern: str, text: str, matches: bool) -> None:  # noqa: FBT001
    checked = schema(kubernetes, a={"type": "string", "pattern": pattern})

    assert (wrong(checked, a=text) == []) is matches


def test_a_pattern_that_cannot_be_compiled_is_a_warning_with_its_file() -> None:
    assert usable_pattern(r"(?=look)ahead") is None
    validator = Validator(definition("{a: {type: string, pattern: '(?=look)ahead'}}"))

    (warning,) = validator.check(manifests(a=WIDGET + "{a: x}"), "1.35")

    assert (warning.code, warning.severity) == (Code.CRD_INVALID, Severity.WARNING)
    assert warning.where is not None
    assert warning.where.file == "schemas/crds/acme/widgets.yaml"
    assert "(?=look)ahead" in warning.what


def test_a_list_map_needs_unique_keys_and_a_set_unique_items() -> None:
    item = "{type: object, properties: {name: {type: string}, port: {type: integer, default: 80}}}"
    rows = f"{{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [name, port], items: {item}}}"
    tags = "{type: array, x-kubernetes-list-type: set, items: {type: string}}"
    validator = Validator(definition(f"{{rows: {rows}, tags: {tags}}}"))

    good = validator.check(manifests(a=WIDGET + "{rows: [{name: a}, {name: a, port: 81}], tags: [a, b]}"), "1.35")
    bad = validator.check(manifests(a=WIDGET + "{rows: [{name: a}, {name: a, port: 80}], tags: [a, a]}"), "1.35")

    assert good == []
    assert [problem.what for problem in bad] == [
        'Widget/a: spec.rows[1]: name "a", port 80 are already used by item 0 of this list',
        'Widget/a: spec.tags[1]: "a" is already used by item 0 of this list',
    ]


def test_a_version_that_is_not_served_names_those_that_are() -> None:
    validator = Validator(definition("{}"))

    (problem,) = validator.check(manifests(a=WIDGET.replace("/v1", "/v1alpha1") + "{}"), "1.35")

    assert problem.code is Code.OBJECT_API_REMOVED
    assert "is not served" in problem.what
    assert problem.hint == "use acme.example/v1"


def test_a_manifest_is_parsed_only_when_its_kind_is_asked_for(kubernetes: Kubernetes) -> None:
    crds = CrdSet.of(definition("{").crds)
    assert crds.keys == {("acme.example", "Widget")}
    assert crds.problems == []

    found = crds.find("acme.example/v1", "Widget", kubernetes)

    assert isinstance(found, Refusal)
    assert found.code is Code.CRD_INVALID
    assert found.where is not None
    assert found.where.file == "schemas/crds/acme/widgets.yaml"


def test_an_unusual_layout_is_parsed_at_once_and_works_the_same(kubernetes: Kubernetes) -> None:
    two = CRD.replace("SPEC", "{}") + "---" + CRD.replace("SPEC", "{}").replace("idget", "adget")
    crds = CrdSet.of([("two.yaml", two.encode())])

    assert crds.keys == {("acme.example", "Widget"), ("acme.example", "Wadget")}
    assert isinstance(crds.find("acme.example/v1", "Wadget", kubernetes), KindSchema)


def test_a_kind_that_is_defined_twice_is_told(kubernetes: Kubernetes) -> None:
    content = CRD.replace("SPEC", "{}").encode()

    (problem,) = CrdSet.of([("a.yaml", content), ("b.yaml", content)]).check(kubernetes)

    assert problem.code is Code.CRD_INVALID
    assert problem.what == "acme.example/Widget is defined twice, first in a.yaml"


@pytest.mark.parametrize("properties", ["[]", "{a: 5}", "{a: {type: nonsense}}", "{a: {items: [1]}}", "{a: {enum: 5}}"])
def test_a_schema_that_is_none_is_told_and_never_passes(properties: str) -> None:
    schemas = definition(properties)

    (problem,) = check_schemas(schemas)
    found = Validator(schemas).check(manifests(a=WIDGET + "{a: 1}"), "1.35")

    assert problem.code is Code.CRD_INVALID
    assert [one.code for one in found] == [Code.CRD_INVALID]


@pytest.mark.slow
def test_every_definition_of_this_repository_can_be_used(schema_set: SchemaSet) -> None:
    assert check_schemas(schema_set) == []

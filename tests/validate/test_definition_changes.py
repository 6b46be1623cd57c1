"""What a newer definition refuses is told apart from what it adds."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from renderer.validate import compare_definitions, read_definitions

if TYPE_CHECKING:
    from collections.abc import Callable

FIELD: dict[str, Any] = {
    "type": "object",
    "required": ["kept"],
    "properties": {
        "kept": {"type": "string", "enum": ["a", "b"], "maxLength": 9, "pattern": "^[ab]$"},
        "number": {"type": "integer", "minimum": 1},
        "rows": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
        "map": {"type": "object", "additionalProperties": {"type": "string", "nullable": True}},
        "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    },
}


def definition(spec: dict[str, Any], **settings: Any) -> Any:
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
    version["schema"] = {
        "openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": {"type": "object"}}}
    }
    value = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.acme.example"},
        "spec": {
            "group": "acme.example",
            "names": {"kind": "Widget", "plural": "widgets"},
            "scope": "Namespaced",
            "versions": [{**version, **settings}],
        },
    }
    found, problems = read_definitions("widgets.json", json.dumps(value).encode())
    assert problems == []
    return found[0]


def changes(edit: Callable[[dict[str, Any]], None]) -> list[tuple[str, str, bool]]:
    after = copy.deepcopy(FIELD)
    edit(after)
    found = compare_definitions(definition(FIELD), definition(after))
    return [(one.field.removeprefix("spec"), one.what, one.breaking) for one in found]


def on(field: str, **new: Any) -> Callable[[dict[str, Any]], None]:
    return lambda schema: schema["properties"][field].update(new)


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def edit(schema: dict[str, Any]) -> None:
        holder = schema["properties"]
        for key in path[:-1]:
            holder = holder[key]
        del holder[path[-1]]

    return edit


LIST_MAP = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
RULES = {"x-kubernetes-validations": [{"rule": "self == 'a'"}]}


@pytest.mark.parametrize(
    ("edit", "field", "what"),
    [
        (drop("number"), ".number", "was removed"),
        (drop("rows", "items", "properties", "name"), ".rows[].name", "was removed"),
        (lambda schema: schema["required"].append("number"), ".number", "is required now"),
        (on("number", type="string", minimum=None), ".number", "has another type: integer -> string"),
        (on("number", minimum=2), ".number", "minimum changed: 1 -> 2"),
        (on("number", maximum=9), ".number", "maximum changed: null -> 9"),
        (on("kept", enum=["a"]), ".kept", 'no longer takes "b"'),
        (on("number", enum=[1]), ".number", "takes only 1 now"),
        (on("kept", pattern="^a$"), ".kept", 'pattern changed: "^[ab]$" -> "^a$"'),
        (on("rows", **LIST_MAP), ".rows", "is a list of type map now, was atomic"),
        (drop("map", "additionalProperties", "nullable"), ".map{}", "may no longer be null"),
        (drop("map", "additionalProperties"), ".map{}", "is no longer described: other keys are refused"),
        (drop("any", "x-kubernetes-preserve-unknown-fields"), ".any", "unknown fields are no longer kept"),
        (on("kept", **RULES), ".kept", "has a new rule: self == 'a'"),
        (lambda schema: schema.update(oneOf=[{"required": ["kept"]}]), "", "oneOf changed"),
    ],
)
def test_what_may_break_objects_is_marked(edit: Callable[[dict[str, Any]], None], field: str, what: str) -> None:
    def clean(schema: dict[str, Any]) -> None:
        edit(schema)
        schema["properties"] = {
            key: {name: part for name, part in inner.items() if part is not None}
            for key, inner in schema["properties"].items()
        }

    assert (field, what, True) in changes(clean)


@pytest.mark.parametrize(
    ("edit", "field", "what"),
    [
        (lambda schema: schema["properties"].update(new={"type": "string"}), ".new", "was added"),
        (lambda schema: schema.update(required=[]), ".kept", "is no longer required"),
        (on("number", minimum=0), ".number", "minimum changed: 1 -> 0"),
        (on("number", type="number"), ".number", "has another type: integer -> number"),
        (on("kept", enum=["a", "b", "c"]), ".kept", 'takes "c" now'),
        (on("kept", maxLength=10), ".kept", "maxLength changed: 9 -> 10"),
        (lambda schema: schema["properties"]["kept"].pop("pattern"), ".kept", 'pattern changed: "^[ab]$" -> null'),
    ],
)
def test_what_only_takes_more_is_not_marked(edit: Callable[[dict[str, Any]], None], field: str, what: str) -> None:
    assert changes(edit) == [(field, what, False)]


def test_a_required_field_with_a_default_breaks_nothing() -> None:
    def edit(schema: dict[str, Any]) -> None:
        schema["required"].append("number")
        schema["properties"]["number"]["default"] = 3

    assert changes(edit) == [(".number", "is required now", False)]


def test_nothing_is_told_about_what_is_the_same_or_about_status() -> None:
    assert changes(lambda _schema: None) == []
    before, after = definition(FIELD), definition(FIELD)
    after.versions["v1"]["schema"]["openAPIV3Schema"]["properties"].pop("status")
    assert compare_definitions(before, after) == []


def test_versions_and_scope_are_compared_too() -> None:
    before, after = definition(FIELD), definition(FIELD, name="v2")
    found = [(one.version, one.what, one.breaking) for one in compare_definitions(before, after)]

    assert found == [("v1", "is no longer served", True), ("v2", "is served now", False)]
    deprecated = definition(FIELD, deprecated=True)
    assert [one.what for one in compare_definitions(before, deprecated)] == ["is deprecated now"]

"""check_input: places, hints, and where the schemas are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from renderer import strict_yaml
from renderer.errors import Code, ConfigurationError
from renderer.types import Document
from renderer.validate import check_input, inputs

SCHEMAS = Path(__file__).parents[2] / "schemas"


def check(kind: str, text: str) -> list[tuple[str, str, str]]:
    found = check_input(kind, strict_yaml.load(text, "lab.yaml"))
    return [(problem.code.value, str(problem.where), f"{problem.what}; {problem.hint}") for problem in found]


def test_every_problem_of_a_file_is_told_at_its_own_line() -> None:
    text = 'labels:\n  region: eu\n  rack: 5\nvaleus: {}\ntemplates:\n  "Edge": "1.0"\n  lab: 2\n'

    assert check("site", text) == [
        ("FP201", "lab.yaml:3", 'labels.rack: expected a string, got an integer: 5; quote it: "5"'),
        ("FP202", "lab.yaml:4", "valeus: unknown key; did you mean values?"),
        (
            "FP201",
            "lab.yaml:6",
            (
                "templates.Edge: expected a template's name: lower-case letters, digits and dashes, "
                'got "Edge"; correct it; schemas/site.schema.json describes every key'
            ),
        ),
        ("FP201", "lab.yaml:7", 'templates.lab: expected a string, got an integer: 2; quote it: "2"'),
    ]


def test_a_layer_may_be_empty_but_a_site_may_not() -> None:
    assert check_input("layer", Document("layers/global.yaml", None)) == []
    (problem,) = check_input("site", Document("sites/lab.yaml", None))
    assert problem.code is Code.INPUT_SCHEMA
    assert problem.what == "expected a site file, got an empty one"


def test_a_kind_of_file_without_schema_is_an_error_of_the_caller() -> None:
    with pytest.raises(ConfigurationError, match="has no schema for 'nonsense' files"):
        check_input("nonsense", Document("a.yaml", {}))


def test_the_schemas_are_also_found_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "renderer"
    (package / "schemas").mkdir(parents=True)
    (package / "schemas" / "site.schema.json").write_text("{}")
    monkeypatch.setattr(inputs, "__file__", str(package / "validate" / "inputs.py"))

    assert inputs._schema_file("site") == package / "schemas" / "site.schema.json"
    with pytest.raises(ConfigurationError):
        inputs._schema_file("layer")


@pytest.mark.parametrize("kind", inputs.KINDS)
def test_the_examples_in_a_schema_are_valid_and_every_key_is_described(kind: str) -> None:
    schema = json.loads((SCHEMAS / f"{kind}.schema.json").read_text())

    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    for example in schema["examples"]:
        assert check_input(kind, Document("example.yaml", example)) == []
    # A file of migrations is a list: its items have the keys.
    keys = schema.get("items", schema)["properties"]
    assert all("description" in one for one in keys.values())

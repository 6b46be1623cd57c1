"""The list of CRD sources is what its schema says, and the schema finds what is wrong in it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

SCHEMAS = Path(__file__).parents[1] / "schemas"
SCHEMA = json.loads((SCHEMAS / "catalogue.schema.json").read_text())
CATALOGUE = yaml.safe_load((SCHEMAS / "crds" / "catalogue.yaml").read_text())


def test_the_catalogue_is_valid_and_editors_find_its_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    jsonschema.Draft7Validator(SCHEMA).validate(CATALOGUE)

    first = (SCHEMAS / "crds" / "catalogue.yaml").read_text().split("\n")[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (SCHEMAS / "crds" / named).resolve() == SCHEMAS / "catalogue.schema.json"


@pytest.mark.parametrize(
    "change",
    [
        {"version": "latest"},
        {"version": "v1"},
        {"sum": "sha256:abc"},
        {"generator": "v0.23.0"},
        {"packages": []},
        {"files": [{"file": "../outside.yaml"}]},
        {"files": [{"path": "a/b.yaml"}]},
        {"alternatives": [{"keyword": "allOf", "fields": ["a", "b"]}]},
        {"licence": "MIT"},
        {"module": "https://example.com/x"},
    ],
    ids=str,
)
def test_a_mistake_in_an_entry_is_found(change: dict[str, Any]) -> None:
    catalogue = copy.deepcopy(CATALOGUE)
    catalogue[0].update(change)

    assert not jsonschema.Draft7Validator(SCHEMA).is_valid(catalogue)

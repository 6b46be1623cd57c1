"""The list of CRD sources is what its schema says, and the schema finds what is wrong in it."""

from __future__ import annotations

import copy
import importlib.util
import json
import sys
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


@pytest.mark.parametrize("missing", ["license", "generator", "options", "packages"])
def test_an_entry_is_either_generated_or_was_given(missing: str) -> None:
    generated, given = copy.deepcopy(CATALOGUE[0]), copy.deepcopy(SCHEMA["examples"][0][0])
    assert jsonschema.Draft7Validator(SCHEMA).is_valid([generated, given])

    del generated[missing]
    assert not jsonschema.Draft7Validator(SCHEMA).is_valid([generated])
    assert not jsonschema.Draft7Validator(SCHEMA).is_valid([{**given, "module": "example.com/a"}])
    assert not jsonschema.Draft7Validator(SCHEMA).is_valid([{**given, "source": ""}])


def test_the_generator_refreshes_sums_and_leaves_every_other_line(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("crds_update", SCHEMAS / "crds" / "update.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path = tmp_path / "catalogue.yaml"
    original = (SCHEMAS / "crds" / "catalogue.yaml").read_text()
    given = "# given\n- project: a\n  source: b.yaml\n  version: 1.0.0\n  files:\n  - file: a/b.c.yaml\n"
    path.write_text(original.replace(f"  sum: {CATALOGUE[0]['sum']}\n", "") + given)

    text, entries = module.read_catalogue(path)

    assert len(entries) == len(CATALOGUE)
    entries[0]["sum"] = CATALOGUE[0]["sum"]
    assert module.refresh(text, entries) == original + given

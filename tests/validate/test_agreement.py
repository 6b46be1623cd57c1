"""jsonschema-rs decides and `jsonschema` words: on many objects, valid and broken, both must say the same."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from renderer import strict_yaml
from renderer.validate.catalog import Catalog
from renderer.validate.crds import CrdSet
from renderer.validate.kind import KindSchema
from renderer.validate.kubernetes import Kubernetes
from renderer.validate.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.types import SchemaSet

EXAMPLES = Path(__file__).parents[1] / "examples"
JUNK: tuple[Any, ...] = (None, True, -1, 10**18, 1.5, "", "10.0.0.0/33", [], {}, [None], [{}], {"unknown": None})


def objects() -> Iterator[dict[str, Any]]:
    for path in sorted(EXAMPLES.glob("*/rendered/*")):
        try:
            documents = strict_yaml.load_all(path.read_bytes(), path.name)
        except strict_yaml.YamlError:
            continue
        yield from (document.value for document in documents if isinstance(document.value, dict))


def mutants(value: dict[str, Any], count: int, chance: random.Random) -> Iterator[dict[str, Any]]:
    """`value` with one leaf or branch removed, replaced or joined by an unknown neighbour."""
    for _ in range(count):
        mutant = copy.deepcopy(value)
        holder: Any = mutant
        while True:
            key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            if not holder[key] or not isinstance(holder[key], dict | list) or chance.random() < 0.15:
                break
            holder = holder[key]
        if chance.random() < 0.3:
            del holder[key]
        elif isinstance(holder, dict) and chance.random() < 0.2:
            holder["unknownField"] = 1
        else:
            holder[key] = copy.deepcopy(chance.choice(JUNK))
        yield mutant


@pytest.fixture(scope="module")
def catalog(schema_set: SchemaSet) -> Catalog:
    return Catalog(Kubernetes("1.35"), CrdSet.of(schema_set.crds), CrdSet(), frozenset())


def test_both_libraries_agree_on_the_examples_and_on_mutants_of_them(catalog: Catalog) -> None:
    chance = random.Random(20240501)
    compared = {True: 0, False: 0}
    for value in objects():
        kind = catalog.find(str(value.get("apiVersion")), str(value.get("kind")))
        if not isinstance(kind, KindSchema):
            continue
        for mutant in [value, *mutants(value, 30, chance)]:
            fast = kind.schema.validator.is_valid(mutant)
            slow = not list(kind.schema.errors(mutant))
            assert fast == slow, mutant
            compared[fast] += 1
    assert min(compared.values()) > 300


def test_a_refusal_that_only_the_fast_library_sees_is_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = Schema({"type": "object", "properties": {"a": {"type": "string"}}})
    monkeypatch.setattr(Schema, "errors", lambda _self, _value: iter(()))

    found = schema.violations({"a": 5})

    assert [(one.path, one.what) for one in found] == [(("a",), "breaks properties/a/type")]

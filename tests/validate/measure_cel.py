"""What CEL costs: `python -m tests.validate.measure_cel`. Not a test; prints a table.

The sample fleet's sites are checked from scratch and again, as a worker does: without CEL, with the rules of
definitions, with policies too. Then one rule is asked about one object of the examples, everything compiled.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest import mock

import yaml

from renderer.validate import Validator
from renderer.validate.cel_rules import CelRules
from tests.validate.measure import MINOR, REPOSITORY, schema_set
from tests.validate.measure_rules import best, rendered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.types import Manifests, SchemaSet


def policies() -> SchemaSet:
    folder = REPOSITORY / "schemas" / "policies"
    return replace(
        schema_set(), policies=tuple((path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml")))
    )


def cold(sites: list[Manifests], schemas: SchemaSet) -> Validator:
    validator = Validator(schemas)
    check_all(validator, sites)
    return validator


def check_all(validator: Validator, sites: list[Manifests]) -> None:
    for one in sites:
        validator.check(one, MINOR)


def asked() -> Iterator[tuple[CelRules, dict[str, Any], int]]:
    """Compiled rules, an object that keeps them, and how many of them are asked about it."""
    schemas = {}
    for _, content in schema_set().crds:
        if b"x-kubernetes-validations" in content:
            for document in yaml.load_all(content, yaml.CSafeLoader):
                spec = document["spec"]
                for version in spec["versions"]:
                    key = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
                    schemas[key] = CelRules(version["schema"]["openAPIV3Schema"])
    for path in sorted((REPOSITORY / "tests" / "examples" / "valid" / "cel").glob("*.yaml")):
        value = yaml.safe_load(path.read_bytes())
        rules = schemas[value["apiVersion"], value["kind"]]
        yield rules, value, rules.asked(value)


def main() -> None:
    say = sys.stdout.write
    sites = rendered()
    with_rules = best(lambda: cold(sites, schema_set()))
    with_all = best(lambda: cold(sites, policies()))
    with mock.patch.object(CelRules, "breaches", return_value=[]):
        without = best(lambda: cold(sites, schema_set()))
    warm = [cold(sites, one) for one in (schema_set(), policies())]
    again = [best(partial(check_all, validator, sites)) / len(sites) for validator in warm]
    cases = list(asked())
    count = sum(number for _, _, number in cases)
    each = best(lambda: [rules.breaches(value) for rules, value, _ in cases])
    say(f"all sites, cold: without CEL rules {without:>14.2f} s\n")
    say(f"  with the rules of definitions {with_rules:>17.2f} s\n")
    say(f"  with policies too {with_all:>29.2f} s\n")
    say(f"a site again, without and with policies {again[0] * 1e3:>9.2f} {again[1] * 1e3:.2f} ms\n")
    say(f"a rule, values and defaults included {each / count * 1e6:>12.1f} us ({count} asked)\n")


if __name__ == "__main__":
    main()

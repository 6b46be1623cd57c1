"""CEL rules of custom resource definitions: each rule of schemas/crds has a case that passes and one that fails."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from renderer.types import Manifest, Manifests, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate import Validator

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "tests" / "examples"
MINOR = "1.35"
# Rules about changes: they hold for whatever is new, and no site's artifact says what was before.
TRANSITIONS = {
    ("BGPPeer", "v1beta2", "self == oldSelf"),
    ("HelmChart", "v1", "!oldSelf.hasValue() || self == oldSelf.value()"),
}


class Rule(NamedTuple):
    kind: str
    version: str
    path: tuple[str, ...]
    text: str
    message: str


def rules_below(schema: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    if not isinstance(schema, dict):
        return
    yield from ((path, rule) for rule in schema.get("x-kubernetes-validations", ()))
    for key, inner in schema.get("properties", {}).items():
        yield from rules_below(inner, (*path, key))
    yield from rules_below(schema.get("items"), (*path, "[]"))
    yield from rules_below(schema.get("additionalProperties"), (*path, "*"))


def all_rules() -> list[Rule]:
    found = []
    for file in sorted((REPOSITORY / "schemas" / "crds").glob("*/*.yaml")):
        for document in yaml.load_all(file.read_bytes(), yaml.CSafeLoader):
            if not document or document.get("kind") != "CustomResourceDefinition":
                continue
            for version in document["spec"]["versions"]:
                kind = document["spec"]["names"]["kind"]
                schema = version.get("schema", {}).get("openAPIV3Schema")
                for path, rule in rules_below(schema, ()):
                    found.append(Rule(kind, version["name"], path, rule["rule"], rule.get("message", "")))
    return found


def at(value: Any, path: tuple[str, ...]) -> list[Any]:
    """What an object has at the places that a rule is asked about."""
    if not path:
        return [] if value is None else [value]
    head, *tail = path
    if head == "[]":
        steps = value if isinstance(value, list) else []
    elif head == "*":
        steps = list(value.values()) if isinstance(value, dict) else []
    else:
        steps = [value[head]] if isinstance(value, dict) and head in value else []
    return [found for step in steps for found in at(step, tuple(tail))]


def cases(validity: str) -> list[Path]:
    return sorted((EXAMPLES / validity / "cel").glob("*.yaml"))


def load(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(path.read_bytes())
    return value


def says(path: Path) -> str:
    return path.read_text().splitlines()[1].removeprefix("# says: ")


def check(path: Path, validator: Validator) -> list[Any]:
    return validator.check(Manifests("lab", (Manifest(path.name, path.read_bytes()),)), MINOR)


@pytest.mark.parametrize("path", cases("valid"), ids=lambda path: path.stem)
def test_an_object_that_keeps_the_rules_has_no_problem(path: Path, validator: Validator) -> None:
    assert check(path, validator) == []


@pytest.mark.parametrize("path", cases("invalid"), ids=lambda path: path.stem)
def test_an_object_that_breaks_a_rule_is_told_so_in_the_rules_own_words(path: Path, validator: Validator) -> None:
    (problem,) = check(path, validator)

    assert path.read_text().splitlines()[0] == f"# expect: {problem.code}"
    assert problem.code == "FP420"
    assert says(path) in problem.what
    assert problem.hint.startswith("rule: ")
    assert (problem.where.file, problem.severity) == (path.name, Severity.ERROR)
    assert problem.where.line > 2


RULES = all_rules()


def test_the_rules_are_found() -> None:
    assert len(RULES) > 50


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.kind}-{'.'.join(rule.path)}-{rule.text[:40]}")
def test_every_rule_of_the_definitions_has_a_case_that_passes_and_one_that_fails(rule: Rule) -> None:
    def asks(path: Path) -> bool:
        value = load(path)
        same = value["kind"] == rule.kind and value["apiVersion"].endswith(f"/{rule.version}")
        return same and bool(at(value, rule.path))

    assert any(asks(path) for path in cases("valid")), "add a file to tests/examples/valid/cel"
    if (rule.kind, rule.version, rule.text) not in TRANSITIONS:
        breaks = [path for path in cases("invalid") if asks(path) and says(path) == rule.message]
        assert breaks, "add a file to tests/examples/invalid/cel"

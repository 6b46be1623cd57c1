"""Our CEL against the API server's own, in a Go program that is built when Go and its modules can be had."""

from __future__ import annotations

import copy
import json
import random
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
import yaml

from renderer.types import Severity
from renderer.validate.cel_engine import CelError, environment
from renderer.validate.cel_rules import CelRules
from tests.judges.go_programs import built

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REPOSITORY = Path(__file__).parents[2]
EXPRESSIONS = Path(__file__).parent / "cel_expressions.txt"
SELF = {
    "list": [3, 1, 2],
    "sorted": ["a", "b", "c"],
    "text": "Héllo, Wörld",
    "path": "a/b.c",
    "map": {"x": 1, "y": 2},
    "number": 1.5,
    "whole": 7,
    "nothing": None,
    "truth": True,
    "nested": [{"name": "a", "port": 80}, {"name": "b", "port": 443}],
}
Judge: TypeAlias = "Callable[[list[dict[str, Any]]], list[dict[str, Any]]]"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def judge() -> Judge:
    program = built("cel")

    def ask(questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        done = subprocess.run([program], input=json.dumps(questions).encode(), capture_output=True, check=True)
        answers: list[dict[str, Any]] = json.loads(done.stdout)
        return answers

    return ask


def ours(expression: str, self: Any) -> tuple[str, str]:
    """(value, error) in the words of the judge."""
    env = environment(("self", "dyn"))
    try:
        value = env.compile(expression).value(env.scope({"self": self}))
    except CelError as error:
        return "", str(error)
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(
        value
    ), ""


def test_expressions_mean_what_they_mean_to_kubernetes(judge: Judge) -> None:
    lines = EXPRESSIONS.read_text().splitlines()
    asked = [line for line in lines if not line.startswith("#")]
    answers = judge([{"expression": one, "self": SELF} for one in asked])

    wrong = []
    for expression, theirs in zip(asked, answers, strict=True):
        value, error = ours(expression, SELF)
        if (value, bool(error)) != (theirs["value"], bool(theirs["error"])):
            wrong.append((expression, value, error, theirs["value"], theirs["error"]))

    assert wrong == []


def schemas() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for file in sorted((REPOSITORY / "schemas" / "crds").glob("*/*.yaml")):
        if b"x-kubernetes-validations" not in file.read_bytes():
            continue
        for document in yaml.load_all(file.read_bytes(), yaml.CSafeLoader):
            spec = document["spec"]
            for version in spec["versions"]:
                schema = version["schema"]["openAPIV3Schema"]
                yield spec["names"]["kind"], f"{spec['group']}/{version['name']}", schema


def mutants(value: dict[str, Any], chance: random.Random) -> Iterator[dict[str, Any]]:
    """`value` without one of its fields, at any depth; what is left may be refused by the schema, but not by a type."""
    for _ in range(12):
        mutant = copy.deepcopy(value)
        holder = mutant.get("spec", mutant)
        while True:
            key = chance.choice(sorted(holder))
            if not isinstance(holder[key], dict) or not holder[key] or chance.random() < 0.5:
                break
            holder = holder[key]
        del holder[key]
        yield mutant


def test_objects_break_the_rules_that_they_break_in_kubernetes(judge: Judge) -> None:
    chance = random.Random(20240501)
    examples = [yaml.safe_load(path.read_bytes()) for path in sorted(REPOSITORY.glob("tests/examples/*/cel/*.yaml"))]
    asked: list[dict[str, Any]] = []
    kinds = []
    for kind, api, schema in schemas():
        same = [one for one in examples if (one["kind"], one["apiVersion"]) == (kind, api)]
        objects = [*same, *(mutant for one in same for mutant in mutants(one, chance))]
        asked.append({"schema": schema, "objects": objects})
        kinds.append((kind, api))

    compared = broken = 0
    for question, theirs, name in zip(asked, judge(asked), kinds, strict=True):
        assert not theirs["error"], (name, theirs["error"])
        rules = CelRules(question["schema"])
        assert rules.unusable == []
        for value, said in zip(question["objects"], theirs.get("errors") or (), strict=True):
            found = rules.breaches(value)
            assert len(found) == len(said), (name, value, said, found)
            assert all(one.severity is Severity.ERROR for one in found)
            for breach, words in zip(sorted(one.violation.what for one in found), sorted_details(said), strict=True):
                assert breach == words or "cannot be evaluated" in breach, (name, value)
            compared += 1
            broken += bool(said)

    assert compared > 500
    assert broken > 200


def sorted_details(said: list[str]) -> list[str]:
    return sorted(one.partition("\t")[2] for one in said)

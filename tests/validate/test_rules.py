"""The table of semantic rules: each rule passes a good case and refuses a bad one, and none fails on bad data."""

from __future__ import annotations

import copy
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from renderer import strict_yaml
from renderer.errors import Code
from renderer.types import Manifest, Manifests, Problem, Severity
from renderer.validate.catalog import group_of
from renderer.validate.kubernetes import Kubernetes
from renderer.validate.rules import Rule, compiled, findings
from renderer.validate.rules_table import RULES, broken

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.validate import Validator
    from renderer.validate.kind import KindSchema
    from renderer.validate.rules import Breach

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = sorted({rule.name for rule in RULES})
GOOD, BAD, WARNED = (
    {path.stem.removeprefix("rule-"): path for path in sorted((EXAMPLES / validity / "rendered").glob("rule-*"))}
    for validity in ("valid", "invalid", "warned")
)
MINOR = "1.35"
_TOLD = re.compile(r"\(rule ([a-z0-9-]+)\)$")


def check(path: Path, validator: Validator) -> list[Problem]:
    return validator.check(Manifests("lab", (Manifest(path.name, path.read_bytes()),)), MINOR)


def documents(paths: Iterable[Path]) -> list[dict[str, Any]]:
    loaded = [document.value for path in paths for document in strict_yaml.load_all(path.read_bytes(), path.name)]
    return [value for value in loaded if isinstance(value, dict)]


def kind_of(value: dict[str, Any]) -> tuple[str, str]:
    return group_of(value["apiVersion"]), value["kind"]


def test_every_rule_has_a_good_and_a_bad_example() -> None:
    told = {name for name in NAMES if not name.startswith("reference")}

    assert told - GOOD.keys() == set()
    assert told - (BAD.keys() | WARNED.keys()) == set()
    assert (GOOD.keys() | BAD.keys() | WARNED.keys()) - told == set()


def test_the_corpora_of_rules_are_not_empty() -> None:
    assert len(list((EXAMPLES / "invalid/rendered").iterdir())) >= 220
    assert len(list((EXAMPLES / "valid/rendered").iterdir())) >= 110


@pytest.mark.parametrize("name", [name for name in NAMES if name in BAD | WARNED])
def test_a_bad_example_breaks_its_rule_and_no_other(name: str, validator: Validator) -> None:
    path = (BAD | WARNED)[name]

    problems = check(path, validator)

    severity = Severity.ERROR if name in BAD else Severity.WARNING
    assert path.read_text().splitlines()[1] == f"# rule: {name}"
    assert {(one.code, one.severity) for one in problems} == {(Code.OBJECT_RULE, severity)}
    assert {found[1] for one in problems if (found := _TOLD.search(one.what))} == {name}
    assert all(one.hint and one.where and one.where.line > 1 for one in problems)


@pytest.mark.parametrize("name", NAMES)
def test_a_good_example_is_looked_at_by_its_rule(name: str) -> None:
    seen: list[object] = []

    def spy(rule: Rule) -> Rule:
        def find(got: Any) -> Iterable[Breach]:
            seen.append(got)
            return rule.find(got)

        return replace(rule, find=find)

    for value in documents([GOOD[name]]):
        step = compiled([spy(rule) for rule in RULES if rule.name == name], *kind_of(value))
        assert findings(step, value) == []
    if name not in (
        "workload-active-deadline",
        "cluster-scoped-namespace",
    ):  # their good case is that nothing stands there
        assert seen


@pytest.mark.parametrize("name", ["policy-cidr-bits", "service-source-range-bits"])
def test_what_newer_api_servers_refuse_is_an_error_from_that_minor_on(name: str, validator: Validator) -> None:
    manifests = Manifests("lab", (Manifest("a.yaml", WARNED[name].read_bytes()),))

    told = {minor: {one.severity for one in validator.check(manifests, minor)} for minor in ("1.29", "1.35", "1.36")}

    assert told == {"1.29": {Severity.WARNING}, "1.35": {Severity.WARNING}, "1.36": {Severity.ERROR}}


def test_a_service_may_be_named_with_a_digit_in_front_where_kubernetes_takes_it(validator: Validator) -> None:
    path = EXAMPLES / "invalid" / "rendered" / "service-name-begins-with-digit.yaml"
    manifests = Manifests("lab", (Manifest("a.yaml", path.read_bytes()),))

    assert [one.code for one in validator.check(manifests, "1.35")] == [Code.OBJECT_NAME]
    assert validator.check(manifests, "1.36") == []


def test_names_of_rules_are_short_words() -> None:
    assert [name for name in NAMES if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name) or len(name) > 40] == []


def test_every_rule_names_what_enforces_it() -> None:
    assert [rule.name for rule in RULES if not (rule.asks and rule.source)] == []


def test_a_rule_stands_on_kinds_that_kubernetes_has() -> None:
    known = {(group_of(version), kind) for version, kind in Kubernetes(MINOR).kinds} | {("*", "*")}

    assert [(rule.name, kind) for rule in RULES for kind in rule.kinds if kind not in known] == []


@lru_cache(maxsize=64)
def schema(api_version: str, kind: str) -> KindSchema | None:
    return kubernetes().find(api_version, kind)


@lru_cache(maxsize=1)
def kubernetes() -> Kubernetes:
    return Kubernetes(MINOR)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*path, key))


def changed(value: dict[str, Any], path: tuple[Any, ...], new: object) -> dict[str, Any]:
    made = copy.deepcopy(value)
    at: Any = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    "new",
    [
        None,
        "",
        "x y",
        "1%",
        0,
        -1,
        2**31 - 1,
        0.5,
        True,
        [],
        {},
        [{}],
        [""],
        {"": ""},
        "9" * 9999,
        "9" * 9999 + "%",
        "a-" * 9999,
    ],
    ids=lambda new: repr(new)[:20],
)
def test_no_rule_fails_on_what_a_schema_lets_through(new: object) -> None:
    examples = [*GOOD.values(), *BAD.values(), *WARNED.values()]
    for value in documents(path for path in examples if path.stat().st_size < 4096):
        kind = schema(value["apiVersion"], value["kind"])
        assert kind is not None
        for path in places(value):
            other = changed(value, path, new)
            if kind.schema.validator.is_valid(other) and "kind" in other and "apiVersion" in other:
                broken(*kind_of(value), other)

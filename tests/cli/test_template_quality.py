"""`template lint`, `template test` and `template schema`, as the people who write templates run them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from renderer.fleet.workspace import Workspace
from renderer.types import TemplatePin

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

ROOT = Path(__file__).parents[2]
APP = "templates/app/1.0.0"
ANSWERS = 'site: berlin-01\nlabels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 2}\n'


def fits(done: Done, kind: str) -> Any:
    jsonschema.validate(done.json, json.loads((ROOT / f"schemas/output/{kind}.schema.json").read_text()))
    return done.json


def lint(shop: Shop, config: str, **files: str) -> dict[str, list[str]]:
    """Code -> what is told, for a template with this copier.yml."""
    shop.edit("templates/odd/1.0.0/copier.yml", f"_subdirectory: template\n{config}")
    contents = {"template/a.yaml.jinja": "# {{ site }}\n", "README.md": "x", "CHANGELOG.md": "x"}
    for path, content in {**contents, **files}.items():
        shop.edit(f"templates/odd/1.0.0/{path}", content)
    told: dict[str, list[str]] = {}
    for problem in fits(shop("template", "lint", "odd", "-o", "json"), "template-lint")["problems"]:
        told.setdefault(problem["code"], []).append(problem["what"])
        assert problem["hint"]
        assert problem["file"].startswith("templates/odd/1.0.0")
    return told


SITE = "site: {type: str, help: The site.}\n"


@pytest.mark.parametrize(
    ("config", "files", "code", "what"),
    [
        ("x: {type: str, default: a, help: An x.}\n", {}, "FP330", "nothing reads the question x"),
        ("", {"template/b.yaml.jinja": "# {{ sight }}\n"}, "FP331", "no question is called sight"),
        (
            "region: {type: str, help: R., choices: [eu, us]}\n",
            {"template/{% if region == 'asia' %}b.yaml{% endif %}.jinja": ""},
            "FP332",
            "is never rendered",
        ),
        ("x: {type: int, default: none, help: An x.}\n", {}, "FP333", "the default of x is never accepted"),
        (
            "x: {type: int, default: 9, help: An x., validator: '{% if x > 5 %}too many{% endif %}'}\n",
            {},
            "FP333",
            "x is not accepted: too many",
        ),
        ("x: {type: int, default: 1}\n", {}, "FP334", "the question x has no help"),
        ("x: {type: str, default: '', secret: true, help: X.}\n", {}, "FP335", "asks for a secret"),
        ("", {"template/b.yaml": "a: 1\nb: {{ site }}\n"}, "FP336", "contains {{ s"),
        ("x: {type: str, default: a, choices: [a, b, a], help: X.}\n", {}, "FP337", "'a' stands twice"),
        (
            "x: {type: int, choices: [1, 9], default: 1, help: X., validator: '{% if x > 5 %}no{% endif %}'}\n",
            {},
            "FP337",
            "x is not accepted: no",
        ),
        ("x: {type: str, help: X.}\n", {}, "FP338", "defaults do not do for x"),
        ("", {"template/b.yaml.jinja": "kind: [\n"}, "FP401", "with defaults, at line"),
        ("", {"migrations.yml": "- {to: 1}\n"}, "FP201", "to"),
    ],
)
def test_each_doubt_is_told_with_its_code_and_place(
    shop: Shop, config: str, files: dict[str, str], code: str, what: str
) -> None:
    told = lint(shop, SITE + config, **files)

    assert any(what in text for text in told.get(code, [])), told


def test_a_template_that_is_in_order_is_told_nothing(shop: Shop) -> None:
    assert lint(shop, SITE + "_exclude: ['{% if false %}x{% endif %}']\n") == {}


def test_all_errors_of_all_versions_come_at_once_with_file_and_line(shop: Shop) -> None:
    shop.edit("templates/bad/1.0.0/copier.yml", "_tasks: [ls]\nq: {tpe: str}\n")
    shop.edit("templates/bad/1.0.0/b.jinja", "\n{{ now() }}\n{% if %}")

    done = shop("template", "lint", "-o", "json")

    assert done.code == 1
    assert {"FP303", "FP302", "FP304"} <= done.codes()
    assert done.json["templates"] == ["app@1.0.0", "bad@1.0.0"]


def test_warnings_fail_only_when_strict(shop: Shop) -> None:
    done = shop("template", "lint", "app")

    assert done.code == 0
    assert f"warning FP334 {APP}:1: there is no README.md" in done.out
    assert shop("template", "lint", "app", "--strict").code == 1


def test_a_version_that_does_not_exist_is_a_configuration_error(shop: Shop) -> None:
    assert shop("template", "lint", "app@9.9.9").code == 2
    assert shop("template", "test", "nothing").code == 2


def test_the_sample_templates_have_no_errors_and_their_cases_pass(shop: Shop) -> None:
    root = ("--fleet", ROOT / "fleets/labs", "-o", "json")

    assert fits(shop("template", "lint", *root), "template-lint")["errors"] == 0
    tested = fits(shop("template", "test", *root), "template-test")
    assert tested["failed"] == 0
    assert len(tested["cases"]) >= 12


def test_update_writes_what_is_expected_and_the_case_passes_from_then_on(shop: Shop) -> None:
    shop.edit(f"{APP}/tests/two/answers.yaml", ANSWERS)
    assert shop("template", "test").code == 1

    done = fits(shop("template", "test", "--update", "-o", "json"), "template-test")

    assert [case["outcome"] for case in done["cases"]] == ["updated"]
    folder = shop.folder / APP / "tests/two"
    assert 'replicas: "2"' in (folder / "expected/config.yaml").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["answers.yaml", "expected"]
    assert "1 case: 1 passed, 0 failed" in shop("template", "test", "app@1.0.0").out


def test_a_difference_is_told_object_by_object_and_a_comment_line_by_line(shop: Shop) -> None:
    shop.edit(f"{APP}/tests/two/answers.yaml", ANSWERS)
    shop("template", "test", "--update")
    path = shop.folder / APP / "tests/two/expected/config.yaml"
    good = path.read_text()

    path.write_text(good.replace('"2"', '"3"'))
    done = shop("template", "test")
    assert done.code == 1
    assert '~ data.replicas: "3" -> "2"' in done.out
    assert f"error FP341 {APP}/tests/two/expected:1: 1 file of the output is not as expected" in done.out

    path.write_text(good + "# more\n")
    assert "  -# more" in shop("template", "test").out


def test_a_case_may_expect_an_error_by_its_code(shop: Shop) -> None:
    shop.edit(f"{APP}/tests/none/answers.yaml", ANSWERS.replace("replicas: 2", "replicas: 0"))
    shop.edit(f"{APP}/tests/none/expect-error", "FP307\n")
    assert shop("template", "test").code == 0

    shop.edit(f"{APP}/tests/none/expect-error", "FP308\n")
    done = shop("template", "test", "--update")
    assert done.code == 1
    assert "expected FP308 and no other error, got FP307" in done.out
    assert not (shop.folder / APP / "tests/none/expected").exists()


@pytest.mark.parametrize(
    ("files", "code", "what"),
    [
        ({"expect-error": "FP307"}, "FP340", "has no answers.yaml"),
        ({"answers.yaml": ANSWERS}, "FP340", "neither expected/ nor expect-error"),
        ({"answers.yaml": ANSWERS, "expect-error": "FP307", "expected/a": ""}, "FP340", "both expected/"),
        ({"answers.yaml": ANSWERS, "expect-error": "FP999"}, "FP340", "unknown code FP999"),
        ({"answers.yaml": "site: X\n", "expect-error": "FP307"}, "FP201", "labels"),
        ({"answers.yaml": "site: no\n", "expect-error": "FP307"}, "FP104", "quote"),
        ({"answers.yaml": ANSWERS.replace("replicas", "replica"), "expected/a": ""}, "FP208", "asks for replica"),
        ({"answers.yaml": ANSWERS.replace("2}", "many}"), "expected/a": ""}, "FP306", "expected int"),
    ],
)
def test_a_case_that_says_nothing_fails(shop: Shop, files: dict[str, str], code: str, what: str) -> None:
    for path, content in files.items():
        shop.edit(f"{APP}/tests/odd/{path}", content)

    done = shop("template", "test", "-o", "json")

    assert done.code == 1
    told = done.json["cases"][0]["problems"]
    assert any(problem["code"] == code and what in problem["what"] + problem["hint"] for problem in told), told


def test_tests_are_no_part_of_what_a_site_depends_on(shop: Shop) -> None:
    before = Workspace(shop.root)
    pin = TemplatePin("app", "1.0.0")
    digest = before.tree(pin).digest
    shop.publish()

    shop.edit(f"{APP}/tests/two/answers.yaml", ANSWERS)
    shop.edit(f"{APP}/tests/two/expected/config.yaml", "x")

    after = Workspace(shop.root)
    assert after.tree(pin).digest == digest
    assert shop.publish().json["skipped"] == 3
    assert "tests/" not in shop("render", "berlin-01").out


def test_the_schema_of_a_template_takes_its_answers_and_no_others(shop: Shop) -> None:
    schema = shop("template", "schema", "app").json
    jsonschema.Draft7Validator.check_schema(schema)
    check = jsonschema.Draft7Validator(schema)

    assert check.is_valid({"site": "a", "region": "eu", "replicas": 2, "colour": "red"})
    assert not check.is_valid({"site": "a", "region": "eu", "colour": "green"})
    assert not check.is_valid({"site": "a", "region": "eu", "color": "red"})
    assert not check.is_valid({"region": "eu"})


def test_the_schema_of_the_fleet_is_for_layers_and_sites(shop: Shop) -> None:
    shop.edit("templates/app/1.1.0/copier.yml", "colour: {type: str, choices: [green]}\nsite: {type: str}\n")
    shop.edit("templates/app/1.1.0/a.yaml.jinja", "# {{ site }}")
    shop.edit("sites/austin-01.yaml", 'labels: {region: us, kubernetes: "1.35"}\ntemplates: {app: "1.1.0"}\n')

    assert shop("template", "schema", "-o", "schemas/generated/labs.schema.json").code == 0

    schema = json.loads((shop.folder / "schemas/generated/labs.schema.json").read_text())
    jsonschema.Draft7Validator.check_schema(schema)
    check = jsonschema.Draft7Validator(schema)
    assert check.is_valid(None), "a layer may be empty"
    assert check.is_valid({"labels": {"region": "eu", "free": "x"}, "values": {"replicas": 2, "colour": None}})
    assert check.is_valid({"templates": {"app": "1.1.0"}, "values": {"colour": "green"}}), (
        "an older pin does not forbid"
    )
    assert not check.is_valid({"values": {"colour": "black"}})
    assert not check.is_valid({"values": {"colour_": "red"}})
    assert not check.is_valid({"values": {"region": "eu"}}), "a label is no value"
    assert not check.is_valid({"labels": {"region": "mars"}})
    assert shop("template", "schema").json == schema


def test_the_layers_and_sites_of_the_sample_fit_its_schema(shop: Shop) -> None:
    from renderer import strict_yaml

    schema = shop("template", "schema", "--fleet", ROOT / "fleets/labs").json
    check = jsonschema.Draft7Validator(schema)
    files = [*(ROOT / "fleets/labs/layers").rglob("*.yaml"), *(ROOT / "fleets/labs/sites").rglob("*.yaml")]

    for path in files:
        value = strict_yaml.load(path.read_bytes(), path.name).value
        assert check.is_valid(value), (path, [error.message[:200] for error in check.iter_errors(value)])

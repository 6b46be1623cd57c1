"""`template lint|test|schema|why-site-specific` on versions that come from git and from a registry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.build import write
from tests.cli.platform_repository import Platform
from tests.cli.test_template_lock import PINNED, add_source, codes, push_template
from tests.fakes.registry import FakeRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Shop

ANSWERS = 'site: berlin-01\nlabels: {region: eu, kubernetes: "1.36"}\n'
EXPECTED = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app
  namespace: default
data:
  site: berlin-01
  region: eu
  colour: blue
  replicas: "7"
"""
CASE = {"answers.yaml": ANSWERS, "expected/config.yaml": EXPECTED}


def git_shop(shop: Shop, tmp_path: Path) -> None:
    """Versions 1.1.0 and 1.2.0 of `app`, with a golden case that 1.2.0 no longer passes."""
    found = Platform(tmp_path / "platform")
    for path, text in CASE.items():
        write(found.folder / "templates/app/tests/seven" / path, text)
    found.release("1.1.0", 7)
    found.release("1.2.0", 8)
    add_source(shop, f"{{git: {found.folder}, tag: '{{name}}-{{version}}', path: 'templates/{{name}}'}}")


def oci_shop(shop: Shop, registry: FakeRegistry) -> None:
    """The same, as artifacts."""
    case = {f"tests/seven/{path}": text for path, text in CASE.items()}
    push_template(registry, "templates/app", "1.1.0", 7, **case)
    push_template(registry, "templates/app", "1.2.0", 8, **case)
    add_source(shop, f"{{oci: 'oci://{registry.host}/templates/app'}}")


@pytest.fixture(params=["git", "oci"])
def sourced(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Shop]:
    """A fleet whose sites pin a range of a template that lies elsewhere; paris-01 pins the older version."""
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FLEETPRESS_LOCAL_GIT", "1")
    monkeypatch.setenv("FLEETPRESS_PLAIN_HTTP", "1")
    with FakeRegistry() as registry:
        git_shop(shop, tmp_path) if request.param == "git" else oci_shop(shop, registry)
        shop.edit("layers/global.yaml", PINNED.format("^1.1"))
        shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\ntemplates: {app: "1.1.0"}\n')
        assert shop("template", "lock").code == 0
        yield shop


def test_lint_looks_at_what_the_lock_has(sourced: Shop) -> None:
    one = sourced("template", "lint", "app@1.1.0", "-o", "json")
    every = sourced("template", "lint", "-o", "json")
    ranged = sourced("template", "lint", "app@^1.1", "-o", "json")

    assert (one.code, one.json["templates"]) == (0, ["app@1.1.0"])
    assert every.json["templates"] == ["app@1.0.0", "app@1.1.0", "app@1.2.0"]
    assert ranged.json["templates"] == ["app@1.2.0"]
    assert {problem["file"] for problem in one.json["problems"]} == {"app@1.1.0", "app@1.1.0/copier.yml"}


def test_the_golden_cases_that_ship_with_a_version_run(sourced: Shop) -> None:
    done = sourced("template", "test", "app", "-o", "json")

    outcomes = {f"{case['template']}": case["outcome"] for case in done.json["cases"]}
    assert (done.code, outcomes) == (1, {"app@1.1.0": "passed", "app@1.2.0": "failed"})


def test_a_case_that_lies_elsewhere_is_not_updated(sourced: Shop) -> None:
    done = sourced("template", "test", "app@1.2.0", "--update")

    assert done.code == 1
    assert "app@1.2.0 comes from a source: correct the template or its case there" in done.out
    assert sourced("template", "test", "app@1.2.0").code == 1


def test_the_schema_is_that_of_the_locked_version(sourced: Shop) -> None:
    old, new = (sourced("template", "schema", name).json for name in ("app@1.1.0", "app"))

    assert (old["title"], old["properties"]["replicas"]["default"]) == ("answers to app@1.1.0", 7)
    assert (new["title"], new["properties"]["replicas"]["default"]) == ("answers to app@1.2.0", 8)


def test_why_files_differ_is_told_for_them_too(sourced: Shop) -> None:
    done = sourced("template", "why-site-specific", "app", "-o", "json")

    assert {one["version"]: one["sites"] for one in done.json["templates"]} == {"1.1.0": 1, "1.2.0": 2}


@pytest.mark.parametrize("command", ["lint", "test", "schema"])
def test_a_version_that_is_not_locked_is_told_with_what_to_do(sourced: Shop, command: str) -> None:
    done = sourced("template", command, "app@3.0.0")

    assert done.code == 2
    assert codes(done) == {"FP316"}
    assert "fleetpress template lock" in done.err


def test_what_is_printed_stays_data(sourced: Shop) -> None:
    json.loads(sourced("template", "schema").out)


def test_a_foxops_template_that_moves_to_another_address_is_planned(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FLEETPRESS_PLAIN_HTTP", "1")
    variable = "{type: string, description: x}"
    form = f"variables: {{site: {variable}, colour: {variable}}}\n"
    manifest = EXPECTED.replace("berlin-01", "{{ site }}").replace("blue", "{{ fengine.template.repository }}")
    with FakeRegistry() as registry:
        for name in ("one/app", "two/app"):
            files: dict[str, str | None] = {"fengine.yaml": form, "template/config.yaml": manifest}
            files |= {"copier.yml": None, "template/config.yaml.jinja": None}
            push_template(registry, name, "1.1.0", 1, **files)
        add_source(shop, f"{{oci: 'oci://{registry.host}/one/app'}}")
        shop.edit("layers/global.yaml", PINNED.format("1.1.0"))
        shop.edit("layers/regions/us.yaml", "")
        shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\n')
        assert shop("template", "lock").code == 0
        shop.commit()
        assert set(shop.publish().outcomes().values()) == {"published"}
        assert f"colour: oci://{registry.host}/one/app" in shop("render", "berlin-01").out

        fleet = (shop.root / "fleet.yaml").read_text()
        shop.edit("fleet.yaml", fleet.replace("/one/app", "/two/app"))

        assert set(shop.publish().outcomes().values()) == {"published"}
        assert f"colour: oci://{registry.host}/two/app" in shop("render", "berlin-01").out


@pytest.mark.parametrize(("named", "code"), [("app@^9", "FP301"), ("app@>=x", "FP805"), ("nope@^1", "FP301")])
def test_a_range_that_means_nothing_is_told(shop: Shop, named: str, code: str) -> None:
    done = shop("template", "lint", named)

    assert (done.code, codes(done)) == (2, {code})


def test_a_range_that_nobody_pins_means_the_newest_that_is_known(shop: Shop) -> None:
    assert shop("template", "lint", "app@^1", "-o", "json").json["templates"] == ["app@1.0.0"]

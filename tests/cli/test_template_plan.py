"""What a plan says about templates: who follows a pin, and whom a changed default reaches."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.cli.platform_repository import Platform

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

OUTPUT = Path(__file__).parents[2] / "schemas/output"
US = 'templates: {{app: "{}"}}\nvalues: {{replicas: 2}}\n'


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FLEETPRESS_LOCAL_GIT", "1")


@pytest.fixture
def grown(shop: Shop) -> Shop:
    """Two versions, locked: 1.1.0 has another default of `replicas`. Five sites, two of them in the region us."""
    folder = shop.folder / "templates/app"
    shutil.copytree(folder / "1.0.0", folder / "1.1.0")
    config = (folder / "1.1.0/copier.yml").read_text()
    shop.edit("templates/app/1.1.0/copier.yml", config.replace("default: 1", "default: 4"))
    shop.edit("sites/boston-01.yaml", 'labels: {region: us, kubernetes: "1.35"}\n')
    shop.edit("sites/bremen-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\n')
    assert shop("template", "lock").code == 0
    shop.commit()
    return shop


def plan(shop: Shop) -> Any:
    done = shop("plan", "--to", shop.target, "-o", "json")
    assert done.code == 0, done.out
    jsonschema.Draft7Validator(json.loads((OUTPUT / "plan.schema.json").read_text())).validate(done.json)
    return done.json


def planned(shop: Shop) -> dict[str, list[str]]:
    return {entry["site"]: entry["reasons"] for entry in plan(shop)["changed"]}


def defaults(shop: Shop) -> list[tuple[Any, ...]]:
    keys = ("template", "before", "after", "question", "old", "new", "sites")
    return [tuple(change[key] for key in keys) for change in plan(shop)["defaults"]]


def test_a_bump_and_a_downgrade_of_one_layer_are_one_edit_each_and_plan_exactly_its_sites(grown: Shop) -> None:
    grown.publish()
    grown.edit("layers/regions/us.yaml", US.format("1.1.0"))

    bumped = planned(grown)

    assert set(bumped) == {"austin-01", "boston-01"}
    assert all("app 1.0.0 -> 1.1.0" in reasons for reasons in bumped.values())
    grown.publish()
    assert planned(grown) == {}
    grown.edit("layers/regions/us.yaml", US.format("1.0.0"))

    lowered = planned(grown)

    assert set(lowered) == {"austin-01", "boston-01"}
    assert all("app 1.1.0 -> 1.0.0" in reasons for reasons in lowered.values())
    grown.publish()
    assert planned(grown) == {}


def test_a_changed_default_of_a_new_version_is_told_with_the_sites_that_take_it(grown: Shop) -> None:
    grown.publish()
    grown.edit("layers/global.yaml", 'templates: {app: "1.1.0"}\nvalues: {colour: red}\n')

    # austin, boston and paris set it.
    assert defaults(grown) == [("app", "1.0.0", "1.1.0", "replicas", 1, 4, 2)]
    assert (
        "app 1.0.0 -> 1.1.0: default change of replicas (1 -> 4) affects 2 sites"
        in grown("plan", "--to", grown.target).out.splitlines()
    )


def test_a_default_that_every_site_sets_affects_none(grown: Shop) -> None:
    grown.publish()
    grown.edit("layers/regions/us.yaml", US.format("1.1.0"))

    assert defaults(grown) == [("app", "1.0.0", "1.1.0", "replicas", 1, 4, 0)]
    assert "affects none: every site sets it" in grown("plan", "--to", grown.target).out


def test_a_version_without_changed_defaults_says_nothing_of_them(grown: Shop) -> None:
    folder = grown.folder / "templates/app"
    shutil.copytree(folder / "1.0.0", folder / "1.0.1")
    grown("template", "lock")
    grown.publish("--allow-dirty")
    grown.edit("layers/global.yaml", 'templates: {app: "1.0.1"}\nvalues: {colour: red}\n')

    assert defaults(grown) == []
    assert len(planned(grown)) == 5


def test_a_default_changed_in_the_working_version_is_compared_with_the_published_commit(grown: Shop) -> None:
    folder = grown.folder / "templates/app"
    shutil.copytree(folder / "1.0.0", folder / "next")
    grown.edit("layers/global.yaml", 'templates: {app: "next"}\nvalues: {colour: red}\n')
    grown.publish()
    config = (folder / "next/copier.yml").read_text()
    grown.edit("templates/app/next/copier.yml", config.replace("default: blue", "default: red"))
    grown.edit("templates/app/next/copier.yml", config.replace("default: 1", "default: 5"))

    assert defaults(grown) == [("app", "next", "next", "replicas", 1, 5, 2)]
    assert "app@next: default change of replicas" in grown("plan", "--to", grown.target).out


def test_what_nobody_has_any_more_is_not_guessed(grown: Shop) -> None:
    grown.publish("--serial", "900")
    (grown.root / "templates.lock").unlink()
    config = (grown.folder / "templates/app/1.0.0/copier.yml").read_text()
    grown.edit("templates/app/1.0.0/copier.yml", config.replace("default: 1", "default: 5"))

    assert defaults(grown) == []
    assert len(planned(grown)) == 5


def test_a_version_that_left_is_found_in_the_published_commit(grown: Shop) -> None:
    grown.publish()
    shutil.rmtree(grown.folder / "templates/app/1.0.0")
    grown.edit("layers/global.yaml", 'templates: {app: "1.1.0"}\nvalues: {colour: red}\n')
    grown("template", "lock")

    assert defaults(grown) == [("app", "1.0.0", "1.1.0", "replicas", 1, 4, 2)]


def test_a_range_that_moves_tells_its_changed_default(shop: Shop, tmp_path: Path) -> None:
    platform = Platform(tmp_path / "platform")
    platform.release("1.1.0", 1)
    fleet = (shop.root / "fleet.yaml").read_text()
    source = f"{{git: {platform.folder}, tag: 'app-{{version}}', path: templates/app}}"
    shop.edit("fleet.yaml", f"{fleet}templates: {{sources: {{app: {source}}}}}\n")
    shop.edit("layers/global.yaml", 'templates: {app: "^1.1"}\nvalues: {colour: red}\n')
    shop("template", "lock")
    shop.publish("--allow-dirty")
    platform.release("1.2.0", 3)
    shop("template", "lock", "--upgrade")

    assert defaults(shop) == [("app", "1.1.0", "1.2.0", "replicas", 1, 3, 1)]

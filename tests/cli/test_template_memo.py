"""`fleetpress template why-site-specific`: which variables make a template's files differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

SCHEMA = Path(__file__).parents[2] / "schemas/output/template-why-site-specific.schema.json"
OTHER = "templates/app/1.0.0/template/other.yaml.jinja"
BODY = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other, namespace: default}\ndata: {colour: '{{ colour }}'}\n"


def test_it_names_the_variables_and_counts_the_outputs(shop: Shop) -> None:
    shop.edit(OTHER, BODY)

    done = shop("template", "why-site-specific", "app", "-o", "json")

    assert done.code == 0
    jsonschema.validate(done.json, json.loads(SCHEMA.read_text()))
    (version,) = done.json["templates"]
    assert (version["template"], version["version"], version["sites"]) == ("app", "1.0.0", 3)
    config, other = version["files"]
    assert (config["path"], config["outputs"], config["combinations"]) == ("template/config.yaml.jinja", 3, 3)
    # Replicas are 1, 3 and 2: without `site`, the sites would still differ, and the other way round.
    assert config["because"][0] == {"path": "region", "values": 2, "without": 3}
    assert {cause["path"] for cause in config["because"]} == {"region", "replicas", "site"}
    assert (other["outputs"], other["because"]) == (1, [])
    assert config["share"] + other["share"] == pytest.approx(1, abs=1e-5)


def test_it_says_so_in_words_for_chosen_sites(shop: Shop) -> None:
    done = shop("template", "why-site-specific", "app@1.0.0", "*-01", "--sample", "2", "--workers", "1")

    assert "app@1.0.0: 2 sites" in done.out
    assert "site (2 values; " in done.out


def test_a_template_that_no_site_takes_is_an_error(shop: Shop) -> None:
    done = shop("template", "why-site-specific", "app@9.9.9")

    assert done.code == 2
    assert "no site that can be rendered takes the template app@9.9.9" in done.err


def test_a_computed_include_is_told(shop: Shop) -> None:
    shop.edit("templates/app/1.0.0/part.jinja", "x")
    shop.edit(OTHER, BODY + "# {% include 'part' ~ '.jinja' %}\n")

    done = shop("template", "why-site-specific", "app", "-o", "json")

    other = next(file for file in done.json["templates"][0]["files"] if "other" in file["path"])
    assert other["combinations"] is None


def test_the_memo_can_be_switched_off_and_changes_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    on = shop("render")
    monkeypatch.setenv("FLEETPRESS_MEMO", "off")

    off = shop("render")

    assert (on.code, on.out) == (off.code, off.out)
    assert on.out

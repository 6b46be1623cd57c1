"""`explain --why-changed`: from a site's differences to inputs, commits, template lines and values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema

from tests.cli.conftest import TEMPLATE

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

SCHEMA = Path(__file__).parents[2] / "schemas/output/explain-changed.schema.json"


def why(shop: Shop, site: str = "berlin-01") -> Any:
    done = asked(shop, site, "-o", "json")
    assert done.code == 0, done.err
    jsonschema.validate(done.json, json.loads(SCHEMA.read_text()))
    return done.json


def asked(shop: Shop, site: str, *arguments: str) -> Done:
    return shop("explain", site, "--why-changed", "--to", shop.target, *arguments)


def test_a_changed_value_leads_to_its_file_and_commit(shop: Shop) -> None:
    shop.publish()
    shop.edit("layers/regions/eu.yaml", "values: {replicas: 4}\n")

    found = why(shop)

    assert found["reasons"] == ["layers/regions/eu.yaml changed"]
    assert [commit["subject"] for commit in found["commits"]] == ["change"]
    (change,) = found["changes"]
    assert (change["object"], change["field"]) == ("ConfigMap/default/app", "data.replicas")
    (cause,) = change["causes"][0]["causes"]
    assert (cause["key"], cause["file"], cause["line"]) == ("values.replicas", "fleets/labs/layers/regions/eu.yaml", 1)


def test_a_moved_template_leads_to_its_line(shop: Shop) -> None:
    shop.publish()
    for path, text in TEMPLATE.items():
        more = text.rstrip() + "\n          more: words\n" if path.endswith("jinja") else text
        shop.edit(path.replace("1.0.0", "1.1.0"), more)
    shop.edit("layers/global.yaml", 'templates: {app: "1.1.0"}\nvalues: {colour: red}\n')

    found = why(shop)

    assert set(found["reasons"]) == {"app 1.0.0 -> 1.1.0", "layers/global.yaml changed"}
    assert len(found["commits"]) == 3
    (change,) = found["changes"]
    made_by = change["causes"][0]["made_by"]
    assert made_by == {"file": "templates/app/1.1.0/template/config.yaml.jinja", "line": 11}


def test_people_read_it_in_a_few_lines(shop: Shop) -> None:
    shop.publish()
    shop.edit("sites/berlin-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\nvalues: {replicas: 4}\n')

    lines = asked(shop, "berlin-01").out.splitlines()

    assert lines[0].startswith("berlin-01 since serial ")
    assert lines[0].endswith(": site file changed")
    assert lines[1].endswith(" change")
    assert lines[2:] == [
        "~ ConfigMap/default/app",
        '    ~ data.replicas: "1" -> "4"',
        "      templates/app/1.0.0/template/config.yaml.jinja:10, rendered to config.yaml:10",
        "      values.replicas = 4 in fleets/labs/sites/berlin-01.yaml:2",
    ]


def test_nothing_changed_and_never_published_are_told(shop: Shop) -> None:
    shop.publish("berlin-01")

    assert "nothing changed since serial" in asked(shop, "berlin-01").out
    assert "it was never published" in asked(shop, "paris-01").out


def test_only_one_thing_is_explained_at_a_time(shop: Shop) -> None:
    assert asked(shop, "berlin-01", "colour").code == 2
    assert asked(shop, "berlin-01", "--object", "ConfigMap/app").code == 2

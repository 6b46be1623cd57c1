"""Findings point into the repository, in every form, also when nothing could be done at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

BAD = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: app
  namespace: default
data:
  site: {{ site }}
  region: {{ region }}
  colour: {{ colour }}
  replicas: {{ replicas }}
"""


def test_a_rendered_problem_stands_at_the_template_line_and_names_the_values(shop: Shop) -> None:
    shop.edit("templates/app/1.0.0/template/config.yaml.jinja", BAD)

    done = shop("validate", "-o", "json")

    assert done.code == 1
    austin, paris = (
        next(problem for problem in done.json["problems"] if site in problem["sites"])
        for site in ("austin-01", "paris-01")
    )
    assert (austin["file"], austin["line"]) == ("templates/app/1.0.0/template/config.yaml.jinja", 10)
    assert austin["rendered"] == {"file": "config.yaml", "line": 10, "column": 3}
    causes = {(cause["file"], cause["line"]) for problem in (austin, paris) for cause in problem["causes"]}
    assert {("fleets/labs/layers/regions/us.yaml", 1), ("fleets/labs/sites/paris-01.yaml", 2)} <= causes


def test_a_default_is_named_by_its_question(shop: Shop) -> None:
    shop.edit("templates/app/1.0.0/template/config.yaml.jinja", BAD)

    done = shop("validate", "berlin-01")

    assert "templates/app/1.0.0/template/config.yaml.jinja:10: " in done.out
    assert "rendered config.yaml:10, values: templates/app/1.0.0/copier.yml:5" in done.out


@pytest.mark.parametrize("form", ["junit", "tap", "sarif", "github", "gitlab", "markdown"])
def test_every_form_points_at_the_template(shop: Shop, form: str) -> None:
    shop.edit("templates/app/1.0.0/template/config.yaml.jinja", BAD)

    done = shop("validate", "-o", form)

    assert done.code == 1
    assert "config.yaml.jinja" in done.out
    assert "berlin-01" in done.out


def test_an_error_that_stops_the_run_is_told_as_an_annotation_too(shop: Shop) -> None:
    shop.edit("fleet.yaml", "name: labs\nlayers: []\n")

    done = shop("validate", "-o", "github")

    assert done.code == 2
    assert "::error file=fleets/labs/fleet.yaml,line=" in done.out
    assert "error FP2" in done.err
    assert shop("validate", "-o", "json").out == ""


def test_plan_publish_verify_and_template_lint_offer_the_forms(shop: Shop) -> None:
    published = shop("publish", "--to", shop.target, "--key", shop.private, "-o", "junit")
    planned = shop("plan", "--to", shop.target, "-o", "tap")
    verified = shop("verify", "--to", shop.target, "--key", shop.public, "-o", "gitlab")
    linted = shop("template", "lint", "-o", "sarif")

    assert 'tests="4" failures="0"' in published.out
    assert "ok 4 - paris-01" in planned.out
    assert json.loads(verified.out) == []
    assert json.loads(linted.out)["version"] == "2.1.0"


def test_a_problem_of_a_registry_has_a_place_where_a_form_needs_one(shop: Shop) -> None:
    done = shop("verify", "--to", shop.target, "--key", shop.public, "-o", "gitlab")

    assert {entry["location"]["path"] for entry in json.loads(done.out)} == {"fleets/labs/fleet.yaml"}

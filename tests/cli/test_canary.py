"""`canary`: the fewest sites that show a change before it goes to all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

OUTPUT = Path(__file__).parents[2] / "schemas/output"


def test_one_site_for_each_distinct_change(shop: Shop) -> None:
    done = shop("canary", "--set", "colour=blue", "--set", "region=us:replicas=4", "-o", "json")

    assert done.code == 0
    jsonschema.validate(done.json, json.loads((OUTPUT / "canary.schema.json").read_text()))
    # The two European sites change alike, the other one in its own way.
    assert (done.json["changed"], done.json["groups"], done.json["distinct"]) == (3, 2, 2)
    assert [site["site"] for site in done.json["sites"]] == ["berlin-01", "austin-01"]


def test_nothing_changes_nobody_is_picked(shop: Shop) -> None:
    done = shop("canary", "--set", "colour=red")

    assert done.code == 0
    assert done.out.splitlines() == ["3 sites compared with the work tree: 0 differ, 3 are the same"]


def test_a_site_that_cannot_be_compared_is_told(shop: Shop) -> None:
    shop.edit("sites/berlin-01.yaml", "labels: [\n")

    done = shop("canary", "--set", "colour=blue")

    assert done.code == 3
    assert "berlin-01" in done.err

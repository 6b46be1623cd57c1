"""What has no effect in a fleet is told, and nothing else is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

SCHEMA = Path(__file__).parents[2] / "schemas" / "output" / "lint.schema.json"
SITE = 'labels: {{region: eu, kubernetes: "{minor}"}}\nvalues: {{{values}}}\n'


@pytest.fixture(autouse=True)
def tidy(shop: Shop) -> None:
    """A fleet without findings: each region has a value of its own."""
    shop.edit("layers/regions/eu.yaml", "values: {replicas: 4}\n")


def told(done: Done) -> dict[str, list[tuple[str, int]]]:
    """Code -> places."""
    found: dict[str, list[tuple[str, int]]] = {}
    for problem in done.json["problems"]:
        found.setdefault(problem["code"], []).append((problem["file"].removeprefix("fleets/labs/"), problem["line"]))
    return found


def lint(shop: Shop) -> dict[str, list[tuple[str, int]]]:
    done = shop("lint", "-o", "json")
    jsonschema.validate(done.json, json.loads(SCHEMA.read_text()))
    assert done.code == 0
    return told(done)


def test_a_fleet_in_order_has_no_findings(shop: Shop) -> None:
    done = shop("lint")

    assert (done.code, done.out) == (0, "3 sites, 3 layers checked: 0 errors, 0 warnings\n"), done


def test_an_override_equal_to_what_it_overrides_names_both_places(shop: Shop) -> None:
    shop.edit("layers/regions/us.yaml", "values:\n  replicas: 2\n  colour: red\n")

    done = shop("lint", "-o", "json")

    (problem,) = done.json["problems"]
    assert (problem["code"], problem["file"], problem["line"]) == ("FP232", "fleets/labs/layers/regions/us.yaml", 3)
    assert problem["causes"][0]["file"] == "fleets/labs/layers/global.yaml"


def test_equal_overrides_in_many_site_files_are_one_finding(shop: Shop) -> None:
    for site in ("a-01", "b-01"):
        shop.edit(f"sites/{site}.yaml", SITE.format(minor="1.35", values=f"colour: red, replicas: {ord(site[0])}"))

    done = shop("lint", "-o", "json")

    (problem,) = done.json["problems"]
    assert problem["code"] == "FP232"
    assert "in 2 site files" in problem["what"]
    assert [cause["file"] for cause in problem["causes"]] == [
        "fleets/labs/layers/global.yaml",
        "fleets/labs/sites/b-01.yaml",
    ]


def test_an_override_that_is_equal_for_some_sites_only_is_needed(shop: Shop) -> None:
    shop.edit(
        "fleet.yaml",
        (shop.root / "fleet.yaml").read_text().replace('{region}.yaml"', '{region}.yaml", "{kubernetes}.yaml"'),
    )
    shop.edit("layers/1.35.yaml", "values: {replicas: 2}\n")
    shop.edit("layers/1.36.yaml", "")
    shop.edit("sites/rome-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\n')
    shop.edit("sites/boston-01.yaml", 'labels: {region: us, kubernetes: "1.36"}\n')

    assert lint(shop) == {}


def test_text_and_number_are_not_equal(shop: Shop) -> None:
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {colour: red, replicas: "2"}\n')

    assert "FP232" not in lint(shop)


def test_deleting_what_is_not_there_is_told(shop: Shop) -> None:
    shop.edit("layers/regions/us.yaml", "values:\n  replicas: null\n")
    shop.edit("sites/berlin-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\nvalues:\n  gone: null\n')

    assert lint(shop)["FP232"] == [("layers/regions/us.yaml", 2), ("sites/berlin-01.yaml", 3)]


def test_a_value_that_every_site_overrides_is_told_with_what_hides_it(shop: Shop) -> None:
    shop.edit("layers/regions/eu.yaml", "values: {colour: blue, replicas: 4}\n")
    shop.edit("layers/regions/us.yaml", "values: {colour: blue, replicas: 2}\n")

    done = shop("lint", "-o", "json")

    (problem,) = done.json["problems"]
    assert (problem["code"], problem["file"]) == ("FP231", "fleets/labs/layers/global.yaml")
    assert "layers/regions" in problem["causes"][0]["file"]


def test_a_value_that_some_site_still_sees_is_not_told(shop: Shop) -> None:
    shop.edit("layers/regions/eu.yaml", "values: {colour: blue, replicas: 4}\n")

    assert lint(shop) == {}


def test_a_member_that_no_template_reads_is_told(shop: Shop) -> None:
    config = (shop.folder / "templates/app/1.0.0/copier.yml").read_text()
    main = (shop.folder / "templates/app/1.0.0/template/config.yaml.jinja").read_text()
    shop.edit("templates/app/1.0.0/copier.yml", config + "net: {type: yaml, default: {mtu: 1}}\n")
    shop.edit("templates/app/1.0.0/template/config.yaml.jinja", main + '  mtu: "{{ net.mtu }}"\n')
    shop.edit(
        "layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues:\n  colour: red\n  net:\n    mtu: 1\n    mtv: 2\n'
    )
    shop.edit("sites/berlin-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\nvalues:\n  net: {old: 1}\n')

    assert lint(shop) == {"FP230": [("layers/global.yaml", 6), ("sites/berlin-01.yaml", 3)]}


def test_a_layer_that_nothing_leads_to_is_told_and_one_of_an_unused_label_with_the_label(shop: Shop) -> None:
    shop.edit("fleet.yaml", (shop.root / "fleet.yaml").read_text().replace("[eu, us]", "[eu, us, apac]"))
    shop.edit("fleet.yaml", (shop.root / "fleet.yaml").read_text() + "  apac: oci://registry.apac.example/press\n")
    shop.edit("layers/regions/apac.yaml", "values: {replicas: 9}\n")
    shop.edit("layers/region/eu.yaml", "values: {replicas: 9}\n")

    assert lint(shop) == {"FP233": [("layers/region/eu.yaml", 1)], "FP234": [("fleet.yaml", 3)]}


def test_a_layer_that_nobody_uses_is_checked_all_the_same(shop: Shop) -> None:
    shop.edit("layers/region/eu.yaml", "values: {replicas: [}\n")

    done = shop("lint")

    assert done.code == 1
    assert "error FP102 fleets/labs/layers/region/eu.yaml:1" in done.out


def test_sites_whose_chosen_layers_are_empty_are_told_once(shop: Shop) -> None:
    shop.edit("layers/regions/eu.yaml", "")

    assert lint(shop) == {"FP235": [("sites/berlin-01.yaml", 1)]}


def test_a_version_older_than_what_is_pinned_is_told_and_a_newer_one_is_not(shop: Shop) -> None:
    source = shop.folder / "templates/app/1.0.0"
    for version in ("0.9.0", "1.1.0", "next"):
        for file in source.rglob("*"):
            if file.is_file():
                shop.edit(f"templates/app/{version}/{file.relative_to(source)}", file.read_text())

    assert lint(shop) == {"FP236": [("templates/app/0.9.0/copier.yml", 1)]}


def test_a_value_that_all_sites_of_a_layer_repeat_is_told_with_the_most_general_layer(shop: Shop) -> None:
    for site in ("berlin-01", "paris-01", "rome-01"):
        shop.edit(f"sites/{site}.yaml", SITE.format(minor="1.35", values=f"replicas: {len(site)}, colour: blue"))
    shop.edit("sites/rome-01.yaml", SITE.format(minor="1.36", values="replicas: 4, colour: blue"))

    done = shop("lint", "-o", "json")

    (repeated,) = [problem for problem in done.json["problems"] if problem["code"] == "FP237"]
    assert "all 3 sites of the layer regions/eu.yaml" in repeated["what"]
    assert repeated["what"].endswith(": colour")


def test_sites_that_differ_in_the_name_only_are_told_when_they_have_values_of_their_own(shop: Shop) -> None:
    shop.edit("sites/lyon-01.yaml", (shop.root / "sites/paris-01.yaml").read_text())
    shop.edit("sites/bonn-01.yaml", (shop.root / "sites/berlin-01.yaml").read_text())

    done = shop("lint", "-o", "json")

    (twin,) = done.json["problems"]
    assert twin["code"] == "FP238"
    assert "lyon-01, paris-01" in twin["what"]


def test_a_site_that_cannot_be_read_is_an_error_and_silences_what_needs_all_sites(shop: Shop) -> None:
    shop.edit("sites/berlin-01.yaml", "labels: {region: moon}\n")
    shop.edit("layers/region/eu.yaml", "values: {replicas: 9}\n")

    done = shop("lint", "-o", "json")

    assert done.code == 1
    assert set(told(done)) == {"FP203"}


def test_strict_makes_a_warning_an_error(shop: Shop) -> None:
    shop.edit("layers/region/eu.yaml", "values: {replicas: 9}\n")

    assert shop("lint").code == 0
    assert shop("lint", "--strict").code == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_the_number_of_workers_changes_nothing(shop: Shop, workers: int) -> None:
    for number in range(230):
        (shop.root / f"sites/s-{number}.yaml").write_text(SITE.format(minor="1.35", values="colour: red"))
    shop.commit()

    done = shop("lint", "--workers", str(workers), "-o", "json")

    assert {code: len(places) for code, places in told(done).items()} == {"FP232": 1, "FP238": 1}


@pytest.mark.slow
def test_the_sample_fleet_has_no_findings(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])

    done = shop("lint", "--strict")

    assert done.code == 0, done.out

"""`migrate` as a user runs it: dry run first, all files or none, comments kept, conflicts told with their line."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from renderer.fleet import migration
from tests.build import write

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

ROOT = Path(__file__).parents[2]
NEWER = """\
_subdirectory: template
_templates_suffix: .jinja
site: {type: str}
region: {type: str}
replicas: {type: int, default: 1}
look: {type: yaml, default: {}}
owner: {type: str}
"""


@pytest.fixture
def newer(shop: Shop) -> Shop:
    """The shop, with app 1.1.0, where colour has become look.colour."""
    shutil.copytree(shop.folder / "templates/app/1.0.0/template", shop.folder / "templates/app/1.1.0/template")
    write(shop.folder / "templates/app/1.1.0/copier.yml", NEWER)
    migrations(shop, '- {to: "1.1.0", changes: [{rename: {from: colour, to: look.colour}}]}\n')
    return shop


def migrations(shop: Shop, text: str) -> None:
    shop.edit("templates/app/1.1.0/migrations.yml", text)


def test_a_dry_run_shows_the_lines_and_changes_nothing(newer: Shop) -> None:
    done = newer("migrate", "app")

    assert done.code == 0
    assert "fleets/labs/layers/global.yaml:2: rename colour to look.colour (1.1.0)" in done.out
    assert "+values: {look: {colour: red}}" in done.out
    assert "3 sites to app@1.1.0: 1 file would change; --write changes them" in done.out
    assert (newer.root / "layers/global.yaml").read_text().endswith("values: {colour: red}\n")


def test_written_files_differ_only_where_the_dry_run_said(newer: Shop) -> None:
    newer.edit("layers/global.yaml", '# head\ntemplates: {app: "1.0.0"}\nvalues:\n  colour: "red"  # ours\n')
    newer.edit("sites/paris-01.yaml", 'labels:   {region: eu, kubernetes: "1.36"}\r\nvalues: {colour:  blue}\r\n')

    done = newer("migrate", "app", "--write", "-o", "json")

    assert done.code == 0
    assert done.json["written"] is True
    assert [file["file"] for file in done.json["files"]] == [
        "fleets/labs/layers/global.yaml",
        "fleets/labs/sites/paris-01.yaml",
    ]
    written = (newer.root / "layers/global.yaml").read_text()
    assert written == '# head\ntemplates: {app: "1.0.0"}\nvalues:\n  look:\n    colour: "red"  # ours\n'
    site = (newer.root / "sites/paris-01.yaml").read_bytes()
    assert site == b'labels:   {region: eu, kubernetes: "1.36"}\r\nvalues: {look: {colour:  blue}}\r\n'
    assert newer("migrate", "app").out.endswith("nothing to change\n")


def test_the_result_fits_its_schema(newer: Shop) -> None:
    schema = json.loads((ROOT / "schemas/output/migrate.schema.json").read_text())

    jsonschema.validate(newer("migrate", "app", "-o", "json").json, schema)
    jsonschema.validate(newer("migrate", "app", "berlin-01", "-o", "json").json, schema)


def test_a_layer_of_sites_that_stay_is_a_conflict_and_nothing_is_written(newer: Shop) -> None:
    newer.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {colour: blue}\n')

    done = newer("migrate", "app", "paris-01", "--write", "-o", "json")

    assert done.code == 1
    assert done.json["written"] is False
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["file"], problem["line"]) == ("FP221", "fleets/labs/layers/global.yaml", 2)
    assert "2 sites, austin-01 among them, use this file and stay at 1.0.0" in problem["what"]
    assert "colour: blue" in (newer.root / "sites/paris-01.yaml").read_text()


def test_sites_of_several_versions_are_each_taken_from_their_own(newer: Shop) -> None:
    # berlin-01 has the new version already: a layer of both may change, for the new version is what both will have.
    newer.edit(
        "sites/berlin-01.yaml",
        'labels: {region: eu, kubernetes: "1.35"}\ntemplates: {app: "1.1.0"}\nvalues: {owner: a, colour: blue}\n',
    )

    done = newer("migrate", "app", "-o", "json")

    assert done.json["sites"] == 2
    assert [file["file"] for file in done.json["files"]] == ["fleets/labs/layers/global.yaml"]
    raised = newer("migrate", "app", "--from", "1.0.0", "-o", "json").json
    assert raised["sites"] == 3
    assert "fleets/labs/sites/berlin-01.yaml" in [file["file"] for file in raised["files"]]


@pytest.mark.parametrize(
    ("values", "change", "code", "what"),
    [
        ("{colour: red, look: {colour: b}}", "rename: {from: colour, to: look.colour}", "FP220", "has a value already"),
        ("{colour: red, look: dark}", "rename: {from: colour, to: look.colour}", "FP220", "look is a text"),
        ("{colour: red}", "rename: {from: colour.dark, to: look}", "FP220", "replaces colour as a whole"),
        ("{colour: null}", "drop: colour.dark", "FP220", "deletes colour as a whole"),
        ("{colour: [red]}", "map: {key: colour, values: {red: blue}}", "FP220", "got a list"),
        ("{colour: &c red, replicas: *c}", "drop: colour", "FP222", "alias"),
    ],
)
def test_what_a_person_must_decide_is_told_with_its_line(
    newer: Shop, values: str, change: str, code: str, what: str
) -> None:
    newer.edit("layers/global.yaml", f'templates: {{app: "1.0.0"}}\nvalues: {values}\n')
    migrations(newer, f'- {{to: "1.1.0", changes: [{{{change}}}]}}\n')

    done = newer("migrate", "app", "--write", "-o", "json")

    assert done.code == 1
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["file"], problem["line"]) == (code, "fleets/labs/layers/global.yaml", 2)
    assert what in problem["what"]
    assert problem["hint"]


def test_two_maps_are_joined_by_move_and_not_by_rename(newer: Shop) -> None:
    newer.edit(
        "layers/global.yaml",
        'templates: {app: "1.0.0"}\nvalues:\n  a:\n    x: 1 # one\n    w: 2\n  look:\n    z: 3\n',
    )
    migrations(newer, '- {to: "1.1.0", changes: [{move: {from: a, to: look}}]}\n')

    assert newer("migrate", "app", "--write").code == 0
    text = (newer.root / "layers/global.yaml").read_text()
    assert text == 'templates: {app: "1.0.0"}\nvalues:\n  look:\n    z: 3\n    x: 1 # one\n    w: 2\n'


def test_values_are_mapped_and_dropped_and_the_rest_stays(newer: Shop) -> None:
    newer.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {colour: "red", old: 1, sure: true}\n')
    newer.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {colour: green}\n')
    migrations(
        newer,
        """\
        - to: "1.1.0"
          changes:
            - map: {key: colour, values: {red: crimson}}
            - map: {key: sure, values: {"true": always}}
            - drop: old
        """,
    )

    assert newer("migrate", "app", "--write").code == 0
    assert 'values: {colour: "crimson", sure: always}' in (newer.root / "layers/global.yaml").read_text()
    assert "colour: green" in (newer.root / "sites/paris-01.yaml").read_text()


def test_a_missing_value_is_set_where_the_template_is_pinned(newer: Shop) -> None:
    migrations(newer, '- {to: "1.1.0", changes: [{set-if-missing: {key: owner, value: labs}}]}\n')

    assert newer("migrate", "app", "--write").code == 0
    assert "values: {colour: red, owner: labs}" in (newer.root / "layers/global.yaml").read_text()


def test_a_missing_value_is_set_site_by_site_where_some_have_one(newer: Shop) -> None:
    newer.edit("layers/regions/us.yaml", "values: {owner: us}\n")
    migrations(newer, '- {to: "1.1.0", changes: [{set-if-missing: {key: owner, value: labs}}]}\n')

    done = newer("migrate", "app", "--write", "-o", "json")

    files = {file["file"].rpartition("/")[2] for file in done.json["files"]}
    assert files == {"berlin-01.yaml", "paris-01.yaml"}
    assert "owner: labs" in (newer.root / "sites/berlin-01.yaml").read_text()


def test_a_value_that_another_template_asks_for_is_left_to_a_person(newer: Shop) -> None:
    newer.edit("templates/addon/1.0.0/copier.yml", "_subdirectory: template\ncolour: {type: str}\n")
    newer.edit("templates/addon/1.0.0/template/a.yaml", "")
    newer.edit("layers/global.yaml", 'templates: {app: "1.0.0", addon: "1.0.0"}\nvalues: {colour: red}\n')

    done = newer("migrate", "app", "-o", "json")

    assert done.codes() == {"FP220"}
    assert "another template of the site" in done.json["problems"][0]["what"]


def test_migrations_that_do_not_fit_the_schema_are_told_with_their_line(newer: Shop) -> None:
    migrations(newer, '- to: "1.1.0"\n  changes:\n    - renames: {from: a, to: b}\n')

    done = newer("migrate", "app")

    assert done.code == 2
    assert "templates/app/1.1.0/migrations.yml:3" in done.err


def test_migrating_to_an_older_version_is_refused(newer: Shop) -> None:
    done = newer("migrate", "app", "--from", "1.1.0", "--to", "1.0.0")

    assert (done.code, "FP805" in done.err) == (2, True)


def test_a_file_that_changed_meanwhile_is_not_written_over(newer: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    write_migration = migration.write_migration
    path = newer.root / "layers/global.yaml"

    def late(*arguments: object) -> None:
        path.write_text("# somebody else\n")
        write_migration(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(migration, "write_migration", late)
    done = newer("migrate", "app", "--write")

    assert (done.code, "FP803" in done.err) == (4, True)
    assert path.read_text() == "# somebody else\n"
    assert not list(path.parent.glob(".*"))


@pytest.mark.slow
def test_the_sample_fleet_migrates_to_edge_platform_1_5_0_and_renders_the_same(shop: Shop) -> None:
    # 1.5.0 reads the old name too, so the output tells whether the migrated fleet says the same.
    fleet = shop.folder / "sample"
    for part in ("fleets", "templates", "schemas"):
        shutil.copytree(ROOT / part, fleet / part)
    for path in [*(fleet / "fleets/labs/layers/rings").iterdir(), *(fleet / "fleets/labs/sites").rglob("*.yaml")]:
        path.write_text(re.sub(r'(edge-platform: )"1\.[34]\.0"', r'\1"1.5.0"', path.read_text()))
    root = ("--fleet", fleet / "fleets/labs")
    before = shop("render", *root).out

    done = shop("migrate", "edge-platform", "--from", "1.3.0", "--to", "1.5.0", "--write", "-o", "json", *root)

    assert {Path(file["file"]).name for file in done.json["files"]} == {"apac.yaml", "eu.yaml", "us.yaml"}
    assert all(len(file["diff"].splitlines()) == 6 for file in done.json["files"])
    assert "remote_write_url" not in "".join(p.read_text() for p in (fleet / "fleets/labs/layers").rglob("*.yaml"))
    assert shop("render", *root).out == before
    assert before.count("remoteWrite") > 70

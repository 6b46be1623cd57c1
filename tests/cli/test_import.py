"""`import foxops` and `import copier`, as a person runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from renderer import strict_yaml
from tests.build import write

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

SCHEMA = Path(__file__).parents[2] / "schemas/output/import.schema.json"
LABELS = ("--label", "region=eu", "--label", "kubernetes=1.35")


def checkout(shop: Shop, name: str, values: str, *, version: str = "v1.0.0", source: str = "gh:labs/app") -> Path:
    folder = shop.folder.parent / "checkouts" / name
    write(folder / ".copier-answers.yml", f"_commit: {version}\n_src_path: {source}\n{values}")
    return folder


def run(shop: Shop, *arguments: str | Path, tool: str = "copier") -> Done:
    paths = shop.folder.parent / "checkouts"
    return shop("import", tool, paths, "--into", shop.root, "--template", "gh:labs/app=app", "-o", "json", *arguments)


def load(shop: Shop, name: str) -> object:
    return strict_yaml.load((shop.root / "sites" / f"{name}.yaml").read_bytes(), name).value


def test_checkouts_of_copier_become_sites_that_validate(shop: Shop) -> None:
    checkout(shop, "rome-01", "colour: red\nreplicas: 4\n")
    checkout(shop, "group/oslo-01", "colour: blue\nregion: us\n")

    done = run(shop, "--label", "kubernetes=1.35", "--sites", sites_file(shop, "rome-01: {labels: {region: eu}}\n"))

    assert done.code == 0
    jsonschema.validate(done.json, json.loads(SCHEMA.read_text()))
    assert [site["site"] for site in done.json["sites"]] == ["oslo-01", "rome-01"]
    assert load(shop, "rome-01") == {
        "labels": {"region": "eu", "kubernetes": "1.35"},
        "templates": {"app": "1.0.0"},
        "values": {"colour": "red", "replicas": 4},
    }
    assert shop("validate", "rome-01", "oslo-01").code == 0


def sites_file(shop: Shop, text: str) -> Path:
    path = shop.folder.parent / "sites-to-import.yaml"
    path.write_text(text)
    return path


def test_checkouts_of_foxops_give_what_people_gave_and_not_the_defaults(shop: Shop) -> None:
    folder = shop.folder.parent / "checkouts" / "rome-01"
    write(
        folder / ".fengine.yaml",
        """\
        # This file is auto-generated and owned by foxops.
        template_data:
          colour: red
        template_data_full: {colour: red, replicas: 1, fengine: {template: {}}}
        template_repository: gh:labs/app
        template_repository_version: main
        template_repository_version_hash: 0000
        """,
    )

    done = run(shop, *LABELS, "--map-version", "main=1.0.0", tool="foxops")

    assert done.code == 0
    assert load(shop, "rome-01") == {
        "labels": {"region": "eu", "kubernetes": "1.35"},
        "templates": {"app": "1.0.0"},
        "values": {"colour": "red"},
    }


def test_unpin_looks_at_the_templates_defaults_over_the_layers_of_the_site(shop: Shop) -> None:
    # The layers say colour: red, so blue, the template's default, has to stay.
    checkout(shop, "rome-01", "colour: blue\nreplicas: 1\n")
    checkout(shop, "oslo-01", "colour: red\nreplicas: 2\n")

    done = run(shop, *LABELS, "--unpin")

    assert {site["site"]: site["unpinned"] for site in done.json["sites"]} == {
        "rome-01": ["replicas"],
        "oslo-01": ["colour"],
    }
    assert load(shop, "rome-01")["values"] == {"colour": "blue"}  # type: ignore[index]
    assert load(shop, "oslo-01")["values"] == {"replicas": 2}  # type: ignore[index]


def test_nothing_is_overwritten_and_a_second_run_takes_the_rest(shop: Shop) -> None:
    checkout(shop, "berlin-01", "colour: red\n")
    checkout(shop, "rome-01", "colour: red\n")
    before = (shop.root / "sites" / "berlin-01.yaml").read_bytes()

    first = run(shop, *LABELS)
    written = (shop.root / "sites" / "rome-01.yaml").read_bytes()
    second = run(shop, "--label", "region=us", "--label", "kubernetes=1.35")

    assert (first.code, second.code) == (1, 1)
    assert (first.codes(), second.codes()) == ({"FP807"}, {"FP807"})
    assert [site["site"] for site in first.json["sites"]] == ["rome-01"]
    assert second.json["sites"] == []
    assert (shop.root / "sites" / "berlin-01.yaml").read_bytes() == before
    assert (shop.root / "sites" / "rome-01.yaml").read_bytes() == written


def test_a_dry_run_writes_nothing_and_tells_the_same(shop: Shop) -> None:
    checkout(shop, "rome-01", "colour: red\nx: null\n")

    dry = run(shop, *LABELS, "--dry-run")

    assert not (shop.root / "sites" / "rome-01.yaml").exists()
    assert dry.json["written"] is False
    assert {**run(shop, *LABELS).json, "written": False} == dry.json
    assert dry.codes() == {"FP808"}


def test_a_site_with_an_error_is_not_written_and_the_others_are(shop: Shop) -> None:
    checkout(shop, "rome-01", "colour: red\n")
    checkout(shop, "oslo-01", "colour: red\n", version="v7")
    checkout(shop, "Bad_Name", "colour: red\n")
    checkout(shop, "riga-01", "colour: red\n", source="gh:labs/other")
    checkout(shop, "bonn-01", "colour: [red\n")
    (shop.folder.parent / "checkouts" / "link-01").symlink_to(shop.folder.parent / "checkouts" / "rome-01")

    done = run(shop, *LABELS)

    assert done.code == 1
    assert [site["site"] for site in done.json["sites"]] == ["rome-01"]
    assert done.codes() == {"FP102", "FP206", "FP301"}
    assert sorted(path.name for path in (shop.root / "sites").glob("*")) == [
        "austin-01.yaml",
        "berlin-01.yaml",
        "paris-01.yaml",
        "rome-01.yaml",
    ]


def test_two_checkouts_of_one_name_are_told_and_a_name_can_be_given(shop: Shop) -> None:
    checkout(shop, "a/rome-01", "colour: red\n")
    checkout(shop, "b/rome-01", "colour: red\n")
    checkout(shop, "Oslo", "colour: red\n")

    done = run(shop, *LABELS, "--sites", sites_file(shop, "Oslo: {name: oslo-01}\nnowhere: {}\n"))

    assert [site["site"] for site in done.json["sites"]] == ["oslo-01"]
    assert done.codes() == {"FP205", "FP805"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: [", "FP102"),
        ("a: {naem: x}", "FP201"),
        ("[]", "FP201"),
        ("a: {labels: {b: 1}}", "FP201"),
        ("a: 1", "FP201"),
    ],
)
def test_a_wrong_sites_file_stops_before_anything_is_written(shop: Shop, text: str, code: str) -> None:
    checkout(shop, "rome-01", "colour: red\n")

    done = run(shop, *LABELS, "--sites", sites_file(shop, text))

    assert done.code == 2
    assert code in done.err
    assert not (shop.root / "sites" / "rome-01.yaml").exists()


def test_wrong_use_is_told(shop: Shop) -> None:
    (shop.folder.parent / "checkouts").mkdir()

    assert run(shop, "--label", "region").code == 2
    assert "expected KEY=VALUE" in run(shop, "--label", "=x").err
    assert shop("import", "copier", "nowhere", "--into", shop.root).code == 2
    assert shop("import", "copier", "--into", shop.root).code == 2


def test_the_text_tells_what_was_done(shop: Shop) -> None:
    checkout(shop, "rome-01", "colour: red\n")

    done = shop(
        "import",
        "copier",
        shop.folder.parent / "checkouts",
        "--into",
        shop.root,
        "--template",
        "gh:labs/app=app",
        *LABELS,
    )

    assert done.out == "1 site imported, 0 not\n  app@1.0.0: 1 site\n"

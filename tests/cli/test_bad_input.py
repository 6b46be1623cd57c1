"""Whatever stands in one site's files, the command says what is wrong with it and publishes the other sites.

The corpora in tests/examples/invalid are put into one fleet, a site for each file: a new file is a new case.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "tests/examples/invalid"
GOOD = {"austin-01": "published", "berlin-01": "published", "paris-01": "published"}
SITE = 'labels: {region: eu, kubernetes: "1.35"}\n'
ONLY = SITE + 'templates: {app: null, NAME: "1.0.0"}\nvalues: {colour: null}\n'


def examples(kind: str) -> dict[str, Path]:
    """Site name -> example."""
    found = {f"bad-{path.stem.replace('_', '-').lower()}"[:53]: path for path in sorted((EXAMPLES / kind).iterdir())}
    assert len(found) >= 8, kind
    return found


def expected(path: Path) -> set[str]:
    first = (path / "expect" if path.is_dir() else path).read_text().splitlines()[0]
    return set(first.removeprefix("# expect: ").split())


def assert_each_is_told(done: Done, bad: dict[str, Path]) -> None:
    assert done.code == 3
    assert done.outcomes() == {**GOOD, **dict.fromkeys(bad, "failed")}
    told = {site: {each["code"] for each in done.json["problems"] if site in each["sites"]} for site in bad}
    assert {site: expected(path) - told[site] for site, path in bad.items()} == {site: set() for site in bad}
    assert [problem for problem in done.json["problems"] if not (problem.get("hint") and problem.get("file"))] == []


def test_bad_site_files(shop: Shop) -> None:
    bad = examples("site")
    for site, path in bad.items():
        shutil.copy(path, shop.root / f"sites/{site}.yaml")
    shop.commit()

    assert_each_is_told(shop.publish(), bad)


def test_bad_layers(shop: Shop) -> None:
    bad = examples("layer")
    fleet = (shop.root / "fleet.yaml").read_text().replace('eu, us]\n  kubernetes: ["1.35", "1.36"]', "eu, us]", 1)
    fleet = fleet.replace("labels:", f'labels:\n  kubernetes: ["1.35", "1.36"]\n  layer: [none, {", ".join(bad)}]')
    (shop.root / "fleet.yaml").write_text(fleet.replace("layers: [", 'layers: ["{layer}.yaml", '))
    (shop.root / "layers/none.yaml").write_text("")
    for site in GOOD:
        path = shop.root / f"sites/{site}.yaml"
        path.write_text(path.read_text().replace("labels: {", "labels: {layer: none, "))
    for site, path in bad.items():
        shutil.copy(path, shop.root / f"layers/{site}.yaml")
        (shop.root / f"sites/{site}.yaml").write_text(SITE.replace("labels: {", f"labels: {{layer: {site}, "))
    shop.commit()

    assert_each_is_told(shop.publish(), bad)


def test_bad_rendered_files(shop: Shop) -> None:
    bad = examples("rendered")
    shutil.copytree(REPOSITORY / "schemas/crds", shop.folder / "schemas/crds")
    for site, path in bad.items():
        template = shop.folder / f"templates/{site}/1.0.0"
        template.mkdir(parents=True)
        (template / "copier.yml").write_text("_subdirectory: template\n")
        shutil.copytree(shop.folder / "templates/app/1.0.0/template", template / "template")
        (template / "template/config.yaml.jinja").unlink()
        shutil.copy(path, template / "template" / path.name)
        (shop.root / f"sites/{site}.yaml").write_text(f'{SITE}templates: {{{site}: "1.0.0"}}\n')
    shop.commit()

    assert_each_is_told(shop.publish(), bad)


def test_bad_templates(shop: Shop) -> None:
    bad = examples("template")
    for site, path in bad.items():
        shutil.copytree(path, shop.folder / f"templates/{site}/1.0.0")
        (shop.folder / f"templates/{site}/1.0.0/expect").unlink()
        (shop.root / f"sites/{site}.yaml").write_text(ONLY.replace("NAME", site))
    shop.commit()

    assert_each_is_told(shop.publish(), bad)


@pytest.mark.parametrize("path", examples("schema").values(), ids=lambda path: path.name)
def test_a_bad_crd_fails_the_sites_that_use_it(shop: Shop, path: Path) -> None:
    (shop.folder / "schemas/crds").mkdir()
    shutil.copy(path, shop.folder / "schemas/crds")
    shutil.copytree(shop.folder / "templates/app", shop.folder / "templates/widget")
    widget = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: w, namespace: default}\nspec: {size: 1}\n"
    (shop.folder / "templates/widget/1.0.0/template/widget.yaml").write_text(widget)
    shop.edit("sites/widgets.yaml", ONLY.replace("NAME", "widget"))

    done = shop.publish()

    assert done.code == 3
    assert done.outcomes() == {**GOOD, "widgets": "failed"}
    assert expected(path) <= done.codes()
    assert all(problem["hint"] and problem["file"] for problem in done.json["problems"])


@pytest.mark.parametrize("path", examples("fleet").values(), ids=lambda path: path.name)
def test_a_bad_fleet_file_stops_everything_before_it_begins(shop: Shop, path: Path) -> None:
    shutil.copy(path, shop.root / "fleet.yaml")

    done = shop.publish()

    assert done.code == 2
    assert all(code in done.err for code in expected(path)), done.err
    assert "fleets/labs/fleet.yaml:" in done.err


@pytest.mark.parametrize(
    ("path", "code"), [("sites/Upper.yaml", "FP206"), ("sites/x.yml", "FP206"), ("sites/eu/paris-01.yaml", "FP205")]
)
def test_a_file_that_cannot_be_a_site_is_told_and_stops_no_other(shop: Shop, path: str, code: str) -> None:
    shop.edit(path, SITE)

    done = shop.publish()

    assert done.code == 3
    assert code in done.codes()
    assert done.outcomes().items() >= {"austin-01": "published", "berlin-01": "published"}.items()

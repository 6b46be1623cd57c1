"""`bump`: pins move for exactly the sites that were asked for, and nothing but pins."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from renderer.engine import Workers
from renderer.fleet.pinning import PinRequest, plan_bump, write_pins
from renderer.fleet.workspace import Workspace
from renderer.types import Site, TemplatePin
from tests.build import build_fleet
from tests.cli.conftest import TEMPLATE

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

OUTPUT = Path(__file__).parents[2] / "schemas/output"

NEXT = {path.replace("1.0.0", "1.1.0"): text for path, text in TEMPLATE.items()}
RINGS = """\
name: labs
labels:
  region: [eu, us]
  ring: [canary, broad]
  kubernetes: ["1.35"]
layers: [global.yaml, "regions/{region}.yaml", "rings/{ring}.yaml"]
"""


def site(region: str, ring: str, more: str = "") -> str:
    return f'labels: {{region: {region}, ring: {ring}, kubernetes: "1.35"}}  # wide\n{more}'


def ringed(folder: Path, files: dict[str, str]) -> Path:
    """A fleet with rings, two versions of its template, and these files."""
    layers = {f"layers/rings/{ring}.yaml": "" for ring in ("canary", "broad")}
    pinned = {"layers/global.yaml": '# all\ntemplates: {app: "1.0.0"} # pinned\n'}
    return build_fleet(folder, {**TEMPLATE, **NEXT, "fleet.yaml": RINGS, **layers, **pinned, **files})


def versions(root: Path) -> dict[str, str | None]:
    space = Workspace(root)
    found = {name: space.site(file) for name, file in space.index.sites.items()}
    return {
        name: next((pin.version for pin in site.templates if pin.name == "app"), None)
        if isinstance(site, Site)
        else None
        for name, site in found.items()
    }


def bump(root: Path, sites: set[str], version: str = "1.1.0", **settings: bool) -> set[str]:
    """Move the pins; the files that changed, relative to the fleet's folder."""
    space = Workspace(root)
    plan = plan_bump(space, PinRequest(TemplatePin("app", version), frozenset(sites), **settings), Workers(1))
    assert not plan.problems
    write_pins(space, [plan])
    return {file.file.removeprefix("fleets/labs/") for file in plan.files}


def test_a_pin_changes_where_it_stands_when_all_its_sites_move(tmp_path: Path) -> None:
    root = ringed(tmp_path, {"sites/a.yaml": site("eu", "canary"), "sites/b.yaml": site("us", "broad")})

    assert bump(root, {"a", "b"}) == {"layers/global.yaml"}
    assert (root / "layers/global.yaml").read_text() == '# all\ntemplates: {app: "1.1.0"} # pinned\n'


def test_a_ring_gets_the_pin_in_its_layer(tmp_path: Path) -> None:
    root = ringed(tmp_path, {"sites/a.yaml": site("eu", "canary"), "sites/b.yaml": site("eu", "broad")})

    assert bump(root, {"a"}) == {"layers/rings/canary.yaml"}
    assert versions(root) == {"a": "1.1.0", "b": "1.0.0"}


def test_sites_without_a_layer_of_their_own_get_it_in_their_files(tmp_path: Path) -> None:
    files = {f"sites/{name}.yaml": site("eu", "canary") for name in ("a", "b", "c")}
    root = ringed(tmp_path, files)

    assert bump(root, {"a", "b"}) == {"sites/a.yaml", "sites/b.yaml"}
    assert (root / "sites/a.yaml").read_text() == site("eu", "canary", 'templates:\n  app: "1.1.0"\n')


def test_an_exception_stays_unless_it_is_asked_for(tmp_path: Path) -> None:
    own = site("eu", "canary", "templates:\n  # Until the spring.\n  app: '1.0.0'\n")
    files = {"sites/a.yaml": own, "sites/b.yaml": site("eu", "canary")}

    held = ringed(tmp_path / "held", files)
    moved = ringed(tmp_path / "moved", files)

    assert bump(held, {"a", "b"}) == {"layers/global.yaml"}
    assert versions(held) == {"a": "1.0.0", "b": "1.1.0"}
    assert bump(moved, {"a", "b"}, exceptions=True) == {"layers/global.yaml", "sites/a.yaml"}
    assert (moved / "sites/a.yaml").read_text() == own.replace("1.0.0", "1.1.0")


def test_a_downgrade_is_a_bump(tmp_path: Path) -> None:
    root = ringed(tmp_path, {"sites/a.yaml": site("eu", "canary"), "sites/b.yaml": site("eu", "broad")})
    before = (root / "layers/global.yaml").read_bytes()

    bump(root, {"a", "b"})
    bump(root, {"a", "b"}, "1.0.0")

    assert (root / "layers/global.yaml").read_bytes() == before


def test_a_site_that_does_not_use_the_template_does_not_get_it(tmp_path: Path) -> None:
    files = {
        "sites/a.yaml": site("eu", "canary"),
        "sites/b.yaml": site("eu", "canary", "templates: {app: null}\n"),
        "layers/rings/broad.yaml": "templates: {app: null}\n",
        "sites/c.yaml": site("eu", "broad"),
    }
    root = ringed(tmp_path, files)

    assert bump(root, {"a", "b", "c"}) == {"layers/global.yaml"}
    assert bump(root, {"a"}, "1.0.0") == {"layers/global.yaml"}


@pytest.mark.parametrize("seed", range(40))
def test_exactly_the_sites_that_were_asked_for_move(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    pins = ["", 'templates: {app: "1.0.0"}\n', "templates: {app: null}\n", 'templates:\n  app: "1.1.0"\n']
    files = {
        f"layers/{layer}.yaml": dice.choice(pins[:2] if layer == "global" else pins)
        for layer in ("global", "regions/eu", "regions/us", "rings/canary", "rings/broad")
    }
    # Every site uses some template, so that it can be read.
    files["layers/global.yaml"] = 'templates: {app: "1.0.0"}\n'
    files |= {
        f"sites/s{number}.yaml": site(
            dice.choice(["eu", "us"]), dice.choice(["canary", "broad"]), dice.choices(pins, [6, 1, 0, 1])[0]
        )
        for number in range(12)
    }
    root = ringed(tmp_path, files)
    before = versions(root)
    chosen = {name for name in before if dice.random() < dice.choice([0.2, 0.8, 1])}

    bump(root, chosen, exceptions=True)

    assert versions(root) == {
        name: "1.1.0" if name in chosen and version is not None else version for name, version in before.items()
    }


@pytest.mark.slow
def test_only_lines_of_pins_change_in_a_thousand_files(tmp_path: Path) -> None:
    own = '\ufeff# {0}\r\ntemplates:   # pins of {0}\r\n  app:   "1.0.0"   # why\r\n\r\nvalues: {{colour: red}}\r\n'
    files = {f"sites/s{n}.yaml": own.format(n) + site("eu", "canary").strip() + "\r\n" for n in range(1000)}
    root = ringed(tmp_path, files)
    before = {path: path.read_bytes() for path in (root / "sites").iterdir()}

    assert len(bump(root, {f"s{n}" for n in range(1000)}, exceptions=True)) == 1000

    for path, content in before.items():
        assert path.read_bytes() == content.replace(b'"1.0.0"', b'"1.1.0"')


def test_bump_tells_what_it_did_and_check_what_is_left_to_do(shop: Shop) -> None:
    for path, text in NEXT.items():
        shop.edit(path, text)

    shop.edit(
        "templates/app/1.1.0/template/config.yaml.jinja",
        NEXT["templates/app/1.1.0/template/config.yaml.jinja"].rstrip() + "\n          more: words\n",
    )

    check = shop("bump", "app", "1.1.0", "region=us", "--check")
    done = shop("bump", "app", "1.1.0", "region=us")
    again = shop("bump", "app", "1.1.0", "region=us", "--check", "-o", "json")

    assert (check.code, done.code, again.code) == (1, 0, 0)
    assert "1 file would change" in check.out
    assert done.out.splitlines() == [
        "app 1.0.0 -> 1.1.0: 1 site",
        "  austin-01",
        "changes 1 site in 1 group",
        "  1 site: 1 field of ConfigMap app [changes or adds objects]; austin-01",
        "1 file changed: fleets/labs/layers/regions/us.yaml",
    ]
    assert (again.json["already"], again.json["impact"]) == (1, None)
    assert "changes" not in shop("bump", "app", "1.0.0", "region=us", "--no-impact").out


def test_bump_tells_in_data_whom_it_changes(shop: Shop) -> None:
    for path, text in NEXT.items():
        shop.edit(path, text.replace("kind: ConfigMap", "kind: Secret") if path.endswith("jinja") else text)

    done = shop("bump", "app", "1.1.0", "--dry-run", "-o", "json")

    jsonschema.validate(done.json, json.loads((OUTPUT / "bump.schema.json").read_text()))
    # A Secret with plain data is refused: nobody can be rendered with it.
    assert done.json["impact"] == {"changed": 0, "failed": 3, "groups": []}


def test_bump_refuses_a_version_that_is_not_there(shop: Shop) -> None:
    done = shop("bump", "app", "1.7.0", "region=us")

    assert done.code == 2
    assert "FP301" in done.err


def test_bump_changes_nothing_while_a_site_cannot_be_read(shop: Shop) -> None:
    for path, text in NEXT.items():
        shop.edit(path, text)
    shop.edit("sites/berlin-01.yaml", "labels: [\n")

    done = shop("bump", "app", "1.1.0", "region=us")

    assert done.code == 2
    assert "berlin-01.yaml" in done.err
    assert "1.1.0" not in (shop.root / "layers/regions/us.yaml").read_text()


def test_bump_offers_migrations_and_makes_them(shop: Shop) -> None:
    for path, text in NEXT.items():
        shop.edit(path, text.replace("colour", "color"))
    shop.edit(
        "templates/app/1.1.0/migrations.yml", '- to: "1.1.0"\n  changes:\n    - rename: {from: colour, to: color}\n'
    )

    offered = shop("bump", "app", "1.1.0", "--dry-run")
    done = shop("bump", "app", "1.1.0", "--migrate")

    assert "fleetpress bump --migrate" in offered.out
    assert done.code == 0
    assert (shop.root / "layers/global.yaml").read_text() == 'templates: {app: "1.1.0"}\nvalues: {color: red}\n'
    assert shop("validate").code == 0

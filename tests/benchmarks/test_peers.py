"""The loops that fleetpress is compared with do the work they claim to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from benchmarks.generate import generate
from benchmarks.kapitan import Kapitan
from benchmarks.loops import Careful, Naive
from benchmarks.versus import Bench

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_both_loops_see_the_documents_that_fleetpress_renders(tmp_path: Path) -> None:
    fleet = generate(tmp_path / "fleet", sites=3)
    sites = sorted((fleet.root / "sites").rglob("*.yaml"))
    rendered = Bench(fleet.root).rendered(sites[0].stem)
    # Neither loop can leave a file out, as the template asks for on one distribution.
    left_out = 0 if "platform/router/router.yaml" in rendered else 4

    documents = sum(len(list(yaml.safe_load_all(content))) for content in rendered.values())

    assert Careful(fleet.root)(sites[0]) == Naive(fleet.root)(sites[0]) == documents + left_out


@pytest.mark.slow
def test_a_loop_refuses_what_its_schemas_refuse(tmp_path: Path) -> None:
    fleet = generate(tmp_path / "fleet", sites=1)
    (site,) = (fleet.root / "sites").rglob("*.yaml")
    site.write_text(site.read_text().replace("port: 9101", 'port: "http"'))

    for loop in (Careful(fleet.root), Naive(fleet.root)):
        with pytest.raises(jsonschema.ValidationError):
            loop(site)


def test_the_inventory_has_a_class_for_each_layer_and_a_target_for_each_site(tmp_path: Path) -> None:
    fleet = generate(tmp_path / "fleet", sites=2)
    sites = sorted((fleet.root / "sites").rglob("*.yaml"))

    Kapitan(fleet.root, tmp_path / "kapitan", sites, "kapitan")

    inventory = tmp_path / "kapitan" / "inventory"
    target = yaml.safe_load((inventory / "targets" / f"{sites[0].stem}.yml").read_text())
    assert len(list((inventory / "targets").iterdir())) == 2
    assert all((inventory / "classes" / f"{name.replace('.', '/')}.yml").is_file() for name in target["classes"])
    assert target["parameters"]["kapitan"]["vars"]["site"] == sites[0].stem

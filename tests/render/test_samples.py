"""The sample fleet: sites of every distribution give what Copier gives, template by template."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from renderer.read import Layers, list_sites, load_fleet, load_site, load_template
from renderer.render import compile_template, render_site
from renderer.types import Manifests, Site
from tests.render.oracle import copier_files

if TYPE_CHECKING:
    from renderer.types import Document, Fleet, Problem

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(not (ROOT / "fleets").is_dir(), reason="the sample fleet is not in this tree")


def _accept(_kind: str, _document: Document) -> list[Problem]:
    return []


@cache
def _fleet() -> Fleet:
    return load_fleet(next(ROOT.glob("fleets/*/fleet.yaml")).parent, check=_accept)


@cache
def _sites() -> dict[str, Site]:
    """One site for each pair of distribution and set of templates."""
    fleet, found = _fleet(), {}
    layers = Layers(fleet, _accept)
    for site_file in list_sites(fleet).sites.values():
        site = load_site(fleet, layers, site_file, check=_accept)
        if isinstance(site, Site):
            found[(site.labels["distribution"], site.labels["topology"], site.templates)] = site
    return {site.name: site for site in found.values()}


@pytest.mark.slow
def test_sample_sites_give_what_copier_gives(tmp_path: Path) -> None:
    fleet, compared = _fleet(), 0
    for site in _sites().values():
        for pin in site.templates:
            template = compile_template(load_template(fleet, pin))
            given: dict[str, Any] = {**site.values, **site.labels, "site": site.name, "fleet": fleet.name}
            asked = {name: given[name] for name in template.variables if name in given}
            rendered = template.render(site.name, given)
            folder = fleet.templates / pin.name / pin.version
            expected = copier_files(folder, tmp_path / str(pin) / site.name, asked)
            assert rendered.problems == ()
            assert {file.path: (file.content, file.mode) for file in rendered.files} == expected
            compared += len(expected)
    assert compared


def test_sample_sites_render() -> None:
    fleet = _fleet()
    templates = {
        pin: compile_template(load_template(fleet, pin)) for site in _sites().values() for pin in site.templates
    }
    for site in _sites().values():
        result = render_site(site, fleet.name, [templates[pin] for pin in site.templates])

        assert isinstance(result, Manifests), result

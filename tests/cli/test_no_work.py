"""What did not change costs nothing: no file is parsed for it, and no request made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import renderer.read.site
from tests.fakes.registry import FakeRegistry

if TYPE_CHECKING:
    from renderer.read.interface import SiteFile
    from tests.cli.conftest import Shop


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sites whose files were read."""
    names: list[str] = []
    read = renderer.read.site.read_site

    def spy(fleet: object, site_file: SiteFile, check: object) -> object:
        names.append(site_file.name)
        return read(fleet, site_file, check)  # type: ignore[arg-type]

    monkeypatch.setattr(renderer.read.site, "read_site", spy)
    return names


def test_an_unchanged_site_is_not_parsed(shop: Shop, parsed: list[str]) -> None:
    shop.publish()
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 4}\n')
    parsed.clear()

    assert shop.publish().outcomes() == {"paris-01": "published"}
    assert parsed == ["paris-01"]


def test_an_unchanged_fleet_asks_the_registry_for_its_ledgers_only(shop: Shop) -> None:
    with FakeRegistry() as registry:
        to = f"oci://{registry.host}/x"
        assert shop.publish("--plain-http", to=to).code == 0
        registry.seen.clear()

        done = shop.publish("--plain-http", to=to)

        assert (done.code, done.json["uploads"]) == (0, 0)
        assert {seen.path.partition("?")[0].split("/")[2:6][-1] for seen in registry.seen} == {"state"}
        assert {seen.method for seen in registry.seen} == {"GET"}
        assert len(registry.seen) <= 4  # tags, manifest and blob of the one ledger that both regions share here


def test_one_changed_site_asks_for_itself_and_the_ledgers_only(shop: Shop) -> None:
    with FakeRegistry() as registry:
        to = f"oci://{registry.host}/x"
        shop.publish("--plain-http", to=to)
        shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 4}\n')
        registry.seen.clear()

        shop.publish("--plain-http", to=to)

        assert not [seen.path for seen in registry.seen if "berlin-01" in seen.path or "austin-01" in seen.path]
        assert [seen.path for seen in registry.seen if "paris-01" in seen.path]
        assert registry.unsigned_tags() == ["x/labs/ledger/state:1.1.0", "x/labs/ledger/state:1.2.0"]

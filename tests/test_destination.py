"""Residency: where a site's artifact may go, for every region and every target."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import Code, ConfigurationError
from renderer.fleet.destination import Destination
from renderer.types import Fleet, Problem, Publishing, Reference

REGIONS = ("eu", "us", "apac")


def fleet(registries: dict[str, str]) -> Fleet:
    labels = {"region": REGIONS}
    return Fleet("labs", Path(), Path(), labels, (), Path(), Path(), registries=registries)


def registry(region: str) -> str:
    return f"oci://registry.{region}.example/press"


OWN = fleet({region: registry(region) for region in REGIONS})


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("other", REGIONS)
def test_a_site_goes_to_its_own_regions_registry_and_to_no_other(region: str, other: str) -> None:
    found = Destination.parse(OWN, registry(other)).repository("lab-1", region)

    if region == other:
        assert found == Reference(f"registry.{region}.example", "press/labs/lab-1")
    else:
        assert isinstance(found, Problem)
        assert found.code is Code.RESIDENCY


@pytest.mark.parametrize("to", ["fleet", "oci://registry.{region}.example/press"])
def test_all_regions_at_once_go_each_to_its_own(to: str) -> None:
    destination = Destination.parse(OWN, to)

    assert destination.regions == REGIONS
    assert destination.targets == tuple(registry(region) for region in REGIONS)
    for region in REGIONS:
        assert destination.repository("lab-1", region) == Reference(f"registry.{region}.example", "press/labs/lab-1")


def test_a_target_for_one_region_has_the_ledger_of_that_region_only() -> None:
    destination = Destination.parse(OWN, registry("us"))

    assert destination.regions == ("us",)
    assert destination.targets == (registry("us"),)


@pytest.mark.parametrize(
    "to", ["oci://registry.eu.example/elsewhere", "oci://registry.eu.example:444/press", "oci://x/y"]
)
def test_another_prefix_or_port_is_another_place(to: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Destination.parse(OWN, to)

    assert raised.value.problems[0].code is Code.RESIDENCY


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1", "127.8.8.8:5000", "[::1]:5000"])
def test_this_machine_may_have_every_region_for_tests(host: str) -> None:
    assert Destination.parse(OWN, f"oci://{host}/x").regions == REGIONS


@pytest.mark.parametrize("host", ["localhost.example", "127.0.0.1.example", "1270.0.0.1", "128.0.0.1"])
def test_what_only_looks_like_this_machine_may_not(host: str) -> None:
    with pytest.raises(ConfigurationError):
        Destination.parse(OWN, f"oci://{host}/x")


def test_a_fleet_without_registries_goes_where_it_is_told() -> None:
    assert Destination.parse(fleet({}), "oci://any.example/x").repository("lab-1", "eu") == Reference(
        "any.example", "x/labs/lab-1"
    )


@pytest.mark.parametrize("scheme", ["oci-layout", "oci-archive"])
def test_in_a_folder_artifacts_have_the_names_that_clusters_pull_them_by(scheme: str) -> None:
    found = Destination.parse(OWN, f"{scheme}:build/x").repository("lab-1", "eu")

    assert found == Reference("registry.eu.example", "press/labs/lab-1")


def test_what_is_remembered_of_a_folder_is_that_folders_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert (
        Destination.parse(OWN, "oci-layout:x").identity == Destination.parse(OWN, f"oci-layout:{tmp_path}/x").identity
    )
    assert Destination.parse(OWN, "oci-layout:x").identity != Destination.parse(OWN, "oci-layout:y").identity


def test_a_fleet_without_registries_cannot_be_sent_to_them() -> None:
    with pytest.raises(ConfigurationError, match="names no registries"):
        Destination.parse(fleet({}), "fleet")


names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(names.filter(lambda name: "--" not in name), st.sampled_from(REGIONS))
def test_no_site_can_have_the_repository_of_a_ledger(site: str, region: str) -> None:
    destination = Destination.parse(OWN, "fleet")

    assert destination.repository(site, region) not in {destination.ledger(each) for each in REGIONS}


def test_parts_and_bases_have_repositories_of_their_own_in_their_region() -> None:
    sharing = replace(OWN, publishing=Publishing(shared=True))
    destination = Destination.parse(sharing, "fleet")
    part = destination.repository("berlin", "eu")
    assert isinstance(part, Reference)

    assert part.name == "registry.eu.example/press/labs/parts/berlin"
    assert destination.base("0a" * 16, "us").name == f"registry.us.example/press/labs/bases/{'0a' * 16}"
    assert destination.suffix(part) == "/labs/parts/berlin"
    assert Destination.parse(OWN, "fleet").suffix(Reference("mirror", "x/labs/berlin")) == "/labs/berlin"

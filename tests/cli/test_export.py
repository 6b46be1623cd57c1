"""`export`: artifacts with their signatures in one file, and what a registry elsewhere makes of it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from renderer.types import Digest
from tests.judges import programs

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop
    from tests.judges.registry import Registry

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas/output/export.schema.json").read_text())


def export(shop: Shop, *sites: str, to: Path, source: str | None = None, key: Path | None = None) -> Done:
    where = ("--from", source or shop.target, "--file", to)
    done = shop("export", *sites, *where, "--key", key or shop.public, "-o", "json")
    if done.out:
        jsonschema.validate(done.json, SCHEMA)
    return done


def tags(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        assert archive.getnames().count("index.json") == 1
        index = json.loads(archive.extractfile("index.json").read())  # type: ignore[union-attr]
    notes = [entry.get("annotations", {}).get("org.opencontainers.image.ref.name") for entry in index["manifests"]]
    return [note for note in notes if note]


@pytest.fixture(params=["oci-layout", "oci-archive"])
def store(request: pytest.FixtureRequest, shop: Shop) -> Shop:
    shop.target = shop.target.replace("oci-layout", request.param)
    return shop


def test_the_newest_artifact_of_each_site_is_in_the_file(store: Shop, tmp_path: Path) -> None:
    store.publish()
    store.edit("sites/berlin-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\nvalues: {colour: blue}\n')
    store.publish()

    done = export(store, "region=eu", to=tmp_path / "stick" / "eu.lock")

    assert done.code == 0
    sites = {site["site"]: site for site in done.json["sites"]}
    assert {name: (site["outcome"], site["serial"]) for name, site in sites.items()} == {
        "berlin-01": ("exported", 2),
        "paris-01": ("exported", 1),
    }
    assert tags(tmp_path / "stick" / "eu.lock") == ["berlin-01/1.2.0", "paris-01/1.1.0"]
    assert [path.name for path in (tmp_path / "stick").iterdir()] == ["eu.lock"], "no lock, no rest"


def test_the_same_artifacts_make_the_same_file(shop: Shop, tmp_path: Path) -> None:
    shop.publish()
    archives = shop.target.replace("oci-layout", "oci-archive")
    shop.publish(to=archives)

    export(shop, "*", to=tmp_path / "a.tar")
    export(shop, "*", to=tmp_path / "b.tar", source=archives)

    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_a_file_that_is_there_is_left_alone(shop: Shop, tmp_path: Path) -> None:
    shop.publish()
    (tmp_path / "berlin.tar").write_text("mine")

    done = export(shop, "berlin-01", to=tmp_path / "berlin.tar")

    assert done.code == 2
    assert "FP803" in done.err
    assert (tmp_path / "berlin.tar").read_text() == "mine"


def test_what_a_cluster_would_refuse_is_left_out(shop: Shop, tmp_path: Path) -> None:
    shop.publish("berlin-01")

    done = export(shop, "region=eu", to=tmp_path / "eu.tar")
    assert (done.code, done.codes()) == (3, {"FP709"})
    assert {site["site"]: site["outcome"] for site in done.json["sites"]} == {
        "berlin-01": "exported",
        "paris-01": "failed",
    }
    assert tags(tmp_path / "eu.tar") == ["berlin-01/1.1.0"]

    shop("keygen", tmp_path / "other")
    refused = export(shop, "berlin-01", to=tmp_path / "none.tar", key=tmp_path / "other.pub")
    assert (refused.code, refused.json["file"]) == (1, None)
    assert refused.json["problems"]
    assert not (tmp_path / "none.tar").exists()
    assert not list(tmp_path.glob("none*"))


def test_a_folder_that_cannot_be_written_to_is_told(shop: Shop, tmp_path: Path) -> None:
    shop.publish("berlin-01")
    (tmp_path / "file").write_text("")

    done = export(shop, "berlin-01", to=tmp_path / "file" / "berlin.tar")

    assert (done.code, done.codes()) == (1, {"FP803"})


@pytest.mark.online
@pytest.mark.parametrize("form", ["bundle", "both"])
def test_a_registry_on_site_takes_the_file_and_cosign_accepts_what_is_in_it(
    shop: Shop, docker_registry: Registry, repository: str, tmp_path: Path, form: str
) -> None:
    fleet = (shop.root / "fleet.yaml").read_text()
    shop.edit("fleet.yaml", f"{fleet}signing: {{format: {form}}}\n")
    shop.publish("berlin-01")
    (site,) = export(shop, "berlin-01", to=tmp_path / "berlin.tar").json["sites"]
    place = f"{docker_registry.host}/{repository}/labs/berlin-01"
    tag = f"1.{site['serial']}.0"

    source = f"{tmp_path / 'berlin.tar'}:berlin-01"
    copy = ["oras", "copy", "--recursive", "--to-plain-http", "--from-oci-layout"]
    copied = programs.run(*copy, f"{source}/{tag}", f"{place}:{tag}")
    assert copied.returncode == 0, copied.stderr
    accepted = programs.cosign_verify(f"{place}:{tag}", shop.public)
    assert accepted.returncode == 0, accepted.stderr
    if form == "both":
        name = f"{site['digest'].replace(':', '-')}.sig"
        assert programs.run(*copy, f"{source}/{name}", f"{place}:{name}").returncode == 0
        assert programs.cosign_verify(f"{place}:{tag}", shop.public, legacy=True).returncode == 0

    verified = shop.verify("berlin-01", "--plain-http", to=f"oci://{docker_registry.host}/{repository}")
    assert (verified.code, verified.json["sites"][0]["outcome"]) == (0, "verified")


@pytest.mark.online
def test_skopeo_takes_the_artifact_alone_out_of_the_file(
    shop: Shop, docker_registry: Registry, repository: str, tmp_path: Path
) -> None:
    to = f"oci://{docker_registry.host}/{repository}"
    shop.publish("berlin-01", "--plain-http", to=to)
    file = tmp_path / "berlin.tar"
    done = shop("export", "berlin-01", "--plain-http", "--from", to, "--file", file, "--key", shop.public, "-o", "json")
    (site,) = done.json["sites"]

    tag = f"1.{site['serial']}.0"
    source, copy = f"oci-archive:{file}:berlin-01/{tag}", f"dir:{tmp_path / 's'}"
    copied = programs.run("skopeo", "--insecure-policy", "copy", source, copy)
    assert copied.returncode == 0, copied.stderr
    assert str(Digest.of((tmp_path / "s/manifest.json").read_bytes())) == site["digest"]

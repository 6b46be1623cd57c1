"""What real tools and a real registry make of what we publish."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from renderer.publish import TargetOptions, open_target, publish_all, publish_release, published
from renderer.types import Digest, Outcome, Reference, Release
from tests.judges import programs
from tests.publish.layouts import SCHEMES, Place
from tests.publish.made import is_ours, make_artifact, make_bundle, make_legacy, make_release

if TYPE_CHECKING:
    from pathlib import Path

    from tests.judges.registry import Registry


def release_to(registry: Registry, repository: str, serial: int = 1, text: str = "a: 1") -> Release:
    artifact = make_artifact("berlin", text)
    signatures = (make_bundle(artifact), make_legacy(artifact))
    return Release(artifact, Reference(registry.host, f"{repository}/berlin"), serial, signatures)


def options_for(registry: Registry) -> TargetOptions:
    config = registry.folder / "client" if registry.auth else None
    return TargetOptions(plain_http=not registry.tls, ca_file=registry.ca, docker_config=config)


@pytest.mark.online
@pytest.mark.parametrize("kind", ["docker_registry", "tls_registry", "login_registry"])
def test_a_real_registry_takes_it_once_and_gives_it_back(
    request: pytest.FixtureRequest, kind: str, repository: str, tmp_path: Path
) -> None:
    registry: Registry = request.getfixturevalue(kind)
    release = release_to(registry, repository)
    target = open_target(f"oci://{registry.host}/{repository}", options=options_for(registry))
    first = publish_release(target, release, is_ours=is_ours)
    assert (first.outcome, first.problems) == (Outcome.PUBLISHED, ())
    assert first.uploads == 2 + 1 + 1 + 1 + 1 + 1 + 1 + 1  # blobs, manifest, bundle 2, index, payload, .sig, tag
    again = publish_release(target, release, is_ours=is_ours)
    assert (again.outcome, again.uploads) == (Outcome.UNCHANGED, 0)
    found = published(target, release.repository)
    assert found is not None
    assert found.files == {"site.yaml": b"# berlin\na: 1\n"}
    target.close()
    pull_back(registry, release, first.reference, tmp_path)


def pull_back(registry: Registry, release: Release, reference: str, folder: Path) -> None:
    """Each tool pulls by tag; all have the bytes that we made."""
    env, http = registry.client_env, not registry.tls
    manifest, layer = release.artifact.manifest, release.artifact.layer
    copied = programs.skopeo_copy(reference, f"dir:{folder / 'skopeo'}", allow_http=http, env=env)
    assert copied.returncode == 0, copied.stderr
    assert (folder / "skopeo" / "manifest.json").read_bytes() == manifest.data
    assert (folder / "skopeo" / layer.digest.hex).read_bytes() == layer.data
    pulled = programs.crane_pull(reference, folder / "crane", allow_http=http, env=env)
    assert pulled.returncode == 0, pulled.stderr
    assert (folder / "crane" / "blobs" / "sha256" / layer.digest.hex).read_bytes() == layer.data
    pulled = programs.oras_pull(reference, folder / "oras", allow_http=http, env=env)
    assert pulled.returncode == 0, pulled.stderr
    for blob in (manifest, layer, release.signatures[0].manifest, *release.signatures[0].blobs):
        assert (folder / "oras" / "blobs" / "sha256" / blob.digest.hex).read_bytes() == blob.data
    found = programs.oras_discover(reference, allow_http=http, env=env)
    assert str(release.signatures[0].manifest.digest) in found.stdout


@pytest.mark.online
def test_a_real_registry_keeps_rollbacks_and_rotations(docker_registry: Registry, repository: str) -> None:
    target = open_target(f"oci://{docker_registry.host}/{repository}", options=options_for(docker_registry))
    old = release_to(docker_registry, repository)
    assert publish_release(target, old, is_ours=is_ours).outcome is Outcome.PUBLISHED
    new = release_to(docker_registry, repository, 2, "a: 2")
    assert publish_release(target, new, is_ours=is_ours).outcome is Outcome.PUBLISHED
    back = Release(old.artifact, old.repository, 3, old.signatures)
    receipt = publish_release(target, back, is_ours=is_ours)
    assert (receipt.outcome, receipt.uploads) == (Outcome.PUBLISHED, 1)
    assert publish_release(target, new, is_ours=is_ours).outcome is Outcome.SUPERSEDED
    target.close()


@pytest.mark.online
def test_a_real_registry_takes_many_sites_at_once(docker_registry: Registry, repository: str) -> None:
    target = open_target(f"oci://{docker_registry.host}/{repository}", options=options_for(docker_registry))
    releases = [make_release(docker_registry.host, f"site-{number}", prefix=repository) for number in range(40)]
    receipts = list(publish_all(target, releases, threads=8, is_ours=is_ours))
    assert {receipt.outcome for receipt in receipts} == {Outcome.PUBLISHED}
    assert {receipt.uploads for receipt in publish_all(target, releases, threads=8, is_ours=is_ours)} == {0}
    target.close()


@pytest.fixture(params=SCHEMES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Several sites share each layout, and that of berlin was written three times."""
    made = Place(request.param, tmp_path / "out")
    made.publish(*(make_release("r.eu.example:5000", name) for name in NAMES))
    made.publish(make_release("r.eu.example:5000", "berlin", 2, text="a: 2"))
    made.publish(make_release("r.eu.example:5000", "berlin", 3))
    return made


NAMES = ["berlin", *(f"site-{number}" for number in range(300))]
SERIALS = pytest.mark.parametrize(("tag", "text"), [("1.1.0", "a: 1"), ("1.2.0", "a: 2"), ("1.3.0", "a: 1")])


def check_copy(folder: Path, release: Release) -> None:
    blobs = [release.artifact.manifest, release.artifact.layer]
    for blob in blobs:
        assert Digest.of((folder / "blobs" / "sha256" / blob.digest.hex).read_bytes()) == blob.digest


@SERIALS
def test_skopeo_reads_a_site_out_of_a_layout(place: Place, tmp_path: Path, tag: str, text: str) -> None:
    release = make_release("r.eu.example:5000", text=text)
    path, name = place.open().path(release.repository, tag)
    transport = {"oci-layout": "oci", "oci-archive": "oci-archive"}[place.scheme]
    done = programs.run(
        "skopeo", "--insecure-policy", "copy", f"{transport}:{path}:{name}", f"oci:{tmp_path / 'copy'}:x"
    )
    assert done.returncode == 0, done.stderr
    check_copy(tmp_path / "copy", release)


@SERIALS
def test_oras_reads_a_site_and_its_signature_out_of_a_layout(place: Place, tmp_path: Path, tag: str, text: str) -> None:
    release = make_release("r.eu.example:5000", text=text)
    path, name = place.open().path(release.repository, tag)
    check_oras(path, name, release, tmp_path)


def check_oras(path: Path, name: str, release: Release, folder: Path) -> None:
    found = programs.run("oras", "discover", "--oci-layout", "--format", "json", f"{path}:{name}")
    assert found.returncode == 0, found.stderr
    assert str(release.signatures[0].manifest.digest) in found.stdout
    copy = ["--from-oci-layout", f"{path}:{name}", "--to-oci-layout", f"{folder / 'copy'}:x"]
    done = programs.run("oras", "copy", "--recursive", *copy)
    assert done.returncode == 0, done.stderr
    check_copy(folder / "copy", release)
    assert (folder / "copy" / "blobs" / "sha256" / release.signatures[0].manifest.digest.hex).exists()


def test_tar_unpacks_an_archive_into_a_layout(tmp_path: Path) -> None:
    place = Place("oci-archive", tmp_path / "out")
    for serial in range(1, 6):
        place.publish(make_release("r.eu.example:5000", serial=serial, text=f"a: {serial}"))
    release = make_release("r.eu.example:5000", serial=5, text="a: 5")
    done = programs.run("tar", "-x", "-f", place.of(release), "-C", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    names = programs.run("oras", "repo", "tags", "--oci-layout", tmp_path)
    assert names.stdout.split() == [f"berlin/1.{serial}.0" for serial in range(1, 6)]


def test_tools_read_an_archive_whose_writer_died(tmp_path: Path) -> None:
    """All but the last 512 bytes of the second commit are there."""
    place = Place("oci-archive", tmp_path / "out")
    first, second = (make_release("r.eu.example:5000", "berlin", serial, text=f"a: {serial}") for serial in (1, 2))
    place.publish(first, make_release("r.eu.example:5000", "berlin-2"))
    path = place.of(first)
    before = path.read_bytes()
    place.publish(second)
    after = path.read_bytes()
    assert after.startswith(before[:-1024]), "it was appended"
    path.write_bytes(before + after[len(before) :])
    listed = programs.run("tar", "-t", "-f", path)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert programs.run("oras", "repo", "tags", "--oci-layout", path).stdout.split() == ["berlin/1.1.0"]
    check_oras(path, "berlin/1.1.0", first, tmp_path)
    source, copy = f"oci-archive:{path}:berlin", f"oci:{tmp_path / 'skopeo'}:x"
    assert programs.run("skopeo", "--insecure-policy", "copy", f"{source}/1.1.0", copy).returncode == 0
    assert programs.run("skopeo", "--insecure-policy", "copy", f"{source}/1.2.0", copy).returncode != 0


@pytest.mark.online
def test_crane_pushes_a_whole_shard(docker_registry: Registry, tmp_path: Path, repository: str) -> None:
    """crane knows no reference names in layouts; it takes a layout as a whole."""
    place, release = Place("oci-layout", tmp_path / "out"), make_release("r.eu.example:5000")
    place.publish(*(make_release("r.eu.example:5000", name) for name in NAMES))
    place.publish(make_release("r.eu.example:5000", "berlin", 2, text="a: 2"))
    reference = f"{docker_registry.host}/{repository}:all"
    done = programs.run("crane", "--insecure", "push", "--index", place.of(release), reference)
    assert done.returncode == 0, done.stderr
    manifest = programs.crane_manifest(reference)
    assert len(json.loads(manifest.stdout)["manifests"]) >= 4

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, PublishError
from renderer.publish import TargetOptions, layout_path, open_target, publish_all, publish_release
from renderer.types import Blob, Digest, Outcome, Reference
from tests.publish.made import MANIFEST, is_ours, make_release

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.types import Release

HOST = "registry.eu.example:5000"
OPTIONS = TargetOptions(durable=False)


def publish(folder: Path, *releases: Release) -> list[Outcome]:
    target = open_target(f"oci-layout:{folder}", options=OPTIONS)
    found = [receipt.outcome for receipt in publish_all(target, releases, is_ours=is_ours)]
    target.close()
    return found


def entries(folder: Path) -> list[dict[str, object]]:
    return [
        entry for index in sorted(folder.rglob("index.json")) for entry in json.loads(index.read_bytes())["manifests"]
    ]


def test_each_shard_is_a_complete_layout(tmp_path: Path) -> None:
    release = make_release(HOST)
    publish(tmp_path, release)
    shard, name = layout_path(tmp_path, release.repository, "1.1.0")
    assert shard.relative_to(tmp_path).parts[:2] == ("registry.eu.example_5000", "fleet")
    assert name == "berlin/1.1.0"
    assert json.loads((shard / "oci-layout").read_bytes()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((shard / "index.json").read_bytes())
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert [entry.get("annotations", {}).get("org.opencontainers.image.ref.name") for entry in index["manifests"]] == [
        name,
        None,
    ]
    assert index["manifests"][1]["artifactType"] == release.signatures[0].artifact_type
    for blob in (shard / "blobs" / "sha256").iterdir():
        assert Digest.of(blob.read_bytes()).hex == blob.name


def test_nothing_is_visible_before_the_flush(tmp_path: Path) -> None:
    target, release = open_target(f"oci-layout:{tmp_path}", options=OPTIONS), make_release(HOST)
    assert publish_release(target, release).outcome is Outcome.PUBLISHED
    assert entries(tmp_path) == []
    target.flush()
    assert len(entries(tmp_path)) == 2


def test_many_releases_write_each_index_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    real = os.replace

    def count(source: str, target: str) -> None:
        written.append(target)
        real(source, target)

    monkeypatch.setattr("os.replace", count)
    publish(tmp_path, *(make_release(HOST, f"site-{number}") for number in range(600)))
    indexes = [path for path in written if path.endswith("index.json")]
    assert len(indexes) == len(set(indexes)) > 100


def test_the_same_releases_give_the_same_index(tmp_path: Path) -> None:
    releases = [make_release(HOST, f"site-{number}") for number in range(20)]
    publish(tmp_path / "a", *releases)
    for release in reversed(releases):
        publish(tmp_path / "b", release)
    assert entries(tmp_path / "a") == entries(tmp_path / "b")


def test_a_changed_blob_is_noticed(tmp_path: Path) -> None:
    release = make_release(HOST)
    publish(tmp_path, release)
    shard, _ = layout_path(tmp_path, release.repository, "")
    blob = shard / "blobs" / "sha256" / release.artifact.layer.digest.hex
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    target = open_target(f"oci-layout:{tmp_path}", options=OPTIONS)
    with pytest.raises(PublishError, match="other content"):
        target.get_blob(release.repository, release.artifact.layer.digest, limit=10**6)
    assert target.put_blob(release.repository, release.artifact.layer)
    assert target.get_blob(release.repository, release.artifact.layer.digest, limit=10**6)


def test_a_truncated_blob_is_written_again(tmp_path: Path) -> None:
    """After a power cut a file can be there and be empty."""
    release = make_release(HOST)
    publish(tmp_path, release)
    shard, _ = layout_path(tmp_path, release.repository, "")
    (shard / "blobs" / "sha256" / release.artifact.layer.digest.hex).write_bytes(b"")
    target = open_target(f"oci-layout:{tmp_path}", options=OPTIONS)
    assert target.put_blob(release.repository, release.artifact.layer)
    assert target.get_blob(release.repository, release.artifact.layer.digest, limit=10**6)


def test_a_broken_index_is_told(tmp_path: Path) -> None:
    release = make_release(HOST)
    publish(tmp_path, release)
    next(tmp_path.rglob("index.json")).write_bytes(b'{"manifests": [')
    target = open_target(f"oci-layout:{tmp_path}", options=OPTIONS)
    for _ in range(2):
        receipt = publish_release(target, release)
        assert [problem.code for problem in receipt.problems] == [Code.REGISTRY_CORRUPT]


def test_a_tag_that_another_process_took_is_not_moved(tmp_path: Path) -> None:
    first = open_target(f"oci-layout:{tmp_path}", options=OPTIONS)
    second = open_target(f"oci-layout:{tmp_path}", options=OPTIONS)
    publish_release(first, make_release(HOST, text="a: 1"))
    publish_release(second, make_release(HOST, text="a: 2"))
    first.flush()
    with pytest.raises(PublishError) as caught:
        second.flush()
    assert [(problem.code, problem.site) for problem in caught.value.problems] == [(Code.TAG_TAKEN, "berlin")]
    second.close()
    found = open_target(f"oci-layout:{tmp_path}", options=OPTIONS).resolve(make_release(HOST).repository, "1.1.0")
    assert found is not None
    assert found["digest"] == str(make_release(HOST, text="a: 1").artifact.manifest.digest)


def test_a_lost_race_is_the_receipt_of_its_site_only(tmp_path: Path) -> None:
    late = open_target(f"oci-layout:{tmp_path}", options=OPTIONS)

    def releases() -> object:
        yield make_release(HOST, "berlin", text="a: 2")
        yield make_release(HOST, "paris", text="a: 2")
        publish(tmp_path, make_release(HOST, "berlin", text="a: 1"))

    receipts = list(publish_all(late, releases()))  # type: ignore[arg-type]
    assert [receipt.outcome for receipt in receipts] == [Outcome.FAILED, Outcome.PUBLISHED]


@pytest.mark.slow
def test_two_processes_lose_no_entry(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=write_sites, args=(str(tmp_path), number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(entries(tmp_path)) == 3 * 40 * 2


def write_sites(folder: str, number: int) -> None:
    """Flush after each site, so that the processes meet at the same indexes again and again."""
    target = open_target(f"oci-layout:{folder}", options=OPTIONS)
    for site in range(40):
        publish_release(target, make_release(HOST, f"w{number}-{site}"))
        target.flush()


@pytest.mark.slow
def test_a_killed_writer_leaves_nothing_half(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    for patience in (0.0, 0.05, 0.1, 0.2):
        worker = context.Process(target=write_sites, args=(str(tmp_path), 7))
        worker.start()
        until = time.monotonic() + 20
        while not list(tmp_path.rglob("index.json")) and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(patience)
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join(10)
        check_whole(tmp_path)
    write_sites(str(tmp_path), 7)
    check_whole(tmp_path)
    assert len(entries(tmp_path)) == 80


def check_whole(folder: Path) -> None:
    """Every entry has its manifest and blobs, and every tag its signature."""
    for index in folder.rglob("index.json"):
        listed = json.loads(index.read_bytes())["manifests"]
        manifests = {entry["digest"]: json.loads(read_blob(index.parent, entry["digest"])) for entry in listed}
        subjects = {manifest["subject"]["digest"] for manifest in manifests.values() if "subject" in manifest}
        for digest, manifest in manifests.items():
            assert "subject" in manifest or digest in subjects
            for blob in (manifest["config"], *manifest["layers"]):
                read_blob(index.parent, blob["digest"])


def read_blob(shard: Path, digest: str) -> bytes:
    data = (shard / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()
    assert str(Digest.of(data)) == digest
    return data


def test_referrers_that_other_tools_wrote_are_found(tmp_path: Path) -> None:
    release = make_release(HOST)
    publish(tmp_path, release)
    index = next(tmp_path.rglob("index.json"))
    value = json.loads(index.read_bytes())
    for entry in value["manifests"]:
        entry.get("annotations", {}).pop("fleetpress.subject", None)
    index.write_text(json.dumps(value))
    target = open_target(f"oci-layout:{tmp_path}", options=OPTIONS)
    found = target.referrers(release.repository, release.artifact.manifest.digest)
    assert [entry["digest"] for entry in found] == [str(release.signatures[0].manifest.digest)]


def test_no_repository_can_reach_into_another(tmp_path: Path) -> None:
    names = ["fleet/a", "fleet/blobs/sha256/a", "fleet/3f/a", "a", "index.json"]
    hosts = ["h:1", "h"]
    folders = {layout_path(tmp_path, Reference(host, name), "")[0] for host in hosts for name in names}
    assert not [1 for one in folders for other in folders if one != other and one in other.parents]


def test_a_file_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PublishError):
        open_target(f"oci-layout:{tmp_path / 'file'}")


def test_a_target_for_reading_refuses_to_write(tmp_path: Path) -> None:
    target = open_target(f"oci-layout:{tmp_path}", options=replace(OPTIONS, read_only=True))
    with pytest.raises(PublishError, match="reading only"):
        target.put_manifest(Reference(HOST, "fleet/x"), Blob.of(b"{}", MANIFEST), "1.1.0")
    assert target.tags(Reference(HOST, "fleet/x")) == ()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_that_is_held_is_waited_for_and_then_told(tmp_path: Path) -> None:
    import filelock

    target = open_target(f"oci-layout:{tmp_path}", options=replace(OPTIONS, lock_timeout=0.1))
    release = make_release(HOST)
    publish_release(target, release)
    shard, _ = layout_path(tmp_path, release.repository, "")
    with filelock.FileLock(shard / ".lock"), pytest.raises(PublishError, match="locked by another process"):
        target.flush()
    target.flush()
    assert len(entries(tmp_path)) == 2

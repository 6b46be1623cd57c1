"""What both forms promise, and what only a layout that is a folder does."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, PublishError
from renderer.publish import open_target, publish_all, publish_release
from renderer.types import Blob, Outcome, Reference
from tests.publish.layouts import SCHEMES, Place, check_whole
from tests.publish.made import MANIFEST, make_release

if TYPE_CHECKING:
    from pathlib import Path

HOST = "registry.eu.example:5000"


@pytest.fixture(params=SCHEMES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return Place(request.param, tmp_path / "out")


def test_each_shard_is_a_complete_layout(place: Place) -> None:
    release = make_release(HOST)
    place.publish(release)
    shard, name = place.open().path(release.repository, "1.1.0")
    assert shard.relative_to(place.folder).parts[:2] == ("registry.eu.example_5000", "fleet")
    assert name == "berlin/1.1.0"
    (files,) = place.layouts()
    index = json.loads(files["index.json"])
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert [entry.get("annotations", {}).get("org.opencontainers.image.ref.name") for entry in index["manifests"]] == [
        name,
        None,
    ]
    assert index["manifests"][1]["artifactType"] == release.signatures[0].artifact_type
    check_whole(place)


def test_both_forms_list_the_same(tmp_path: Path) -> None:
    releases = [make_release(HOST, f"site-{number}") for number in range(20)]
    places = [Place(scheme, tmp_path / scheme) for scheme in SCHEMES]
    for place in places:
        place.publish(*releases)
        place.publish(make_release(HOST, "site-7", 2, text="a: 2"))
    assert places[0].layouts() != []
    known = [[{name for name in files if not name.endswith(".lock")} for files in place.layouts()] for place in places]
    commit = "blobs/sha256/076a27c79e5ace2a3d47f9dd2e83e4ff6ea8872b3c2218f66c92b89b55f36560"
    assert known[0] == [names - {commit} for names in known[1]]
    assert places[0].entries() == places[1].entries()


def test_nothing_is_visible_before_the_flush(place: Place) -> None:
    target, release = place.open(), make_release(HOST)
    assert publish_release(target, release).outcome is Outcome.PUBLISHED
    assert place.entries() == []
    target.flush()
    assert len(place.entries()) == 2


def test_what_waits_for_the_flush_can_be_read_by_who_wrote_it(place: Place) -> None:
    target, release = place.open(), make_release(HOST)
    publish_release(target, release)
    layer = release.artifact.layer
    assert target.get_blob(release.repository, layer.digest, limit=10**6) == layer.data
    assert target.has_blob(release.repository, layer.digest)
    assert target.get_manifest(release.repository, "1.1.0") == release.artifact.manifest
    found = target.resolve(release.repository, release.artifact.manifest.digest)
    assert found is not None
    assert found["size"] == len(release.artifact.manifest.data)
    assert len(target.referrers(release.repository, release.artifact.manifest.digest)) == 1
    target.close()


def test_the_same_releases_give_the_same_index(tmp_path: Path, place: Place) -> None:
    releases = [make_release(HOST, f"site-{number}") for number in range(20)]
    other = Place(place.scheme, tmp_path / "other")
    place.publish(*releases)
    for release in reversed(releases):
        other.publish(release)
    assert place.entries() == other.entries()


def test_a_changed_blob_is_noticed_and_written_again(place: Place) -> None:
    release = make_release(HOST)
    place.publish(release)
    digest = release.artifact.layer.digest
    place.overwrite(release, digest, release.artifact.layer.data[:-1] + b"x")
    target = place.open()
    with pytest.raises(PublishError, match="other content"):
        target.get_blob(release.repository, digest, limit=10**6)
    assert target.put_blob(release.repository, release.artifact.layer)
    assert not target.put_blob(release.repository, release.artifact.layer)
    target.close()
    assert place.open().get_blob(release.repository, digest, limit=10**6) == release.artifact.layer.data
    check_whole(place)


def test_a_blob_larger_than_it_may_be_is_refused(place: Place) -> None:
    release = make_release(HOST)
    place.publish(release)
    size = len(release.artifact.layer.data)
    target = place.open()
    assert target.get_blob(release.repository, release.artifact.layer.digest, limit=size)
    with pytest.raises(PublishError, match=f"more than {size - 1} bytes"):
        target.get_blob(release.repository, release.artifact.layer.digest, limit=size - 1)


def test_a_tag_that_another_process_took_is_not_moved(place: Place) -> None:
    first, second = place.open(), place.open()
    publish_release(first, make_release(HOST, text="a: 1"))
    publish_release(second, make_release(HOST, text="a: 2"))
    first.close()
    with pytest.raises(PublishError) as caught:
        second.flush()
    assert [(problem.code, problem.site) for problem in caught.value.problems] == [(Code.TAG_TAKEN, "berlin")]
    second.close()
    found = place.open().resolve(make_release(HOST).repository, "1.1.0")
    assert found is not None
    assert found["digest"] == str(make_release(HOST, text="a: 1").artifact.manifest.digest)


def test_a_lost_race_is_the_receipt_of_its_site_only(place: Place) -> None:
    late = place.open()

    def releases() -> object:
        yield make_release(HOST, "berlin", text="a: 2")
        yield make_release(HOST, "paris", text="a: 2")
        place.publish(make_release(HOST, "berlin", text="a: 1"))

    receipts = list(publish_all(late, releases()))  # type: ignore[arg-type]
    assert [receipt.outcome for receipt in receipts] == [Outcome.FAILED, Outcome.PUBLISHED]


def test_what_others_have_written_since_is_seen(place: Place) -> None:
    reader = place.open()
    release = make_release(HOST)
    assert reader.tags(release.repository) == ()
    for serial in (1, 2, 3):
        later = make_release(HOST, serial=serial, text=f"a: {serial}")
        place.publish(later)
        assert len(reader.tags(release.repository)) == serial
        assert reader.get_manifest(release.repository, later.tag) == later.artifact.manifest
        assert reader.get_blob(release.repository, later.artifact.layer.digest, limit=10**6)


@pytest.mark.slow
def test_two_processes_lose_no_entry(place: Place) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=write_sites, args=(place, number)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(place.entries()) == 3 * 40 * 2
    check_whole(place)


def write_sites(place: Place, number: int) -> None:
    """Flush after each site, so that the processes meet at the same indexes again and again."""
    target = place.open()
    for site in range(40):
        publish_release(target, make_release(HOST, f"w{number}-{site}"))
        target.flush()


@pytest.mark.slow
def test_a_killed_writer_leaves_nothing_half(place: Place) -> None:
    context = multiprocessing.get_context("spawn")
    for patience in (0.0, 0.05, 0.1, 0.2):
        worker = context.Process(target=write_sites, args=(place, 7))
        worker.start()
        until = time.monotonic() + 20
        while not place.layouts() and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(patience)
        os.kill(worker.pid or 0, signal.SIGKILL)
        worker.join(10)
        check_whole(place)
    write_sites(place, 7)
    check_whole(place)
    assert len(place.entries()) == 80


def test_no_repository_can_reach_into_another(place: Place) -> None:
    names = ["fleet/a", "fleet/blobs/sha256/a", "fleet/3f/a", "a", "index.json"]
    hosts = ["h:1", "h"]
    target = place.open()
    found = {target.path(Reference(host, name), "")[0] for host in hosts for name in names}
    assert not [1 for one in found for other in found if one != other and one in other.parents]


def test_a_file_is_no_target(place: Place) -> None:
    place.folder.write_text("")
    with pytest.raises(PublishError, match=f"name a folder: {place.scheme}:DIR|is not a folder"):
        open_target(f"{place.scheme}:{place.folder}")


def test_a_target_for_reading_refuses_to_write(place: Place) -> None:
    target = place.open(read_only=True)
    with pytest.raises(PublishError, match="reading only"):
        target.put_manifest(Reference(HOST, "fleet/x"), Blob.of(b"{}", MANIFEST), "1.1.0")
    assert target.tags(Reference(HOST, "fleet/x")) == ()
    target.close()
    assert not place.folder.exists()


def test_a_lock_that_is_held_is_waited_for_and_then_told(place: Place) -> None:
    import filelock

    target = place.open(lock_timeout=0.1)
    release = make_release(HOST)
    publish_release(target, release)
    path, _ = target.path(release.repository, "")
    lock = path / ".lock" if place.scheme == "oci-layout" else path.with_name(f"{path.name}.lock")
    lock.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(lock), pytest.raises(PublishError, match="locked by another process"):
        target.flush()
    target.flush()
    assert len(place.entries()) == 2


def test_a_folder_that_cannot_be_written_is_told(place: Place) -> None:
    place.folder.write_text("in the way")
    target = Place(place.scheme, place.folder / "below").open()
    receipt = publish_release(target, make_release(HOST))
    assert receipt.outcome is Outcome.FAILED
    assert "Not a directory" in receipt.problems[0].what
    target.close()


@pytest.fixture
def folders(tmp_path: Path) -> Place:
    return Place("oci-layout", tmp_path / "out")


def test_many_releases_write_each_index_once(folders: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    real = os.replace

    def count(source: str, target: str) -> None:
        written.append(target)
        real(source, target)

    monkeypatch.setattr("os.replace", count)
    folders.publish(*(make_release(HOST, f"site-{number}") for number in range(600)))
    indexes = [path for path in written if path.endswith("index.json")]
    assert len(indexes) == len(set(indexes)) > 100


def test_a_truncated_blob_is_written_again(folders: Place) -> None:
    """After a power cut a file can be there and be empty."""
    release = make_release(HOST)
    folders.publish(release)
    folders.overwrite(release, release.artifact.layer.digest, b"")
    target = folders.open()
    assert target.put_blob(release.repository, release.artifact.layer)
    assert target.get_blob(release.repository, release.artifact.layer.digest, limit=10**6)


def test_a_broken_index_is_told(folders: Place) -> None:
    release = make_release(HOST)
    folders.publish(release)
    next(folders.folder.rglob("index.json")).write_bytes(b'{"manifests": [')
    target = folders.open()
    for _ in range(2):
        receipt = publish_release(target, release)
        assert [problem.code for problem in receipt.problems] == [Code.REGISTRY_CORRUPT]


def test_referrers_that_other_tools_wrote_are_found(folders: Place) -> None:
    release = make_release(HOST)
    folders.publish(release)
    index = next(folders.folder.rglob("index.json"))
    value = json.loads(index.read_bytes())
    for entry in value["manifests"]:
        entry.get("annotations", {}).pop("fleetpress.subject", None)
    index.write_text(json.dumps(value))
    found = folders.open().referrers(release.repository, release.artifact.manifest.digest)
    assert [entry["digest"] for entry in found] == [str(release.signatures[0].manifest.digest)]

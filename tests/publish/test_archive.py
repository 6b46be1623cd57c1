"""What only a layout that is a tar file does: appending, dying meanwhile, being damaged, being written anew."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import tarfile
import threading
from typing import TYPE_CHECKING, Any

import pytest

from renderer.errors import Code, PublishError
from renderer.publish import archive, publish_release, spool, tar_members
from renderer.types import Blob, Digest, Outcome
from tests.publish.layouts import Place, check_whole, members
from tests.publish.made import make_release

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from renderer.types import Release

HOST = "registry.eu.example:5000"
CUTS = random.Random(7)


class Died(BaseException):
    """The process was killed: nothing that handles errors sees it."""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place("oci-archive", tmp_path / "out")


def release(serial: int, site: str = "berlin") -> Release:
    return make_release(HOST, site, serial, text=f"a: {serial}")


def tags(path: Path) -> list[str]:
    """The names in the index that the standard library takes for the last."""
    listed = json.loads(members(path)["index.json"])["manifests"]
    notes = [entry.get("annotations", {}) for entry in listed]
    return [note["org.opencontainers.image.ref.name"] for note in notes if "org.opencontainers.image.ref.name" in note]


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 8**11 - 1])
@pytest.mark.parametrize("name", [b"index.json", b"blobs/sha256/" + b"f" * 64, b"n" * 100])
def test_headers_are_those_of_the_standard_library(name: bytes, size: int) -> None:
    wanted = tarfile.TarInfo(name.decode())
    wanted.size, wanted.mode = size, 0o644
    found = tar_members.header(name, size)
    assert found == wanted.tobuf(tarfile.USTAR_FORMAT)
    assert tar_members.parse(found, 512) == tar_members.Member(name, 512, size)


def test_archives_of_other_programs_are_read() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as made:
        folder = tarfile.TarInfo("blobs")
        folder.type = tarfile.DIRTYPE
        made.addfile(folder)
        member = tarfile.TarInfo("long/" * 60)
        member.size, member.mtime = 5, 1.5
        made.addfile(member, io.BytesIO(b"hello"))
        made.addfile(tarfile.TarInfo("index.json"))
    found = [member.name for member in tar_members.members(buffer)]
    assert found[0].rstrip(b"/") == b"blobs"
    assert found[-1] == b"index.json"


def test_the_same_releases_in_the_same_order_give_the_same_bytes(tmp_path: Path) -> None:
    places = [Place("oci-archive", tmp_path / name) for name in "ab"]
    for place in places:
        for serial in range(1, 12):
            place.publish(*(release(serial, site) for site in ("berlin", "paris", "rome")))
    found = [
        {path.relative_to(place.folder): path.read_bytes() for path in place.folder.rglob("*.tar")} for place in places
    ]
    assert found[0] == found[1]


def test_a_site_costs_no_look_at_the_disk_of_its_own(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    real = os.stat

    def count(path: Any, **options: Any) -> os.stat_result:
        looks.append(str(path))
        return real(path, **options)

    monkeypatch.setattr("os.stat", count)
    assert set(place.publish(*(make_release(HOST, f"site-{number}") for number in range(2000)))) == {Outcome.PUBLISHED}
    archives = len(list(place.folder.rglob("*.tar")))
    assert archives == 256
    assert sum(path.endswith(".tar") for path in looks) <= 5 * archives
    assert len([path for path in place.folder.rglob("*") if path.is_file()]) <= 2 * archives


def test_many_threads_share_a_target(place: Place) -> None:
    target = place.open()
    releases = [make_release(HOST, f"site-{number}") for number in range(200)]
    outcomes: list[Outcome] = []

    def work(part: list[Release]) -> None:
        for each in part:
            outcomes.append(publish_release(target, each).outcome)
            target.flush()

    workers = [threading.Thread(target=work, args=(releases[start::4],)) for start in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    target.close()
    assert outcomes == [Outcome.PUBLISHED] * 200
    assert len(place.entries()) == 400
    check_whole(place)


def test_what_does_not_fit_into_memory_waits_on_the_disk(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_IN_MEMORY", 1000)
    releases = [make_release(HOST, f"site-{number}") for number in range(300)]
    target = place.open()
    for each in releases:
        publish_release(target, each)
        assert target.get_blob(each.repository, each.artifact.layer.digest, limit=10**6) == each.artifact.layer.data
    assert not [path for path in place.folder.rglob("*") if path.is_file()], "the spool has no name"
    target.close()
    assert len(place.entries()) == 600
    check_whole(place)


def test_a_spool_that_cannot_be_written_any_more_is_let_go(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "_IN_MEMORY", 1000)
    target = place.open()
    publish_release(target, release(1))

    def full() -> None:
        raise OSError(28, "No space left on device")

    held = target._spool._file  # type: ignore[attr-defined]
    held.close()
    monkeypatch.setattr(held, "close", full)
    monkeypatch.setattr(held, "seek", lambda _: full())
    with pytest.raises(PublishError, match="No space left on device"):
        target.close()
    assert place.layouts() == []


class Budget:
    """Lets the archive write so many bytes, and dies or fails then."""

    def __init__(self, patch: pytest.MonkeyPatch, size: int, error: BaseException) -> None:
        self.left, self.error = size, error
        self.written: list[tuple[int, int]] = []
        self.real = archive._write
        patch.setattr(archive, "_write", self)

    def __call__(self, file: io.FileIO, data: bytes) -> None:
        part = data[: self.left]
        self.written.append((file.tell(), len(data)))
        self.real(file, part)
        self.left -= len(part)
        if len(part) < len(data):
            raise self.error


def append(place: Place, patch: pytest.MonkeyPatch, size: int, error: BaseException) -> Budget:
    """Publish serial 2 with a budget."""
    target = place.open()
    publish_release(target, release(2))
    with patch.context() as here:
        budget = Budget(here, size, error)
        try:
            target.flush()
        except Died:
            pass
        finally:
            target._spool.close()  # type: ignore[attr-defined]
    return budget


@pytest.fixture
def before(place: Place) -> bytes:
    """The archive with serial 1 only, large enough that serial 2 is appended."""
    place.publish(release(1))
    target = place.open()
    filler = b"".join(Digest.of(b"%d" % number).hex.encode() for number in range(500))
    target.put_blob(release(1).repository, Blob.of(filler, "application/octet-stream"))
    target.close()
    return place.of(release(1)).read_bytes()


def test_a_commit_becomes_true_by_its_last_512_bytes(
    place: Place, before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    target = place.open(durable=True)
    publish_release(target, release(2))
    budget = Budget(monkeypatch, 10**9, Died())
    monkeypatch.setattr("os.fsync", lambda _: synced.append(len(budget.written)))
    target.close()
    end = len(before) - 1024
    assert [position for position, _ in budget.written] == [end + 1024, end]
    assert budget.written[1][1] == 512
    assert synced == [1, 2], "all else is on the disk before, and then the commit"
    assert place.of(release(1)).read_bytes()[:end] == before[:end]


def test_who_dies_at_any_byte_of_a_commit_leaves_the_archive_as_it_was(
    place: Place, before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.of(release(1))
    whole = append(place, monkeypatch, 10**9, Died()).written[0][1]
    after = path.read_bytes()
    assert tags(path) == ["berlin/1.1.0", "berlin/1.2.0"]
    cuts = [*range(0, whole + 1, 512), *(CUTS.randrange(whole) for _ in range(30))]
    for cut in cuts:
        path.write_bytes(before)
        append(place, monkeypatch, cut, Died())
        assert path.read_bytes()[: len(before)] == before
        assert tags(path) == ["berlin/1.1.0"], f"died after {cut} bytes"
        reader = place.open()
        assert reader.tags(release(1).repository) == ("1.1.0",)
        assert reader.get_blob(release(1).repository, release(1).artifact.layer.digest, limit=10**6)
        assert place.publish(release(2)) == [Outcome.PUBLISHED]
        assert path.read_bytes() == after, "the next writer clears the traces away"
        assert reader.tags(release(1).repository) == ("1.1.0", "1.2.0")
    check_whole(place)


def test_a_full_disk_leaves_the_archive_as_it_was_and_what_waits_waits(
    place: Place, before: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.of(release(1))
    target = place.open()
    publish_release(target, release(2))
    with monkeypatch.context() as patch:
        Budget(patch, 700, OSError(28, "No space left on device"))
        with pytest.raises(PublishError) as caught:
            target.flush()
    assert [problem.code for problem in caught.value.problems] == [Code.OUTPUT_UNWRITABLE]
    assert "No space left on device" in str(caught.value)
    assert path.read_bytes() == before
    target.close()
    assert tags(path) == ["berlin/1.1.0", "berlin/1.2.0"]
    check_whole(place)


def test_an_archive_grows_no_larger_than_twice_what_counts(place: Place) -> None:
    reader = place.open()
    path, files = place.of(release(1)), set()
    for serial in range(1, 120):
        assert place.publish(release(serial)) == [Outcome.PUBLISHED]
        files.add(path.stat().st_ino)
        assert len(reader.tags(release(1).repository)) == serial
        first = reader.get_blob(release(1).repository, release(1).artifact.layer.digest, limit=10**6)
        assert first == release(1).artifact.layer.data
    assert len(files) > 1, "it was written anew"
    assert len(files) < 60, "but not each time"
    live = sum(1024 + len(data) for data in members(path).values())
    assert path.stat().st_size <= 2 * live + 1024
    assert {each.name for each in path.parent.iterdir()} == {f"{path.name}.lock", path.name}
    check_whole(place)


def test_who_dies_while_an_archive_is_written_anew_leaves_the_old_one(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.publish(release(1))
    path = place.of(release(1))
    old = path.read_bytes()
    monkeypatch.setattr(archive, "_is_worth_appending", lambda *_: False)
    for cut in (0, 1, 512, 3000):
        append(place, monkeypatch, cut, Died())
        assert path.read_bytes() == old
    append(place, monkeypatch, 10**9, Died())
    assert tags(path) == ["berlin/1.1.0", "berlin/1.2.0"]
    check_whole(place)


def damaged(place: Place, content: bytes) -> Iterator[str]:
    """What is said about the archive with this content, by reading and by writing."""
    path = place.of(release(1))
    path.write_bytes(content)
    receipt = publish_release(place.open(), release(3))
    assert receipt.outcome is Outcome.FAILED
    for problem in receipt.problems:
        assert problem.code is Code.ARCHIVE_DAMAGED
        assert "publish --all" in problem.hint
        yield problem.what
    with pytest.raises(PublishError) as caught:
        place.open().get_blob(release(1).repository, release(1).artifact.layer.digest, limit=10**6)
    assert [problem.code for problem in caught.value.problems] == [Code.ARCHIVE_DAMAGED]
    assert path.read_bytes() == content, "nothing is written behind damage"


def test_an_archive_that_was_cut_is_told_wherever_it_was_cut(place: Place) -> None:
    """Also between two members: what came behind may have been a newer index."""
    place.publish(release(1))
    place.publish(release(2))
    whole = place.of(release(1)).read_bytes()
    for cut in (*range(0, len(whole), 512), *(CUTS.randrange(len(whole)) for _ in range(30))):
        (what,) = damaged(place, whole[:cut])
        assert "is damaged: expected the" in what


def test_a_damaged_header_is_told_with_its_place(place: Place, before: bytes) -> None:
    place.publish(release(2))
    whole = place.of(release(1)).read_bytes()
    for start in (0, len(before) - 1024):
        for position in (start, start + 124, start + 150, start + 257):
            broken = bytearray(whole)
            broken[position] ^= 0x41
            (what,) = damaged(place, bytes(broken))
            assert f"expected the header of a member at byte {start}" in what


def test_an_archive_that_was_moved_away_is_made_again(place: Place, before: bytes) -> None:
    path = place.of(release(1))
    path.write_bytes(before[:-700])
    target = place.open()
    assert publish_release(target, release(2)).outcome is Outcome.FAILED
    path.rename(path.with_suffix(".damaged"))
    assert publish_release(target, release(2)).outcome is Outcome.PUBLISHED
    target.close()
    assert tags(path) == ["berlin/1.2.0"]
    check_whole(place)


def test_what_others_put_into_an_archive_stays_in_it(place: Place) -> None:
    place.publish(release(1))
    path = place.of(release(1))
    with tarfile.open(path, "a:") as opened:
        note = tarfile.TarInfo("NOTE")
        note.size = 5
        opened.addfile(note, io.BytesIO(b"hello"))
    for serial in range(2, 40):
        place.publish(release(serial))
    assert members(path)["NOTE"] == b"hello"
    assert len(tags(path)) == 39


def test_the_zeros_of_a_commit_can_be_a_blob_too(place: Place) -> None:
    zeros = Blob.of(bytes(512), "application/octet-stream")
    place.publish(release(1))
    target = place.open()
    target.put_blob(release(1).repository, zeros)
    target.close()
    place.publish(release(2))
    assert place.open().get_blob(release(1).repository, zeros.digest, limit=512) == bytes(512)


def test_an_archive_that_vanishes_is_an_empty_one(place: Place) -> None:
    place.publish(release(1))
    reader = place.open()
    assert reader.tags(release(1).repository) == ("1.1.0",)
    shutil.rmtree(place.folder)
    assert reader.tags(release(1).repository) == ()

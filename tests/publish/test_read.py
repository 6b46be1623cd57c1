from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import zlib
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, PublishError
from renderer.publish import (
    TargetOptions,
    get_document,
    open_target,
    publish_release,
    published,
    put_document,
)
from renderer.publish.read import gunzip, read_tar
from renderer.types import Reference
from tests.publish.made import make_release, tar_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.registry import FakeRegistry


def test_the_highest_tag_is_read_back(registry: FakeRegistry, options: TargetOptions) -> None:
    target = open_target(f"oci://{registry.host}/fleet", options=options)
    for serial in (9, 10):
        publish_release(target, make_release(registry.host, serial=serial, text=f"a: {serial}"))
    release = make_release(registry.host, serial=10, text="a: 10")
    found = published(target, release.repository)
    assert found is not None
    assert (found.tag, found.serial, found.content) == ("1.10.0", 10, release.artifact.content)
    assert found.files == {"site.yaml": b"# berlin\na: 10\n"}
    assert published(target, Reference(registry.host, "fleet/nobody")) is None
    target.close()


def test_gzip_of_several_members_is_one_stream() -> None:
    assert gunzip(gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two"), limit=100) == b"one two"


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"a" * 5000, mtime=0)[:-9],
        gzip.compress(b"abc", mtime=0) + b"trailing",
        b"no gzip",
        zlib.compress(b"abc"),
        b"\x1f\x8b",
    ],
)
def test_broken_gzip_is_refused(data: bytes) -> None:
    with pytest.raises(PublishError) as caught:
        gunzip(data, limit=10_000)
    assert caught.value.problems[0].code is Code.REGISTRY_CORRUPT


def test_a_gzip_bomb_is_refused_in_little_memory() -> None:
    import tracemalloc

    bomb = gzip.compress(bytes(200 * 1024 * 1024), 9)
    tracemalloc.start()
    with pytest.raises(PublishError, match="unpacks to more"):
        gunzip(bomb, limit=5 * 1024 * 1024)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 1024 * 1024


@pytest.mark.parametrize("name", ["/etc/passwd", "../x", "a/../../x", "a\\b", "a/..", ""])
def test_an_unsafe_name_is_refused(name: str) -> None:
    with pytest.raises(PublishError):
        read_tar(tar_of({name: b"x"}))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.BLKTYPE])
def test_anything_but_a_file_is_refused(kind: bytes) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("x")
        member.type, member.linkname = kind, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(PublishError, match="Flux would not take"):
        read_tar(buffer.getvalue())


def test_a_name_that_comes_twice_is_refused() -> None:
    twice = tar_of({"x": b"1"})[:1024] + tar_of({"x": b"2"})
    with pytest.raises(PublishError):
        read_tar(twice)


def test_a_truncated_tar_is_refused() -> None:
    with pytest.raises(PublishError):
        read_tar(tar_of({"x": b"1" * 5000})[:2000])


def test_random_tars_never_end_in_a_traceback() -> None:
    import random

    source, whole = random.Random(7), tar_of({"x": b"1" * 700, "y/z": b"2"})
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(source.randint(1, 6)):
            data[source.randrange(1600)] = source.randrange(256)
        with contextlib.suppress(PublishError):
            read_tar(bytes(data))


@pytest.mark.parametrize("kind", ["registry", "oci-layout", "oci-archive"])
def test_a_document_is_kept(registry: FakeRegistry, options: TargetOptions, tmp_path: Path, kind: str) -> None:
    url = f"oci://{registry.host}/fleet" if kind == "registry" else f"{kind}:{tmp_path}"
    target, place = open_target(url, options=options), Reference(registry.host, "fleet/ledger")
    assert get_document(target, place, "1.5.0", "application/x.ledger") is None
    put_document(target, place, "1.5.0", "application/x.ledger", b"rows")
    put_document(target, place, "1.6.0", "application/x.ledger", b"more rows")
    assert get_document(target, place, "1.5.0", "application/x.ledger") == b"rows"
    assert set(target.tags(place)) == {"1.5.0", "1.6.0"}
    with pytest.raises(PublishError) as caught:
        get_document(target, place, "1.5.0", "application/x.other")
    assert caught.value.problems[0].code is Code.LEDGER_CORRUPT
    with pytest.raises(PublishError):
        get_document(target, place, "1.6.0", "application/x.ledger", limit=3)
    target.close()

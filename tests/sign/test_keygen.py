from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code
from renderer.sign import generate_key, load_public_key, load_signer
from tests.sign.support import refusal

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("password", "label"),
    [
        (None, "-----BEGIN PRIVATE KEY-----"),
        (b"correct horse", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"),
        (b"", "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----"),
    ],
)
def test_a_pair_is_written_and_read_again(tmp_path: Path, password: bytes | None, label: str) -> None:
    private, public = generate_key(tmp_path / "release-1.2", password)

    assert (private.name, public.name) == ("release-1.2.key", "release-1.2.pub")
    assert private.read_text().startswith(label)
    assert load_signer(private, password).key_id == load_public_key(public).key_id
    assert load_signer(private, password).warnings == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["release-1.2.key", "release-1.2.pub"]


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
def test_only_the_owner_can_read_the_private_key(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        private, public = generate_key(tmp_path / "a")
    finally:
        os.umask(old)

    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644


@pytest.mark.parametrize("existing", ["a.key", "a.pub"])
def test_nothing_is_overwritten_and_nothing_is_left(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("precious")

    problem = refusal(lambda: generate_key(tmp_path / "a"))

    assert problem.code is Code.OUTPUT_UNWRITABLE
    assert "exists already" in problem.what
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(existing, "precious")]


def test_a_dangling_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.key").symlink_to(tmp_path / "elsewhere")

    assert refusal(lambda: generate_key(tmp_path / "a")).code is Code.OUTPUT_UNWRITABLE
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("step", [1, 2])
def test_a_race_or_a_full_disk_leaves_no_half_pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    calls: list[object] = []
    real = os.fsync

    def fail_at_step(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == step:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fail_at_step)

    problem = refusal(lambda: generate_key(tmp_path / "a"))

    assert "No space left on device" in problem.what
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_appears_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.link

    def link_late(source: str, target: Path) -> None:
        if target.suffix == ".key":
            target.write_text("precious")
        real(source, target)

    monkeypatch.setattr(os, "link", link_late)

    assert "exists already" in refusal(lambda: generate_key(tmp_path / "a")).what
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.key", "precious")]


def test_a_missing_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    private, _ = generate_key(tmp_path / "new" / "a")

    assert private.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    problem = refusal(lambda: generate_key(tmp_path / "file" / "a"))

    assert problem.code is Code.OUTPUT_UNWRITABLE

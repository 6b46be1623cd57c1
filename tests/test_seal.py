"""Code that is kept runs only where it was made: everything else is as if it were not there."""

from __future__ import annotations

import marshal
import multiprocessing
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from renderer.fleet.keep import Keep, Salted
from renderer.fleet.seal import Sealed, machine_secret
from renderer.render import shelf

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Shop

from tests.cli.conftest import shop

__all__ = ["shop"]
SECRET, OTHER = b"s" * 32, b"o" * 32


def refuse(data: bytes) -> None:
    raise AssertionError(f"{len(data)} bytes were taken for code")


@pytest.fixture
def place(tmp_path: Path) -> Salted:
    return Salted(Keep(tmp_path), b"test")


def test_what_was_put_is_found_with_the_same_secret_only(place: Salted) -> None:
    Sealed(place, SECRET).put(b"key", b"code")

    assert Sealed(place, SECRET).find([b"key", b"more"]) == {b"key": b"code"}
    assert Sealed(place, OTHER).find([b"key"]) == {}


@pytest.mark.parametrize("forged", [b"", b"code", bytes(32) + b"code", bytes(31)])
def test_bytes_without_a_seal_are_not_given(place: Salted, forged: bytes) -> None:
    place.put(b"key", forged)

    assert Sealed(place, SECRET).find([b"key"]) == {}


def test_a_seal_is_for_its_key_and_for_every_byte(place: Salted) -> None:
    Sealed(place, SECRET).put(b"key", b"code")
    (good,) = place.find([b"key"]).values()

    place.put(b"other", good)
    for index in range(len(good)):
        place.put(b"%d" % index, good[:index] + bytes([good[index] ^ 1]) + good[index + 1 :])

    assert Sealed(place, SECRET).find([b"other", *(b"%d" % index for index in range(len(good)))]) == {}


def test_the_secret_is_made_once_and_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    secret = machine_secret()

    assert secret is not None
    assert len(secret) == 32
    assert machine_secret() == secret
    assert [path.name for path in (tmp_path / "fleetpress").iterdir()] == ["secret"]
    assert (tmp_path / "fleetpress").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "fleetpress" / "secret").stat().st_mode & 0o777 == 0o600


def test_two_users_or_machines_have_two_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for name in ("a", "b"):
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / name))
        found.add(machine_secret())

    assert len(found) == 2


def test_processes_that_begin_at_once_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.starmap(machine_secret, [()] * 8)

    assert len(set(found)) == 1
    assert None not in found


@pytest.mark.parametrize("mode", [0o666, 0o620])
def test_a_secret_that_others_could_have_written_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    machine_secret()
    (tmp_path / "fleetpress" / "secret").chmod(mode)

    assert machine_secret() is None


@pytest.mark.parametrize("content", [b"", b"short", bytes(33)])
def test_a_secret_of_another_length_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    machine_secret()
    (tmp_path / "fleetpress" / "secret").write_bytes(content)

    assert machine_secret() is None


def test_a_secret_within_the_cache_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "cache" / "state"))
    monkeypatch.setenv("FLEETPRESS_CACHE", str(tmp_path / "cache"))

    assert machine_secret() is None
    assert not (tmp_path / "cache").exists()


def test_a_place_that_cannot_be_written_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))

    assert machine_secret() is None


def test_a_cache_from_another_machine_runs_nothing_of_it(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.publish()
    monkeypatch.setattr(shelf, "marshal", SimpleNamespace(dumps=marshal.dumps, loads=refuse))
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 4}\n')
    assert "bytes were taken for code" in shop.publish().err

    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
    assert shop.publish().outcomes() == {"paris-01": "published"}

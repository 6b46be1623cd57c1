"""What this program is, as a part of keys: looked up by what the file system says, and never an old one."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

import renderer
from renderer.engine import identity as identity_module
from renderer.engine.identity import identity, source_files
from renderer.fleet import program as program_module
from renderer.fleet.keep import Keep
from renderer.fleet.program import program

if TYPE_CHECKING:
    from pathlib import Path

LATER = 60_000_000_000


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of two files and a package, in the place of ours."""
    folder = tmp_path / "program"
    (folder / "rules").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "rules" / "rules.toml").write_text("a = 1\n")
    metadata = tmp_path / "packages" / "thing-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Name: thing\nVersion: 1.0\n")
    monkeypatch.setattr(renderer, "__file__", str(folder / "__init__.py"))
    monkeypatch.setattr("sys.path", [str(tmp_path / "packages")])
    return folder


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Grows by one each time that somebody reads the whole program. A minute has passed since its files were made."""
    found: list[str] = []

    def spy() -> dict[str, str]:
        found.append("identity")
        return {"fleetpress": identity_module._source()}

    now = time.time_ns
    monkeypatch.setattr(program_module, "identity", spy)
    monkeypatch.setattr("time.time_ns", lambda: now() + LATER)
    return found


def test_it_is_the_identity(tmp_path: Path) -> None:
    kept = Keep(tmp_path)

    assert json.loads(program(kept)) == identity()
    assert json.loads(program(kept)) == identity()


@pytest.mark.usefixtures("source")
def test_nothing_is_read_again_in_the_next_run(tmp_path: Path, asked: list[str]) -> None:
    first = Keep(tmp_path)
    found = program(first)
    first.close()

    assert program(Keep(tmp_path)) == found
    assert asked == ["identity"]


@pytest.mark.parametrize("name", ["__init__.py", "rules/rules.toml"])
def test_a_file_that_changed_within_its_size_and_time_is_noticed(
    source: Path, tmp_path: Path, asked: list[str], name: str
) -> None:
    kept = Keep(tmp_path)
    path = source / name
    path.write_text("a = 1\n")
    before, times = program(kept), path.stat()

    path.write_text("a = 2\n")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    assert program(kept) != before
    assert len(asked) == 2


def test_an_update_of_a_package_is_noticed(source: Path, tmp_path: Path, asked: list[str]) -> None:
    kept = Keep(tmp_path)
    program(kept)

    (tmp_path / "packages" / "thing-1.0.dist-info").rename(tmp_path / "packages" / "thing-1.1.dist-info")
    program(kept)

    assert source.is_dir()
    assert len(asked) == 2


@pytest.mark.usefixtures("source")
def test_files_that_were_written_just_now_are_read_each_time(
    tmp_path: Path, asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Keep(tmp_path)
    now = time.time_ns
    monkeypatch.setattr("time.time_ns", lambda: now() - LATER)

    assert program(kept) == program(kept)
    assert len(asked) == 2


def test_the_identity_is_over_rules_too_and_not_over_compiled_files() -> None:
    names = {path.rpartition("/")[2] for path in source_files()}

    assert {"rules.toml", "identity.py"} <= names
    assert not any(name.endswith(".pyc") for name in names)

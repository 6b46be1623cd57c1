"""Git is asked early, waited for no longer than it takes, and says the same each time."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from renderer.read import look_early
from renderer.read.git_command import Command, GitFailure, ask

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "fleets" / "labs").mkdir(parents=True)
    (folder / "fleets" / "labs" / "fleet.yaml").write_text("name: labs\n")
    for arguments in (["init", "-q"], ["add", "-A"]):
        subprocess.run(["git", "-C", str(folder), *arguments], check=True)
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    subprocess.run(["git", "-C", str(folder), *who, "commit", "-q", "-m", "x"], check=True)
    return folder


def test_the_work_tree_around_a_fleet_is_looked_at(repository: Path) -> None:
    found = look_early(repository / "fleets" / "labs")

    assert found is not None
    assert found.folder == repository.resolve()
    assert found.top == str(repository.resolve())
    assert not found.is_shallow
    assert found.status.changed == frozenset()


def test_a_folder_outside_of_any_work_tree_is_not_asked_about(tmp_path: Path) -> None:
    assert look_early(tmp_path) is None
    assert look_early(tmp_path / "missing") is None


def test_without_git_nobody_is_bothered_yet(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert look_early(repository) is None


def test_a_shallow_clone_is_known_as_one(repository: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth", "1", repository.as_uri(), str(clone)], check=True)

    found = look_early(clone)

    assert found is not None
    assert found.is_shallow


def test_a_failure_is_told_each_time(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    asked = look_early(tmp_path)
    assert asked is not None

    for _ in range(2):
        with pytest.raises(GitFailure, match="not a git repository"):
            _ = asked.top
        with pytest.raises(GitFailure, match="not a git repository"):
            _ = asked.status


def test_where_the_system_does_not_tell_of_ends_they_are_waited_for(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ask(repository, "rev-parse", "HEAD")
    monkeypatch.delattr(os, "pidfd_open", raising=False)

    assert ask(repository, "rev-parse", "HEAD") == expected


def test_git_that_does_not_answer_is_given_up(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("renderer.read.git_command.TIMEOUT", 0)
    command = Command(repository, "hash-object", "--stdin-paths", "--no-filters")
    ended = command._process.wait

    def wait(timeout: float | None = None) -> int:
        if timeout is None:
            return ended()
        raise subprocess.TimeoutExpired("git", timeout)

    monkeypatch.setattr(command._process, "wait", wait)

    with pytest.raises(GitFailure, match="no answer in time"):
        command.output()

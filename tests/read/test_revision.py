"""read.revision: what git says, in plain words."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, EnvironmentFailure
from renderer.read import Revision, head

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _clean_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


def git(folder: Path, *arguments: str) -> str:
    options = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always"]
    done = subprocess.run(["git", *options, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def repository(folder: Path, commits: int = 1) -> Path:
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    for number in range(commits):
        (folder / "file").write_text(str(number))
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", str(number))
    return folder


def failure(folder: Path) -> str:
    with pytest.raises(EnvironmentFailure) as caught:
        head(folder)
    (problem,) = caught.value.problems
    assert problem.code is Code.GIT_FAILED
    assert problem.hint
    return problem.what


def test_the_serial_counts_first_parents(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", commits=3)
    git(repo, "checkout", "-q", "-b", "side", "HEAD~1")
    for _ in range(2):
        git(repo, "commit", "-q", "--allow-empty", "-m", "side")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", "side")
    assert head(repo) == Revision(git(repo, "rev-parse", "HEAD"), serial=4, dirty=False, shallow=False)


def test_changed_and_untracked_files_make_it_dirty(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / "new").write_text("")
    assert head(repo).dirty
    (repo / "new").unlink()
    (repo / "file").write_text("changed")
    assert head(repo).dirty


def test_a_detached_head_a_linked_work_tree_and_a_submodule_are_read_like_any_other(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", commits=2)
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "w"), "HEAD~1")
    assert head(tmp_path / "w").serial == 1
    outer = repository(tmp_path / "o")
    git(outer, "submodule", "--quiet", "add", str(repo), "sub")
    assert head(outer / "sub").serial == 2


def test_a_shallow_clone_has_no_serial(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r", commits=3)
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repo}", "s")
    found = head(tmp_path / "s")
    assert (found.shallow, found.serial) == (True, None)


def test_no_repository_and_no_commit_are_told_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert failure(tmp_path / "plain") == "the folder is not a git repository"
    assert failure(tmp_path / "nowhere") == "the folder is not a git repository"
    assert failure(repository(tmp_path / "empty", commits=0)) == "the repository has no commit yet"
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/.git").write_text("gitdir: /nowhere\n")
    failure(tmp_path / "broken")


def test_a_repository_of_another_user_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = repository(tmp_path / "r")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert "does not trust" in failure(repo)


def test_an_environment_that_points_elsewhere_does_not_mislead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = repository(tmp_path / "r", commits=2)
    other = repository(tmp_path / "o")
    own = head(repo)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert head(repo) == own
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git/index"))
    assert head(repo) == own


def test_a_damaged_repository_is_told(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    (repo / ".git/index").write_bytes(b"broken")
    assert "index" in failure(repo)


def test_programs_from_the_repositorys_configuration_do_not_run(tmp_path: Path) -> None:
    repo = repository(tmp_path / "r")
    trap = tmp_path / "trap"
    script = tmp_path / "monitor"
    script.write_text(f"#!/bin/sh\ntouch {trap}\n")
    script.chmod(0o755)
    git(repo, "config", "core.fsmonitor", str(script))
    before = (repo / ".git/index").stat().st_mtime_ns
    head(repo)
    assert not trap.exists()
    assert (repo / ".git/index").stat().st_mtime_ns == before

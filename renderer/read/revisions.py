"""The files of a repository as they are in a commit or in git's index.

In: a repository's folder, what somebody calls a commit. Out: paths with the ids of their contents, and contents.
Never: checks anything out, follows a link, or hands to git what was typed but as the name of a commit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from renderer.errors import Code, ConfigurationError, SourceFailure
from renderer.read.files import quoted
from renderer.read.git_objects import READ_TIMEOUT, Objects
from renderer.types import Problem

if TYPE_CHECKING:
    from pathlib import Path

# Names of branches, tags and commits, and what may follow them: HEAD~2, v1.0^, main@{1}.
_REVISION: Final = re.compile(r"[A-Za-z0-9_][\w./@{}~^+-]*")
_STAGED: Final = re.compile(r"(\d{6}) ([0-9a-f]{40}) 0\t(.+)", re.DOTALL)
_RUNNABLE: Final = "100755"
_FILES: Final = frozenset({"100644", "100664", _RUNNABLE})
# Parts of a path that a repository can only have by being made to.
_REFUSED: Final = frozenset({"", ".", "..", ".git"})


@dataclass(frozen=True, slots=True)
class PastFile:
    """A file: the id of its content, and whether it may be run."""

    oid: str
    runnable: bool


def resolve_commit(objects: Objects, name: str) -> str:
    """The id of the commit that `name` means; raises ConfigurationError when there is none."""
    try:
        if _REVISION.fullmatch(name):
            asked = ("--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
            return objects.run(lambda git: git.rev_parse(*asked, kill_after_timeout=READ_TIMEOUT)).strip()
    except SourceFailure:
        pass
    what = f"there is no commit {quoted(name)} in this repository"
    hint = "`git log` shows what there is; in a shallow clone, fetch more of the history"
    raise ConfigurationError(what, problems=[Problem(Code.BASELINE_UNKNOWN, what, hint=hint)])


def list_commit(objects: Objects, commit: str, folder: str) -> dict[str, PastFile]:
    """Every file below `folder` in a commit, by path; links and submodules are left out."""
    entries = objects.list_files(commit, folder)
    prefix = f"{folder}/" if folder else ""
    return {prefix + path: PastFile(oid, mode == _RUNNABLE) for mode, oid, path, _ in entries if _is_file(mode, path)}


def list_index(objects: Objects, folder: str) -> dict[str, PastFile]:
    """The same of git's index: what the next commit would hold."""
    options = ("--stage", "-z", "--full-name", "--", *([f":(top,literal){folder}"] if folder else []))
    said = objects.run(lambda git: git.ls_files(*options, kill_after_timeout=READ_TIMEOUT))
    found = [match.groups() for line in said.split("\0") if (match := _STAGED.fullmatch(line))]
    return {path: PastFile(oid, mode == _RUNNABLE) for mode, oid, path in found if _is_file(mode, path)}


def _is_file(mode: str, path: str) -> bool:
    return mode in _FILES and not _REFUSED.intersection(path.split("/"))


def open_objects(repository: Path) -> Objects:
    """The objects of a fleet's own repository."""
    return Objects(repository, {})

"""What git says of a work tree: the commit, the files that differ from it, the files that changed between trees.

In: the top folder of a work tree. Out: paths relative to it, and ids of objects. Three commands run from the moment
that a Checkout is made, while others work: they look at every file of the repository, which takes a tenth of a second
for 100,000.
Never: reads a file of the work tree itself, writes, or is believed about files that somebody told git not to look at.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from renderer.read.finding import work_tree
from renderer.read.git_command import Command, GitFailure, ask

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_STATUS: Final = (
    "status",
    "--porcelain=v2",
    "--branch",
    "-z",
    "--untracked-files=all",
    "--ignored=matching",
    "--no-renames",
    "--ignore-submodules=none",
)
_UNTRACKED, _IGNORED = "?", "!"
# Fields before the path, by the kind of a line in git-status(1), "Porcelain Format Version 2".
_FIELDS: Final = {"1": 8, "u": 10, _UNTRACKED: 1, _IGNORED: 1}
_FILES: Final = frozenset({"100644", "100755", "100664"})


@dataclass(frozen=True, slots=True)
class Status:
    """`commit` is what is checked out, None before the first one. A path that ends in `/` is a folder.

    `changed` differ from the commit or are not tracked. `ignored` are neither: git looks away from them, we do not.
    """

    commit: str | None
    changed: frozenset[str]
    ignored: frozenset[str]


def look_early(folder: Path) -> Checkout | None:
    """A Checkout of the work tree that a fleet's folder lies in, made before anything is known of the fleet.

    None where there is no work tree, or no git: who needs one finds out why.
    """
    top = work_tree(folder.resolve())
    if top is None:
        return None
    with suppress(GitFailure):
        return Checkout(top)
    return None


class Checkout:
    """See the module. Methods raise GitFailure."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._status = Command(folder, *_STATUS)
        self._flags = Command(folder, "ls-files", "-v", "-z")
        self._repository = Command(folder, "rev-parse", "--show-toplevel", "--is-shallow-repository")

    @cached_property
    def _place(self) -> tuple[str, bool]:
        top, _, shallow = _line(self._repository.output()).rpartition("\n")
        return top, shallow == "true"

    @property
    def top(self) -> str:
        """The top folder of the work tree that `folder` lies in."""
        return self._place[0]

    @property
    def is_shallow(self) -> bool:
        """Whether the repository lacks the beginning of its history."""
        return self._place[1]

    @cached_property
    def status(self) -> Status:
        """The state of the work tree at about the moment when this Checkout was made."""
        commit = None
        found: dict[bool, set[str]] = {False: set(), True: set()}
        for line in _split(self._status.output()):
            kind = line[:1]
            if kind == "#":
                commit = line.removeprefix("# branch.oid ") if line.startswith("# branch.oid ") else commit
            else:
                found[kind == _IGNORED].add(line.split(" ", _FIELDS[kind])[-1])
        return Status(None if commit == "(initial)" else commit, frozenset(found[False]), frozenset(found[True]))

    @cached_property
    def overlooked(self) -> frozenset[str]:
        """Tracked files that git was told not to look at, or does not have in the work tree, or has in a conflict."""
        listed = self._flags.output()
        if listed.count(b"\0H ") + listed.startswith(b"H ") == listed.count(b"\0"):
            return frozenset()
        return frozenset(line[2:] for line in _split(listed) if not line.startswith("H "))

    def tree(self, folder: str) -> str | None:
        """The id of what the commit has at `folder`, relative to the top; None if it has nothing there."""
        if self.status.commit is None:
            return None
        try:
            return _line(ask(self.folder, "rev-parse", "--verify", "--quiet", f"{self.status.commit}:{folder}"))
        except GitFailure:
            return None

    def files(self, tree: str) -> Mapping[str, str] | None:
        """Path in the tree -> id of every file's content; None when it holds what is not a file, such as a link."""
        found = {}
        for line in _split(ask(self.folder, "ls-tree", "-r", "-z", "--full-tree", tree)):
            meta, _, path = line.partition("\t")
            mode, _, oid = meta.split(" ")
            if mode not in _FILES:
                return None
            found[path] = oid
        return found

    def difference(self, before: str, after: str) -> Mapping[str, str | None] | None:
        """Path in the trees -> id of its content in `after`, None where it is gone, for all that differ.

        None when a tree is not there (any more), or when something that is not a file differs.
        """
        if before == after:
            return {}
        try:
            said = ask(self.folder, "diff-tree", "-r", "-z", "--raw", "--no-renames", before, after)
        except GitFailure:
            return None
        found: dict[str, str | None] = {}
        for meta, path in _pairs(said):
            old_mode, mode, _, oid, status = meta.removeprefix(":").split(" ")
            if not {old_mode, mode} <= _FILES | {"000000"}:
                return None
            found[path] = None if status == "D" else oid
        return found


def _line(said: bytes) -> str:
    return said.decode(errors="surrogateescape").rstrip("\n")


def _split(said: bytes) -> Iterator[str]:
    """Lines that end in NUL."""
    return (line for line in said.decode(errors="surrogateescape").split("\0") if line)


def _pairs(said: bytes) -> Iterator[tuple[str, str]]:
    lines = _split(said)
    return zip(lines, lines, strict=True)

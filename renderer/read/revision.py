"""The commit that is checked out, as git tells it.

In: a repository's folder. Out: a Revision. Never: writes to the repository, asks for a password, or passes on to git
anything that a user typed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from renderer.errors import Code, EnvironmentFailure
from renderer.read.checkout import Checkout
from renderer.read.git_command import GitFailure, GitMissing, ask
from renderer.read.interface import Revision
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_REPOSITORY: Final = (
    "the folder is not a git repository",
    "clone or `git init` it, or give the serial yourself",
)
# What git says -> what that means, and what to do.
_SAID: Final = (
    (
        "dubious ownership",
        "git does not trust the repository, because another user owns it",
        "run: git config --global --add safe.directory FOLDER",
    ),
    ("unknown revision", "the repository has no commit yet", "commit the fleet first"),
    ("bad revision", "the repository has no commit yet", "commit the fleet first"),
    ("not a git repository", *_NO_REPOSITORY),
    ("cannot change to", *_NO_REPOSITORY),
    ("bad object", "the repository is damaged or incomplete", "run `git fsck`, or clone it again"),
    ("index file", "the repository's index is damaged", "run `git status` in it, or clone it again"),
)


def head(repository: Path, look: Callable[[], Checkout] | None = None) -> Revision:
    """What is checked out in `repository`, the top of a work tree (linked ones and submodules too).

    `look` gives what git says of it, if that was asked before. Raises EnvironmentFailure in plain words when git is
    missing, mistrusts the folder, or has no commit.
    """
    try:
        return _head(look() if look else Checkout(repository), repository)
    except GitMissing:
        _fail("git is not installed, or not found", "install git, or add it to PATH")
    except GitFailure as error:
        _translate(str(error))


def _head(checkout: Checkout, folder: Path) -> Revision:
    if not Path(checkout.top).samefile(folder):
        _fail(*_NO_REPOSITORY)
    status = checkout.status
    if status.commit is None:
        _fail("the repository has no commit yet", "commit the fleet first")
    shallow = checkout.is_shallow
    serial = None if shallow else int(ask(folder, "rev-list", "--first-parent", "--count", status.commit, "--"))
    return Revision(status.commit, serial, bool(status.changed), shallow)


def _translate(said: str) -> NoReturn:
    for words, what, hint in _SAID:
        if words in said:
            _fail(what, hint)
    lines = [line.strip(" '\n") for line in said.splitlines() if line.strip(" '\n") and "cmdline" not in line]
    _fail(f"git failed: {lines[-1][:200] if lines else 'without a message'}", "run `git status` in the repository")


def _fail(what: str, hint: str) -> NoReturn:
    raise EnvironmentFailure(what, problems=[Problem(Code.GIT_FAILED, what, hint=hint)]) from None

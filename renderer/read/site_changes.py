"""Which site files may have changed since a tree of git, and what they are now.

In: a fleet, its Checkout, the id of an earlier tree of its sites/ folder. Out: the few files to look at again.
Never: opens a file that git knows to be what it was, or guesses: whatever is unusual (a link, a submodule, a file that
git was told not to look at, a name that no site can have) is answered by None, and all files have to be looked at.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.read.files import digest_and_oid
from renderer.read.git_command import GitFailure
from renderer.read.interface import SiteFile
from renderer.read.sites import site_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.read.checkout import Checkout
    from renderer.types import Fleet


@dataclass(frozen=True, slots=True)
class Committed:
    """The sites/ folder of the commit: the id of its tree, and of each file's content by path in the repository."""

    tree: str
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Seen:
    """A path that was looked at again: the site that it is now, None if it is none.

    `loose` says that it is not known to be what the commit has there: it has to be looked at again next time, too, for
    it may be put back to that in the meantime, and then git has nothing to tell.
    """

    path: str
    file: SiteFile | None
    loose: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """The tree of the commit, and what is now at each path that may differ from the earlier tree."""

    tree: str
    seen: tuple[Seen, ...]


def committed_sites(fleet: Fleet, checkout: Checkout) -> Committed | None:
    """What the commit has in sites/; None when git cannot tell later which of the files have changed."""
    prefix = _prefix(fleet)
    try:
        tree = _trusted_tree(fleet, checkout)
        files = checkout.files(tree) if tree else None
    except GitFailure:
        return None
    return None if tree is None or files is None else Committed(tree, {prefix + path: files[path] for path in files})


def changed_sites(fleet: Fleet, checkout: Checkout, since: str, loose: Iterable[str]) -> Changes | None:
    """What is at each path that may differ from the tree `since`, or that is `loose`; None to look at everything."""
    prefix = _prefix(fleet)
    try:
        tree = _trusted_tree(fleet, checkout)
        difference = checkout.difference(since, tree) if tree else None
        if tree is None or difference is None:
            return None
        moved = {prefix + path: oid for path, oid in difference.items()}
        status = checkout.status
    except GitFailure:
        return None
    dirty = {path for path in (*status.changed, *status.ignored) if path.startswith(prefix)}
    seen = []
    for path in sorted({*moved, *dirty, *loose}):
        if any(part.startswith(".") for part in path.removeprefix(prefix).split("/")):
            continue  # walking the folder passes over it, too
        one = _look(fleet, path, moved.get(path), absent_is_loose=path in dirty)
        if one is None:
            return None
        seen.append(one)
    return Changes(tree, tuple(seen))


def _trusted_tree(fleet: Fleet, checkout: Checkout) -> str | None:
    prefix = _prefix(fleet)
    if not os.path.samefile(checkout.top, fleet.repository):  # noqa: PTH121 - one of them is text
        return None
    if any(path.startswith(prefix) for path in checkout.overlooked):
        return None
    return checkout.tree(prefix.rstrip("/"))


def _look(fleet: Fleet, path: str, oid: str | None, *, absent_is_loose: bool) -> Seen | None:
    absent = Seen(path, None, absent_is_loose)
    try:
        return _seen(fleet, path, oid, absent)
    except (FileNotFoundError, NotADirectoryError):
        return absent
    except OSError:
        return None


def _seen(fleet: Fleet, path: str, oid: str | None, absent: Seen) -> Seen | None:
    full = f"{fleet.repository}/{path}"
    regular = stat.S_ISREG(os.lstat(full).st_mode)
    name = site_name(path)
    if name is None or not regular:
        # What is there instead of a site may be a problem to be told; walking the folder tells it.
        return absent if regular and not path.endswith((".yaml", ".yml")) else None
    if os.path.realpath(full) != f"{os.path.realpath(fleet.repository)}/{path}":
        return absent  # below a link: walking does not follow it
    digest, found = digest_and_oid(full, len(oid or ""))
    return Seen(path, SiteFile(name, path, digest), loose=oid is None or found != oid)


def _prefix(fleet: Fleet) -> str:
    return f"{(fleet.root / 'sites').relative_to(fleet.repository).as_posix()}/"

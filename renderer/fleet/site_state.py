"""The index of a fleet's site files, remembered between runs.

In: a State, the fleet, what git says of the work tree. Out: a SiteIndex whose sites are looked up in the State.
One changed site costs as much as that site. Without git, or when git cannot tell what changed (see read.site_changes),
every file is listed and hashed, and the result is the same.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from renderer import read
from renderer.fleet.entry_state import touch, touch_all
from renderer.fleet.state import StateDamaged
from renderer.types import Digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from renderer.fleet.state import State
    from renderer.types import Fleet

_TREE: Final = "tree"
# With more files that are not as committed, all are looked at: these few would be looked at in every run.
_MOST_LOOSE: Final = 2_000


class SiteFiles(Mapping[str, read.SiteFile]):
    """The site files in a State by name, in the order of names; none of them in memory."""

    def __init__(self, state: State) -> None:
        self._state = state

    def __getitem__(self, name: str) -> read.SiteFile:
        for path, digest in self._state.ask("SELECT path, digest FROM file WHERE name = ?", name):
            return read.SiteFile(name, os.fsdecode(path), Digest(digest.hex()))
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for (name,) in self._state.ask("SELECT name FROM file ORDER BY name"))

    def __len__(self) -> int:
        return int(self._state.one("SELECT count(*) FROM file"))


def refresh_sites(state: State, fleet: Fleet, look: Callable[[], read.Checkout]) -> read.SiteIndex:
    """Bring the files in the State up to date, and give them; `look` asks git about the work tree."""
    try:
        checkout = look()
    except read.GitFailure:
        checkout = None
    try:
        return state.change(lambda: _refresh(state, fleet, checkout)) or read.SiteIndex({})
    except StateDamaged:
        if state.path is None:
            raise
        state.forget()
        return refresh_sites(state, fleet, look)


def _refresh(state: State, fleet: Fleet, checkout: read.Checkout | None) -> read.SiteIndex:
    if checkout is not None and _follow(state, fleet, checkout):
        return read.SiteIndex(SiteFiles(state))
    committed = read.committed_sites(fleet, checkout) if checkout is not None else None
    index = read.list_sites(fleet, committed.files if committed else {})
    _replace(state, index, committed)
    # A fleet with problems is looked at as a whole until they are gone: they are found by walking it.
    state.note(_TREE, committed.tree if committed and not index.problems else None)
    return read.SiteIndex(SiteFiles(state), index.problems, index.settled)


def _follow(state: State, fleet: Fleet, checkout: read.Checkout) -> bool:
    """Look at what may have changed since the last run, and no further; False if that is not enough."""
    since = state.recall(_TREE)
    loose = [os.fsdecode(path) for (path,) in state.ask("SELECT path FROM loose LIMIT ?", _MOST_LOOSE)]
    if since is None or len(loose) >= _MOST_LOOSE:
        return False
    changes = read.changed_sites(fleet, checkout, since, loose)
    if changes is None:
        return False
    there = [seen for seen in changes.seen if seen.file is not None]
    for seen in changes.seen:
        if seen.file is None:
            _drop(state, seen.path)
    for seen in there:
        if not _put(state, seen):
            return False
    state.run("DELETE FROM loose")
    state.many("INSERT INTO loose VALUES (?)", ((os.fsencode(seen.path),) for seen in changes.seen if seen.loose))
    state.note(_TREE, changes.tree)
    return True


def _put(state: State, seen: read.Seen) -> bool:
    """Note a file as it is; False when another file has the name of its site."""
    assert seen.file is not None, "a path without a site is dropped"  # noqa: S101
    name, path = seen.file.name, os.fsencode(seen.path)
    known = state.one("SELECT path FROM file WHERE name = ?", name)
    if known not in (None, path):
        return False
    digest = bytes.fromhex(seen.file.digest.hex)
    state.run("INSERT OR REPLACE INTO file VALUES (?, ?, ?)", name, path, digest)
    touch(state, name)
    return True


def _drop(state: State, path: str) -> None:
    name = state.one("SELECT name FROM file WHERE path = ?", os.fsencode(path))
    if name is not None:
        state.run("DELETE FROM file WHERE name = ?", name)
        touch(state, name)


def _replace(state: State, index: read.SiteIndex, committed: read.Committed | None) -> None:
    """Note all files anew."""
    state.run("DELETE FROM file")
    rows = ((file.name, os.fsencode(file.path), bytes.fromhex(file.digest.hex)) for file in index.sites.values())
    state.many("INSERT INTO file VALUES (?, ?, ?)", rows)
    settled = {index.sites[name].path for name in index.settled}
    loose = {file.path for file in index.sites.values()} | (committed.files.keys() if committed else set())
    state.run("DELETE FROM loose")
    state.many("INSERT INTO loose VALUES (?)", ((os.fsencode(path),) for path in sorted(loose - settled)[:_MOST_LOOSE]))
    touch_all(state)

"""What is published, as far as the ledgers tell, remembered between runs next to the site files.

In: a State; ledgers' entries. Out: the entries looked up one by one, and the names of the sites of which the file and
the entry may not agree: the only ones that a plan has to look at, together with those whose shared inputs changed.
Never: decides what to do with a site.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from renderer.plan import Base, Entry
from renderer.types import Digest, compact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from renderer.fleet.state import State
    from renderer.plan import Inputs

_COLUMNS: Final = "made, file, fingerprint, content, manifest, serial, published, base"
_BASE_COLUMNS: Final = "content, manifest, serial, key_id, published"
# A site that moves is in two ledgers for a while. The last one counts.
_DIFFERING: Final = """
INSERT INTO touched
SELECT name FROM file
WHERE digest IS NOT (SELECT entry.file FROM entry WHERE entry.site = file.name ORDER BY place DESC LIMIT 1)
UNION SELECT site FROM entry WHERE site NOT IN (SELECT name FROM file)
"""
_AGREEING: Final = """
DELETE FROM touched
WHERE (SELECT digest FROM file WHERE file.name = touched.name)
IS (SELECT entry.file FROM entry WHERE entry.site = touched.name ORDER BY place DESC LIMIT 1)
"""


class Entries(Mapping[str, Entry]):
    """The entries in a State by site; none of them in memory. With `place`, those of one ledger only."""

    def __init__(self, state: State, place: int | None = None) -> None:
        self._state = state
        self._where = "1" if place is None else f"place = {place:d}"
        self._made: dict[int, tuple[str, Inputs]] = {}

    def __getitem__(self, site: str) -> Entry:
        query = f"SELECT {_COLUMNS} FROM entry WHERE site = ? AND {self._where} ORDER BY place DESC LIMIT 1"  # noqa: S608
        for made, file, fingerprint, content, manifest, serial, published, base in self._state.ask(query, site):
            key_id, inputs = self._made.get(made) or self._find_made(made)
            out = _digest(fingerprint), _digest(content), _digest(manifest)
            return Entry(_digest(file), inputs, *out, serial, key_id, published, base)
        raise KeyError(site)

    def __iter__(self) -> Iterator[str]:
        query = f"SELECT DISTINCT site FROM entry WHERE {self._where} ORDER BY site"  # noqa: S608
        return (site for (site,) in self._state.ask(query))

    def __len__(self) -> int:
        return int(self._state.one(f"SELECT count(DISTINCT site) FROM entry WHERE {self._where}"))  # noqa: S608

    def _find_made(self, number: int) -> tuple[str, Inputs]:
        for key_id, inputs in self._state.ask("SELECT key_id, inputs FROM made WHERE id = ?", number):
            self._made[number] = key_id, _load(inputs)
            return self._made[number]
        raise KeyError(number)


class Bases(Mapping[str, Base]):
    """The bases in a State by key. With `place`, those of one ledger only."""

    def __init__(self, state: State, place: int | None = None) -> None:
        self._state = state
        self._where = "1" if place is None else f"place = {place:d}"

    def __getitem__(self, key: str) -> Base:
        query = f"SELECT {_BASE_COLUMNS} FROM base WHERE key = ? AND {self._where} ORDER BY place DESC LIMIT 1"  # noqa: S608
        for content, manifest, serial, key_id, published in self._state.ask(query, key):
            return Base(_digest(content), _digest(manifest), serial, key_id, published)
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        query = f"SELECT DISTINCT key FROM base WHERE {self._where} ORDER BY key"  # noqa: S608
        return (key for (key,) in self._state.ask(query))

    def __len__(self) -> int:
        return int(self._state.one(f"SELECT count(DISTINCT key) FROM base WHERE {self._where}"))  # noqa: S608

    def sites(self, key: str) -> list[str]:
        """The sites that have the base `key`, sorted."""
        return [
            site for (site,) in self._state.ask("SELECT DISTINCT site FROM entry WHERE base = ? ORDER BY site", key)
        ]


def replace_entries(state: State, place: int, entries: Mapping[str, Entry], bases: Mapping[str, Base]) -> None:
    """Note what a place's ledgers add up to, and nothing else of that place. Inside of `State.change`."""
    state.run("DELETE FROM entry WHERE place = ?", place)
    state.run("DELETE FROM base WHERE place = ?", place)
    _insert(state, place, entries)
    put_bases(state, place, bases)
    touch_all(state)


def put_entries(state: State, place: int, entries: Mapping[str, Entry], removed: Iterable[str] = ()) -> None:
    """Note entries that are new in a place's ledgers, and sites that are not there any more."""
    gone = list(removed)
    state.many("DELETE FROM entry WHERE site = ? AND place = ?", ((site, place) for site in gone))
    _insert(state, place, entries)
    for site in (*gone, *entries):
        touch(state, site)


def put_bases(state: State, place: int, bases: Mapping[str, Base]) -> None:
    """Note bases that are new in a place's ledgers."""
    rows = ((key, place, *_base_row(base)) for key, base in bases.items())
    state.many(f"INSERT OR REPLACE INTO base(key, place, {_BASE_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", rows)  # noqa: S608


def touch(state: State, name: str) -> None:
    """Note that the file or the entry of a site may be another one now."""
    state.run("INSERT OR IGNORE INTO touched VALUES (?)", name)


def touch_all(state: State) -> None:
    """Compare the files and the entries of all sites."""
    state.run("DELETE FROM touched")
    state.run(_DIFFERING)


def settle(state: State) -> None:
    """Drop what has come to agree: the sites that are published as they are, the input groups that nobody has."""
    state.run(_AGREEING)
    state.run("DELETE FROM made WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.made = made.id)")


def suspects(state: State, current: Callable[[str], Digest | None], key_id: str | None) -> set[str]:
    """The sites that may have to be looked at: their files, their shared inputs or their keys are not as published.

    `current(name)` is the digest that an input has now; `key_id` is None where it does not matter.
    """
    found = {name for (name,) in state.ask("SELECT name FROM touched")}
    now: dict[str, Digest | None] = {}
    for number, signed_by, text in state.ask("SELECT id, key_id, inputs FROM made"):
        stale = key_id not in (None, signed_by)
        for name, digest in () if stale else _load(text):
            if name not in now:
                now[name] = current(name)
            stale = stale or now[name] != digest
        if stale:
            found |= {site for (site,) in state.ask("SELECT site FROM entry WHERE made = ?", number)}
    return found


def _insert(state: State, place: int, entries: Mapping[str, Entry]) -> None:
    numbers: dict[tuple[str, Inputs], int] = {}
    for entry in entries.values():
        if (key := (entry.key_id, entry.inputs)) not in numbers:
            text = compact_json([[name, digest.hex] for name, digest in sorted(entry.inputs)]).decode()
            state.run("INSERT OR IGNORE INTO made(key_id, inputs) VALUES (?, ?)", entry.key_id, text)
            numbers[key] = state.one("SELECT id FROM made WHERE key_id = ? AND inputs = ?", entry.key_id, text)
    rows = (
        (site, place, numbers[entry.key_id, entry.inputs], *_out(entry), entry.serial, entry.published, entry.base)
        for site, entry in entries.items()
    )
    insert = f"INSERT OR REPLACE INTO entry(site, place, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    state.many(insert, rows)


def _out(entry: Entry) -> tuple[bytes, ...]:
    return tuple(_bytes(digest) for digest in (entry.file, entry.fingerprint, entry.content, entry.manifest))


def _base_row(base: Base) -> tuple[object, ...]:
    return _bytes(base.content), _bytes(base.manifest), base.serial, base.key_id, base.published


def _bytes(digest: Digest) -> bytes:
    return bytes.fromhex(digest.hex)


def _digest(value: bytes) -> Digest:
    return Digest(value.hex())


def _load(inputs: str) -> Inputs:
    return frozenset((name, Digest(hexadecimal)) for name, hexadecimal in json.loads(inputs))

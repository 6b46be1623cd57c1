"""Keeps results between runs: what each rendered file was found to be.

In: keys, which are digests of everything that a result depends on, and bytes. Out: the same bytes, or None.
Never: is needed, raises, or gives bytes that are not the ones that were put: each entry has a checksum over its key and
its bytes, and whatever is in doubt is forgotten. Holds names and labels of objects, which the artifacts show anyway.

Two SQLite databases in a folder that nobody else may write to bound it: new entries go to the younger one; what is
found in the older one moves there; when the younger one is full, the older one is removed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sqlite3
import sys
import time
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

from renderer.fleet.cache import private_folder, refusal
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LIMIT_VARIABLE: Final = "FLEETPRESS_MEMO_LIMIT"
# Both databases together, in MiB, unless the variable says otherwise.
_LIMIT: Final = 4096
_FORMAT: Final = 2
_BUSY: Final = 5.0  # seconds that another process may write; to wait longer is not worth it
_ENTRIES, _SECONDS, _BYTES = 1024, 2.0, 4 << 20  # what is written at once
_ASKED: Final = 500  # keys in one question
_SUM: Final = 8
_SCHEMA: Final = "CREATE TABLE IF NOT EXISTS kept(key BLOB PRIMARY KEY, value BLOB NOT NULL)"


class Keep:
    """See the module. One for each process; several processes share a folder."""

    def __init__(self, folder: Path, limit: int = _LIMIT << 20) -> None:
        self._folder = folder
        self._limit = limit
        self._young: sqlite3.Connection | None = None
        self._old: sqlite3.Connection | None = None
        self._number = 0
        self._waiting: dict[bytes, bytes] = {}
        self._bytes = 0
        self._since = time.monotonic()
        self.hits = self.misses = 0
        self._open()
        _at_the_end(self.close)

    def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What was put under those of `keys` that are known."""
        found = {key: self._waiting[key] for key in keys if key in self._waiting}
        found |= self._read(self._young, [key for key in keys if key not in found])
        older = self._read(self._old, [key for key in keys if key not in found])
        for key, value in older.items():
            self.put(key, value)
        found |= older
        self.hits += len(found)
        self.misses += len(keys) - len(found)
        return found

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value`, soon."""
        self._waiting[key] = value
        self._bytes += len(value)
        full = len(self._waiting) >= _ENTRIES or self._bytes >= _BYTES
        if full or time.monotonic() - self._since > _SECONDS:
            self._flush()

    def close(self) -> None:
        """Write what waits, and let go of the files."""
        self._flush()
        self._close()

    def _read(self, database: sqlite3.Connection | None, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        try:
            for start in range(0, len(keys) if database else 0, _ASKED):
                found |= _select(database, keys[start : start + _ASKED])
        except (sqlite3.Error, OverflowError) as error:
            self._give_up(error)
        return found

    def _flush(self) -> None:
        rows = [(key, _checksum(key, value) + value) for key, value in self._waiting.items()]
        self._waiting.clear()
        self._bytes, self._since = 0, time.monotonic()
        if self._young is None or not rows:
            return
        try:
            self._young.execute("BEGIN IMMEDIATE")
            self._young.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?)", rows)
            self._young.execute("COMMIT")
            if self._size() > self._limit // 2:
                self._close()
                self._open(at_least=self._number + 1)
        except sqlite3.Error as error:
            self._give_up(error)

    def _size(self) -> int:
        with contextlib.suppress(OSError):
            return self._path(self._number).stat().st_size
        return 0

    def _path(self, number: int) -> Path:
        return self._folder / f"memo-{_FORMAT}-{number:08}.db"

    def _open(self, at_least: int = 1) -> None:
        """Open the two newest databases, and remove all others."""
        try:
            numbers = sorted(int(path.stem.rpartition("-")[2]) for path in self._folder.glob(f"memo-{_FORMAT}-*.db"))
            self._number = max([at_least, *numbers])
            self._young = _connect(self._path(self._number))
            before = [number for number in numbers if number < self._number]
            self._old = _connect(self._path(before[-1])) if before else None
            for number in before[:-1]:
                _remove(self._path(number))
            for path in self._folder.glob("memo-*.db"):
                if not path.name.startswith(f"memo-{_FORMAT}-"):
                    _remove(path)
        except (sqlite3.Error, OSError, ValueError) as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Go on without; what is damaged is removed, so that the next run has a new one."""
        with contextlib.suppress(sqlite3.Error):
            if self._young is not None and self._young.in_transaction:
                self._young.execute("ROLLBACK")
        self._close()
        if isinstance(error, sqlite3.DatabaseError) and not _is_busy(error):
            for path in self._folder.glob("memo-*.db"):
                _remove(path)

    def _close(self) -> None:
        for database in (self._young, self._old):
            if database is not None:
                with contextlib.suppress(sqlite3.Error):
                    database.close()
        self._young = self._old = None


class Salted:
    """A Keep seen through keys of one kind; `of` tells what results depend on besides their keys."""

    def __init__(self, keep: Keep, *of: bytes) -> None:
        self._keep = keep
        self._salt = blake2b(b"".join(len(part).to_bytes(8, "big") + part for part in of)).digest()

    def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """See Keep."""
        salted = {self._key(key): key for key in keys}
        return {salted[key]: value for key, value in self._keep.find([*salted]).items()}

    def put(self, key: bytes, value: bytes) -> None:
        """See Keep."""
        self._keep.put(self._key(key), value)

    def _key(self, key: bytes) -> bytes:
        return blake2b(key, digest_size=24, key=self._salt).digest()


# The one that is open. Another folder closes it: each has files open.
_OPENED: Final[dict[tuple[Path, int], Keep]] = {}


def open_keep() -> Keep | None:
    """The Keep of this process, in the folder that FLEETPRESS_CACHE names; None where there cannot be one."""
    folder = private_folder("memo")
    if isinstance(folder, Problem) or any(refusal(path) for path in folder.glob("memo-*.db*")):
        return None
    given = os.environ.get(LIMIT_VARIABLE, "")
    key = (folder, (int(given) if given.isdecimal() else _LIMIT) << 20)
    if key not in _OPENED:
        for other in _OPENED.values():
            other.close()
        _OPENED.clear()
        _OPENED[key] = Keep(*key)
    return _OPENED[key]


def _at_the_end(close: Callable[[], None]) -> None:
    """Call `close` when this process ends. A worker process ends without the exit handlers of Python."""
    if "multiprocessing" in sys.modules:
        from multiprocessing.util import Finalize

        Finalize(None, close, exitpriority=10)
    else:
        atexit.register(close)


def _checksum(key: bytes, value: bytes) -> bytes:
    return blake2b(value, digest_size=_SUM, key=key).digest()


def _connect(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=_BUSY, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        # A power cut may damage it. That is noticed, and costs time only.
        database.execute("PRAGMA synchronous=OFF")
        database.execute(_SCHEMA)
    except BaseException:
        database.close()
        raise
    return database


def _select(database: sqlite3.Connection | None, keys: Sequence[bytes]) -> dict[bytes, bytes]:
    """The whole entries among those of `keys`."""
    if database is None:
        return {}
    marks = ",".join("?" * len(keys))
    rows = database.execute(f"SELECT key, value FROM kept WHERE key IN ({marks})", keys)  # noqa: S608 - only ?,?,?
    return {
        key: value[_SUM:]
        for key, value in rows
        if isinstance(key, bytes) and isinstance(value, bytes) and value[:_SUM] == _checksum(key, value[_SUM:])
    }


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(OSError):
            Path(f"{path}{suffix}").unlink()

"""What this machine remembers of one fleet and one place that it is published to, in a SQLite database.

In: a folder of the cache, the fleet, the place. Out: a State: tables of site files and of ledger entries, and
transactions over them. It saves time and nothing else: the files and the ledgers are the truth, and a State that is
damaged, from another version or not to be trusted is thrown away.
Never: is needed. Without a folder it lives in memory for one run.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from renderer.errors import Code, EnvironmentFailure
from renderer.fleet.cache import refusal
from renderer.types import Digest, Problem, compact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Result = TypeVar("Result")

# Raise it with every change of the tables or of what their rows mean.
_VERSION: Final = 2
_BUSY: Final = 30.0  # seconds that a transaction of another process may take
_SCHEMA: Final = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file(
    name TEXT PRIMARY KEY, path BLOB NOT NULL UNIQUE, digest BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE loose(path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE entry(
    site TEXT NOT NULL, place INTEGER NOT NULL, made INTEGER NOT NULL, file BLOB NOT NULL, fingerprint BLOB NOT NULL,
    content BLOB NOT NULL, manifest BLOB NOT NULL, serial INTEGER NOT NULL, published TEXT NOT NULL,
    base TEXT NOT NULL, PRIMARY KEY (site, place)
) WITHOUT ROWID;
CREATE INDEX made_of ON entry(made);
CREATE INDEX base_of ON entry(base) WHERE base != '';
CREATE TABLE base(
    key TEXT NOT NULL, place INTEGER NOT NULL, content BLOB NOT NULL, manifest BLOB NOT NULL, serial INTEGER NOT NULL,
    key_id TEXT NOT NULL, published TEXT NOT NULL, PRIMARY KEY (key, place)
) WITHOUT ROWID;
CREATE TABLE made(id INTEGER PRIMARY KEY, key_id TEXT NOT NULL, inputs TEXT NOT NULL, UNIQUE (key_id, inputs));
CREATE TABLE touched(name TEXT PRIMARY KEY) WITHOUT ROWID;
"""
_GENERATION: Final = "generation"


class StateDamaged(EnvironmentFailure):
    """The database cannot be read or written any more; it has been removed, so that the next run makes a new one."""


class State:
    """See the module. Not for several threads; several processes may have the same one open.

    Every method may raise StateDamaged.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._database = _open(path)

    @classmethod
    def of(cls, folder: Path | Problem, *parts: object) -> tuple[State, Problem | None]:
        """The state of what `parts` name, below `folder`; one in memory, and why, when it cannot be used."""
        if isinstance(folder, Problem):
            return cls(), folder
        path = folder / f"{Digest.of(compact_json([_VERSION, *map(str, parts)])).hex[:32]}.db"
        if path.exists() and (problem := refusal(path)):
            return cls(), problem
        for _ in range(2):
            with contextlib.suppress(sqlite3.Error, OSError):
                return cls(path), None
            discard(path)
        return cls(), None

    def ask(self, query: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of a query."""
        with self._guarded():
            yield from self._database.execute(query, values)

    def one(self, query: str, *values: Any) -> Any:
        """The first column of the first row, None if there is none."""
        with self._guarded():
            row = self._database.execute(query, values).fetchone()
        return None if row is None else row[0]

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement."""
        with self._guarded():
            self._database.execute(statement, values)

    def many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run a statement for each row."""
        with self._guarded():
            self._database.executemany(statement, rows)

    def recall(self, name: str) -> str | None:
        """What was noted under `name`."""
        found: str | None = self.one("SELECT value FROM meta WHERE name = ?", name)
        return found

    def note(self, name: str, value: str | None) -> None:
        """Note a text; None forgets it."""
        if value is None:
            self.run("DELETE FROM meta WHERE name = ?", name)
        else:
            self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", name, value)

    @property
    def generation(self) -> int:
        """How many transactions changed this state so far."""
        return int(self.recall(_GENERATION) or 0)

    def change(self, work: Callable[[], Result], generation: int | None = None) -> Result | None:
        """Do `work` in one transaction, all of it or nothing.

        With `generation`, None and nothing done if another process has changed the state since.
        """
        self.rest()
        self.run("BEGIN IMMEDIATE")
        try:
            if generation is not None and generation != self.generation:
                self.run("ROLLBACK")
                return None
            result = work()
            self.note(_GENERATION, str(self.generation + 1))
            self.run("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise
        return result

    def freeze(self) -> None:
        """From now on until `rest`, see the state as it is, whatever other processes do."""
        self.rest()
        self.run("BEGIN")
        self.recall(_GENERATION)  # the first look fixes what is seen

    def rest(self) -> None:
        """End what `freeze` began."""
        if self._database.in_transaction:
            self.run("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error):
            self._database.close()

    def forget(self) -> None:
        """Go on with an empty state in memory."""
        self.close()
        self.path = None
        self._database = _open(None)

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if self.path is not None and not _is_busy(error):
                discard(self.path)
            what = f"what was remembered of the fleet at {self.path or 'no file'} cannot be used: {error}"
            problem = Problem(
                Code.CACHE_DAMAGED, what, hint="run again: it is made anew from the files and the ledgers"
            )
            raise StateDamaged(what, problems=[problem]) from None


def _is_busy(error: sqlite3.Error) -> bool:
    """Another process has it: nothing is wrong with the file."""
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _open(path: Path | None) -> sqlite3.Connection:
    if path is not None:
        path.touch(mode=0o600)
    database = sqlite3.connect(path or ":memory:", timeout=_BUSY, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        # A power cut may lose the last transaction, which costs time and nothing else.
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("PRAGMA cell_size_check=ON")
        if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            database.execute("BEGIN IMMEDIATE")
            if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
                for statement in _SCHEMA.split(";"):
                    database.execute(statement)
                database.execute(f"PRAGMA user_version={_VERSION}")
            database.execute("COMMIT")
    except BaseException:
        database.close()
        raise
    return database


def discard(path: Path) -> None:
    """Remove a database and what SQLite keeps next to it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(OSError):
            Path(f"{path}{suffix}").unlink()

"""Snapshots: what a fleet rendered to, in one file, to compare with later or elsewhere.

In: rendered sites; a file. Out: an SQLite file with each distinct content once; the files of a site.
Never: holds what a registry would not: it is made of the same manifests that are published.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Final

from renderer.errors import Code, ConfigurationError, EnvironmentFailure
from renderer.fleet.baselines import Past
from renderer.types import Digest, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from renderer.fleet.baselines import Pairing
    from renderer.fleet.press import Made, Rendered
    from renderer.types import Manifests, Site

_FORMAT: Final = 1
# "FPsn" as a number, in the header of the file.
_MAGIC: Final = 0x4650736E
_TABLES: Final = """
PRAGMA page_size = 8192;
CREATE TABLE content (digest BLOB PRIMARY KEY, size INTEGER NOT NULL, data BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE site (name TEXT PRIMARY KEY, labels TEXT NOT NULL, files TEXT NOT NULL) WITHOUT ROWID;
"""
_LARGEST: Final = 64 << 20


def save(path: Path, sites: Iterable[tuple[Rendered, dict[str, str]]]) -> int:
    """Write a snapshot of rendered sites with their labels; how many they are. Raises EnvironmentFailure."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with closing(sqlite3.connect(part, isolation_level=None)) as file:
            file.executescript(f"{_TABLES} PRAGMA application_id = {_MAGIC}; PRAGMA user_version = {_FORMAT};")
            file.execute("BEGIN")
            count = sum(_insert(file, rendered, labels) for rendered, labels in sites)
            file.execute("COMMIT")
        part.replace(path)
    except (OSError, sqlite3.Error) as error:
        what = f"cannot write the snapshot: {error}"
        raise EnvironmentFailure(what, problems=[Problem(Code.OUTPUT_UNWRITABLE, what)]) from None
    finally:
        part.unlink(missing_ok=True)
    return count


def _insert(file: sqlite3.Connection, rendered: Rendered, labels: dict[str, str]) -> int:
    files: dict[str, str] = {}
    for one in rendered.manifests.files:
        digest = Digest.of(one.content)
        files[one.path] = digest.hex
        row = (bytes.fromhex(digest.hex), len(one.content), zlib.compress(one.content))
        file.execute("INSERT OR IGNORE INTO content VALUES (?, ?, ?)", row)
    row_of_site = (rendered.made.site, json.dumps(labels), json.dumps(files))
    file.execute("INSERT INTO site VALUES (?, ?, ?)", row_of_site)
    return 1


class SnapshotBaseline:
    """A snapshot, opened for reading. Raises ConfigurationError when the file is none."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.path,)

    def prepare(self) -> None:
        """See `Baseline`."""
        try:
            self._file = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True)
            header = [self._file.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
        except sqlite3.Error:
            header = []
        if header != [_MAGIC, _FORMAT]:
            what = f"{self.path.name} is no snapshot"
            hint = "expected published, git:REF, index, tree, or a file that `fleetpress diff --save` wrote"
            raise ConfigurationError(what, problems=[Problem(Code.SNAPSHOT_INVALID, what, hint=hint)])

    def names(self) -> Iterator[str]:
        """The sites in it."""
        return (name for (name,) in self._file.execute("SELECT name FROM site ORDER BY name"))

    def is_same(self, pairing: Pairing, made: Made) -> bool:
        """See `Baseline`: a snapshot knows no fingerprints."""
        del pairing, made
        return False

    def past(self, pairing: Pairing, now: tuple[Site, Manifests] | None) -> Past | Rejected | None:
        """See `Baseline`."""
        del now
        row = self._file.execute("SELECT labels, files FROM site WHERE name = ?", [pairing.name]).fetchone()
        if row is None:
            return None
        try:
            files = {path: self._content(digest) for path, digest in json.loads(row[1]).items()}
            return Past(files, json.loads(row[0]))
        except (ValueError, TypeError, AttributeError, zlib.error, sqlite3.Error):
            what = f"{self.path.name} is damaged: the files of {pairing.name} cannot be read"
            problem = Problem(Code.SNAPSHOT_INVALID, what, hint="save it again", site=pairing.name)
            return Rejected(pairing.name, (problem,))

    def _content(self, digest: str) -> bytes:
        row = self._file.execute("SELECT size, data FROM content WHERE digest = ?", [bytes.fromhex(digest)]).fetchone()
        size, data = row
        if size > _LARGEST:
            raise ValueError(size)
        content = zlib.decompressobj().decompress(data, size)
        if Digest.of(content).hex != digest:
            raise ValueError(digest)
        return content

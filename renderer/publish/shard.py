"""One folder that is a complete OCI image layout (image-spec 1.1): oci-layout, index.json, blobs/sha256.

In: blobs, entries for the index. Out: bytes with a checked digest, entries.
Never: leaves a half-written file under its final name, loses an entry that another process wrote, or moves a tag that
somebody else moved meanwhile.

Order on disk: blobs are written to a temporary name and renamed. Entries wait in memory until `commit` writes
index.json once, atomically, under a file lock. A crash in between leaves blobs that nothing refers to.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import Code, PublishError
from renderer.publish.interface import OCI_INDEX, Descriptor, failure, list_descriptors
from renderer.types import Digest, Problem, compact_json

if TYPE_CHECKING:
    from renderer.publish.interface import TargetOptions
    from renderer.types import Blob, Json

REF_NAME = "org.opencontainers.image.ref.name"
SUBJECT = "fleetpress.subject"  # our annotation in index.json: finds a site's signatures without reading every manifest
_INDEX_LIMIT = 512 * 1024 * 1024
_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'
_COUNTER = itertools.count()


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """index.json as it was when `stamp` (mtime, size, inode) was: entries by site and tag, and by subject."""

    stamp: tuple[int, int, int] | None
    tags: dict[str, dict[str, Descriptor]]
    referrers: dict[str, list[Descriptor]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An entry for the next commit, and the digest that its tag had when we looked."""

    entry: Descriptor
    before: Json


class Shard:
    """One layout folder; threads may share it, and so may processes that go by index.json's lock."""

    def __init__(self, folder: Path, options: TargetOptions) -> None:
        self.folder = folder
        self._options = options
        self._blobs = f"{folder}/blobs/sha256/"
        self._index = folder / "index.json"
        self._lock = threading.RLock()
        self._made = False
        self._snapshot: _Snapshot | None = None
        self._tags: dict[str, dict[str, _Waiting]] = {}
        self._loose: dict[str, dict[str, Descriptor]] = {}

    def tags(self, site: str) -> dict[str, Descriptor]:
        """A site's entries by tag, ours that are not committed yet included."""
        with self._lock:
            waiting = {tag: each.entry for tag, each in self._tags.get(site, {}).items()}
            return self._read().tags.get(site, {}) | waiting

    def tag(self, site: str, tag: str, entry: Descriptor) -> bool:
        """Note an entry `<site>/<tag>`; False if it stands already."""
        with self._lock:
            seen = self.tags(site).get(tag)
            if seen and seen["digest"] == entry["digest"]:
                return False
            waiting = self._tags.setdefault(site, {})
            before = waiting[tag].before if tag in waiting else seen and seen["digest"]
            waiting[tag] = _Waiting(entry | {"annotations": {REF_NAME: f"{site}/{tag}"}}, before)
            return True

    def referrers(self, subject: Digest) -> list[Descriptor]:
        """Entries of manifests with this subject, whoever wrote them."""
        with self._lock:
            entries = self._read().referrers.get(str(subject), []) + list(self._loose.get(str(subject), {}).values())
        return [_without_mark(entry) for entry in {entry["digest"]: entry for entry in entries}.values()]

    def refer(self, entry: Descriptor, subject: Digest) -> None:
        """Note an untagged entry that refers to `subject`."""
        marked = entry | {"annotations": {**_annotations(entry), SUBJECT: str(subject)}}
        with self._lock:
            self._loose.setdefault(str(subject), {})[str(entry["digest"])] = marked

    def has(self, digest: Digest) -> int | None:
        """Size of a blob in bytes, None if it is not there."""
        try:
            return os.stat(self._blobs + digest.hex).st_size  # noqa: PTH116 - a Path costs more than the call
        except OSError:
            return None

    def write(self, blob: Blob) -> bool:
        """Store a blob; False if it is there, at its full size."""
        if self.has(blob.digest) == len(blob.data):
            return False
        try:
            self._make()
            self._replace(self._blobs + blob.digest.hex, blob.data, durable=False)
        except OSError as error:
            raise self._unwritable(error) from None
        return True

    def read(self, digest: Digest, *, limit: int) -> bytes | None:
        """A blob's bytes, None if it is not there; content with another digest is REGISTRY_CORRUPT."""
        try:
            with open(self._blobs + digest.hex, "rb") as file:  # noqa: PTH123 - a Path costs more than the call
                data = file.read(limit + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise failure(Code.REGISTRY_FAILED, f"{self.folder}: blob {digest}: {error.strerror}") from None
        if len(data) > limit:
            raise failure(Code.REGISTRY_CORRUPT, f"{self.folder}: blob {digest} has more than {limit} bytes")
        if Digest.of(data) != digest:
            raise failure(Code.REGISTRY_CORRUPT, f"{self.folder}: blob {digest} has other content", "publish it again")
        return data

    def is_dirty(self) -> bool:
        """Whether entries wait for `commit`."""
        return bool(self._tags or self._loose)

    def commit(self) -> None:
        """Write the waiting entries into index.json.

        Raises PublishError with a Problem per site whose tag somebody else moved meanwhile (all other entries are
        written then), or with one Problem without a site when nothing could be written (what waited then still waits).
        """
        import filelock

        lock = filelock.FileLock(self.folder / ".lock", timeout=self._options.lock_timeout, thread_local=False)
        try:
            with self._lock, lock:
                problems = self._merge(self._load())
                self._tags.clear()
                self._loose.clear()
                self._snapshot = None
        except filelock.Timeout:
            what = f"{self.folder} is locked by another process for more than {self._options.lock_timeout:g} s"
            raise failure(Code.REGISTRY_FAILED, what, "wait for it to end; running again is safe") from None
        except OSError as error:
            raise self._unwritable(error) from None
        if problems:
            raise PublishError(problems[0].what, problems=problems)

    def _merge(self, entries: list[Descriptor]) -> list[Problem]:
        """Add our entries to those on disk; a tag that is not where we saw it belongs to somebody else now."""
        problems = []
        tagged = {name: entry for entry in entries if (name := _ref_name(entry))}
        for site, tag, waiting in (
            (site, tag, each) for site, tags in self._tags.items() for tag, each in tags.items()
        ):
            name = f"{site}/{tag}"
            now = tagged[name]["digest"] if name in tagged else None
            if now in (waiting.before, waiting.entry["digest"]):
                tagged[name] = waiting.entry
            else:
                what = f"{self.folder}: {name} was written by another process meanwhile, with other content"
                problems.append(Problem(Code.TAG_TAKEN, what, hint="publish with a higher serial", site=site))
        loose = {str(entry["digest"]): entry for entry in entries if not _ref_name(entry)}
        loose |= {digest: entry for waiting in self._loose.values() for digest, entry in waiting.items()}
        manifests = [tagged[name] for name in sorted(tagged)] + [loose[digest] for digest in sorted(loose)]
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests}
        self._replace(str(self._index), compact_json(index), durable=self._options.durable)
        return problems

    def _read(self) -> _Snapshot:
        """index.json, parsed again only when it has changed."""
        stamp = self._stamp()
        if self._snapshot is None or self._snapshot.stamp != stamp:
            self._snapshot = _Snapshot(stamp, {}, {})
            for entry in self._load():
                self._sort_in(entry, self._snapshot)
        return self._snapshot

    def _sort_in(self, entry: Descriptor, snapshot: _Snapshot) -> None:
        name = _ref_name(entry)
        if name:
            site, _, tag = name.rpartition("/")
            snapshot.tags.setdefault(site, {})[tag] = entry
        elif subject := _annotations(entry).get(SUBJECT) or self._subject_of(entry):
            snapshot.referrers.setdefault(str(subject), []).append(entry)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._index.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _load(self) -> list[Descriptor]:
        try:
            with self._index.open("rb") as file:
                return list_descriptors(file.read(_INDEX_LIMIT), str(self._index))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise failure(Code.REGISTRY_FAILED, f"{self._index}: {error.strerror}") from None

    def _subject_of(self, entry: Descriptor) -> str | None:
        """The subject that a manifest itself names: for entries that other tools wrote."""
        try:
            data = self.read(Digest.parse(str(entry["digest"])), limit=4 * 1024 * 1024)
            subject = json.loads(data or b"{}").get("subject")
        except (ValueError, AttributeError, RecursionError, PublishError):
            return None
        return subject.get("digest") if isinstance(subject, dict) else None

    def _make(self) -> None:
        if not self._made:
            Path(self._blobs).mkdir(parents=True, exist_ok=True)
            marker = self.folder / "oci-layout"
            if not marker.exists():
                self._replace(str(marker), _LAYOUT, durable=False)
            self._made = True

    def _replace(self, path: str, data: bytes, *, durable: bool) -> None:
        """Write a file so that its name shows all of it or nothing."""
        temporary = f"{self.folder}/.{os.getpid()}-{threading.get_ident()}-{next(_COUNTER)}.tmp"
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o644)
        try:
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(file, view) :]
                if durable:
                    os.fsync(file)
            finally:
                os.close(file)
            os.replace(temporary, path)  # noqa: PTH105 - a Path costs more than the call
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def _unwritable(self, error: OSError) -> PublishError:
        what = f"{self.folder} cannot be written: {error.strerror or type(error).__name__}"
        return failure(Code.OUTPUT_UNWRITABLE, what, "check space and rights of the folder; running again is safe")


def _annotations(entry: Descriptor) -> dict[str, Json]:
    found = entry.get("annotations")
    return found if isinstance(found, dict) else {}


def _ref_name(entry: Descriptor) -> str | None:
    name = _annotations(entry).get(REF_NAME)
    return name if isinstance(name, str) else None


def _without_mark(entry: Descriptor) -> Descriptor:
    rest = {name: value for name, value in _annotations(entry).items() if name != SUBJECT}
    return {name: value for name, value in entry.items() if name != "annotations"} | (
        {"annotations": rest} if rest else {}
    )

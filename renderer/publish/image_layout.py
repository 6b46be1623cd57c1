"""What every form of an OCI image layout (image-spec 1.1) does with its index.json: a folder's, or a tar file's.

In: blobs, entries for the index. Out: entries, and bytes with a checked digest.
Never: loses an entry that another process wrote, or moves a tag that somebody else moved meanwhile.

Entries wait in memory until `commit` merges them, under a file lock, with those that are there by then. The picture of
what is there stands still while entries wait: a race shows at the commit.
"""

from __future__ import annotations

import json
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from renderer.errors import Code, PublishError
from renderer.publish.interface import MANIFEST_LIMIT, OCI_INDEX, Descriptor, failure
from renderer.types import Digest, Problem, compact_json

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.publish.interface import TargetOptions
    from renderer.types import Blob, Json

REF_NAME = "org.opencontainers.image.ref.name"
SUBJECT = "fleetpress.subject"  # our annotation in index.json: finds a site's signatures without reading every manifest
INDEX_LIMIT = 512 * 1024 * 1024
MARKER = b'{"imageLayoutVersion":"1.0.0"}'  # the content of the file `oci-layout`

# What tells one state of index.json from another: mtime, size and inode of the file that it stands in.
Stamp: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """index.json as it was at `stamp`: entries, the same by site and tag, and by subject."""

    stamp: Stamp | None
    entries: list[Descriptor]
    tags: dict[str, dict[str, Descriptor]]
    referrers: dict[str, list[Descriptor]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """An entry for the next commit, and the digest that its tag had when we looked."""

    entry: Descriptor
    before: Json


class ImageLayout(ABC):
    """One image layout at `path`; threads may share it, and so may processes that go by its lock.

    `stamp_proves` is whether two states of index.json can never have one stamp. A file that is replaced twice within a
    tick of the clock may have its old inode again, and its old size.
    """

    stamp_proves: ClassVar = False

    def __init__(self, path: Path, lock: Path, options: TargetOptions) -> None:
        self.path = path
        self._options = options
        self.lock_file = lock
        self._lock = threading.RLock()
        self._snapshot: _Snapshot | None = None
        self._damaged: set[Digest] = set()
        self._tags: dict[str, dict[str, _Waiting]] = {}
        self._loose: dict[str, dict[str, Descriptor]] = {}

    @abstractmethod
    def has(self, digest: Digest) -> int | None:
        """Size of a blob in bytes, None if it is not there."""

    @abstractmethod
    def write(self, blob: Blob) -> bool:
        """Store a blob; False if it is there, and not known to be damaged."""

    @abstractmethod
    def _fetch(self, digest: Digest, limit: int) -> bytes | None:
        """What is stored as this blob, None if nothing is; no more than a byte beyond `limit` need be read."""

    @abstractmethod
    def _stamp(self) -> Stamp | None:
        """Of which state index.json is; None when that cannot be told, or there is none."""

    @abstractmethod
    def _load(self) -> list[Descriptor]:
        """The entries of index.json as it is now."""

    @abstractmethod
    def _store(self, index: bytes) -> None:
        """Replace index.json so that readers see the old or the new one, and never a blob of it missing."""

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

    def read(self, digest: Digest, *, limit: int) -> bytes | None:
        """A blob's bytes, None if it is not there; content with another digest is REGISTRY_CORRUPT."""
        data = self._fetch(digest, limit)
        if data is None:
            return None
        if len(data) > limit:
            raise failure(Code.REGISTRY_CORRUPT, f"{self.path}: blob {digest} has more than {limit} bytes")
        if Digest.of(data) != digest:
            self._damaged.add(digest)
            raise failure(Code.REGISTRY_CORRUPT, f"{self.path}: blob {digest} has other content", "publish it again")
        return data

    def is_dirty(self) -> bool:
        """Whether anything waits for `commit`."""
        return bool(self._tags or self._loose)

    def commit(self) -> None:
        """Write what waits into the layout.

        Raises PublishError with a Problem per site whose tag somebody else moved meanwhile (all other entries are
        written then), or with one Problem without a site when nothing could be written (what waited then still waits).
        """
        import filelock

        lock = filelock.FileLock(self.lock_file, timeout=self._options.lock_timeout, thread_local=False)
        try:
            self.lock_file.parent.mkdir(parents=True, exist_ok=True)
            with self._lock, lock:
                entries, problems = self._merge(self._present())
                self._store(compact_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}))
                self._tags.clear()
                self._loose.clear()
                self._snapshot = self._sorted(entries, self._stamp())
        except filelock.Timeout:
            what = f"{self.path} is locked by another process for more than {self._options.lock_timeout:g} s"
            raise failure(Code.REGISTRY_FAILED, what, "wait for it to end; running again is safe") from None
        except OSError as error:
            raise self._unwritable(error) from None
        if problems:
            raise PublishError(problems[0].what, problems=problems)

    def _present(self) -> list[Descriptor]:
        """The entries that are there, asked under the lock: those that were read, where they must still be."""
        known, stamp = self._snapshot, self._stamp() if self.stamp_proves else None
        return known.entries if known is not None and stamp is not None and known.stamp == stamp else self._load()

    def _merge(self, entries: list[Descriptor]) -> tuple[list[Descriptor], list[Problem]]:
        """Add our entries to those that are there; a tag that is not where we saw it belongs to somebody else now."""
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
                what = f"{self.path}: {name} was written by another process meanwhile, with other content"
                problems.append(Problem(Code.TAG_TAKEN, what, hint="publish with a higher serial", site=site))
        loose = {str(entry["digest"]): entry for entry in entries if not _ref_name(entry)}
        loose |= {digest: entry for waiting in self._loose.values() for digest, entry in waiting.items()}
        return [tagged[name] for name in sorted(tagged)] + [loose[digest] for digest in sorted(loose)], problems

    def _read(self) -> _Snapshot:
        """index.json, parsed again only when it has changed."""
        if self._snapshot is not None and self.is_dirty():
            return self._snapshot
        stamp = self._stamp()
        if self._snapshot is None or stamp is None or self._snapshot.stamp != stamp:
            self._snapshot = self._sorted(self._load(), stamp)
        return self._snapshot

    def _sorted(self, entries: list[Descriptor], stamp: Stamp | None) -> _Snapshot:
        found = _Snapshot(stamp, entries, {}, {})
        for entry in entries:
            self._sort_in(entry, found)
        return found

    def _sort_in(self, entry: Descriptor, snapshot: _Snapshot) -> None:
        name = _ref_name(entry)
        if name:
            site, _, tag = name.rpartition("/")
            snapshot.tags.setdefault(site, {})[tag] = entry
        elif subject := _annotations(entry).get(SUBJECT) or self._subject_of(entry):
            snapshot.referrers.setdefault(str(subject), []).append(entry)

    def _subject_of(self, entry: Descriptor) -> str | None:
        """The subject that a manifest itself names: for entries that other tools wrote."""
        try:
            data = self.read(Digest.parse(str(entry["digest"])), limit=MANIFEST_LIMIT)
            subject = json.loads(data or b"{}").get("subject")
        except (ValueError, AttributeError, RecursionError, PublishError):
            return None
        return subject.get("digest") if isinstance(subject, dict) else None

    def _unwritable(self, error: OSError) -> PublishError:
        what = f"{self.path} cannot be written: {error.strerror or type(error).__name__}"
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

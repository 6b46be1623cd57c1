"""One tar file that is a complete OCI image layout: `oci-archive:` of skopeo, `--oci-layout FILE.tar` of oras.

In: blobs, entries for the index. Out: bytes with a checked digest, entries.
Never: shows a part of a commit, whenever its writer dies; goes on behind damage.

A commit goes behind the end: new blobs, the new index.json, a new end. The old end, two empty blocks, stays until all
of that is on the disk. Then the first of the two becomes a header, in one write of 512 bytes: of a blob that is 512
zeros, so that the second becomes its content. Whoever reads the file meanwhile sees the archive as it was, or as it is.

Of two members with one name the later counts: for tar, skopeo and oras, and here. When what was replaced
takes more space than what counts, the file is written anew, and renamed.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.publish.contents import INDEX, Contents, blob_name
from renderer.publish.image_layout import INDEX_LIMIT, MARKER, ImageLayout, Stamp
from renderer.publish.interface import Descriptor, failure, list_descriptors
from renderer.publish.tar_members import BLOCK, END, Member, TarDamaged, header, member, members, padded, parse
from renderer.types import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from renderer.publish.interface import TargetOptions
    from renderer.publish.spool import Spool
    from renderer.types import Blob

# The blob whose header makes a commit true; no manifest refers to it.
_COMMIT = blob_name(Digest.of(bytes(BLOCK)))
_TRIES = 8
_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Held:
    """A blob that waits for the commit: where its member is in the spool, and the size of its content."""

    place: int
    size: int

    @property
    def span(self) -> int:
        return BLOCK + padded(self.size)


@dataclass(frozen=True, slots=True)
class _Found:
    """A member of the file: the size of its content, and as much of it as was asked for."""

    size: int
    content: bytes


class Archive(ImageLayout):
    """See the module and `ImageLayout`. Blobs wait in `spool`, which archives share."""

    stamp_proves = True  # a file that is appended to grows

    def __init__(self, path: Path, options: TargetOptions, spool: Spool) -> None:
        super().__init__(path, path.with_name(f"{path.name}.lock"), options)
        self._spool = spool
        self._waiting: dict[Digest, _Held] = {}
        self._contents: Contents | None = None

    def has(self, digest: Digest) -> int | None:
        """See `ImageLayout`."""
        with self._lock:
            held = self._waiting.get(digest)
        found = self._find(digest, 0) if held is None else held
        return None if found is None else found.size

    def write(self, blob: Blob) -> bool:
        """See `ImageLayout`. Whether another process has written it is asked at the commit."""
        with self._lock:
            there = blob.digest not in self._damaged and self._known().place(blob.digest) is not None
            if there or blob.digest in self._waiting:
                return False
            try:
                place = self._spool.add(member(blob_name(blob.digest), blob.data))
            except OSError as error:
                raise self._unwritable(error) from None
            self._waiting[blob.digest] = _Held(place, len(blob.data))
            return True

    def is_dirty(self) -> bool:
        """See `ImageLayout`."""
        return bool(self._waiting) or super().is_dirty()

    def _fetch(self, digest: Digest, limit: int) -> bytes | None:
        with self._lock:
            if held := self._waiting.get(digest):
                return self._spool.read(held.place + BLOCK, held.size)
        found = self._find(digest, limit + 1)
        return None if found is None else found.content

    def _find(self, digest: Digest, limit: int) -> _Found | None:
        """A blob that is in the file; looks again where another process may have added it, or moved it."""
        name = blob_name(digest)
        with self._lock:
            place = self._known().place(digest)
        found = self._at(place, name, limit)
        if found is None:
            with self._lock:
                place = self._look().place(digest)
            found = self._at(place, name, limit)
        return found

    def _stamp(self) -> Stamp | None:
        return self._look().stamp

    def _load(self) -> list[Descriptor]:
        for _ in range(_TRIES):
            index = self._look().others.get(INDEX)
            if index is None:
                return []
            found = self._at(index.start, INDEX, INDEX_LIMIT)
            if found is not None:
                return list_descriptors(found.content, f"{self.path}: index.json")
        raise failure(Code.REGISTRY_FAILED, f"{self.path} is written anew again and again", "run again later")

    def _known(self) -> Contents:
        """What the file held when it was last looked at."""
        return self._contents or self._look()

    def _look(self) -> Contents:
        """What the file holds now; read again only when it has changed."""
        try:
            now = _stamp_of(os.stat(self.path))  # noqa: PTH116 - a Path costs more than the call
        except OSError:
            now = None
        if self._contents is None or self._contents.stamp is None or self._contents.stamp != now:
            self._contents = self._scan()
        return self._contents

    def _scan(self) -> Contents:
        try:
            with self.path.open("rb") as file:
                contents = Contents.of(self._members(file))
                found = os.fstat(file.fileno())
        except (FileNotFoundError, NotADirectoryError):
            return Contents()
        except OSError as error:
            raise failure(Code.REGISTRY_FAILED, f"{self.path}: {error.strerror}") from None
        # Behind the end are traces of a writer that is at work, or has died: it may become a commit at any time.
        if found.st_size == contents.end + len(END):
            contents.stamp = _stamp_of(found)
        return contents

    def _members(self, file: BinaryIO) -> Iterator[Member]:
        try:
            yield from members(file)
        except TarDamaged as error:
            hint = "move the file away and `publish --all`: what is missing is made again"
            raise failure(Code.ARCHIVE_DAMAGED, f"{self.path} is damaged: {error}", hint) from None

    def _at(self, place: int | None, name: bytes, limit: int) -> _Found | None:
        """At most `limit` bytes of the member that begins at `place`; None when that is not (any more) `name`."""
        if place is None:
            return None
        try:
            with open(self.path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path costs more than the call
                file.seek(place)
                there = parse(file.read(BLOCK), place)
                return _Found(there.size, file.read(min(there.size, limit))) if there.name == name else None
        except (FileNotFoundError, TarDamaged):
            return None
        except OSError as error:
            raise failure(Code.REGISTRY_FAILED, f"{self.path}: {error.strerror}") from None

    def _store(self, index: bytes) -> None:
        contents = self._known()  # as of a moment ago, when the entries were read under the lock
        due = {
            digest: held
            for digest, held in self._waiting.items()
            if contents.place(digest) is None or digest in self._damaged
        }
        names = [(blob_name(digest), held.size) for digest, held in due.items()] + [(INDEX, len(index))]
        data = b"".join((*self._spooled(list(due.values())), member(INDEX, index), END))
        write = self._append if _is_worth_appending(contents, len(data)) else self._rewrite
        self._contents = None  # until it is known to be on the disk
        self._contents = write(contents, data, names)
        self._spool.release(sum(held.span for held in self._waiting.values()))
        self._damaged -= due.keys()
        self._waiting.clear()

    def _spooled(self, due: Sequence[_Held]) -> Iterator[bytes]:
        """The members of `due`, neighbours in one piece: a site's blobs were added one after the other."""
        begin = end = 0
        for held in due:
            if held.place != end:
                yield self._spool.read(begin, end - begin) if end > begin else b""
                begin = held.place
            end = held.place + held.span
        if end > begin:
            yield self._spool.read(begin, end - begin)

    def _append(self, contents: Contents, data: bytes, names: Sequence[tuple[bytes, int]]) -> Contents:
        """Write `data`, the members called `names` and an end, behind the end; then make it true."""
        behind = contents.end + len(END)
        with self.path.open("r+b", buffering=0) as file:
            try:
                file.truncate(behind)  # what a writer that died has left
                file.seek(behind)
                self._write_through(file, data)
            except OSError:
                with suppress(OSError):
                    file.truncate(behind)
                raise
            file.seek(contents.end)
            self._write_through(file, header(_COMMIT, BLOCK))
            stamp = _stamp_of(os.fstat(file.fileno()))
        contents.append(stamp, (_COMMIT, BLOCK), *names)
        return contents

    def _rewrite(self, contents: Contents, data: bytes, names: Sequence[tuple[bytes, int]]) -> Contents:
        """Write a new file of what counts and `data`, and put it in the place of the old."""
        fresh = Contents()
        temporary = self.path.with_name(f"{self.path.name}.tmp")  # one writer at a time: the lock sees to it
        try:
            with temporary.open("wb", buffering=0) as new:
                for part in self._kept(contents, fresh):
                    _write(new, part)
                self._write_through(new, data)
                stamp = _stamp_of(os.fstat(new.fileno()))
            temporary.replace(self.path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if self._options.durable:
            _sync_folder(self.path.parent)
        fresh.append(stamp, *names)
        return fresh

    def _kept(self, contents: Contents, fresh: Contents) -> Iterator[bytes]:
        """The members that count, but for the index, in their order; the first of a new archive when there is none.

        They are entered into `fresh`.
        """
        if not contents.end:
            fresh.append(None, (b"oci-layout", len(MARKER)))
            yield member(b"oci-layout", MARKER)
            return
        with self.path.open("rb") as old:
            for found in self._members(old):
                if found.name != INDEX and contents.is_live(found):
                    fresh.append(None, (found.name, found.size))
                    old.seek(found.start)
                    for begin in range(found.start, found.end, _CHUNK):
                        yield old.read(min(_CHUNK, found.end - begin))

    def _write_through(self, file: BinaryIO, data: bytes) -> None:
        """Write all of `data`, and with `durable` bring the file to the disk."""
        _write(file, data)
        if self._options.durable:
            os.fsync(file.fileno())


def _write(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _stamp_of(found: os.stat_result) -> Stamp:
    return found.st_mtime_ns, found.st_size, found.st_ino


def _is_worth_appending(contents: Contents, size: int) -> bool:
    """Whether what counts is the greater part of a file that grows by `size` bytes and replaces its index."""
    if INDEX not in contents.others:
        return False
    dead = contents.dead + contents.others[INDEX].span
    return 2 * dead < contents.end + size


def _sync_folder(folder: Path) -> None:
    """Bring a new name in `folder` to the disk, where folders can be opened for that."""
    if hasattr(os, "O_DIRECTORY"):
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)

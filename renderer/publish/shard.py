"""One folder that is a complete OCI image layout: oci-layout, index.json, blobs/sha256.

In: blobs, entries for the index. Out: bytes with a checked digest, entries.
Never: leaves a half-written file under its final name.

Order on disk: blobs are written to a temporary name and renamed. `commit` writes index.json once, atomically. A crash
in between leaves blobs that nothing refers to.
"""

from __future__ import annotations

import itertools
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.publish.image_layout import INDEX_LIMIT, MARKER, ImageLayout, Stamp
from renderer.publish.interface import Descriptor, failure, list_descriptors

if TYPE_CHECKING:
    from renderer.publish.interface import TargetOptions
    from renderer.types import Blob, Digest

_COUNTER = itertools.count()


class Shard(ImageLayout):
    """See the module and `ImageLayout`."""

    def __init__(self, folder: Path, options: TargetOptions) -> None:
        super().__init__(folder, folder / ".lock", options)
        self._blobs = f"{folder}/blobs/sha256/"
        self._index = folder / "index.json"
        self._made = False

    def has(self, digest: Digest) -> int | None:
        """See `ImageLayout`."""
        try:
            return os.stat(self._blobs + digest.hex).st_size  # noqa: PTH116 - a Path costs more than the call
        except OSError:
            return None

    def write(self, blob: Blob) -> bool:
        """Store a blob; False if it is there, at its full size, and not known to be damaged."""
        if self.has(blob.digest) == len(blob.data) and blob.digest not in self._damaged:
            return False
        try:
            self._make()
            self._replace(self._blobs + blob.digest.hex, blob.data, durable=False)
        except OSError as error:
            raise self._unwritable(error) from None
        self._damaged.discard(blob.digest)
        return True

    def _fetch(self, digest: Digest, limit: int) -> bytes | None:
        try:
            with open(self._blobs + digest.hex, "rb") as file:  # noqa: PTH123 - a Path costs more than the call
                return file.read(limit + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise failure(Code.REGISTRY_FAILED, f"{self.path}: blob {digest}: {error.strerror}") from None

    def _stamp(self) -> Stamp | None:
        try:
            found = self._index.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _load(self) -> list[Descriptor]:
        try:
            with self._index.open("rb") as file:
                return list_descriptors(file.read(INDEX_LIMIT), str(self._index))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise failure(Code.REGISTRY_FAILED, f"{self._index}: {error.strerror}") from None

    def _store(self, index: bytes) -> None:
        self._replace(str(self._index), index, durable=self._options.durable)

    def _make(self) -> None:
        if not self._made:
            Path(self._blobs).mkdir(parents=True, exist_ok=True)
            marker = self.path / "oci-layout"
            if not marker.exists():
                self._replace(str(marker), MARKER, durable=False)
            self._made = True

    def _replace(self, path: str, data: bytes, *, durable: bool) -> None:
        """Write a file so that its name shows all of it or nothing."""
        temporary = f"{self.path}/.{os.getpid()}-{threading.get_ident()}-{next(_COUNTER)}.tmp"
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

"""Bytes on their way into archives: in memory, and beyond 64 MiB in a file that has no name.

In: bytes. Out: the same bytes, by the place that `add` gave. Never: leaves anything behind, whatever ends the process.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tempfile
    from pathlib import Path

_IN_MEMORY = 64 * 1024 * 1024  # bytes


class Spool:
    """Threads may share it. The file is in `folder`, where what waits has to find space anyway."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._file: tempfile.SpooledTemporaryFile[bytes] | None = None
        self._end = 0
        self._held = 0

    def add(self, data: bytes) -> int:
        """Keep `data` until as many bytes are released; returns its place. Raises OSError."""
        with self._lock:
            if self._file is None:
                import tempfile

                self._folder.mkdir(parents=True, exist_ok=True)
                self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(self._folder))  # noqa: SIM115 - kept
            place = self._end
            self._file.seek(place)
            self._file.write(data)
            self._end += len(data)
            self._held += len(data)
            return place

    def read(self, place: int, size: int) -> bytes:
        """`size` bytes from a place on."""
        with self._lock:
            assert self._file is not None, "what is read was added"  # noqa: S101
            self._file.seek(place)
            return self._file.read(size)

    def release(self, size: int) -> None:
        """Let go of so many bytes; when none are held, the space is given back."""
        with self._lock:
            self._held -= size
            if not self._held:
                self._give_back()

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._give_back()

    def _give_back(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # a full disk: what is still to be written is wanted by nobody
                self._file.close()
        self._file, self._end, self._held = None, 0, 0

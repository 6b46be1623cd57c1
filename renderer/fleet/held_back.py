"""Keeps what was made for sites until it is known whether it may go out: in memory, and beyond 64 MiB on the disk.

In: values, one after the other. Out: the same values, in the same order.
Never: leaves a file behind, or reads one that it did not write itself.
"""

from __future__ import annotations

import pickle
from contextlib import contextmanager, suppress
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from renderer.errors import Code, EnvironmentFailure
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = TypeVar("Value")

_IN_MEMORY: Final = 64 << 20  # bytes


class HeldBack(Generic[Value]):
    """See the module. The file has no name: it is gone with the process, however that ends."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - it lives as long as this
        self._count = 0

    def put(self, value: Value) -> None:
        """Append a value; raises EnvironmentFailure when the disk does not take it."""
        with _told():
            pickle.dump(value, self._file, pickle.HIGHEST_PROTOCOL)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Value]:
        with _told():
            self._file.seek(0)
        for _ in range(self._count):
            yield pickle.load(self._file)  # noqa: S301 - what this process wrote, to a file that nobody else can open

    def close(self) -> None:
        """Give the disk's room back."""
        with suppress(OSError):
            self._file.close()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"the folder for temporary files does not take what is to be published: {error.strerror}"
        problem = Problem(Code.OUTPUT_UNWRITABLE, what, hint="make room, or let TMPDIR name a larger disk")
        raise EnvironmentFailure(what, problems=[problem]) from None

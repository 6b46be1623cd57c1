"""Reproducible tar archives.

In: sorted names with contents. Out: one USTAR byte string; PAX headers only where a name does not fit USTAR.
Never: takes owner, time or permissions from the machine it runs on, writes directories or links.
"""

from __future__ import annotations

import tarfile
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_BLOCK = tarfile.BLOCKSIZE
# What an archive ends with.
END = bytes(2 * _BLOCK)


@lru_cache(maxsize=65_536)
def _header(name: str, size: int) -> bytes:
    # Mode, owner and time are constants: Flux sets its own, and anything else would tell who built it where.
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o644
    return member.tobuf(format=tarfile.PAX_FORMAT, encoding="utf-8", errors="strict")


def entries(files: Iterable[tuple[str, bytes]]) -> bytes:
    """`files`, (name, content) in the order given, as regular files of mode 0644 that belong to nobody."""
    parts: list[bytes] = []
    for name, content in files:
        parts += (_header(name, len(content)), content, bytes(-len(content) % _BLOCK))
    return b"".join(parts)


def tar(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A whole archive of `files`."""
    return entries(files) + END

"""What this program is, as a part of keys: what it found out, another program may find otherwise.

In: the cache of this process. Out: `engine.identity` as bytes. To read every module and to ask for the version of each
package takes as long as to render a site, so it is looked up by what the file system says of them: names, sizes, times
of change, numbers of files. Whatever is installed or edited has other ones.
Never: remembers it while a file is so new that a change of it might not show.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Final

from renderer.engine.identity import identity, source_files
from renderer.fleet.keep import Salted
from renderer.types import compact_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.fleet.keep import Keep

# File systems tell times in steps; no step is as long as this.
_SETTLED_NANOSECONDS: Final = 5_000_000_000
_METADATA: Final = (("METADATA", ".dist-info"), ("PKG-INFO", ".egg-info"))


def program(keep: Keep) -> bytes:
    """The identity of this program, down to its source and to the versions of packages."""
    seen = list(_seen())
    known = Salted(keep, b"program")
    key = repr((sys.version, sys.path, seen)).encode()
    found = known.find([key]).get(key)
    if found is None:
        found = compact_json(identity())
        newest = max((stat[-1] for _, stat in seen), default=0)
        if newest < time.time_ns() - _SETTLED_NANOSECONDS:
            known.put(key, found)
    return found


def _seen() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Our own files, and the metadata of all packages, each with what tells whether it is the one that it was."""
    for path in source_files():
        yield path, _stat(path)
    for place in sys.path:
        for name in _listed(place or "."):
            for metadata, suffix in _METADATA:
                if name.endswith(suffix):
                    path = f"{place or '.'}/{name}/{metadata}"
                    yield path, _stat(path)


def _listed(place: str) -> list[str]:
    try:
        return os.listdir(place)  # noqa: PTH208 - some thousand names, of which a few are of interest
    except OSError:
        return []


def _stat(path: str) -> tuple[int, ...]:
    try:
        found = os.stat(path)  # noqa: PTH116 - some hundred files
    except OSError:
        return (0,)
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

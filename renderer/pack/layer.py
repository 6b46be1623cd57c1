"""The layer: a tar of a site's files, compressed in two gzip members.

In: a site's name and its files. Out: the compressed bytes, and the digest of the tar in them.
Never: a byte that depends on anything but these; what is remembered of other sites only saves time.

Files that name the site come last, in a member of their own. What comes before is the same for many sites, byte by
byte, and is compressed once for them (docs/adr/0025-two-members.md).
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import deflate

from renderer.pack.tar import END, entries
from renderer.types import Digest

if TYPE_CHECKING:
    from renderer.types import Manifests

_LEVEL = 6
# Beginnings that a worker remembers: sites come in the order of their folders, so that those alike are neighbours.
_BEGINNINGS = 256

_Files = tuple[tuple[str, bytes], ...]


class _Beginning(NamedTuple):
    """The first member, and the state of a digest that has seen what it holds."""

    member: bytes
    seen: Any


def layer(manifests: Manifests) -> tuple[bytes, Digest]:
    """The gzip-compressed tar, and the digest of the tar. An archive of one kind of files has one member."""
    shared, own = _divided(manifests)
    if not (shared and own):
        archive = entries(shared or own) + END
        return _compressed(archive), Digest.of(archive)
    beginning = _beginning(shared)
    end = entries(own) + END
    digest = beginning.seen.copy()
    digest.update(end)
    return beginning.member + _compressed(end), Digest(digest.hexdigest())


def content_digest(manifests: Manifests) -> Digest:
    """The digest of the tar alone; nothing is compressed for it."""
    shared, own = _divided(manifests)
    return Digest.of(entries(shared) + entries(own) + END)


def _divided(manifests: Manifests) -> tuple[_Files, _Files]:
    """The files that do not name the site, and those that do."""
    name = manifests.site.encode()
    shared: list[tuple[str, bytes]] = []
    own: list[tuple[str, bytes]] = []
    for file in manifests.files:
        (own if name in file.content else shared).append((file.path, file.content))
    return tuple(shared), tuple(own)


@lru_cache(maxsize=_BEGINNINGS)
def _beginning(files: _Files) -> _Beginning:
    archive = entries(files)
    return _Beginning(_compressed(archive), hashlib.sha256(archive))


def _compressed(data: bytes) -> bytes:
    return bytes(deflate.gzip_compress(data, _LEVEL))

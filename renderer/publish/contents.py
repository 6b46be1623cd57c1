"""What an archive holds: where each blob and each other member begins.

In: members in their order. Out: places. Never: reads a file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from renderer.publish.tar_members import Member

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renderer.publish.image_layout import Stamp
    from renderer.types import Digest

INDEX = b"index.json"
_BLOBS = b"blobs/sha256/"
_DIGEST = 32  # bytes


@dataclass(slots=True)
class Contents:
    """A later member of a name replaces the earlier, as it does when a tar is unpacked.

    `blobs` has the beginning of each by its digest, 32 bytes: a fleet has half a million of them. `others` are all
    else, `end` is where the next member goes. `dead` counts the bytes of what was replaced. `stamp` is that of the
    file, None when it cannot be told whether more has been written since.
    """

    stamp: Stamp | None = None
    blobs: dict[bytes, int] = field(default_factory=dict)
    others: dict[bytes, Member] = field(default_factory=dict)
    end: int = 0
    dead: int = 0

    @classmethod
    def of(cls, members: Iterable[Member]) -> Contents:
        """The contents of a whole archive."""
        found = cls()
        for member in members:
            found.add(member)
        return found

    def add(self, member: Member) -> None:
        """Enter a member that stands behind all others."""
        digest = _digest(member.name)
        if digest is None:
            self.dead += self.others[member.name].span if member.name in self.others else 0
            self.others[member.name] = member
        else:
            self.dead += member.span if digest in self.blobs else 0  # the same digest is the same size
            self.blobs[digest] = member.start
        self.end = member.end

    def append(self, stamp: Stamp | None, *members: tuple[bytes, int]) -> None:
        """Enter members, name and size, that were written at the end; the file has another stamp since."""
        for name, size in members:
            self.add(Member(name, self.end, size))
        self.stamp = stamp

    def is_live(self, member: Member) -> bool:
        """Whether a member counts: it was not replaced."""
        digest = _digest(member.name)
        place = self.others[member.name].start if digest is None else self.blobs[digest]
        return place == member.start

    def place(self, digest: Digest) -> int | None:
        """Where a blob's member begins."""
        return self.blobs.get(bytes.fromhex(digest.hex))


def blob_name(digest: Digest) -> bytes:
    """The name of a blob's member."""
    return _BLOBS + digest.hex.encode()


def _digest(name: bytes) -> bytes | None:
    """The digest of a blob's member, None for any other."""
    if not name.startswith(_BLOBS):
        return None
    try:
        found = bytes.fromhex(name[len(_BLOBS) :].decode())
    except ValueError:
        return None
    return found if len(found) == _DIGEST else None

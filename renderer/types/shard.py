"""A share of a fleet's sites, for jobs that work side by side.

In: nothing. Out: a frozen value.
Never: depends on which sites there are: a site stays in its share when others come and go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

_TEXT: Final = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
_HASH_BYTES: Final = 8


@dataclass(frozen=True, slots=True, order=True)
class Shard:
    """Share `index` of `count`, counted from 1. The only share of one is everything."""

    index: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `3/16`; raises ValueError for anything else."""
        match = _TEXT.fullmatch(text)
        if match is None or int(match[1]) > int(match[2]):
            raise ValueError(f"expected I/N with I from 1 to N, got {text[:20]!r}")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    @property
    def is_all(self) -> bool:
        """Whether there is no other share."""
        return self.count == 1

    def has(self, site: str) -> bool:
        """Whether a site of this name belongs to the share: its hash says so, and nothing else."""
        if self.count == 1:
            return True
        number = int.from_bytes(sha256(site.encode()).digest()[:_HASH_BYTES], "big")
        return number % self.count == self.index - 1

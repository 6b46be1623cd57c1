"""Texts with placeholders, and their digests, worked out once for texts that many sites have.

In: a rendered text, the words of a site. Out: the text with placeholders, and its digest. Most texts of a fleet are the
same objects for many sites, so what they can hold is noted when they are met again.
Never: takes a word out of where an object says what it is: how lists are compared depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from renderer.diff.memo import Memo
from renderer.diff.placeholders import OPEN, Words, runs_of, swap_words

if TYPE_CHECKING:
    from collections.abc import Iterable

_OPEN: Final = OPEN.encode()
_TELLING: Final = (b"apiVersion", b"kind")
_NONE: Final = (None, b"-")
_WORDS: Final = 1_024


@dataclass(slots=True)
class _Shared:
    """A text that many sites have: its runs of letters and digits, and which words it holds, as far as was asked."""

    text: bytes
    runs: frozenset[bytes]
    holds: dict[bytes, bool] = field(default_factory=dict)

    def present(self, words: Words) -> tuple[tuple[bytes, bytes], ...]:
        """Those of a site's words that stand in the text."""
        pairs = zip(words.pairs, words.rare, strict=True)
        return tuple(pair for pair, run in pairs if run in self.runs and self._has(pair[0]))

    def _has(self, word: bytes) -> bool:
        known = self.holds.get(word)
        if known is None:
            if len(self.holds) >= _WORDS:
                self.holds.clear()
            known = self.holds[word] = word in self.text
        return known


class Blanker:
    """Build one for each process."""

    def __init__(self) -> None:
        self._met: Memo[bool] = Memo()
        self._shared: Memo[_Shared] = Memo()
        self._known: Memo[tuple[bytes, bytes]] = Memo()

    def blank(self, text: bytes | None, words: Words) -> tuple[bytes | None, bytes]:
        """`text` with placeholders and the digest of that; None has a digest too."""
        if text is None:
            return _NONE
        shared = self._shared.get(text)
        if shared is None:
            if self._met.get(text) is None:
                self._met.put(text, value=True)
                return _blanked(text, words.pairs)
            shared = _Shared(text, runs_of(text))
            self._shared.put(text, shared)
        present = shared.present(words)
        key = (text, present)
        known = self._known.get(key)
        if known is None:
            known = _blanked(text, present)
            self._known.put(key, known)
        return known


def _blanked(text: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    swapped = swap_words(text, pairs)
    if swapped is not text and _says_what(swapped):
        swapped = text
    return swapped, sha256(swapped).digest()


def _says_what(text: bytes) -> bool:
    """Whether a placeholder stands in a line that tells the kind of an object."""
    for word in _TELLING:
        at = text.find(word)
        while at >= 0:
            end = text.find(b"\n", at)
            if _OPEN in text[at : end if end >= 0 else len(text)]:
                return True
            at = text.find(word, end) if end >= 0 else -1
    return False

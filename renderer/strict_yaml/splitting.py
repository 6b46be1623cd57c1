"""Cuts a file into its documents, exactly where the parser would.

In: the bytes of a file. Out: the bytes of its documents, each with the number of lines before it.
Never: parses. That a cut is right is only known once each piece has been read without doubt (`load_certain`): a marker
inside of a quoted text or a bracket leaves a piece that no parser accepts. In a block of text it ends that block.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

# At the beginning of a line, `---` with a blank behind it always begins a document (YAML 1.2.2, production 203).
_MARKER: Final = re.compile(rb"^---(?=[ \t\n]|\Z)", re.MULTILINE)
# Limits count over a whole file. In a smaller one its documents cannot exceed them together.
_MOST: Final = 1 << 18


class Piece(NamedTuple):
    """What may be one document: it begins `line` lines below the beginning of the file."""

    line: int
    content: bytes


# Several checks look at the pieces of the same few files, one after the other.
@lru_cache(maxsize=128)
def split(content: bytes) -> tuple[Piece, ...]:
    """The documents of a file; the file as a whole where lines could be counted in two ways."""
    if b"\n---" not in content or b"\r" in content or len(content) > _MOST:
        return (Piece(0, content),)
    cuts = [match.start() for match in _MARKER.finditer(content)]
    if cuts[:1] != [0]:
        cuts.insert(0, 0)
    pieces: list[Piece] = []
    line = 0
    for start, end in zip(cuts, [*cuts[1:], len(content)], strict=True):
        piece = content[start:end]
        pieces.append(Piece(line, piece))
        line += piece.count(b"\n")
    return tuple(pieces)

"""Makes text of unknown origin safe to show: what would not be seen, or would be obeyed, is written out.

In: text that a file of the fleet, a template or a registry has a part in. Out: text without control characters.
Never: loses anything: what is replaced can be read from its replacement.
"""

from __future__ import annotations

import re

# C0 and C1 but for tab and line feed, what turns the direction of writing, other line ends, half a character,
# invisible marks, and what XML cannot hold.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufff9-\uffff"
    "\U000e0000-\U000e007f]"
)


def printable(text: str) -> str:
    """`text` with every character that cannot be seen written as its number; tabs and line feeds stay."""
    return _UNSEEN.sub(_number, text)


def one_line(text: str) -> str:
    """`printable` text, its white space made single blanks."""
    return " ".join(printable(text).split())


def _number(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{{{number:x}}}"  # noqa: PLR2004 - one byte

"""Text that is wrapped in base64, as data of ConfigMaps and Secrets, certificates and configuration files are.

In: bytes. Out: where base64 stands, and the text in it. Never: unpacks more than a bounded amount, or what is not text.
"""

from __future__ import annotations

import base64
import binascii
import re
from codecs import utf_8_decode
from functools import cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# Lines of one length, of which the last is shorter, at any indentation; or one line. 24 characters hold 18 of text,
# such as `password=hunter22`.
_RUN: Final = r"(?:[A-Za-z0-9+/]{60,76}(?:\\n|\r?\n[ \t]*))+[A-Za-z0-9+/]{2,}={0,2}|[A-Za-z0-9+/]{24,}={0,2}"
_BREAKS: Final = re.compile(rb"\\n|\s+")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MOST_UNPACKED: Final = 8 << 20
# Whole groups of four.
_HEAD: Final = 16


def unwrapped(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(start, end, text) of each base64 in `data` that holds text."""
    budget = _MOST_UNPACKED
    for match in _runs().finditer(data):
        start, end = match.span()
        text = _text(data[start:end])
        if text is not None and budget > 0:
            budget -= len(text)
            yield start, end, text


@cache
def _runs() -> Any:
    import re2

    return re2.compile(_RUN)


def _text(run: bytes) -> bytes | None:
    # The first bytes tell: most runs are names, paths and digests, which decode to no text. No run breaks so early.
    head = binascii.a2b_base64(run[:_HEAD])
    if _CONTROL.search(head) or not _may_begin_text(head):
        return None
    lines = _BREAKS.split(run)
    # What follows the last line may look like one more.
    for whole in (b"".join(lines), b"".join(lines[:-1])):
        found = _decoded(whole.rstrip(b"="))
        if _is_text(found):
            return found
    return None


def _decoded(run: bytes) -> bytes:
    try:
        return base64.b64decode(run[: len(run) - (len(run) % 4 == 1)] + b"=" * (-len(run) % 4))
    except binascii.Error:
        return b""


def _may_begin_text(head: bytes) -> bool:
    """Whether more bytes can make UTF-8 of these; the last character may be cut off."""
    try:
        utf_8_decode(head, "strict", False)  # noqa: FBT003 - it takes no names
    except UnicodeDecodeError:
        return False
    return True


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return bool(data) and not _CONTROL.search(data)

"""Taking apart JSON that a stranger may have written.

In: bytes from a registry. Out: values of the type that was asked for, or Malformed.
Never: raises anything but Malformed, converts one type to another, or believes a size.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import TYPE_CHECKING, TypeVar

from renderer.errors import Code
from renderer.sign.failure import SIGN_AGAIN, shown
from renderer.types import Digest, Problem

if TYPE_CHECKING:
    from renderer.types import Json

T = TypeVar("T")


class Malformed(Exception):
    """Something is not of the form it must have; the text says what was expected. Never leaves this folder."""

    def __init__(self, message: str, *, code: Code = Code.SIGNATURE_INVALID, hint: str = SIGN_AGAIN) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, hint=hint)


def read_json(data: bytes, limit: int, what: str) -> dict[str, Json]:
    """Parse one JSON object of at most `limit` bytes; a key that occurs twice is refused: readers differ on it."""
    if len(data) > limit:
        raise Malformed(f"the {what} has {len(data)} bytes, expected at most {limit}")
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed(f"the {what} is not JSON") from None
    if not isinstance(value, dict):
        raise Malformed(f"the {what} is not a JSON object")
    return value


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _no_constant(_: str) -> Json:
    raise ValueError


def get(value: dict[str, Json], key: str, kind: type[T]) -> T:
    """Return `value[key]`, which must be a `kind`."""
    found = value.get(key)
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        raise Malformed(f"{key!r} is missing or not of the expected type {kind.__name__}")
    return found


def get_objects(value: dict[str, Json], key: str, limit: int) -> list[dict[str, Json]]:
    """Return the list `value[key]`, which must hold 1 to `limit` JSON objects."""
    items = get(value, key, list)
    if not 1 <= len(items) <= limit or not all(isinstance(item, dict) for item in items):
        raise Malformed(f"{key!r} has {len(items)} items, expected 1 to {limit} JSON objects")
    return items


def expect(value: dict[str, Json], key: str, expected: str) -> None:
    """Refuse any `value[key]` but `expected`."""
    found = value.get(key)
    if found != expected:
        text = shown(found) if isinstance(found, str) else "not a text"
        raise Malformed(f"{key!r} is {text}, expected {expected!r}")


def get_digest(value: dict[str, Json], key: str) -> Digest:
    """Return `value[key]`, which must read `sha256:<hex>`."""
    try:
        return Digest.parse(get(value, key, str))
    except ValueError:
        raise Malformed(f"{key!r} is not a SHA-256 digest") from None


def get_base64(value: dict[str, Json], key: str) -> bytes:
    """Return the bytes of `value[key]`, which must be plain base64 with padding."""
    try:
        return base64.b64decode(get(value, key, str).encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed(f"{key!r} is not base64") from None

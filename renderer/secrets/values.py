"""Finds secrets in parsed values: those of sites, layers, overlays.

In: a value. Out: hits by key path. Never: reads comments, or keys without their values.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.secrets.scanner import Hit, Scanner
    from renderer.types import Json, KeyPath


class ValueHit(NamedTuple):
    """A secret in the value at `path`; `text` is the secret itself, for whoever asks if it is allowed."""

    path: KeyPath
    hit: Hit
    text: str


def scan_value(scanner: Scanner, value: Json) -> tuple[ValueHit, ...]:
    """All secrets at or below `value`. All of it is laid out as lines `key: value` and scanned once."""
    lines: list[bytes] = []
    starts: list[int] = []
    paths: list[KeyPath] = []
    at = 0
    for path, text in _leaves(value, ()):
        line = _line(path, text)
        lines.append(line)
        starts.append(at)
        paths.append(path)
        at += len(line)
    found = scanner.secrets(b"".join(lines))
    return tuple(ValueHit(paths[bisect_right(starts, hit.start) - 1], hit, text) for hit, text in found)


def _leaves(value: Json, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _leaves(inner, (*path, number))
    elif isinstance(value, str):
        yield path, value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, str(value)


def _line(path: KeyPath, text: str) -> bytes:
    # Indented, as pairs of name and value are in a list; items as such, for an option may be followed by its secret.
    is_item = bool(path) and isinstance(path[-1], int)
    head = "-" if is_item else f"{next((part for part in reversed(path) if isinstance(part, str)), '')}:"
    return f" {head} {_scalar(text)}\n".encode("utf-8", "replace")


def _scalar(text: str) -> str:
    """In quotes, so that blanks do not end it; a text with a form of its own, a file or JSON, as it is."""
    if "\n" in text or text.startswith(("{", "[")):
        return text
    inner = text.replace('"', "'")
    return f'"{inner}"'

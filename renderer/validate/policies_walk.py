"""Goes through an object once, for all that is looked for in it.

In: an object. Out: its mappings and strings, each with its key path and the key that says what it is.
Never: judges one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.types import KeyPath


class Node(NamedTuple):
    """A mapping, or a string, which may be a key that is a URL.

    `inbound`: it stands below a key that says that others ask for it, such as `ingress`.
    """

    path: KeyPath
    key: str
    value: Any
    inbound: bool


def walk(value: object, path: KeyPath = (), key: str = "", inbound: bool = False) -> Iterator[Node]:  # noqa: FBT001, FBT002
    """All mappings and strings at and below `value`, from the top."""
    if isinstance(value, dict):
        yield Node(path, key, value, inbound)
        yield from _members(value, path, inbound)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            if isinstance(inner, str):
                yield Node((*path, index), key, inner, inbound)
            elif isinstance(inner, dict | list):
                yield from walk(inner, (*path, index), key, inbound)
    elif isinstance(value, str):
        yield Node(path, key, value, inbound)


def _members(value: dict[str, Any], path: KeyPath, inbound: bool) -> Iterator[Node]:  # noqa: FBT001
    # An environment variable says in another field what it is.
    named = value.get("name") if "value" in value else None
    for name, inner in value.items():
        below = inbound or "ngress" in name
        if "://" in name:
            yield Node((*path, name), "", name, below)
        if isinstance(inner, str):
            word = named if name == "value" and isinstance(named, str) else name
            yield Node((*path, name), word, inner, below)
        elif isinstance(inner, dict | list):
            yield from walk(inner, (*path, name), name, below)

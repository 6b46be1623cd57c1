"""Items in groups: what crosses to a worker at once."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.engine.interface import Item


def chunked(items: Iterable[Item], size: int) -> Iterator[tuple[Item, ...]]:
    """The items in tuples of `size`, the last one shorter; takes no item before its tuple is asked for."""
    iterator = iter(items)
    while chunk := tuple(islice(iterator, size)):
        yield chunk

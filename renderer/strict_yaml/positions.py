"""Where each value of a document stands.

In: a flat trail that the builder leaves. Out: (line, column) by key path, put together when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from renderer.types import KeyPath

if TYPE_CHECKING:
    from collections.abc import Callable

# Depth, key or index, line, column (from 0), depth, key … in one flat list: tuples keep the garbage collector busy.
Trail = list["int | str"]


def steps(trail: Trail) -> Iterator[tuple[int, str | int, int, int]]:
    """Undo the flattening."""
    flat: Iterator[Any] = iter(trail)
    return zip(flat, flat, flat, flat, strict=True)


class Positions(Mapping[KeyPath, tuple[int, int]]):
    """Where each value stands; the paths are only put together when a problem asks."""

    __slots__ = ("_index", "_offset", "_trail")

    def __init__(self, trail: Trail, offset: int) -> None:
        self._trail = trail
        self._offset = offset
        self._index: dict[KeyPath, tuple[int, int]] | None = None

    def _table(self) -> dict[KeyPath, tuple[int, int]]:
        if self._index is None:
            index: dict[KeyPath, tuple[int, int]] = {}
            path: KeyPath = ()
            for depth, key, line, column in steps(self._trail):
                path = (*path[: depth - 1], key) if depth else ()
                index[path] = (line + 1 + self._offset, column + 1)
            self._index = index
        return self._index

    def __getitem__(self, path: KeyPath) -> tuple[int, int]:
        return self._table()[path]

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self._table())

    def __len__(self) -> int:
        return len(self._table())

    def __repr__(self) -> str:
        return repr(self._table())


class LatePositions(Mapping[KeyPath, tuple[int, int]]):
    """Positions of a document that was read without them: `find` reads it again when a problem asks."""

    __slots__ = ("_find", "_found")

    def __init__(self, find: Callable[[], Mapping[KeyPath, tuple[int, int]]]) -> None:
        self._find = find
        self._found: Mapping[KeyPath, tuple[int, int]] | None = None

    def __reduce__(self) -> tuple[object, ...]:
        return dict, (dict(self),)

    def _positions(self) -> Mapping[KeyPath, tuple[int, int]]:
        if self._found is None:
            self._found = self._find()
        return self._found

    def __getitem__(self, path: KeyPath) -> tuple[int, int]:
        return self._positions()[path]

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self._positions())

    def __len__(self) -> int:
        return len(self._positions())

    def __repr__(self) -> str:
        return repr(self._positions())

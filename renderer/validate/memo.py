"""A bounded memo.

In: keys and values. Out: the values again, as long as they were asked for within the last two generations.
Never: changes a result; it only saves doing the same work twice.
"""

from __future__ import annotations

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

_NOTED_PER_ENTRY = 16


class Memo(Generic[Key, Value]):
    """Keeps between `limit` and twice `limit` entries: what many sites share stays, what one has alone falls out.

    Most of what a large fleet asks for is one site's own and never asked for again. Once there is more than fits, only
    what comes a second time is kept; of the first time no more than its hash is noted.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._noted: set[int] = set()
        self._young: dict[Key, Value] = {}
        self._old: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        """The value of `key`, or None."""
        found = self._young.get(key)
        if found is None and (found := self._old.pop(key, None)) is not None:
            self._keep(key, found)
        return found

    def put(self, key: Key, value: Value) -> None:
        """Remember `value`, if there is room or it came before."""
        if self._old and not self._came_before(key):
            return
        self._keep(key, value)

    def _keep(self, key: Key, value: Value) -> None:
        """The older half is forgotten once the younger is full."""
        if len(self._young) >= self._limit:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def _came_before(self, key: Key) -> bool:
        mark = hash(key)  # two keys with one hash are kept a little too early, no more
        if mark in self._noted:
            return True
        if len(self._noted) >= _NOTED_PER_ENTRY * self._limit:
            self._noted.clear()
        self._noted.add(mark)
        return False

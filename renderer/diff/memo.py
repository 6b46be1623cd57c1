"""What was found before, in this process.

In: keys and what was found for them. Out: the same again, while there is room. Never: changes an answer.
"""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar

Value = TypeVar("Value")
_KEPT: Final = 4_096


class Memo(Generic[Value]):
    """Two generations: what is asked for stays, what nobody asks for falls out."""

    def __init__(self) -> None:
        self._young: dict[Any, Value] = {}
        self._old: dict[Any, Value] = {}

    def get(self, key: object) -> Value | None:
        """What was found for `key`."""
        found = self._young.get(key)
        if found is None and (found := self._old.pop(key, None)) is not None:
            self.put(key, found)
        return found

    def put(self, key: object, value: Value) -> None:
        """Keep `value`."""
        if len(self._young) >= _KEPT:
            self._old, self._young = self._young, {}
        self._young[key] = value

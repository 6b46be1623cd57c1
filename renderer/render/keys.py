"""Turns what a text reads of a site into bytes: the same bytes mean the same values, types and order of keys.

In: read paths, and what a text sees. Out: a key, or None for values of which bytes do not tell all.
Never: sorts, rounds or converts anything: 1, True and 1.0 differ, and so do two mappings in another order.
"""

from __future__ import annotations

from itertools import repeat
from marshal import dumps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.render.reads import ReadPath

# The last version of marshal's format whose bytes do not depend on which values are one object.
MARSHAL_VERSION = 2
# The high bytes of a NaN as float(…) makes it. No two of them are equal, and lists compare them by identity.
_NANS = (b"\xf8\x7f", b"\xf8\xff")
# An ellipsis is no value that a template can see: it stands for a name that is not there.
_ABSENT: Iterator[Any] = repeat(...)


class Keyer:
    """The key of one step for one view. `salt` stands in front: it tells one step's keys from another's."""

    __slots__ = ("_members", "_names", "salt")

    def __init__(self, salt: bytes, paths: Iterable[ReadPath]) -> None:
        ordered = sorted(paths, key=repr)
        self.salt = salt
        self._names = tuple(str(path[0]) for path in ordered if len(path) == 1)
        self._members = tuple(path for path in ordered if len(path) > 1)

    def __call__(self, view: Mapping[str, Any], *more: Any) -> bytes | None:
        """The key of what `view` holds; `more` is what the step depends on besides."""
        values: Any = (*map(view.get, self._names, _ABSENT), *more)
        if self._members:
            values = (values, *[_member(view, path) for path in self._members])
        try:
            read = dumps(values, MARSHAL_VERSION)
        except ValueError:
            return None
        return None if _NANS[0] in read or _NANS[1] in read else self.salt + read


def _member(view: Mapping[str, Any], path: ReadPath) -> Any:
    """The value at `path`; where it is missing, how far the path goes and all that is there instead.

    A tuple marks the latter, since no value that a template sees has one. The parent is kept as a whole: a template can
    see why a member is missing, for instance because its parent is a text with methods of its own.
    """
    value = view.get(path[0], ...)  # type: ignore[arg-type]
    for depth in range(1, len(path)):
        step = path[depth]
        if not _has(value, step):
            return (depth, value)
        value = value[step]
    return value


def _has(value: Any, step: str | int) -> bool:
    kind = type(value)
    if kind is dict:
        return step in value
    return kind is list and isinstance(step, int) and -len(value) <= step < len(value)

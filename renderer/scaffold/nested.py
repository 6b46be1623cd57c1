"""Paths into nested maps: what a change does to data, as the measure of what it must do to text.

In: plain JSON data and key paths. Out: new data. Never: changes its arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from renderer.types import Json

Keys: TypeAlias = "tuple[str, ...]"


class _Absent:
    """Nothing stands there; a null is something."""


ABSENT: Final = _Absent()


def find(data: Json, path: Keys) -> Json | _Absent:
    """The value at `path`, or ABSENT."""
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return ABSENT
        data = data[key]
    return data


def holds(data: Json, path: Keys) -> bool:
    """Whether anything, a null included, stands at `path`."""
    return not isinstance(find(data, path), _Absent)


def put(data: Json, path: Keys, value: Json) -> Json:
    """`data` with `value` at `path`, and maps on the way where nothing stands; raises ValueError for anything else."""
    if not path:
        return value
    if data is not None and not isinstance(data, dict):
        raise ValueError("a value stands where a map is needed")
    inner = data.get(path[0]) if isinstance(data, dict) else None
    return {**(data or {}), path[0]: put(inner, path[1:], value)}


def drop(data: Json, path: Keys) -> Json:
    """`data` without what stands at `path`, nor the maps that are empty then; the outermost two levels stay."""
    return _drop(data, path, 0)


def _drop(data: Json, path: Keys, depth: int) -> Json:
    if not isinstance(data, dict) or path[0] not in data:
        return data
    rest = {key: value for key, value in data.items() if key != path[0]}
    if len(path) == 1:
        return rest
    inner = _drop(data[path[0]], path[1:], depth + 1)
    return rest if inner == {} and depth > 0 else {**data, path[0]: inner}


def moved(data: Json, source: Keys, target: Keys) -> Json:
    """`data` with the value at `source` at `target` instead."""
    value = find(data, source)
    if isinstance(value, _Absent):
        return data
    if target[: len(source)] == source:
        return put(put(data, source, None), target, value)
    return drop(put(data, target, value), source)

"""Pairs the items of two lists.

In: two lists. Out: what names the items, or which item of one is which of the other. Never: depends on anything but the
two lists; two items of one list are never paired with the same item of the other.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.diff.interface import Shape
    from renderer.types import Json

# Where no schema says what names the items of a list: fields that do so in Kubernetes, the most telling first.
USUAL: Final = ("name", "key", "mountPath", "containerPort", "port", "ip", "type", "topologyKey", "path")
# Items are one and the same, changed, when at least this share of their leaves agrees.
ALIKE: Final = 0.5
# Cells of a table of comparisons. Longer lists are aligned by their equal ends only.
_LARGEST: Final = 250_000

Names = tuple[tuple[str, "Json"], ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """(before, after) indices: items that are `kept` in order, `changed` in place, and `moved` to another place."""

    kept: tuple[tuple[int, int], ...]
    changed: tuple[tuple[int, int], ...]
    moved: tuple[tuple[int, int], ...]


def names(before: list[Json], after: list[Json], shape: Shape | None) -> tuple[list[Names], list[Names]] | None:
    """What names each item of both lists; None when that names an item of neither, or two items alike."""
    items = [*before, *after]
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    inner = shape.item() if shape is not None else None
    for fields in dict.fromkeys([shape.keys if shape is not None else (), *((name,) for name in USUAL)]):
        if not fields:
            continue
        named = [[_names(item, fields, inner) for item in side] for side in (before, after)]
        if all(all(side) and len(set(map(canonical, side))) == len(side) for side in named):
            return named[0], named[1]
    return None


def _names(item: Json, fields: Sequence[str], shape: Shape | None) -> Names:
    """Field and value of each of `fields`; empty when the item lacks one."""
    assert isinstance(item, dict), "asked of maps only"  # noqa: S101
    missing = any(field not in item for field in fields)
    filled = {**shape.defaults(item), **item} if missing and shape is not None else item
    found = tuple((field, filled.get(field)) for field in fields)
    return found if all(isinstance(value, str | int) for _, value in found) else ()


def align(before: list[Json], after: list[Json]) -> Pairs:
    """The pairs of two lists whose items have no names: as many kept as can be, then like with like, then moves."""
    old, new = [canonical(item) for item in before], [canonical(item) for item in after]
    kept = tuple(_common(old, new))
    changed: list[tuple[int, int]] = []
    for rows, columns in _gaps(kept, len(old), len(new)):
        changed += _similar(before, after, rows, columns)
    taken = {i for i, _ in (*kept, *changed)}, {j for _, j in (*kept, *changed)}
    return Pairs(kept, tuple(changed), tuple(_moves(old, new, taken)))


def similarity(before: Json, after: Json) -> float:
    """The share of leaves that two values have in common, from 0 to 1."""
    old, new = leaves(before), leaves(after)
    if not old and not new:
        return 1.0
    common = sum(1 for path, value in old.items() if new.get(path) == value)
    return 2 * common / (len(old) + len(new))


def leaves(value: Json) -> dict[str, str]:
    """Path -> canonical value of every leaf; empty maps and lists are leaves too."""
    found: dict[str, str] = {}
    stack: list[tuple[str, Json]] = [("", value)]
    while stack:
        path, current = stack.pop()
        if isinstance(current, dict) and current:
            stack += [(f"{path}\0{key}", inner) for key, inner in current.items()]
        elif isinstance(current, list) and current:
            stack += [(f"{path}\0{index}", inner) for index, inner in enumerate(current)]
        else:
            found[path] = canonical(current)
    return found


def canonical(value: object) -> str:
    """One text for equal values, another for any other: 1, 1.0, true and "1" differ, the order of keys does not."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _common(old: list[str], new: list[str]) -> Iterator[tuple[int, int]]:
    """A longest common subsequence."""
    start, end = 0, 0
    shorter = min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    while end < shorter - start and old[-1 - end] == new[-1 - end]:
        end += 1
    yield from ((index, index) for index in range(start))
    rows, columns = len(old) - start - end, len(new) - start - end
    if rows * columns <= _LARGEST:
        yield from _walk(old, new, start, rows, columns)
    yield from ((len(old) - index, len(new) - index) for index in range(end, 0, -1))


def _walk(old: list[str], new: list[str], start: int, rows: int, columns: int) -> Iterator[tuple[int, int]]:
    """The middle, by the usual table: `best[i][j]` is how many the rest from i and j has in common."""
    best = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            same = old[start + i] == new[start + j]
            best[i][j] = best[i + 1][j + 1] + 1 if same else max(best[i + 1][j], best[i][j + 1])
    i = j = 0
    while i < rows and j < columns:
        if old[start + i] == new[start + j]:
            yield start + i, start + j
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1


def _gaps(kept: Sequence[tuple[int, int]], rows: int, columns: int) -> Iterator[tuple[range, range]]:
    """What lies between the kept items, on both sides."""
    i = j = 0
    for row, column in (*kept, (rows, columns)):
        if row > i and column > j:
            yield range(i, row), range(j, column)
        i, j = row + 1, column + 1


def _similar(before: list[Json], after: list[Json], rows: range, columns: range) -> Iterator[tuple[int, int]]:
    """Pairs inside one gap. Gaps of equal size are changed item by item: nothing says that any came or went."""
    if len(rows) == len(columns):
        yield from zip(rows, columns, strict=True)
        return
    if len(rows) * len(columns) > _LARGEST:
        return
    column = columns.start
    for row in rows:
        scores = {j: _likeness(before[row], after[j]) for j in range(column, columns.stop)}
        best = max(scores, key=lambda j: (scores[j], -j), default=None)
        if best is not None and scores[best] >= ALIKE:
            yield row, best
            column = best + 1


def _likeness(before: Json, after: Json) -> float:
    """How alike two items are. Of texts, the part before `=` or `:` counts: flags and addresses keep theirs."""
    if isinstance(before, str) and isinstance(after, str):
        return 1.0 if _head(before) and _head(before) == _head(after) else 0.0
    return similarity(before, after) if type(before) is type(after) else 0.0


def _head(text: str) -> str:
    ends = [at for mark in "=:" if (at := text.find(mark)) > 0]
    return text[: min(ends)] if ends else ""


def _moves(old: list[str], new: list[str], taken: tuple[set[int], set[int]]) -> Iterator[tuple[int, int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for j, item in enumerate(new):
        if j not in taken[1]:
            places[item].append(j)
    for i, item in enumerate(old):
        if i not in taken[0] and places[item]:
            yield i, places[item].pop(0)

"""The changed fields between two values.

In: two values of one kind, and its shape. Out: FieldChange values in a fixed order; none when the values are equal.
Applied to the first value they give the second: nothing is left out. Never: hides anything; that is `secrets`' work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.diff.lists import Names, align, canonical, names
from renderer.types import Action, FieldChange, Item, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.diff.interface import Object, Shape
    from renderer.types import Json, Step

Path = tuple["Step", ...]


def changed_fields(before: Json, after: Json, shape: Shape | None = None, path: Path = ()) -> Iterator[FieldChange]:
    """All changes from `before` to `after`."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _maps(before, after, shape, path)
    elif isinstance(before, list) and isinstance(after, list):
        named = names(before, after, shape)
        if named is None:
            yield from _places(before, after, shape, path)
        else:
            yield from _named((before, after), named, shape, path)
    elif canonical(before) != canonical(after):
        yield FieldChange(Action.CHANGED, path, before, after)


def _maps(before: Object, after: Object, shape: Shape | None, path: Path) -> Iterator[FieldChange]:
    for name in sorted(before.keys() | after.keys()):
        step = (*path, name)
        if name not in after:
            yield FieldChange(Action.REMOVED, step, before[name])
        elif name not in before:
            yield FieldChange(Action.ADDED, step, None, after[name])
        else:
            yield from changed_fields(before[name], after[name], shape.field(name) if shape else None, step)


def _named(
    sides: tuple[list[Json], list[Json]], named: tuple[list[Names], list[Names]], shape: Shape | None, path: Path
) -> Iterator[FieldChange]:
    """Items with names are compared wherever they stand; that they stand elsewhere is told once, for the list."""
    before = dict(zip(map(canonical, named[0]), sides[0], strict=True))
    after = dict(zip(map(canonical, named[1]), sides[1], strict=True))
    steps = {canonical(name): Item(name) for side in named for name in side}
    old, new = [name for name in before if name in after], [name for name in after if name in before]
    if old != new:
        yield FieldChange(
            Action.REORDERED, path, [_called(steps[name]) for name in old], [_called(steps[name]) for name in new]
        )
    inner = shape.item() if shape else None
    for name, item in before.items():
        if name not in after:
            yield FieldChange(Action.REMOVED, (*path, steps[name]), item)
        else:
            yield from changed_fields(item, after[name], inner, (*path, steps[name]))
    last = max((place for place, name in enumerate(after) if name in before), default=-1)
    for place, name in enumerate(after):
        if name not in before:
            yield FieldChange(Action.ADDED, (*path, steps[name]), None, after[name], place if place < last else None)


def _called(step: Item) -> Json:
    values = [value for _, value in step.names]
    return values[0] if len(values) == 1 else values


def _places(before: list[Json], after: list[Json], shape: Shape | None, path: Path) -> Iterator[FieldChange]:
    pairs = align(before, after)
    inner = shape.item() if shape else None
    for i, j in pairs.changed:
        yield from changed_fields(before[i], after[j], inner, (*path, Spot(i, j)))
    for i, j in pairs.moved:
        yield FieldChange(Action.MOVED, (*path, Spot(i, j)), before[i], after[j])
    paired = [*pairs.kept, *pairs.changed, *pairs.moved]
    for i in _others(len(before), [i for i, _ in paired]):
        yield FieldChange(Action.REMOVED, (*path, Spot(i, None)), before[i])
    for j in _others(len(after), [j for _, j in paired]):
        yield FieldChange(Action.ADDED, (*path, Spot(None, j)), None, after[j])


def _others(count: int, taken: Sequence[int]) -> list[int]:
    return sorted(set(range(count)) - set(taken))

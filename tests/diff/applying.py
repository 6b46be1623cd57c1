"""Applies changes to the value that they start from: what tells whether a difference leaves nothing out."""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from renderer.diff.lists import USUAL, canonical
from renderer.types import Action, FieldChange, Item, Spot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Json, Step


def apply(value: Json, changes: Sequence[FieldChange]) -> Json:
    """What `value` becomes."""
    if not changes:
        return value
    here = [change for change in changes if not change.path]
    below: dict[Step, list[FieldChange]] = defaultdict(list)
    for change in changes:
        if change.path:
            below[change.path[0]].append(replace(change, path=change.path[1:]))
    if any(change.action is Action.CHANGED for change in here):
        return here[0].after
    if isinstance(value, dict):
        return _map(value, below)
    if isinstance(value, list):
        return _spots(value, below) if any(isinstance(step, Spot) for step in below) else _items(value, below, here)
    assert not changes
    return value


def _map(value: dict[str, Json], below: dict[Step, list[FieldChange]]) -> Json:
    made = dict(value)
    for step, changes in below.items():
        assert isinstance(step, str)
        first = changes[0]
        if not first.path and first.action is Action.REMOVED:
            del made[step]
        elif not first.path and first.action is Action.ADDED:
            made[step] = first.after
        else:
            made[step] = apply(made[step], changes)
    return made


def _spots(value: list[Json], below: dict[Step, list[FieldChange]]) -> Json:
    placed: dict[int, Json] = {}
    gone: set[int] = set()
    for step, changes in below.items():
        assert isinstance(step, Spot)
        first = changes[0]
        if step.before is not None:
            gone.add(step.before)
        if step.after is None:
            continue
        whole = not first.path and first.action in (Action.ADDED, Action.MOVED)
        placed[step.after] = first.after if whole else apply(value[step.before or 0], changes)
    rest = [item for index, item in enumerate(value) if index not in gone]
    size = len(rest) + len(placed)
    return [placed[index] if index in placed else rest.pop(0) for index in range(size)]


def _items(value: list[Json], below: dict[Step, list[FieldChange]], here: Sequence[FieldChange]) -> Json:
    fields = [name for step in below if isinstance(step, Item) for name, _ in step.names]
    key = fields or _naming(value, here[0])
    named = {canonical(_name(item, key)): deepcopy(item) for item in value}
    for change in here:  # a new order of the items that stay
        places = iter([named[canonical(one if isinstance(one, list) else [one])] for one in _listed(change.after)])
        told = {canonical(one if isinstance(one, list) else [one]) for one in _listed(change.before)}
        named = {
            canonical(_name(item, key)): item
            for item in [next(places) if name in told else item for name, item in named.items()]
        }
    added: list[FieldChange] = []
    for step, changes in below.items():
        assert isinstance(step, Item)
        name = canonical([one for _, one in step.names])
        if changes[0].path or changes[0].action not in (Action.ADDED, Action.REMOVED):
            named[name] = apply(named[name], changes)
        elif changes[0].action is Action.REMOVED:
            del named[name]
        else:
            added.append(changes[0])
    made = list(named.values())
    for change in added:
        made.insert(len(made) if change.at is None else change.at, change.after)
    return made


def _listed(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


def _naming(value: list[Json], change: FieldChange) -> list[str]:
    """The field whose values are those that a new order names."""
    wanted = {canonical(one) for one in _listed(change.before)}
    for field in USUAL:
        if {canonical(item[field]) for item in value if isinstance(item, dict) and field in item} >= wanted:
            return [field]
    raise AssertionError(wanted)


def _name(item: Json, fields: Sequence[str]) -> list[Json]:
    assert isinstance(item, dict)
    return [item.get(field) for field in dict.fromkeys(fields)]

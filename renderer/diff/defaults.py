"""Leaves out what the API server would fill in anyway.

In: an object and its shape. Out: a copy without the members that have their default, scalars in their plain form.
Never: takes a member for a default that no schema and no rule of Kubernetes says is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.diff.lists import canonical

if TYPE_CHECKING:
    from renderer.diff.interface import Object, Shape
    from renderer.types import Json


def without_defaults(value: Object, shape: Shape) -> Object:
    """`value` without defaults, at any depth. A map that had nothing else counts as empty, so may be a default too."""
    kept: Object = {}
    defaults = shape.defaults(value)
    for name, inner in value.items():
        member = shape.field(name)
        plain = _plain(inner, member)
        if name in defaults and canonical(plain) == canonical(_plain(defaults[name], member)):
            continue
        kept[name] = plain
    return kept


def _plain(value: Json, shape: Shape | None) -> Json:
    if shape is None:
        return value
    if isinstance(value, dict):
        return without_defaults(value, shape)
    if isinstance(value, list):
        inner = shape.item()
        return [_plain(item, inner) for item in value]
    return shape.plain(value)

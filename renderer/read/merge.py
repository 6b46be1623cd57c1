"""JSON Merge Patch, RFC 7386.

In: plain JSON data. Out: new plain JSON data. Never: changes its arguments, or shares a map or list with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renderer.types import Json


def merge_patch(target: Json, patch: Json) -> Json:
    """`target` with `patch` applied: maps merge, null deletes, all else replaces.

    Keys keep the place where they first stood; new ones follow in the patch's order.
    """
    if not isinstance(patch, dict):
        return copy_json(patch)
    return merge_maps(target if isinstance(target, dict) else {}, patch)


def merge_maps(base: dict[str, Json], patch: dict[str, Json]) -> dict[str, Json]:
    """The case of two maps."""
    merged: dict[str, Json] = {}
    for key, value in base.items():
        if key not in patch:
            merged[key] = copy_json(value)
        elif (change := patch[key]) is not None:
            merged[key] = merge_patch(value, change)
    for key, change in patch.items():
        if change is not None and key not in base:
            merged[key] = merge_patch(None, change)
    return merged


def copy_json(value: Json) -> Json:
    """A copy of `value` that shares no map and no list with it."""
    if isinstance(value, dict):
        return {key: copy_json(child) for key, child in value.items()}
    if isinstance(value, list):
        return [copy_json(child) for child in value]
    return value

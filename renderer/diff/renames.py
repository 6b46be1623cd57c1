"""Finds objects that go on under another name.

In: objects that are gone and objects that are new. Out: which of these is which of those.
Never: pairs an object twice, or lets the order of files decide: where several fit, the closest content counts, then the
order of keys.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from renderer.diff.lists import canonical, leaves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.diff.interface import Object
    from renderer.types import ObjectKey

# An object is taken for another one under a new name when this share of their leaves agrees.
ALIKE: Final = 0.8
# More comparisons than these are not made; then only objects with equal content are found.
_MOST: Final = 2_500
# What each small object has anyway: a ConfigMap with one line of data is like every other.
_FEWEST: Final = 3


def find_renames(gone: Mapping[ObjectKey, Object], new: Mapping[ObjectKey, Object]) -> dict[ObjectKey, ObjectKey]:
    """Old key -> new key."""
    found: dict[ObjectKey, ObjectKey] = {}
    for pairs in (_other_group, _same_content, _like_content):
        left = {key: value for key, value in sorted(gone.items()) if key not in found}
        right = {key: value for key, value in sorted(new.items()) if key not in found.values()}
        taken: set[ObjectKey] = set()
        for was, key in pairs(left, right) if left and right else ():
            if was not in found and key not in taken:
                found[was] = key
                taken.add(key)
    return found


def _other_group(gone: Mapping[ObjectKey, Object], new: Mapping[ObjectKey, Object]) -> Iterator[tuple[ObjectKey, ...]]:
    """The same kind and name in another API group, as when Ingress left `extensions`."""
    named = {(key.kind, key.namespace, key.name): key for key in new}
    for was in gone:
        key = named.get((was.kind, was.namespace, was.name))
        if key is not None and was.kind and was.kind != "File":
            yield was, key


def _same_content(gone: Mapping[ObjectKey, Object], new: Mapping[ObjectKey, Object]) -> Iterator[tuple[ObjectKey, ...]]:
    known: dict[str, list[ObjectKey]] = defaultdict(list)
    for key, value in new.items():
        known[canonical(_body(value))].append(key)
    for was, value in gone.items():
        for key in known[canonical(_body(value))] if _tells(value) else ():
            yield was, key


def _like_content(gone: Mapping[ObjectKey, Object], new: Mapping[ObjectKey, Object]) -> Iterator[tuple[ObjectKey, ...]]:
    """Pairs of one kind, the closest first."""
    pairs = [(was, key) for was in gone for key in new if (was.group, was.kind) == (key.group, key.kind)]
    if not pairs or len(pairs) > _MOST:
        return
    parts = {key: leaves(_body(value)) for side in (gone, new) for key, value in side.items()}
    scored = [(_share(parts[was], parts[key]), was, key) for was, key in pairs if _tells(gone[was])]
    for score, was, key in sorted(scored, key=lambda one: (-one[0], one[1], one[2])):
        if score >= ALIKE:
            yield was, key


def _share(before: Mapping[str, str], after: Mapping[str, str]) -> float:
    common = sum(1 for path, value in before.items() if after.get(path) == value)
    return 2 * common / (len(before) + len(after) or 1)


def _tells(value: Object) -> bool:
    """Whether there is enough in an object to know it again."""
    return len(leaves(_body(value))) >= _FEWEST


def _body(value: Object) -> Object:
    """An object without what it is called. Of a Secret, this stays inside: nothing but yes or no comes of it."""
    metadata = value.get("metadata")
    kept = {k: v for k, v in metadata.items() if k not in ("name", "namespace")} if isinstance(metadata, dict) else {}
    return {**value, "metadata": kept} if kept else {k: v for k, v in value.items() if k != "metadata"}

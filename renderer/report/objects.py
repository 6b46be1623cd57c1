"""The difference between two sets of Kubernetes objects, per object and field, never per line of text.

In: rendered files, before and after. Out: ObjectChange values in a fixed order. Lists of maps are compared by the field
that names their items, so that a container moved in its list is no change of every container.
Never: shows the data of a Secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias, cast

from renderer.strict_yaml import load_all
from renderer.types import Digest, compact_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import Json

Field: TypeAlias = "tuple[str, ...]"
Object: TypeAlias = "dict[str, Json]"

# What Kubernetes' own list-map keys are called, the most telling first.
_ITEM_KEYS = ("name", "key", "mountPath", "containerPort", "port", "ip", "type", "topologyKey", "path")


class Action(StrEnum):
    """What happened to an object or a field."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """What makes an object one and the same in a cluster; the version of its API does not."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, document: Object) -> ObjectKey:
        """The key of a parsed document; missing parts are empty."""
        api_version = str(document.get("apiVersion") or "")
        metadata = document.get("metadata")
        fields: Object = metadata if isinstance(metadata, dict) else {}
        return cls(
            api_version.rpartition("/")[0],
            str(document.get("kind") or ""),
            str(fields.get("namespace") or ""),
            str(fields.get("name") or fields.get("generateName") or ""),
        )

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return "/".join(part for part in (kind, self.namespace, self.name) if part)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field: its path, with list items as `[name=web]` or `[2]`, and its value on either side."""

    action: Action
    path: Field
    before: Json = None
    after: Json = None

    @property
    def dotted(self) -> str:
        """The path as people write it: `spec.containers[name=web].image`."""
        return "".join(part if part.startswith("[") else f".{part}" for part in self.path).removeprefix(".")


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object and, when it is on both sides, its changed fields."""

    action: Action
    key: ObjectKey
    fields: tuple[FieldChange, ...] = ()


def read_objects(files: Mapping[str, bytes]) -> dict[ObjectKey, Object]:
    """The objects in rendered `files` (path -> content); a file that is no YAML stands for itself by its digest."""
    objects: dict[ObjectKey, Object] = {}
    for path, content in files.items():
        if path.endswith((".yaml", ".yml", ".json")):
            for document in load_all(content, path):
                if isinstance(document.value, dict):
                    objects[ObjectKey.of(document.value)] = document.value
        else:
            objects[ObjectKey("", "File", "", path)] = {"sha256": Digest.of(content).hex}
    return objects


def diff_objects(before: Mapping[ObjectKey, Object], after: Mapping[ObjectKey, Object]) -> tuple[ObjectChange, ...]:
    """All changes from `before` to `after`, sorted by key."""
    changes: list[ObjectChange] = []
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            changes.append(ObjectChange(Action.REMOVED, key))
        elif key not in before:
            changes.append(ObjectChange(Action.ADDED, key))
        else:
            fields = tuple(_diff(_shown(key, before[key]), _shown(key, after[key]), ()))
            if fields:
                changes.append(ObjectChange(Action.CHANGED, key, fields))
    return tuple(changes)


def _shown(key: ObjectKey, document: Object) -> Object:
    if key.group or key.kind != "Secret":
        return document
    masked = dict(document)
    for field in ("data", "stringData"):
        values = masked.get(field)
        if isinstance(values, dict):
            masked[field] = {name: f"(hidden, {_mark(value)})" for name, value in values.items()}
    return masked


def _mark(value: Json) -> str:
    # Enough to see that a value changed, too little to guess it.
    return Digest.of(b"fleetpress secret\0" + compact_json(value)).hex[:8]


def _diff(before: Json, after: Json, path: Field) -> Iterator[FieldChange]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _diff_maps(before, after, path, prefix="")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _diff_lists(before, after, path)
    elif not _same(before, after):
        yield FieldChange(Action.CHANGED, path, before, after)


def _diff_maps(before: Object, after: Object, path: Field, *, prefix: str) -> Iterator[FieldChange]:
    for name in sorted(before.keys() | after.keys()):
        step = (*path, f"[{prefix}={name}]" if prefix else _quoted(name))
        if name not in after:
            yield FieldChange(Action.REMOVED, step, before[name])
        elif name not in before:
            yield FieldChange(Action.ADDED, step, None, after[name])
        else:
            yield from _diff(before[name], after[name], step)


def _diff_lists(before: list[Json], after: list[Json], path: Field) -> Iterator[FieldChange]:
    key = _item_key(before, after)
    if key:
        yield from _diff_maps(_by_key(before, key), _by_key(after, key), path, prefix=key)
        return
    common = min(len(before), len(after))
    for number in range(common):
        yield from _diff(before[number], after[number], (*path, f"[{number}]"))
    for number, item in enumerate(before[common:], common):
        yield FieldChange(Action.REMOVED, (*path, f"[{number}]"), item)
    for number, item in enumerate(after[common:], common):
        yield FieldChange(Action.ADDED, (*path, f"[{number}]"), None, item)


def _item_key(before: list[Json], after: list[Json]) -> str | None:
    """The field that names every item of both lists, each name once in its list."""
    items = [*before, *after]
    if not items or not all(isinstance(item, dict) for item in items):
        return None
    for key in _ITEM_KEYS:
        names = [[cast("Object", item).get(key) for item in side] for side in (before, after)]
        if all(isinstance(name, str | int) for side in names for name in side) and all(
            len({str(name) for name in side}) == len(side) for side in names
        ):
            return key
    return None


def _by_key(items: list[Json], key: str) -> Object:
    return {str(cast("Object", item)[key]): item for item in items}


def _same(before: Json, after: Json) -> bool:
    return before == after and type(before) is type(after)


def _quoted(name: str) -> str:
    return f'["{name}"]' if "." in name or "[" in name else name

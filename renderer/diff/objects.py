"""The difference between two sets of Kubernetes objects, per object and field, never per line of text.

In: rendered files, before and after. Out: ObjectChange values in the order of their keys.
Never: shows the data of a Secret, or takes the version of an API for a part of what an object is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from renderer.diff.defaults import without_defaults
from renderer.diff.fields import changed_fields
from renderer.diff.interface import Object, Shapes, shapeless
from renderer.diff.lists import canonical
from renderer.diff.renames import find_renames
from renderer.diff.secrets import hide_document, hide_fields
from renderer.strict_yaml import load_all
from renderer.types import Action, Digest, ObjectChange, ObjectKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from renderer.types import FieldChange

_SUFFIXES = (".yaml", ".yml", ".json")
_IDENTITY = (("metadata", "name"), ("metadata", "namespace"))


@dataclass(frozen=True, slots=True)
class Found:
    """An object and the rendered file that it stands in."""

    document: Object
    file: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """How to compare: what is known of kinds, and whether defaults that are written out count as a difference."""

    shapes: Shapes = shapeless
    ignore_defaults: bool = False


Compare: TypeAlias = "Callable[[ObjectKey, Found, Found, Rules], list[ObjectChange]]"


def read_objects(files: Mapping[str, bytes]) -> dict[ObjectKey, Found]:
    """The objects in rendered `files` (path -> content); a file that is no YAML stands for itself by its digest.

    Raises YamlError.
    """
    return {
        ObjectKey.of(found.document): found for path, content in files.items() for found in read_file(path, content)
    }


def read_file(path: str, content: bytes) -> Iterator[Found]:
    """The objects of one file, the items of a List one by one."""
    if not path.endswith(_SUFFIXES):
        metadata: Object = {"name": path}
        yield Found({"kind": "File", "metadata": metadata, "sha256": Digest.of(content).hex}, path)
        return
    for document in load_all(content, path):
        yield from (Found(value, path) for value in objects_in(document.value))


def objects_in(value: object) -> Iterator[Object]:
    """The objects of one document."""
    if not isinstance(value, dict):
        return
    items = value.get("items")
    if str(value.get("kind", "")).endswith("List") and isinstance(items, list):
        for item in items:
            yield from objects_in(item)
    else:
        yield value


def diff_objects(
    before: Mapping[ObjectKey, Found],
    after: Mapping[ObjectKey, Found],
    rules: Rules | None = None,
    one: Compare | None = None,
) -> tuple[ObjectChange, ...]:
    """All changes from `before` to `after`, sorted by key. `one` compares an object that is on both sides."""
    rules, one = rules or Rules(), one or compare
    gone = {key: found for key, found in before.items() if key not in after}
    new = {key: found for key, found in after.items() if key not in before}
    changes: list[ObjectChange] = []
    renamed = find_renames(
        {key: found.document for key, found in gone.items()}, {key: found.document for key, found in new.items()}
    )
    for was, key in renamed.items():
        changes.append(rename(was, key, (gone.pop(was), new.pop(key)), rules))
    changes += [ObjectChange(Action.REMOVED, key) for key in gone]
    changes += [addition(key, found) for key, found in new.items()]
    for key in before.keys() & after.keys():
        changes += one(key, before[key], after[key], rules)
    return in_order(changes)


def in_order(changes: Iterable[ObjectChange]) -> tuple[ObjectChange, ...]:
    """Changes sorted by key."""
    return tuple(sorted(changes, key=lambda change: (change.key, change.action)))


def addition(key: ObjectKey, found: Found) -> ObjectChange:
    """The change of an object that is new."""
    return ObjectChange(Action.ADDED, key, document=hide_document(key, found.document))


def compare(key: ObjectKey, before: Found, after: Found, rules: Rules) -> list[ObjectChange]:
    """The change of an object that is on both sides; none when it is the same."""
    fields = _fields(key, before, after, rules)
    files = (before.file, after.file) if before.file != after.file else None
    if not fields and files is None:
        return []
    return [ObjectChange(Action.CHANGED if fields else Action.MOVED, key, fields, files=files)]


def rename(was: ObjectKey, key: ObjectKey, sides: tuple[Found, Found], rules: Rules) -> ObjectChange:
    """The change of an object that goes on under another key; what the keys tell is not told again as fields."""
    before, after = sides
    fields = tuple(field for field in _fields(key, before, after, rules) if field.path not in _IDENTITY)
    files = (before.file, after.file) if before.file != after.file else None
    return ObjectChange(Action.RENAMED, key, fields, was, files)


def _fields(key: ObjectKey, before: Found, after: Found, rules: Rules) -> tuple[FieldChange, ...]:
    old, new = before.document, after.document
    if old == new and canonical(old) == canonical(new):
        return ()
    shape = rules.shapes(str(new.get("apiVersion") or ""), str(new.get("kind") or ""))
    if rules.ignore_defaults and shape is not None:
        was = rules.shapes(str(old.get("apiVersion") or ""), str(old.get("kind") or "")) or shape
        old, new = without_defaults(old, was), without_defaults(new, shape)
    return hide_fields(key, changed_fields(old, new, shape))

"""What differs between two sets of Kubernetes objects.

In: nothing. Out: frozen values; equal ones tell of the same change. Never: does I/O, or holds the data of a Secret: who
makes them hides it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types.names import Json


class Action(StrEnum):
    """What happened to an object or a field. Fields are never renamed: a map's key is what names them."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"
    MOVED = "moved"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """What makes an object one and the same in a cluster; the version of its API does not."""

    group: str
    kind: str
    namespace: str
    name: str

    @classmethod
    def of(cls, document: Mapping[str, Json]) -> ObjectKey:
        """The key of a parsed document; missing parts are empty."""
        metadata = document.get("metadata")
        fields: Mapping[str, Json] = metadata if isinstance(metadata, dict) else {}
        return cls(
            str(document.get("apiVersion") or "").rpartition("/")[0],
            str(document.get("kind") or ""),
            str(fields.get("namespace") or ""),
            str(fields.get("name") or fields.get("generateName") or ""),
        )

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return "/".join(part for part in (kind, self.namespace, self.name) if part)


@dataclass(frozen=True, slots=True)
class Item:
    """The step into an item of a list whose items have names: (field, value) of what names it."""

    names: tuple[tuple[str, Json], ...]

    def __str__(self) -> str:
        return f"[{','.join(f'{field}={_bare(value)}' for field, value in self.names)}]"


@dataclass(frozen=True, slots=True)
class Spot:
    """The step into an item of a list without names: where it stands before and after, None where it is not."""

    before: int | None
    after: int | None

    def __str__(self) -> str:
        if self.before is None or self.after is None or self.before == self.after:
            return f"[{self.before if self.after is None else self.after}]"
        return f"[{self.before}->{self.after}]"


Step: TypeAlias = "str | Item | Spot"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field and its value on either side.

    MOVED is an item of a list without names that stands elsewhere. REORDERED is a list with named items: `before` and
    `after` are the names that both sides have, in their order. `at` is where an ADDED named item stands, None for the
    end of the list.
    """

    action: Action
    path: tuple[Step, ...]
    before: Json = None
    after: Json = None
    at: int | None = None

    @property
    def dotted(self) -> str:
        """The path as people write it: `spec.containers[name=web].image`."""
        return "".join(_written(step) for step in self.path).removeprefix(".")


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """One object, and its changed fields when it is on both sides.

    `was` is what a RENAMED object was called. `files` are the rendered files that it stands in before and after, when
    these differ. `document` is an ADDED object as it will be.
    """

    action: Action
    key: ObjectKey
    fields: tuple[FieldChange, ...] = ()
    was: ObjectKey | None = None
    files: tuple[str, str] | None = None
    document: Json = None


def _written(step: Step) -> str:
    if isinstance(step, str):
        return f'["{step}"]' if "." in step or "[" in step else f".{step}"
    return str(step)


def _bare(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

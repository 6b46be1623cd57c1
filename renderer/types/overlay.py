"""Overlays: explicit exceptions, made to rendered objects of chosen sites.

In: nothing. Out: frozen values. Never: does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types.names import Json
    from renderer.types.problems import Origin


@dataclass(frozen=True, slots=True)
class ObjectPattern:
    """Which objects are meant; `namespace` and `name` may be globs, and None stands for any, or for none.

    `group` None is any group; the version of an API never counts.
    """

    kind: str
    name: str
    namespace: str | None = None
    group: str | None = None

    def __str__(self) -> str:
        kind = f"{self.kind}.{self.group}" if self.group else self.kind
        return "/".join(part for part in (kind, self.namespace, self.name) if part)


@dataclass(frozen=True, slots=True)
class OverlayEdit:
    """One edit of objects: a JSON merge patch (RFC 7386), a JSON patch (RFC 6902), or their removal.

    `merge` None and no `operations` is the removal. `origins` are the places of the operations.
    """

    pattern: ObjectPattern
    origin: Origin
    merge: Mapping[str, Json] | None = None
    operations: tuple[Mapping[str, Json], ...] = ()
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlay:
    """One overlay file: `selector` says for which sites, `reason` why."""

    file: str
    selector: str
    reason: str
    edits: tuple[OverlayEdit, ...]

"""What comparing has to know of a kind, and where it gets that from.

In: nothing. Out: protocols. Never: knows where schemas are kept: who wires the rooms hands them in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from renderer.types import Json

Object: TypeAlias = "dict[str, Json]"


class Shape(Protocol):
    """The schema of one value, as far as it matters to a comparison."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Of a list: the fields that name its items; empty when nothing does."""
        ...

    def field(self, name: str) -> Shape | None:
        """Of a map: the shape of a member; None when nothing is known of it."""
        ...

    def item(self) -> Shape | None:
        """Of a list: the shape of its items."""
        ...

    def defaults(self, value: Mapping[str, Json]) -> Mapping[str, Json]:
        """Of a map: what the API server fills in where a member is missing. Some depends on what else is there."""
        ...

    def plain(self, value: Json) -> Json:
        """Of a scalar: one form for all that mean the same, such as quantities: 1000m and 1."""
        ...


# apiVersion and kind -> the shape of such an object; None for a kind without a schema.
Shapes: TypeAlias = Callable[[str, str], Shape | None]


def shapeless(_api_version: str, _kind: str) -> None:
    """For comparisons without schemas: lists go by what their items look like."""

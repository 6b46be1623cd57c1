"""What lint knows of a layer and of a site.

In: parsed files. Out: their leaves, and for a site all that the rules ask of it. Never: keeps a document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from renderer.types import Origin, compact_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import Document, Json, KeyPath, TemplatePin

_SECTIONS = ("templates", "values")


class Leaf(NamedTuple):
    """One value that a file sets. `key` is its text: the same for the same value and type; `null` for what is deleted.

    `path` begins with `templates` or `values`; a list is one value.
    """

    path: KeyPath
    key: bytes
    origin: Origin

    @property
    def deletes(self) -> bool:
        """Whether it takes a value away instead of setting one."""
        return self.key == b"null"

    @property
    def dotted(self) -> str:
        """What people call it: `cilium.mtu`, or `templates.lab-app`."""
        return ".".join(map(str, self.path[1:] if self.path[0] == "values" else self.path))


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """One site: what chooses its layers and templates, and the leaves of its own file."""

    name: str
    file: str
    labels: Mapping[str, str]
    layers: tuple[str, ...]
    pins: tuple[TemplatePin, ...]
    own: tuple[Leaf, ...]


def leaves_of(document: Document | None) -> tuple[Leaf, ...]:
    """The leaves of a layer or site file; an empty map is none."""
    value = document.value if document is not None else None
    if document is None or not isinstance(value, dict):
        return ()
    return tuple(leaf for section in _SECTIONS for leaf in _leaves(document, value.get(section, {}), (section,)))


def _leaves(document: Document, value: Json, path: KeyPath) -> Iterator[Leaf]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(document, item, (*path, key))
    elif len(path) > 1:
        yield Leaf(path, compact_json(value), document.origin(path))

"""How each value of a site came to be.

In: a fleet, its layers, a site file. Out: a Trace for every leaf of what `load_site` merges, by the same rules.
Never: decides a value; tests hold it to what merging gives.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from renderer.errors import ConfigurationError
from renderer.read.layers import layer_names, sections
from renderer.read.merge import copy_json
from renderer.read.site import read_site, site_labels
from renderer.types import Document, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.read.interface import SiteFile
    from renderer.read.layers import Layers
    from renderer.types import Fleet, Json, KeyPath, Origin

_Past: TypeAlias = "tuple[tuple[Origin, Json], ...]"


@dataclass(slots=True)
class _Node:
    """A leaf (`children` is None; deleted if `value` is too), or a map, with what it replaced."""

    origin: Origin
    past: _Past
    value: Json = None
    children: dict[str, _Node] | None = field(default=None)


def trace_site(fleet: Fleet, layers: Layers, site_file: SiteFile, *, deleted: bool = False) -> tuple[Trace, ...]:
    """Every leaf in the order of merging; its path begins with `labels`, `templates` or `values`.

    `overridden` is general to specific; a None among it is a deletion. With `deleted`, values that a null took away are
    given too, as a Trace whose value is None and whose origin is the null's: nothing else has that value.
    Layers that cannot be read are passed over. Raises ConfigurationError when the site's own file cannot be.
    """
    document = read_site(fleet, site_file, lambda _kind, _document: [])
    if not isinstance(document, Document):
        raise ConfigurationError(f"{site_file.path} cannot be read", problems=document)
    labels = site_labels(document)
    tree: dict[str, _Node] = {}
    for _, name in layer_names(fleet, labels):
        source = layers.get(name).document
        if source is not None:
            _apply(tree, dict(sections(source)), source, ())
    own: dict[str, Json] = {"labels": dict(labels), **sections(document)}
    _apply(tree, own, document, ())
    return tuple(trace for key, node in tree.items() for trace in _leaves(node, (key,), (), deleted=deleted))


def _apply(children: dict[str, _Node], patch: dict[str, Json], source: Document, path: KeyPath) -> None:
    """Patch a level of the tree, RFC 7386."""
    for key, value in patch.items():
        at = (*path, key)
        old = children.get(key)
        if not _alive(old) and value is not None:
            children.pop(key, None)  # a value that comes back comes last, as in the merged map
        if isinstance(value, dict):
            inside = old.children if old is not None else None
            if inside is None:
                inside = {}
                children[key] = _Node(source.origin(at), _past(old), children=inside)
            _apply(inside, value, source, at)
        elif value is not None or _alive(old):
            children[key] = _Node(source.origin(at), _past(old), copy_json(value))


def _alive(node: _Node | None) -> bool:
    return node is not None and (node.children is not None or node.value is not None)


def _past(old: _Node | None) -> _Past:
    return (*old.past, (old.origin, _value(old))) if old is not None else ()


def _value(node: _Node) -> Json:
    if node.children is None:
        return node.value
    return {key: _value(child) for key, child in node.children.items() if _alive(child)}


def _leaves(node: _Node, path: KeyPath, inherited: _Past, *, deleted: bool) -> Iterator[Trace]:
    past = inherited + node.past
    if node.children is None:
        if node.value is not None or deleted:
            yield Trace(path, node.value, node.origin, past)
        return
    if not any(_alive(child) for child in node.children.values()):
        yield Trace(path, {}, node.origin, past)
    for key, child in node.children.items():
        yield from _leaves(child, (*path, key), past, deleted=deleted)

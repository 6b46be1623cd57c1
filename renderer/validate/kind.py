"""The schema of one kind, and what Kubernetes checks beside JSON Schema: list keys, sets, labels of nested metadata.

In: a schema with its `$defs`. Out: violations of an object, and findings about names.
Never: looks at more of an object than the places where such a rule stands; those are found once, at compile time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from renderer.validate.names import metadata_problems
from renderer.validate.schema import Schema
from renderer.validate.wording import Violation, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import KeyPath, Problem
    from renderer.validate.cel_rules import CelRules

_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_REF = "#/$defs/"
# Defaults that the API server fills in before it compares list keys; the published schemas leave them out.
_KEY_DEFAULTS = {"protocol": "TCP"}


@dataclass(slots=True)
class _Node:
    """Where below an object a rule stands: `fields` of mappings, `rest` for all other keys, `items` of lists."""

    list_type: str = ""
    keys: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    metadata: bool = False
    fields: dict[str, _Node] = field(default_factory=dict)
    rest: _Node | None = None
    items: _Node | None = None

    @property
    def children(self) -> list[_Node]:
        return [child for child in (*self.fields.values(), self.rest, self.items) if child is not None]

    @property
    def idle(self) -> bool:
        return not (self.list_type or self.metadata or self.fields or self.rest or self.items)


class KindSchema:
    """What an object of one kind must look like. `warnings` tell what of the schema could not be used.

    `rules` are those of a custom resource's definition, in CEL. `deprecation` says that its apiVersion is.
    """

    __slots__ = ("_nests", "_places", "deprecation", "rules", "schema", "warnings")

    def __init__(
        self,
        document: Mapping[str, Any],
        warnings: tuple[Problem, ...] = (),
        rules: CelRules | None = None,
        deprecation: Violation | None = None,
    ) -> None:
        self.schema = Schema(document)
        self._places = _compile(document, document.get("$defs", {}), {})
        self._nests = self._places is not None and _has_metadata_below(self._places)
        self.warnings = warnings
        self.rules = rules
        self.deprecation = deprecation

    def violations(self, value: Mapping[str, Any], *, quiet: bool = False) -> list[Violation]:
        """Breaches of the schema and of its list rules."""
        return [*self.schema.violations(value, quiet=quiet), *self.repeated(value, quiet=quiet)]

    def repeated(self, value: Mapping[str, Any], *, quiet: bool = False) -> list[Violation]:
        """Breaches of the list rules alone: items that must differ and do not."""
        return [*_lists(self._places, value, (), quiet)] if self._places else []

    def names(self, value: Mapping[str, Any]) -> list[Violation]:
        """Labels and annotations below the object's own metadata that Kubernetes would refuse."""
        return [*_nested(self._places, value, ())] if self._places and self._nests else []


def _has_metadata_below(root: _Node) -> bool:
    """Whether metadata can stand further down than the object's own."""
    seen: set[int] = set()
    waiting = [inner for child in root.children for inner in child.children]
    while waiting:
        node = waiting.pop()
        if node.metadata:
            return True
        if id(node) not in seen:
            seen.add(id(node))
            waiting += node.children
    return False


def _compile(schema: Mapping[str, Any], defs: Mapping[str, Any], known: dict[str, _Node | None]) -> _Node | None:
    name = str(schema.get("$ref", "")).removeprefix(_REF)
    if not name:
        return _fill(_Node(), schema, defs, known)
    if name not in known:
        node = _Node(metadata=name == _META)
        known[name] = node  # before its children, for definitions may refer to themselves
        known[name] = _fill(node, defs.get(name, {}), defs, known)
    return known[name]


def _fill(
    node: _Node, schema: Mapping[str, Any], defs: Mapping[str, Any], known: dict[str, _Node | None]
) -> _Node | None:
    if schema.get("x-kubernetes-list-type") in ("map", "set"):
        node.list_type = schema["x-kubernetes-list-type"]
        node.keys = tuple(schema.get("x-kubernetes-list-map-keys", ()))
        node.defaults = _defaults(schema.get("items", {}), defs)
    for key, inner in schema.get("properties", {}).items():
        child = _compile(inner, defs, known)
        if child is not None:
            node.fields[key] = child
    node.rest = _child(schema.get("additionalProperties"), defs, known)
    node.items = _child(schema.get("items"), defs, known)
    return None if node.idle else node


def _child(schema: object, defs: Mapping[str, Any], known: dict[str, _Node | None]) -> _Node | None:
    return _compile(schema, defs, known) if isinstance(schema, dict) else None


def _defaults(items: Mapping[str, Any], defs: Mapping[str, Any]) -> dict[str, Any]:
    target = defs.get(str(items.get("$ref", "")).removeprefix(_REF), items)
    own = {key: inner["default"] for key, inner in target.get("properties", {}).items() if "default" in inner}
    return {**_KEY_DEFAULTS, **own}


def _steps(node: _Node, value: object) -> list[tuple[str | int, _Node, Any]]:
    if isinstance(value, dict):
        found: list[Any] = [(key, child, value[key]) for key, child in node.fields.items() if key in value]
        if node.rest is not None:
            found += [(key, node.rest, inner) for key, inner in value.items() if key not in node.fields]
        return found
    if isinstance(value, list) and node.items is not None:
        return [(index, node.items, inner) for index, inner in enumerate(value)]
    return []


def _lists(node: _Node, value: object, path: KeyPath, quiet: bool) -> Iterator[Violation]:  # noqa: FBT001
    if node.list_type and isinstance(value, list):
        yield from _repeated(node, value, path, quiet)
    for key, child, inner in _steps(node, value):
        if inner is not None:
            yield from _lists(child, inner, (*path, key), quiet)


def _repeated(node: _Node, items: list[Any], path: KeyPath, quiet: bool) -> Iterator[Violation]:  # noqa: FBT001
    seen: dict[str, int] = {}
    for index, item in enumerate(items):
        identity = _identity(node, item)
        first = seen.setdefault(identity, index) if identity else index
        if first != index:
            where = f"already used by item {first} of this list"
            yield Violation((*path, index), f"{_called(node, item, quiet)} {where}", "each item needs its own")


def _identity(node: _Node, item: object) -> str:
    """What must be unique about `item`; empty where the schema already refuses the item."""
    if node.list_type == "set":
        return item if isinstance(item, str) else json.dumps(item, sort_keys=True)
    if not isinstance(item, dict):
        return ""
    if len(node.keys) == 1 and type(name := item.get(node.keys[0])) is str:
        return f'["{name}"]'  # as below but for escapes, and unlike any other type
    return json.dumps([item.get(key, node.defaults.get(key)) for key in node.keys])


def _called(node: _Node, item: Any, quiet: bool) -> str:  # noqa: FBT001
    if node.list_type == "set":
        return f"{shown(item, quiet=quiet)} is"
    pairs = [f"{key} {shown(item.get(key, node.defaults.get(key)), quiet=quiet)}" for key in node.keys]
    return f"{', '.join(pairs)} {'is' if len(pairs) == 1 else 'are'}"


def _nested(node: _Node, value: object, path: KeyPath) -> Iterator[Violation]:
    if node.metadata and isinstance(value, dict) and len(path) > 1:
        yield from (Violation((*path, *one.path), one.what, one.hint) for one in metadata_problems(value))
    for key, child, inner in _steps(node, value):
        if isinstance(inner, dict | list):
            yield from _nested(child, inner, (*path, key))

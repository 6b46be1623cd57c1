"""The schemas of kinds, as comparing needs them: what names the items of lists, what the API server fills in.

In: the fleet's CRDs, an apiVersion and kind. Out: a Shape, of the newest Kubernetes minor that has the kind.
Never: judges a value; a schema that makes no sense here is as if there were none.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from renderer.validate.crds import CrdSet
from renderer.validate.defaulting import CUSTOM, defaults_of
from renderer.validate.kubernetes import Kubernetes, minors, served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types import Json, SchemaSet

_REF: Final = "#/$defs/"
_QUANTITY: Final = "io.k8s.apimachinery.pkg.api.resource.Quantity"
_KEYS, _MERGE_KEY = "x-kubernetes-list-map-keys", "x-kubernetes-patch-merge-key"
_SUFFIXES: Final = {
    "": 0, "n": -9, "u": -6, "m": -3, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
}  # fmt: skip
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}

_LETTERS: Final = "".join([*_SUFFIXES, *_BINARY])


class Shapes:
    """The shapes of Kubernetes' own kinds and of the fleet's custom resources."""

    def __init__(self, schemas: SchemaSet) -> None:
        self._crds = CrdSet.of(schemas.crds)
        self._kubernetes: dict[str, Kubernetes] = {}
        self._found: dict[tuple[str, str], SchemaShape | None] = {}

    def __call__(self, api_version: str, kind: str) -> SchemaShape | None:
        """The shape of a kind; None when nothing is known of it."""
        key = (api_version, kind)
        if key not in self._found:
            self._found[key] = self._find(*key)
        return self._found[key]

    def _find(self, api_version: str, kind: str) -> SchemaShape | None:
        newest = next((minor for minor in reversed(minors()) if (api_version, kind) in served(minor)), None)
        if newest is not None:
            if newest not in self._kubernetes:
                self._kubernetes[newest] = Kubernetes(newest)
            found = self._kubernetes[newest].definition(api_version, kind)
            return SchemaShape({"$ref": _REF + found[0]}, found[1]) if found else None
        schema = self._crds.openapi(api_version, kind)
        return SchemaShape(schema, {}, CUSTOM) if schema is not None else None


class SchemaShape:
    """The shape that a schema gives; its parts are made when they are asked for. `name` is its definition's."""

    __slots__ = ("_definitions", "_parts", "_schema", "name")

    def __init__(self, schema: Mapping[str, Any], definitions: Mapping[str, Any], name: str = "") -> None:
        reference = str(schema.get("$ref", "")).removeprefix(_REF)
        self.name = reference or name
        self._schema: Mapping[str, Any] = definitions.get(reference, {}) if reference else schema
        self._definitions = definitions
        self._parts: dict[str, SchemaShape | None] = {}

    @property
    def keys(self) -> tuple[str, ...]:
        """Of a list: the fields that name its items."""
        keys = self._schema.get(_KEYS) or [self._schema.get(_MERGE_KEY)]
        return tuple(key for key in keys if isinstance(key, str))

    def field(self, name: str) -> SchemaShape | None:
        """Of a map: the shape of a member."""
        properties = self._schema.get("properties")
        inner = properties.get(name) if isinstance(properties, dict) else None
        return self._part(f".{name}", self._schema.get("additionalProperties") if inner is None else inner)

    def item(self) -> SchemaShape | None:
        """Of a list: the shape of its items."""
        return self._part("[]", self._schema.get("items"))

    def defaults(self, value: Mapping[str, Json]) -> Mapping[str, Json]:
        """Of a map: what the API server fills in where a member is missing."""
        properties = self._schema.get("properties")
        own = {
            key: inner["default"]
            for key, inner in (properties.items() if isinstance(properties, dict) else ())
            if isinstance(inner, dict) and "default" in inner
        }
        return {**defaults_of(self.name, value), **own}

    def plain(self, value: Json) -> Json:
        """Of a scalar: quantities as numbers, everything else as it is."""
        if self.name != _QUANTITY or isinstance(value, bool) or not isinstance(value, str | int | float):
            return value
        return _amount(str(value)) or value

    def _part(self, key: str, schema: object) -> SchemaShape | None:
        if key not in self._parts:
            custom = CUSTOM if self.name == CUSTOM else ""
            self._parts[key] = SchemaShape(schema, self._definitions, custom) if isinstance(schema, dict) else None
        return self._parts[key]


def _amount(text: str) -> str | None:
    """A quantity as a plain decimal number, None for what is none (apimachinery pkg/api/resource/quantity.go)."""
    number = text.rstrip(_LETTERS)
    suffix = text[len(number) :]
    try:
        if suffix in _BINARY:
            found = Decimal(number) * 1024 ** _BINARY[suffix]
        elif suffix in _SUFFIXES:
            found = Decimal(number).scaleb(_SUFFIXES[suffix])
        else:
            found = Decimal(text)
    except InvalidOperation:
        return None
    return format(found.normalize(), "f")

"""A custom resource as CEL sees it: with its definition's defaults, CEL's field names and CEL's types.

In: an `openAPIV3Schema`, then objects. Out: new values; the object that came in stays as it is.
Never: copies what needs no change; a part without defaults and without special names is handed on as it is.
Source: apiextensions-apiserver pkg/apiserver/schema/defaulting and schema/cel, apiserver pkg/cel/escaping.go.
"""

from __future__ import annotations

import base64
import binascii
import copy
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOTHING = object()
_RESERVED = re.compile(
    r"true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void"
    r"|while"
)
_SPECIAL = re.compile(r"__|[-./]")
_WORDS = {"__": "__underscores__", "-": "__dash__", ".": "__dot__", "/": "__slash__"}
_ESCAPABLE = re.compile(r"[A-Za-z_./-][A-Za-z0-9_./-]*")
# Of these formats CEL makes types that the library takes at the top of a variable only.
TIMES = {"date": "timestamp", "date-time": "timestamp", "duration": "duration"}
_TYPES = {"array": "list", "boolean": "bool", "integer": "int", "number": "double", "object": "map", "string": "string"}


@dataclass(slots=True)
class Shape:
    """What one level of a schema means to CEL; `times` are the fields below it that hold times or durations."""

    type: str = "dyn"
    default: Any = _NOTHING
    nullable: bool = False
    number: bool = False
    encoded: bool = False
    fields: dict[str, Shape] = field(default_factory=dict)
    rest: Shape | None = None
    items: Shape | None = None
    names: dict[str, str] = field(default_factory=dict)
    times: frozenset[str] = frozenset()
    defaults: bool = False
    converts: bool = False

    @classmethod
    def of(cls, schema: Mapping[str, Any]) -> Shape:
        """Read `schema` and all below it."""
        shape = cls(nullable=bool(schema.get("nullable")), default=schema.get("default", _NOTHING))
        shape.type, shape.number = _type(schema), schema.get("type") == "number"
        shape.encoded = schema.get("type") == "string" and schema.get("format") == "byte"
        shape.fields = {key: cls.of(inner) for key, inner in _mapping(schema.get("properties")).items()}
        shape.rest = cls.of(schema["additionalProperties"]) if _mapping(schema.get("additionalProperties")) else None
        shape.items = cls.of(schema["items"]) if _mapping(schema.get("items")) else None
        shape.names = {key: escaped(key) for key in shape.fields if escaped(key) != key}
        shape.times = frozenset(shape._times())
        below = [*shape.fields.values(), *(one for one in (shape.rest, shape.items) if one)]
        shape.defaults = any(one.defaults or one.default is not _NOTHING for one in below)
        shape.converts = shape.number or shape.encoded or bool(shape.names) or any(one.converts for one in below)
        return shape

    def _times(self) -> Iterator[str]:
        for key, one in self.fields.items():
            if one.type in ("timestamp", "duration") or (one.items and one.items.type in ("timestamp", "duration")):
                yield self.names.get(key, key)
            yield from one.times
        for inner in (self.rest, self.items):
            if inner:
                yield from inner.times

    def defaulted(self, value: Any) -> Any:
        """`value` with the defaults that the API server fills in before it asks any rule."""
        if not self.defaults:
            return value
        if isinstance(value, dict):
            return self._filled(value)
        if isinstance(value, list) and self.items:
            return [self.items.defaulted(item) for item in value]
        return value

    def without_nulls(self, value: Any) -> Any:
        """`value` without the nulls that the schema does not take; those with a default are replaced later."""
        if isinstance(value, dict):
            shapes = [(key, inner, self.fields.get(key, self.rest)) for key, inner in value.items()]
            dropped = {key for key, inner, one in shapes if inner is None and one and not one.nullable}
            return {key: one.without_nulls(inner) if one else inner for key, inner, one in shapes if key not in dropped}
        if isinstance(value, list) and self.items:
            return [self.items.without_nulls(item) for item in value]
        return value

    def _filled(self, value: dict[str, Any]) -> dict[str, Any]:
        found = {}
        for key, inner in value.items():
            shape = self.fields.get(key, self.rest)
            # null counts as missing where the schema does not take it and has something to put there
            if inner is None and shape and not shape.nullable and shape.default is not _NOTHING:
                continue
            found[key] = shape.defaulted(inner) if shape else inner
        for key, shape in self.fields.items():
            if key not in found and shape.default is not _NOTHING:
                found[key] = shape.defaulted(copy.deepcopy(shape.default))
        return found

    def seen(self, value: Any) -> Any:
        """`value` as an expression sees it: escaped field names, doubles, decoded bytes."""
        if not self.converts:
            return value
        if isinstance(value, dict):
            shapes = ((key, inner, self.fields.get(key, self.rest)) for key, inner in value.items())
            return {self.names.get(key, key): one.seen(inner) if one else inner for key, inner, one in shapes}
        if isinstance(value, list) and self.items:
            return [self.items.seen(item) for item in value]
        if self.encoded and isinstance(value, str):
            return _decoded(value)
        return float(value) if self.number and type(value) is int else value


def escaped(name: str) -> str:
    """A field's name in CEL; one that CEL cannot name stays as it is, for it can only be reached by index."""
    if _RESERVED.fullmatch(name):
        return f"__{name}__"
    return _SPECIAL.sub(lambda part: _WORDS[part[0]], name) if _ESCAPABLE.fullmatch(name) else name


def _type(schema: Mapping[str, Any]) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "dyn"
    name = str(schema.get("type"))
    if name == "string":
        return "dyn" if schema.get("format") == "byte" else TIMES.get(str(schema.get("format")), name)
    return _TYPES.get(name, "dyn")


def _mapping(found: object) -> Mapping[str, Any]:
    return found if isinstance(found, dict) else {}


def _decoded(text: str) -> Any:
    try:
        return bytearray(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return text

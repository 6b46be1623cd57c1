"""Turns the structural schema of a CustomResourceDefinition version into a strict JSON Schema.

In: an `openAPIV3Schema`, and the definitions of ObjectMeta. Out: a JSON Schema in which a field that the API server
would prune is an error, and the patterns that our engine cannot compile.
Never: drops a rule silently; what cannot be expressed is in `unusable`.
Source: apiextensions-apiserver pkg/apiserver/schema, and kubernetes.io on CustomResourceDefinitions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from renderer.validate.formats import BOUNDS, FORMATS
from renderer.validate.kubernetes import META
from renderer.validate.patterns import usable_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

_COPIED = (
    "type",
    "enum",
    "required",
    "default",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "multipleOf",
    "uniqueItems",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
)
_METADATA = {"$ref": f"#/$defs/{META}"}
_TYPED = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": _METADATA}
_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_EMBEDDED = "x-kubernetes-embedded-resource"
_INT_OR_STRING = "x-kubernetes-int-or-string"


def to_json_schema(
    openapi: Mapping[str, Any], meta: Mapping[str, Any], *, ranges: bool = True
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The JSON Schema of a custom resource's root, `meta` being its `$defs`; and the patterns that were left out.

    `ranges`: whether int32 and int64 are enforced, as Kubernetes does from 1.36 on.
    """
    converter = _Converter(ranges)
    schema = converter.convert({"type": "object", **openapi, _EMBEDDED: True}, closed=True)
    schema.pop("required", None)
    own = [key for key in _required(openapi) if key not in _TYPED]
    return {**schema, **({"required": own} if own else {}), "$defs": dict(meta)}, tuple(
        dict.fromkeys(converter.unusable)
    )


@dataclass(slots=True)
class _Converter:
    """One pass over a schema. `closed` parts are structural; below anyOf and its like only values are constrained."""

    ranges: bool = True
    unusable: list[str] = field(default_factory=list)

    def convert(self, schema: Mapping[str, Any], *, closed: bool, kept: bool = False) -> dict[str, Any]:
        """`kept`: the list around this schema preserves unknown fields, which reaches through lists only."""
        out: dict[str, Any] = {key: schema[key] for key in _COPIED if key in schema}
        out.update(self._pattern(schema))
        out.update(_format(schema, ranges=self.ranges))
        out.update(_exclusive(schema))
        kept = kept or bool(schema.get(_PRESERVE))
        out.update(self._children(schema, closed=closed, kept=kept))
        out.update(self._junctors(schema))
        if schema.get(_INT_OR_STRING):
            out["type"] = ["integer", "string"]
        if schema.get(_EMBEDDED):
            _embed(out)
        if closed and "required" in schema:
            out["required"] = _required(schema)
        if closed and not kept and _prunes(schema):
            out["additionalProperties"] = False
        return _nullable(out) if schema.get("nullable") else out

    def _pattern(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        if "pattern" not in schema:
            return {}
        usable = usable_pattern(schema["pattern"])
        if usable is None:
            self.unusable.append(schema["pattern"])
        return {} if usable is None else {"pattern": usable}

    def _children(self, schema: Mapping[str, Any], *, closed: bool, kept: bool) -> dict[str, Any]:
        out: dict[str, Any] = {}
        if "properties" in schema:
            needed = _required(schema) if closed else schema["properties"]
            out["properties"] = {
                key: self._entry(inner, closed=closed, droppable=key not in needed)
                for key, inner in schema["properties"].items()
            }
        if "items" in schema:
            out["items"] = self.convert(schema["items"], closed=closed, kept=kept)
        rest = schema.get("additionalProperties")
        if rest is not None:
            entry = self._entry(rest, closed=closed, droppable=closed) if isinstance(rest, dict) else rest
            out["additionalProperties"] = entry
        return out

    def _entry(self, schema: Mapping[str, Any], *, closed: bool, droppable: bool) -> dict[str, Any]:
        """The value of a key. A null that is not taken counts as missing: the API server drops it, or its default."""
        out = self.convert(schema, closed=closed)
        return _nullable(out) if droppable and not schema.get("nullable") else out

    def _junctors(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key in ("allOf", "anyOf", "oneOf"):
            if key in schema and not (schema.get(_INT_OR_STRING) and all(set(one) == {"type"} for one in schema[key])):
                out[key] = [self.convert(one, closed=False) for one in schema[key]]
        if "not" in schema:
            out["not"] = self.convert(schema["not"], closed=False)
        return out


def _required(schema: Mapping[str, Any]) -> list[str]:
    """The fields that must be given: those with a default are there before the API server looks."""
    fields = schema.get("properties") or {}
    return [key for key in schema.get("required", ()) if "default" not in fields.get(key, {})]


def _format(schema: Mapping[str, Any], *, ranges: bool) -> dict[str, Any]:
    """The format, where Kubernetes enforces it: it ignores those that it does not know."""
    name = str(schema.get("format"))
    if name in BOUNDS and schema.get("type") == "integer":
        return _range(schema, name) if ranges else {}
    return {"format": name} if name in FORMATS else {}


def _range(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Where a bound itself is out of range, the API server refuses every value (IsValueValidAgainstRange)."""
    low, high = BOUNDS[name]
    for key in ("minimum", "maximum"):
        if not low <= schema.get(key, low) <= high:
            why = f"nothing: Kubernetes from 1.36 on refuses every value, for the {key} {schema[key]} is no {name}"
            return {"not": {}, "description": why}
    return {"minimum": max(low, schema.get("minimum", low)), "maximum": min(high, schema.get("maximum", high))}


def _exclusive(schema: Mapping[str, Any]) -> dict[str, Any]:
    """OpenAPI 3.0 has `exclusiveMinimum: true` beside the bound; JSON Schema has the bound itself."""
    pairs = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
    return {exclusive: schema[bound] for exclusive, bound in pairs if schema.get(exclusive) is True and bound in schema}


def _prunes(schema: Mapping[str, Any]) -> bool:
    is_object = schema.get("type") == "object" or "properties" in schema
    return is_object and "additionalProperties" not in schema


def _embed(out: dict[str, Any]) -> None:
    """An embedded resource has apiVersion, kind and ObjectMeta, whatever its schema says of them."""
    given = out.get("properties", {})
    out["properties"] = {**given, **_TYPED}
    out["required"] = list(dict.fromkeys([*out.get("required", ()), "apiVersion", "kind"]))
    own = {
        key: value for key, value in given.get("metadata", {}).items() if key not in ("type", "additionalProperties")
    }
    if own:
        out["properties"]["metadata"] = {"allOf": [_METADATA, own]}


def _nullable(out: dict[str, Any]) -> dict[str, Any]:
    if isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    elif "type" in out:
        out["type"] = [*out["type"], "null"]
    if "enum" in out and None not in out["enum"]:
        out["enum"] = [*out["enum"], None]
    return out

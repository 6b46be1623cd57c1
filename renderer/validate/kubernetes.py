"""The schemas of Kubernetes' own kinds, from the package data of kubernetes-validate.

In: a minor such as "1.35". Out: strict schemas of its kinds, each compiled at first use; the minors and versions.
Never: imports kubernetes_validate (it loads jsonschema, YAML and all definitions at each call), or compiles what is not
used.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderer.errors import EnvironmentFailure
from renderer.validate.deprecations import deprecation
from renderer.validate.formats import BOUNDS
from renderer.validate.kind import KindSchema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_FOLDER = "kubernetes-json-schema"
_SUFFIX = ".0-local-strict"
_REF = "#/$defs/"
META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_GVK = "x-kubernetes-group-version-kind"

# apimachinery pkg/api/resource/quantity.go; the published schema says only "string or number".
_QUANTITY = r"^[+-]?([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$"
_SPECIAL: Mapping[str, dict[str, Any]] = {
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": ["integer", "string", "null"]},
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {
        "description": "a quantity such as 100m, 1.5 or 2Gi",
        "type": ["string", "number", "null"],
        "pattern": _QUANTITY,
    },
}
# What a schema means to us; everything else (descriptions, defaults, patch strategies) is left behind.
_PLAIN = ("type", "enum", "required", "pattern", "x-kubernetes-list-type", "x-kubernetes-list-map-keys")
_MANY = ("oneOf", "anyOf", "allOf")


@lru_cache(maxsize=1)
def minors() -> tuple[str, ...]:
    """The Kubernetes minors that schemas are carried for, oldest first."""
    names = [path.name[1 : -len(_SUFFIX)] for path in _data().glob(f"v*{_SUFFIX}")]
    return tuple(sorted(names, key=lambda name: tuple(int(part) for part in name.split("."))))


@lru_cache(maxsize=1)
def _data() -> Path:
    spec = find_spec("kubernetes_validate")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise EnvironmentFailure(
            "the package kubernetes-validate, which holds the Kubernetes schemas, is not installed"
        )
    return Path(places[0]) / _FOLDER


def _definitions(minor: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((_data() / f"v{minor}{_SUFFIX}" / "_definitions.json").read_bytes())["$defs"]
    return loaded


def _objects(definitions: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    """((apiVersion, kind), definition) of all objects: options, lists and statuses have other metadata."""
    for name, schema in definitions.items():
        if schema.get("properties", {}).get("metadata", {}).get("$ref") == _REF + META:
            for gvk in schema.get(_GVK, ()):
                yield ("/".join(part for part in (gvk["group"], gvk["version"]) if part), gvk["kind"]), name


@lru_cache(maxsize=32)
def served(minor: str) -> frozenset[tuple[str, str]]:
    """All (apiVersion, kind) of objects in `minor`."""
    return frozenset(key for key, _ in _objects(_definitions(minor)))


class Kubernetes:
    """The kinds of one minor: `find("apps/v1", "Deployment")` -> KindSchema, or None for a kind it does not have."""

    def __init__(self, minor: str) -> None:
        self.minor = minor
        self._definitions = _definitions(minor)
        self._names = dict(_objects(self._definitions))
        self._kept: dict[str, dict[str, Any]] = {}
        self._found: dict[tuple[str, str], KindSchema] = {}

    def find(self, api_version: str, kind: str) -> KindSchema | None:
        """The schema of a kind, compiled at first use."""
        key = (api_version, kind)
        if key not in self._found and key in self._names:
            name = self._names[key]
            ending = deprecation(api_version, kind, self.minor, self._names)
            document = {"$ref": _REF + name, "$defs": self.closure(name)}
            self._found[key] = KindSchema(document, deprecation=ending)
        return self._found.get(key)

    def definition(self, api_version: str, kind: str) -> tuple[str, Mapping[str, Any]] | None:
        """What the definition of a kind is called, and all definitions, as they are published."""
        name = self._names.get((api_version, kind))
        return (name, self._definitions) if name else None

    @property
    def kinds(self) -> frozenset[tuple[str, str]]:
        """All (apiVersion, kind) of this minor."""
        return frozenset(self._names)

    def is_at_least(self, minor: int) -> bool:
        """Whether this is 1.`minor` or newer."""
        return int(self.minor.partition(".")[2]) >= minor

    def closure(self, name: str) -> dict[str, Any]:
        """Definition `name` and all it refers to, stripped to what validates."""
        found: dict[str, Any] = {}
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found[current] = self._stripped(current)
                waiting.extend(_references(found[current]))
        return found

    def _stripped(self, name: str) -> dict[str, Any]:
        if name not in self._kept:
            self._kept[name] = _SPECIAL.get(name) or strip(self._definitions[name])
        return self._kept[name]


def strip(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` without prose, and with number formats as bounds."""
    if "$ref" in schema:
        return {"$ref": schema["$ref"]}
    kept: dict[str, Any] = {key: schema[key] for key in _PLAIN if key in schema}
    if "format" in schema:
        kept.update(_format(schema["format"]))
    if "properties" in schema:
        kept["properties"] = {key: strip(inner) for key, inner in schema["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in schema:
            kept[key] = strip(schema[key]) if isinstance(schema[key], dict) else schema[key]
    for key in _MANY:
        if key in schema:
            kept[key] = [strip(inner) for inner in schema[key]]
    return kept


def _format(name: str) -> dict[str, Any]:
    if name in BOUNDS:
        return {"minimum": BOUNDS[name][0], "maximum": BOUNDS[name][1]}
    return {"format": "base64" if name == "byte" else name}


def _references(schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield schema["$ref"].removeprefix(_REF)
    inner = [*schema.get("properties", {}).values(), schema.get("items"), schema.get("additionalProperties")]
    for one in [*inner, *(branch for key in _MANY for branch in schema.get(key, ()))]:
        if isinstance(one, dict):
            yield from _references(one)

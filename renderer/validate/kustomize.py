"""Kustomization and Component files, which kustomize reads and the API server never sees.

In: such a document. Out: its schema, and the files of the artifact that it names.
Never: follows a reference outside the artifact; remote ones are left to kustomize.
Source: kustomize api/types/kustomization.go (v1beta1).
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from renderer.validate.kind import KindSchema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import KeyPath

GROUP = "kustomize.config.k8s.io"
KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_KINDS = {("kustomize.config.k8s.io/v1beta1", "Kustomization"), ("kustomize.config.k8s.io/v1alpha1", "Component")}
_STRING = {"type": "string"}
_TEXTS = {"type": "array", "items": _STRING}
_MAP = {"type": "object", "additionalProperties": _STRING}
_OBJECT = {"type": "object"}
_OBJECTS = {"type": "array", "items": _OBJECT}


def _record(**properties: object) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}


_SELECTED = ("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector")
_TARGET = dict.fromkeys(_SELECTED, _STRING)
_SOURCES = {"files": _TEXTS, "envs": _TEXTS, "literals": _TEXTS, "env": _STRING}
_GENERATOR = {"name": _STRING, "namespace": _STRING, "behavior": _STRING, "options": _OBJECT, **_SOURCES}
_PATCH = _record(path=_STRING, patch=_STRING, target=_record(**_TARGET), options=_OBJECT)
_IMAGE = _record(name=_STRING, newName=_STRING, newTag=_STRING, digest=_STRING, tagSuffix=_STRING)
_LABELS = _record(
    pairs=_MAP, includeSelectors={"type": "boolean"}, includeTemplates={"type": "boolean"}, fields=_OBJECTS
)
_ROOT = {
    **_record(
        apiVersion=_STRING,
        kind=_STRING,
        metadata=_OBJECT,
        resources=_TEXTS,
        components=_TEXTS,
        crds=_TEXTS,
        bases=_TEXTS,
        configurations=_TEXTS,
        generators=_TEXTS,
        transformers=_TEXTS,
        validators=_TEXTS,
        buildMetadata=_TEXTS,
        namePrefix=_STRING,
        nameSuffix=_STRING,
        namespace=_STRING,
        commonLabels=_MAP,
        commonAnnotations=_MAP,
        labels={"type": "array", "items": _LABELS},
        patches={"type": "array", "items": _PATCH},
        patchesStrategicMerge=_TEXTS,
        patchesJson6902={"type": "array", "items": _PATCH},
        images={"type": "array", "items": _IMAGE},
        imageTags={"type": "array", "items": _IMAGE},
        inventory=_OBJECT,
        replicas={"type": "array", "items": _record(name=_STRING, count={"type": "integer", "minimum": 0})},
        replacements=_OBJECTS,
        vars=_OBJECTS,
        configMapGenerator={"type": "array", "items": _record(**_GENERATOR)},
        secretGenerator={"type": "array", "items": _record(**_GENERATOR, type=_STRING)},
        generatorOptions=_OBJECT,
        openapi=_MAP,
        sortOptions=_OBJECT,
        helmGlobals=_OBJECT,
        helmCharts=_OBJECTS,
        helmChartInflationGenerator=_OBJECTS,
    ),
    "required": ["apiVersion", "kind"],
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A file or folder that a kustomization names: `target` as written, at `line`; `data` is not an object to apply."""

    target: str
    field: str
    line: int
    data: bool


def find(api_version: str, kind: str) -> KindSchema | None:
    """The schema of a kustomize kind, or None."""
    return _schema() if (api_version, kind) in _KINDS else None


@lru_cache(maxsize=1)
def _schema() -> KindSchema:
    return KindSchema(_ROOT)


def references(value: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str, bool]]:
    """(key path, target, is data) of every local file that the kustomization names."""
    for field in ("resources", "bases", "components", "crds"):
        yield from ((path, text, field == "crds") for path, text in _texts(value, field))
    for field in ("configurations", "patchesStrategicMerge"):
        inline = ((path, text, True) for path, text in _texts(value, field))
        yield from (found for found in inline if "\n" not in found[1])
    for index, patch in _records(value, "patches"):
        if isinstance(patch.get("path"), str):
            yield ("patches", index, "path"), patch["path"], True
    for field in ("configMapGenerator", "secretGenerator"):
        for index, generator in _records(value, field):
            for path, text in [*_texts(generator, "files"), *_texts(generator, "envs")]:
                yield (field, index, *path), text.rpartition("=")[2], True


def secrets(value: Mapping[str, Any]) -> Iterator[KeyPath]:
    """Key paths of literals that would become plain Secret data."""
    for index, generator in _records(value, "secretGenerator"):
        if generator.get("literals"):
            yield ("secretGenerator", index, "literals")


def _texts(value: Mapping[str, Any], field: str) -> Iterator[tuple[KeyPath, str]]:
    listed = value.get(field)
    for index, text in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(text, str):
            yield (field, index), text


def _records(value: Mapping[str, Any], field: str) -> Iterator[tuple[int, dict[str, Any]]]:
    listed = value.get(field)
    for index, one in enumerate(listed if isinstance(listed, list) else ()):
        if isinstance(one, dict):
            yield index, one


def resolve(file: str, target: str) -> str | None:
    """`target` as a path inside the artifact, seen from `file`; None for a remote one."""
    if "://" in target or "?ref=" in target or target.startswith("git@"):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(file), target))


def is_present(path: str, files: frozenset[str] | set[str]) -> bool:
    """Whether `path` is a file of the artifact, or a folder with a kustomization in it."""
    return path in files or any(posixpath.normpath(f"{path}/{name}") in files for name in KUSTOMIZATIONS)

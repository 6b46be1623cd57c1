"""Definitions that come from outside: checked, stripped to what checking objects needs, compared with older ones.

In: files with CustomResourceDefinitions as projects, charts and clusters hand them out. Out: Definition values, and all
that is wrong with them.
Never: reads a file, or keeps what a cluster wrote into a definition (status, owners, certificates).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from renderer.errors import Code
from renderer.strict_yaml import RENDERED_LIMITS, YamlError, load_all
from renderer.types import Origin, Problem
from renderer.validate.crds import CRD_GROUP, CRD_KIND, CrdSet
from renderer.validate.kind import KindSchema
from renderer.validate.kubernetes import Kubernetes, minors
from renderer.validate.names import crd_name_problems, name_problems
from renderer.validate.rules_table import broken
from renderer.validate.wording import Violation, dotted, type_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import Document, KeyPath

_VERSION: Final = f"{CRD_GROUP}/v1"
# YAML 1.1 has a type for a lone `=`, which Kubernetes' parser reads as text, and which controller-gen leaves plain.
_LONE_SIGN: Final = re.compile(rb"^([ -]*(?:[\w-]+: )?)=[ \t]*$", re.MULTILINE)
# What of a definition says how objects are checked; printer columns, conversion and categories do not.
_SPEC: Final = ("group", "names", "scope", "preserveUnknownFields", "versions")
_NAMES: Final = ("kind", "listKind", "plural", "singular", "shortNames")
_ONE_VERSION: Final = ("name", "served", "storage", "deprecated", "deprecationWarning", "schema", "subresources")
_HINT: Final = "correct it, or take the definition as its project releases it"


@dataclass(frozen=True, slots=True)
class Definition:
    """One CustomResourceDefinition: `value` is what is kept of it, `where` the place that it was read from."""

    group: str
    kind: str
    plural: str
    value: Mapping[str, Any]
    where: Origin

    @property
    def name(self) -> str:
        """`plural.group`, which is also its object's name."""
        return f"{self.plural}.{self.group}"

    @property
    def versions(self) -> Mapping[str, Mapping[str, Any]]:
        """Versions by name."""
        return {str(one["name"]): one for one in self.value["spec"]["versions"]}

    @property
    def served(self) -> tuple[str, ...]:
        """The versions that a cluster answers to, in the order of the definition."""
        return tuple(name for name, version in self.versions.items() if version.get("served"))

    @property
    def storage(self) -> str:
        """The version that a cluster stores."""
        return next((name for name, version in self.versions.items() if version.get("storage")), "")


def read_definitions(file: str, content: bytes) -> tuple[list[Definition], list[Problem]]:
    """The definitions in a file, Lists opened, other objects passed over; and everything wrong with the file."""
    try:
        documents = load_all(_LONE_SIGN.sub(rb'\1"="', content), file, limits=RENDERED_LIMITS)
    except YamlError as error:
        return [], list(error.problems)
    found: list[Definition] = []
    problems: list[Problem] = []
    for document in documents:
        for path, value in _objects((), document.value):
            wrong = [*_wrong(document, path, value)]
            problems += wrong
            if not wrong:
                found.append(_definition(document, path, value))
    return found, [*problems, *(problem for one in found for problem in _uncompilable(one))]


def kept(value: Mapping[str, Any]) -> dict[str, Any]:
    """What of a definition is needed to check objects: descriptions, status and what a cluster adds are left out."""
    spec = value.get("spec")
    if not isinstance(spec, dict):
        return {**value}
    slim = {key: spec[key] for key in _SPEC if key in spec}
    if isinstance(spec.get("names"), dict):
        slim["names"] = {key: spec["names"][key] for key in _NAMES if key in spec["names"]}
    if isinstance(spec.get("versions"), list):
        slim["versions"] = [_version(one) for one in spec["versions"]]
    metadata = value.get("metadata")
    name = {"name": metadata["name"]} if isinstance(metadata, dict) and "name" in metadata else {}
    return {"apiVersion": value.get("apiVersion"), "kind": value.get("kind"), "metadata": name, "spec": slim}


def _version(one: object) -> object:
    if not isinstance(one, dict):
        return one
    slim = {key: one[key] for key in _ONE_VERSION if key in one}
    schema = one.get("schema")
    if isinstance(schema, dict) and "openAPIV3Schema" in schema:
        slim["schema"] = {"openAPIV3Schema": _undescribed(schema["openAPIV3Schema"])}
    return slim


def _undescribed(schema: object) -> object:
    """A schema without its prose. Below `properties` the keys are names of fields, and `default` is data."""
    if isinstance(schema, list):
        return [_undescribed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    slim: dict[str, object] = {}
    for key, inner in schema.items():
        if key in ("properties", "patternProperties", "definitions", "dependencies") and isinstance(inner, dict):
            slim[key] = {name: _undescribed(one) for name, one in inner.items()}
        elif key in ("default", "enum", "example", "x-kubernetes-validations"):
            slim.update({} if key == "example" else {key: inner})
        elif key not in ("description", "title", "externalDocs"):
            slim[key] = _undescribed(inner)
    return slim


def _objects(path: KeyPath, value: object) -> Iterator[tuple[KeyPath, Any]]:
    """The definitions in a document, and what claims to be one."""
    if not isinstance(value, dict):
        return
    if isinstance(value.get("items"), list) and str(value.get("kind")).endswith("List"):
        for index, item in enumerate(value["items"]):
            yield from _objects((*path, "items", index), item)
    elif value.get("kind") == CRD_KIND:
        yield path, value


def _wrong(document: Document, path: KeyPath, value: Mapping[str, Any]) -> Iterator[Problem]:
    if value.get("apiVersion") != _VERSION:
        what = f"expected apiVersion {_VERSION}, got {str(value.get('apiVersion'))[:60]}"
        hint = "v1beta1 ended with Kubernetes 1.22: take the project's newer definition"
        yield Problem(Code.CRD_INVALID, what, document.origin((*path, "apiVersion")), hint)
        return
    slim = kept(value)
    schema = Kubernetes(minors()[-1]).find(_VERSION, CRD_KIND)
    assert isinstance(schema, KindSchema)  # noqa: S101 - every carried minor has it
    found = [*schema.violations(slim)]
    if not found:
        found += [*name_problems(CRD_GROUP, CRD_KIND, slim["metadata"]), *crd_name_problems(slim)]
        rules = broken(CRD_GROUP, CRD_KIND, slim)
        found += [Violation(at, f"{what} (rule {rule.name})", rule.hint) for rule, at, what in rules]
        found += [*_schemaless(slim)]
    if "name" not in slim["metadata"]:
        found.append(Violation(("metadata",), "name is missing", "expected <plural>.<group>"))
    for one in found:
        words = ": ".join(part for part in (dotted(one.path), one.what) if part)
        yield Problem(Code.CRD_INVALID, words, document.origin((*path, *one.path)), one.hint or _HINT)


def _schemaless(slim: Mapping[str, Any]) -> Iterator[Violation]:
    for index, version in enumerate(slim["spec"]["versions"]):
        schema = (version.get("schema") or {}).get("openAPIV3Schema")
        if not isinstance(schema, dict) or schema.get("type") != "object":
            got = type_name(schema) if not isinstance(schema, dict) else f"type {schema.get('type')}"
            what = f"expected an openAPIV3Schema of type object, got {got}"
            yield Violation(("spec", "versions", index, "schema"), what)


def _definition(document: Document, path: KeyPath, value: Mapping[str, Any]) -> Definition:
    spec = value["spec"]
    names = spec["names"]
    return Definition(spec["group"], names["kind"], names["plural"], kept(value), document.origin(path))


def _uncompilable(one: Definition) -> Iterator[Problem]:
    """What of a definition this program cannot use: schemas, patterns, rules."""
    content = json.dumps(one.value).encode()
    for problem in CrdSet.of([(one.where.file, content)]).check(Kubernetes(minors()[-1])):
        yield replace(problem, where=one.where)

"""The CustomResourceDefinitions that custom resources are checked against.

In: CRD manifests (file name, content). Out: the strict schema of a custom resource, compiled at first
use, or why there is none.
Never: parses a manifest before one of its kinds is asked for, where its text tells plainly which kind it defines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.strict_yaml import RENDERED_LIMITS, YamlError, load_all
from renderer.types import Origin, Problem, Severity
from renderer.validate.admission_match import Resource
from renderer.validate.cel_rules import CelRules, excerpt
from renderer.validate.kind import KindSchema
from renderer.validate.kubernetes import META, Kubernetes
from renderer.validate.structural import to_json_schema
from renderer.validate.wording import Violation, clipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

CRD_KIND = "CustomResourceDefinition"
CRD_GROUP = "apiextensions.k8s.io"
# What controller-gen writes: one document, `spec.group` and `spec.names.kind` at fixed depths. Others are read at once.
_MARKS = (b"\nkind: " + CRD_KIND.encode() + b"\n", b"\n  group: ", b"\n    kind: ")
_WORD = re.compile(rb"([A-Za-z0-9.-]+) *\r?\n")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an object's kind cannot be checked."""

    code: Code
    what: str
    hint: str = ""
    where: Origin | None = None


@dataclass(frozen=True, slots=True)
class _Crd:
    """One definition: its file, and its versions by name."""

    file: str
    versions: Mapping[str, Mapping[str, Any]]
    resource: Resource

    @property
    def served(self) -> list[str]:
        return sorted(name for name, version in self.versions.items() if version.get("served"))


@dataclass(slots=True)
class CrdSet:
    """Definitions by (group, kind). `problems` tells of files that could not be read when the set was made."""

    problems: list[Problem] = field(default_factory=list)
    _unread: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    _read: dict[tuple[str, str], _Crd | Refusal] = field(default_factory=dict)
    _compiled: dict[tuple[str, str, str, str], KindSchema | Refusal] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Iterable[tuple[str, bytes]]) -> CrdSet:
        """Index `files`; only those whose kind is not plain to see are parsed now."""
        crds = cls()
        for file, content in files:
            key = _glance(content)
            if key is None:
                crds._take(file, content)
            elif key in crds._unread:
                crds._twice(file, key, crds._unread[key][0])
            else:
                crds._unread[key] = (file, content)
        return crds

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        """(group, kind) of all definitions."""
        return frozenset([*self._unread, *self._read])

    def find(self, api_version: str, kind: str, kubernetes: Kubernetes) -> KindSchema | Refusal | None:
        """The schema of a custom resource; None when no definition has its group and kind."""
        group, _, version = api_version.rpartition("/")
        crd = self._crd((group, kind))
        if not isinstance(crd, _Crd):
            return crd
        key = (kubernetes.minor, group, kind, version)
        if key not in self._compiled:
            self._compiled[key] = _compile(crd, f"{group}/{kind}", version, kubernetes)
        return self._compiled[key]

    def openapi(self, api_version: str, kind: str) -> Mapping[str, Any] | None:
        """The schema of a custom resource as its definition has it; None when no definition has its version."""
        group, _, version = api_version.rpartition("/")
        crd = self._crd((group, kind))
        found = crd.versions.get(version, {}).get("schema") if isinstance(crd, _Crd) else None
        schema = found.get("openAPIV3Schema") if isinstance(found, dict) else None
        return schema if isinstance(schema, dict) else None

    def resource(self, group: str, kind: str) -> Resource | None:
        """What the API server calls a kind; None when no definition has it."""
        crd = self._crd((group, kind))
        return crd.resource if isinstance(crd, _Crd) else None

    def check(self, kubernetes: Kubernetes) -> list[Problem]:
        """Read and compile everything; all that is wrong with the definitions, warnings included."""
        found: list[Problem] = []
        for group, kind in sorted(self.keys):
            crd = self._crd((group, kind))
            versions = crd.versions if isinstance(crd, _Crd) else {"": {}}
            results = [self.find(f"{group}/{version}", kind, kubernetes) for version in sorted(versions)]
            found.extend(problem for result in results for problem in _told(result))
        return [*self.problems, *found]

    def _crd(self, key: tuple[str, str]) -> _Crd | Refusal | None:
        if key in self._unread:
            file, content = self._unread.pop(key)
            before = len(self.problems)
            self._take(file, content)
            if key not in self._read:
                new = self.problems[before:]
                why = new[0].what if new else f"does not define {key[0]}/{key[1]}"
                self._read[key] = Refusal(Code.CRD_INVALID, f"{file}: {why}", "correct the file", Origin(file))
        return self._read.get(key)

    def _take(self, file: str, content: bytes) -> None:
        try:
            documents = load_all(content, file, limits=_LIMITS)
        except YamlError as error:
            self.problems.extend(Problem(Code.CRD_INVALID, one.what, one.where, one.hint) for one in error.problems)
            return
        definitions = [value for document in documents for value in _definitions(document.value)]
        if not definitions:
            hint = "move the file out of schemas/crds, or correct its kind"
            self.problems.append(Problem(Code.CRD_INVALID, f"the file defines no {CRD_KIND}", Origin(file), hint))
        for value in definitions:
            self._add(file, value)

    def _add(self, file: str, value: Mapping[str, Any]) -> None:
        try:
            spec = value["spec"]
            key = (str(spec["group"]), str(spec["names"]["kind"]))
            versions = {str(version["name"]): version for version in spec["versions"]}
        except (KeyError, TypeError, AttributeError):
            wanted = "expected spec.group, spec.names.kind and spec.versions[].name in a CustomResourceDefinition"
            self.problems.append(
                Problem(Code.CRD_INVALID, wanted, Origin(file), "generate it again with controller-gen")
            )
            return
        known = self._read.get(key)
        if isinstance(known, _Crd):
            self._twice(file, key, known.file)
        namespaced = spec.get("scope") != "Cluster"
        self._read[key] = _Crd(file, versions, Resource(str(spec["names"].get("plural")), namespaced))

    def _twice(self, file: str, key: tuple[str, str], first: str) -> None:
        what = f"{'/'.join(key)} is defined twice, first in {first}"
        self.problems.append(Problem(Code.CRD_INVALID, what, Origin(file), "remove one of the definitions"))


# Generated definitions are long but not hostile: they come with the fleet repository.
_LIMITS = RENDERED_LIMITS


def _glance(content: bytes) -> tuple[str, str] | None:
    """(group, kind) of a manifest laid out as controller-gen does; None when its text leaves a doubt."""
    if any(content.count(mark) != 1 for mark in _MARKS) or b"\n---" in content:
        return None
    words = [_WORD.match(content, content.index(mark) + len(mark)) for mark in _MARKS[1:]]
    names = [word[1].decode() for word in words if word]
    return (names[0], names[1]) if len(names) == len(words) else None


def _definitions(value: object) -> Iterator[Mapping[str, Any]]:
    """The CRDs in one document: itself, or the items of a List."""
    if not isinstance(value, dict):
        return
    if value.get("kind") == CRD_KIND and str(value.get("apiVersion")).startswith(CRD_GROUP):
        yield value
    elif value.get("kind") == "List" and isinstance(value.get("items"), list):
        for item in value["items"]:
            yield from _definitions(item)


def _compile(crd: _Crd, name: str, version: str, kubernetes: Kubernetes) -> KindSchema | Refusal:
    definition = crd.versions.get(version)
    if definition is None or not definition.get("served"):
        state = "not served" if definition else "unknown"
        served = ", ".join(crd.served) or "none"
        return Refusal(
            Code.OBJECT_API_REMOVED, f"version {version!r} is {state}; {crd.file} serves: {served}", _use(crd, name)
        )
    try:
        openapi = (definition.get("schema") or {}).get("openAPIV3Schema")
        if openapi is None:
            raise ValueError("there is none")  # noqa: TRY301 - worded below with the others
        schema, unusable = to_json_schema(openapi, kubernetes.closure(META), ranges=kubernetes.is_at_least(36))
        rules = CelRules(openapi)
        warnings = [_pattern_warning(crd, name, pattern) for pattern in unusable]
        warnings += [_rule_warning(crd, f"{name} {version}", why) for why in rules.unusable]
        return KindSchema(schema, tuple(warnings), rules, _deprecation(crd, name, version))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        what = f"{crd.file}: the schema of {name} {version} cannot be used: {clipped(str(error))}"
        return Refusal(Code.CRD_INVALID, what, "expected a structural openAPIV3Schema", Origin(crd.file))


def _deprecation(crd: _Crd, name: str, version: str) -> Violation | None:
    definition = crd.versions[version]
    if not definition.get("deprecated"):
        return None
    group, _, kind = name.rpartition("/")
    what = definition.get("deprecationWarning") or f"{group}/{version} {kind} is deprecated"
    others = [one for one in crd.served if not crd.versions[one].get("deprecated")]
    hint = f"use {' or '.join(f'{group}/{one}' for one in others)}" if others else "no version replaces it"
    return Violation(("apiVersion",), excerpt(str(what)), hint)


def _use(crd: _Crd, name: str) -> str:
    group = name.partition("/")[0]
    if not crd.served:
        return "the definition serves no version at all: install a newer one"
    return f"use {' or '.join(f'{group}/{version}' for version in crd.served)}"


def _pattern_warning(crd: _Crd, name: str, pattern: str) -> Problem:
    what = f"{name}: the pattern {clipped(pattern)} cannot be compiled here, so values are not checked against it"
    return Problem(Code.CRD_INVALID, what, Origin(crd.file), "simplify the pattern", severity=Severity.WARNING)


def _rule_warning(crd: _Crd, name: str, why: str) -> Problem:
    what = f"{name}: {why}; so no object is checked against it"
    return Problem(Code.CRD_INVALID, what, Origin(crd.file), "correct the rule", severity=Severity.WARNING)


def _told(result: KindSchema | Refusal | None) -> tuple[Problem, ...]:
    if isinstance(result, KindSchema):
        return result.warnings
    if isinstance(result, Refusal) and result.code is Code.CRD_INVALID:
        return (Problem(result.code, result.what, result.where, result.hint),)
    return ()

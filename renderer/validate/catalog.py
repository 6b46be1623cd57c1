"""Finds the schema of a kind for one Kubernetes minor, or the reason why there is none.

In: apiVersion and kind. Out: its KindSchema, a Refusal, or None for a kind that may pass without a schema.
Never: keeps a list of removed APIs by hand; what was removed follows from the schemas of all carried minors.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.validate import kustomize
from renderer.validate.admission import DEFAULT_NAMESPACE, Admission, Look, Surroundings
from renderer.validate.admission_match import Creation, Resource, guessed_plural
from renderer.validate.crds import CrdSet, Refusal
from renderer.validate.deprecations import instead
from renderer.validate.kubernetes import Kubernetes, minors, served
from renderer.validate.rules_meta import CLUSTER_KINDS
from renderer.validate.wording import meant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.validate.kind import KindSchema


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything known for one minor: Kubernetes' own kinds, kustomize's, the artifact's definitions, the fleet's.

    `admission` has the fleet's policies, `around` what else of the site they look at.
    """

    kubernetes: Kubernetes
    crds: CrdSet
    shipped: CrdSet
    allow_kinds: frozenset[str]
    admission: Admission = field(default_factory=Admission)
    around: Surroundings = field(default_factory=Surroundings)
    _found: dict[tuple[str, str], KindSchema | Refusal | None] = field(default_factory=dict, compare=False)

    def find(self, api_version: str, kind: str) -> KindSchema | Refusal | None:
        """The schema of a kind. None only for kinds in `allow_kinds`, which have the form group/Kind."""
        key = (api_version, kind)
        if key not in self._found:
            self._found[key] = self._find(api_version, kind)
        return self._found[key]

    def _find(self, api_version: str, kind: str) -> KindSchema | Refusal | None:
        group = group_of(api_version)
        found = (
            self.kubernetes.find(api_version, kind)
            or kustomize.find(api_version, kind)
            or self.shipped.find(api_version, kind, self.kubernetes)
            or self.crds.find(api_version, kind, self.kubernetes)
        )
        if found is not None or f"{group}/{kind}" in self.allow_kinds:
            return found
        return _removed(api_version, kind, self.kubernetes) or self._unknown(api_version, kind)

    def resource(self, api_version: str, kind: str) -> Resource:
        """What the API server calls a kind, guessed where no definition says it."""
        group = group_of(api_version)
        found = self.shipped.resource(group, kind) or self.crds.resource(group, kind)
        return found or Resource(guessed_plural(kind), (group, kind) not in CLUSTER_KINDS)

    def creation(self, value: Mapping[str, Any], schema: KindSchema | None) -> Creation:
        """An object as policies see it, with the defaults of its definition."""
        api_version, kind, metadata = str(value["apiVersion"]), str(value["kind"]), value["metadata"]
        group, _, version = api_version.rpartition("/")
        resource = self.resource(api_version, kind)
        namespace = str(metadata.get("namespace") or DEFAULT_NAMESPACE) if resource.namespaced else ""
        seen = schema.rules.defaulted(value) if schema and schema.rules else value
        labels = metadata.get("labels") or {}
        return Creation(group, version, kind, resource, str(metadata["name"]), namespace, labels, seen)

    def seen(self, look: Look) -> bytes:
        """What a policy's look at `around` finds."""
        return self.admission.seen(look, self.around, self.resource)

    def _unknown(self, api_version: str, kind: str) -> Refusal:
        group = group_of(api_version)
        named = {known for known_group, known in self.shipped.keys | self.crds.keys if known_group == group}
        named |= {known for version, known in self.kubernetes.kinds if version == api_version}
        guess = meant(kind, named)
        broken = {problem.where.file for problem in self.crds.problems if problem.where}
        unread = f"; these could not be read: {', '.join(sorted(broken))}" if broken else ""
        allow = f"{group}/{kind} to validation.allowKinds in fleet.yaml"
        add = f"add its CustomResourceDefinition to schemas/crds/, or {allow}"
        hint = guess if guess.startswith("did") else add + unread
        what = f"no schema for {api_version} {kind} in Kubernetes {self.kubernetes.minor} or the known CRDs"
        return Refusal(Code.OBJECT_KIND_UNKNOWN, what, hint)


def group_of(api_version: str) -> str:
    """The group of an apiVersion; empty for the core group."""
    return api_version.rpartition("/")[0]


def _removed(api_version: str, kind: str, kubernetes: Kubernetes) -> Refusal | None:
    """A refusal for a kind that other minors, or other versions of this minor, have."""
    group = group_of(api_version)
    having = [minor for minor in minors() if (api_version, kind) in served(minor)]
    others = instead(api_version, kind, kubernetes.kinds)
    # A foreign group may well have a Service or an Ingress of its own: that is a missing CRD, not a removed API.
    if not having and not (others and ("." not in group or group.endswith(".k8s.io"))):
        return None
    hint = f"use {others[0]}" if others else f"no version of {kind} is served by {kubernetes.minor}"
    what = f"Kubernetes {kubernetes.minor} does not serve {api_version} {kind}{_history(having, kubernetes.minor)}"
    return Refusal(Code.OBJECT_API_REMOVED, what, hint)


def _history(having: list[str], minor: str) -> str:
    order = minors()
    before = [one for one in having if order.index(one) < order.index(minor)]
    if before:
        return f"; {before[-1]} was the last that did"
    return f"; {having[0]} is the first that does" if having else ""

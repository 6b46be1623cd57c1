"""Asks the admission policies of the fleet about objects, as the API server would when they are created.

In: an object, and what else its cluster will have: its namespace, and parameters. Out: findings.
Never: asks about changes or deletions, or knows who asks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.types import Severity
from renderer.validate.admission_files import PolicyFiles
from renderer.validate.admission_match import NAME_LABEL, Creation, Resource, selects
from renderer.validate.cel_rules import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from renderer.types import Problem
    from renderer.validate.admission_files import Binding
    from renderer.validate.admission_policy import Policy, Verdict
    from renderer.validate.kubernetes import Kubernetes

    Find = Callable[[str, str], Resource]

DEFAULT_NAMESPACE = "default"


class Finding(NamedTuple):
    """What a policy says about an object."""

    what: str
    hint: str
    severity: Severity
    policy: str


class Look(NamedTuple):
    """That a policy, by its number, looks at what surrounds objects of a namespace."""

    number: int
    namespace: str


class _Bound(NamedTuple):
    """A policy with one of its bindings."""

    policy: Policy
    binding: Binding

    @property
    def looks_around(self) -> bool:
        by_namespace = self.policy.match.by_namespace or self.binding.match.by_namespace
        return bool(self.policy.param_kind or self.policy.reads["namespaceObject"] or by_namespace)

    def could(self, creation: Creation) -> bool:
        return self.policy.match.could(creation) and self.binding.match.could(creation)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Objects of a site that policies look at beside the one that is created: namespaces by name, and parameters.

    `seen` is what looks have found, for many files ask the same.
    """

    namespaces: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    params: tuple[Mapping[str, Any], ...] = ()
    seen: dict[Look, bytes] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, objects: Iterable[Mapping[str, Any]]) -> Surroundings:
        """From objects that have a name; those that are neither namespace nor parameter do no harm."""
        every = tuple(objects)
        found = {
            one["metadata"]["name"]: one for one in every if (one["apiVersion"], one["kind"]) == ("v1", "Namespace")
        }
        return cls(found, every)

    def namespace(self, name: str) -> dict[str, Any] | None:
        """The namespace as CEL sees it, with the label that every namespace has; None for an object outside any."""
        if not name:
            return None
        metadata = self.namespaces.get(name, {}).get("metadata") or {}
        labels = {**(metadata.get("labels") or {}), NAME_LABEL: name}
        return {"metadata": {"name": name, "labels": labels, "annotations": metadata.get("annotations") or {}}}


class Admission:
    """All policies of a fleet. Without any, it costs nothing."""

    def __init__(self, files: Iterable[tuple[str, bytes]] = (), kubernetes: Kubernetes | None = None) -> None:
        self._files = PolicyFiles.of(files, kubernetes) if kubernetes else PolicyFiles()
        pairs = sorted(self._files.bound(), key=lambda pair: (pair[0].name, pair[1].name))
        self._bound = [_Bound(*pair) for pair in pairs]

    def __bool__(self) -> bool:
        return bool(self._bound)

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with the policies themselves."""
        return self._files.problems

    def looks(self, creation: Creation) -> Iterator[Look]:
        """What beside the object decides about it: the policies that look around, and where from."""
        for number, bound in enumerate(self._bound):
            if bound.looks_around and bound.could(creation):
                yield Look(number, creation.namespace)

    @cached_property
    def surrounding(self) -> re.Pattern[bytes] | None:
        """What a file mentions that holds a namespace or a parameter; None when no policy looks around."""
        if not any(bound.looks_around for bound in self._bound):
            return None
        kinds = {bound.policy.param_kind[1] for bound in self._bound if bound.policy.param_kind} | {"Namespace"}
        names = "|".join(map(re.escape, sorted(kinds)))
        return re.compile(rf"""kind["']?\s*:\s*["']?(?:{names})\b""".encode())

    def seen(self, look: Look, around: Surroundings, find: Find) -> bytes:
        """What a look finds, as bytes that tell cases apart."""
        known = around.seen.get(look)
        if known is None:
            bound, namespace = self._bound[look.number], around.namespace(look.namespace)
            reads = bound.policy.reads
            found: list[Any] = [bound.policy.match.chooses(namespace), bound.binding.match.chooses(namespace)]
            found += [reads["namespaceObject"].pruned(namespace)]
            found += map(reads["params"].pruned, self._params(look.namespace, bound, around, find))
            known = around.seen[look] = json.dumps(found, sort_keys=True).encode()
        return known

    def findings(self, creation: Creation, around: Surroundings, find: Find) -> Iterator[Finding]:
        """What the policies say about creating the object."""
        asking = [bound for bound in self._bound if bound.could(creation)]
        if not asking:
            return
        namespace, request = around.namespace(creation.namespace), _request(creation)
        for policy, binding in asking:
            if not (policy.match.suits(creation, namespace) and binding.match.suits(creation, namespace)):
                continue
            seen = policy.reads["namespaceObject"].pruned(namespace)
            given = {"object": creation.value, "request": request, "namespaceObject": seen}
            params = self._params(creation.namespace, _Bound(policy, binding), around, find)
            if policy.param_kind and binding.param_ref and not params:
                yield from _without_params(policy, binding)
                continue
            for param in params or (None,):
                cut = policy.reads["params"].pruned(param)
                yield from (_finding(policy, binding, one) for one in policy.verdicts({**given, "params": cut}))

    def _params(self, namespace: str, bound: _Bound, around: Surroundings, find: Find) -> list[Mapping[str, Any]]:
        """The parameters that a binding means: the site's own objects go before those of schemas/policies."""
        kind, ref = bound.policy.param_kind, bound.binding.param_ref
        if kind is None or ref is None:
            return []
        place = (ref.get("namespace") or namespace or None) if find(*kind).namespaced else None
        found: dict[str, Mapping[str, Any]] = {}
        for one in (*around.params, *self._files.params):
            metadata = one["metadata"]
            here = place is None or metadata.get("namespace", DEFAULT_NAMESPACE) == place
            if here and (one.get("apiVersion"), one.get("kind")) == kind and _refers(ref, metadata):
                found.setdefault(str(metadata["name"]), one)
        return [found[name] for name in sorted(found)]


def _refers(ref: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    if ref.get("name"):
        return bool(metadata["name"] == ref["name"])
    return selects(ref.get("selector") or {}, metadata.get("labels") or {})


def _request(creation: Creation) -> dict[str, Any]:
    kind = {"group": creation.group, "version": creation.version, "kind": creation.kind}
    resource = {"group": creation.group, "version": creation.version, "resource": creation.resource.plural}
    return {
        "operation": "CREATE",
        "name": creation.name,
        "namespace": creation.name if creation.is_namespace else creation.namespace,
        "kind": kind,
        "requestKind": kind,
        "resource": resource,
        "requestResource": resource,
        "subResource": "",
        "requestSubResource": "",
        "dryRun": False,
    }


def _finding(policy: Policy, binding: Binding, verdict: Verdict) -> Finding:
    hint = f"policy {policy.name}"
    if verdict.expression:
        hint += f": {excerpt(verdict.expression)}"
    tame = not binding.denies or verdict.limited or (verdict.failed and policy.ignores_failure)
    severity = Severity.WARNING if tame else Severity.ERROR
    return Finding(f"{verdict.what} (policy {policy.name})", hint, severity, policy.name)


def _without_params(policy: Policy, binding: Binding) -> Iterator[Finding]:
    ref = binding.param_ref or {}
    if ref.get("parameterNotFoundAction") == "Allow":
        return
    kind = policy.param_kind[1] if policy.param_kind else "parameter"
    named = f"{kind} {ref['name']}" if ref.get("name") else f"{kind} that its selector selects"
    what = f"the binding {binding.name} of policy {policy.name} needs the {named}, which is not there"
    hint = "render it for the site, or add it to schemas/policies"
    tame = not binding.denies or policy.ignores_failure
    yield Finding(what, hint, Severity.WARNING if tame else Severity.ERROR, policy.name)

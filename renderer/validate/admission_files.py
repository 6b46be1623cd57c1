"""The files of schemas/policies: policies, bindings, and the objects that they take as parameters.

In: file names and contents. Out: what they hold, and everything that is wrong with them.
Never: uses a policy or binding that Kubernetes' own schema refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.strict_yaml import RENDERED_LIMITS, YamlError, load_all
from renderer.types import Document, KeyPath, Problem, Severity
from renderer.validate.admission_match import Match
from renderer.validate.policies_files import is_own
from renderer.validate.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import Origin
    from renderer.validate.admission_policy import Policy
    from renderer.validate.kubernetes import Kubernetes

GROUP = "admissionregistration.k8s.io"
POLICY, _BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
_API = f"{GROUP}/v1"


@dataclass(frozen=True, slots=True)
class Binding:
    """Where a policy counts, with which parameters, and whether it denies or only warns."""

    name: str
    policy: str
    match: Match
    param_ref: Mapping[str, Any] | None
    denies: bool
    where: Origin


@dataclass(frozen=True, slots=True)
class Placed:
    """A policy and where it was written."""

    policy: Policy
    where: Origin


@dataclass(slots=True)
class PolicyFiles:
    """What schemas/policies holds, read at once. `problems` are those of the files, `params` all other objects."""

    policies: dict[str, Placed] = field(default_factory=dict)
    bindings: list[Binding] = field(default_factory=list)
    params: list[Mapping[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def of(cls, files: Iterable[tuple[str, bytes]], kubernetes: Kubernetes) -> PolicyFiles:
        """Read `files`, and check policies and bindings against `kubernetes`."""
        found = cls()
        for file, content in files:
            try:
                documents = load_all(content, file, limits=RENDERED_LIMITS)
            except YamlError as error:
                found.problems += [replace(one, code=Code.POLICY_INVALID) for one in error.problems]
                continue
            for document in documents:
                if not is_own(document.value):
                    found._take(document, kubernetes)
        found._tell_unbound()
        return found

    def _take(self, document: Document, kubernetes: Kubernetes) -> None:
        value = document.value
        metadata = value.get("metadata") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
            self._tell(document, (), "expected an object with apiVersion, kind and metadata.name")
            return
        kind, group = value.get("kind"), str(value.get("apiVersion")).rpartition("/")[0]
        if group != GROUP:
            self.params.append(value)
        elif kind in (POLICY, _BINDING) and value["apiVersion"] == _API:
            if not self._breaks_schema(document, value, kubernetes):
                take = self._take_policy if kind == POLICY else self._take_binding
                take(document, value)
        else:
            got = f"{value['apiVersion']} {kind}"
            self._tell(document, ("kind",), f"expected {_API} {POLICY} or {_BINDING}, got {got}")

    def _breaks_schema(self, document: Document, value: dict[str, Any], kubernetes: Kubernetes) -> bool:
        schema = kubernetes.find(_API, str(value["kind"]))
        found = schema.violations(value) if schema else []
        for one in found:
            self._tell(document, one.path, f"{dotted(one.path)}: {one.what}", one.hint)
        return bool(found)

    def _take_policy(self, document: Document, value: Mapping[str, Any]) -> None:
        from renderer.validate.admission_policy import Policy

        policy = Policy(value)
        if policy.name in self.policies:
            self._tell(document, ("metadata", "name"), f"the policy {policy.name} stands twice")
        for path, why, unknowable in policy.faults:
            severity = Severity.WARNING if unknowable else Severity.ERROR
            self._tell(document, path, f"policy {policy.name}: {dotted(path)} {why}", severity=severity)
        self.policies[policy.name] = Placed(policy, document.origin(("metadata", "name")))

    def _take_binding(self, document: Document, value: Mapping[str, Any]) -> None:
        spec = value["spec"]
        where = document.origin(("metadata", "name"))
        match = Match(spec.get("matchResources") or {})
        denies = "Deny" in (spec.get("validationActions") or ())
        binding = Binding(value["metadata"]["name"], spec["policyName"], match, spec.get("paramRef"), denies, where)
        self.bindings.append(binding)

    def _tell_unbound(self) -> None:
        bound = {one.policy for one in self.bindings}
        for name, placed in self.policies.items():
            if name not in bound:
                what, hint = f"no binding names the policy {name}, so it does nothing", f"add a {_BINDING}"
                self.problems.append(Problem(Code.POLICY_INVALID, what, placed.where, hint, severity=Severity.WARNING))
        for one in self.bindings:
            if one.policy not in self.policies:
                what = f"the binding {one.name} names the policy {one.policy}, which is not there"
                hint = "correct policyName, or add the policy"
                self.problems.append(Problem(Code.POLICY_INVALID, what, one.where, hint))

    def _tell(
        self, document: Document, path: KeyPath, what: str, hint: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        where = document.origin(path)
        self.problems.append(Problem(Code.POLICY_INVALID, what, where, hint or "correct the file", severity=severity))

    def bound(self) -> Iterator[tuple[Policy, Binding]]:
        """Every policy with each of its bindings."""
        for binding in self.bindings:
            if binding.policy in self.policies:
                yield self.policies[binding.policy].policy, binding

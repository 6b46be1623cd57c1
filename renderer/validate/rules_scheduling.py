"""Rules about where pods may run: tolerations, affinity, topology spread, taints of nodes.

In: pods and pod templates; Nodes. Out: rules.
Never: knows the nodes of a cluster. Source: kubernetes pkg/apis/core/validation ValidateTolerations, validateAffinity,
validateTopologySpreadConstraints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_dns_label, is_label_key, is_label_value
from renderer.validate.rules import Rule, mapping, one_of, value, within
from renderer.validate.rules_pods import PODS
from renderer.validate.rules_selectors import node_selector_breaches, selector_breaches, uncounted
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NODE = "spec.affinity.nodeAffinity"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_TERMS = f"spec.affinity.podAffinity|podAntiAffinity.{_REQUIRED}[]"
_WEIGHTED = f"spec.affinity.podAffinity|podAntiAffinity.{_PREFERRED}[]"
_SPREAD = "spec.topologySpreadConstraints[]"
_WEIGHT = (1, 100)
_NODES = {("", "Node"): ""}


def _toleration(got: Any) -> Iterator[Breach]:
    key, operator, text = got.get("key") or "", got.get("operator") or "Equal", got.get("value") or ""
    if key and not is_label_key(key):
        yield ("key",), f"expected a label key, got {shown(key)}"
    if not key and operator != "Exists":
        yield (), "a toleration without key needs operator Exists"
    if operator == "Exists" and text:
        yield ("value",), f"expected no value with operator Exists, got {shown(text)}"
    if operator == "Equal" and not is_label_value(text):
        yield ("value",), f"expected a label value, got {shown(text)}"
    if got.get("tolerationSeconds") is not None and got.get("effect") != "NoExecute":
        yield ("effect",), "expected NoExecute with tolerationSeconds"


def _node_terms(got: Any) -> Iterator[Breach]:
    if not got.get("nodeSelectorTerms"):
        yield ("nodeSelectorTerms",), "expected at least one term, got none"


def _topology_key(got: Any) -> Iterator[Breach]:
    key = got.get("topologyKey") or ""
    if not is_label_key(key):
        yield ("topologyKey",), f"expected a label key such as kubernetes.io/hostname, got {shown(key)}"


def _spread(got: Any) -> Iterator[Breach]:
    if isinstance(got.get("maxSkew"), int) and got["maxSkew"] < 1:
        yield ("maxSkew",), f"expected at least 1, got {got['maxSkew']}"
    domains = got.get("minDomains")
    if isinstance(domains, int) and domains < 1:
        yield ("minDomains",), f"expected at least 1, got {domains}"
    if domains is not None and got.get("whenUnsatisfiable") != "DoNotSchedule":
        yield ("minDomains",), "can only be set with whenUnsatisfiable DoNotSchedule"
    if got.get("matchLabelKeys") and not mapping(got, "labelSelector"):
        yield ("matchLabelKeys",), "expected a labelSelector with it"


RULES = (
    Rule("toleration", PODS, "spec.tolerations[]", "key, operator and value that fit together", _toleration,
         "ValidateTolerations"),
    one_of("toleration-operator", PODS, "spec.tolerations[].operator", ("Exists", "Equal", "Lt", "Gt"),
           "ValidateTolerations"),
    one_of("toleration-effect", PODS, "spec.tolerations[].effect", _EFFECTS, "validateTaintEffect"),
    one_of("taint-effect", _NODES, "spec.taints[].effect", _EFFECTS, "validateNodeTaints", empty=False),
    value("taint-key", _NODES, "spec.taints[].key", is_label_key, "a label key", "validateNodeTaints"),
    Rule("node-affinity-terms", PODS, f"{_NODE}.{_REQUIRED}", "at least one term", _node_terms, "ValidateNodeSelector"),
    Rule("node-affinity-expression", PODS, f"{_NODE}.{_REQUIRED}.nodeSelectorTerms[]",
         "known operators with the values that they need", node_selector_breaches, "ValidateNodeSelectorRequirement"),
    Rule("node-affinity-preference", PODS, f"{_NODE}.{_PREFERRED}[].preference",
         "known operators with the values that they need", node_selector_breaches,
         "ValidatePreferredSchedulingTerms"),
    *(Rule("node-affinity-number", PODS, term, "an integer with Gt and Lt", uncounted, "scheduler: no node matches",
           severity=Severity.WARNING)
      for term in (f"{_NODE}.{_REQUIRED}.nodeSelectorTerms[]", f"{_NODE}.{_PREFERRED}[].preference")),
    within("affinity-weight", PODS,
           f"spec.affinity.nodeAffinity|podAffinity|podAntiAffinity.{_PREFERRED}[].weight", _WEIGHT,
           "ValidatePreferredSchedulingTerms, validateWeightedPodAffinityTerms"),
    Rule("pod-affinity-key", PODS, _TERMS, "a label key as topologyKey", _topology_key, "validatePodAffinityTerm"),
    Rule("pod-affinity-weighted-key", PODS, f"{_WEIGHTED}.podAffinityTerm", "a label key as topologyKey", _topology_key,
         "validatePodAffinityTerm"),
    Rule("pod-affinity-selector", PODS, f"{_TERMS}.labelSelector|namespaceSelector",
         "known operators with the values that they need", selector_breaches, "ValidateLabelSelector"),
    Rule("pod-affinity-weighted-selector", PODS, f"{_WEIGHTED}.podAffinityTerm.labelSelector|namespaceSelector",
         "known operators with the values that they need", selector_breaches, "ValidateLabelSelector"),
    value("pod-affinity-namespace", PODS, f"{_TERMS}.namespaces[]", is_dns_label, "the name of a namespace",
          "validatePodAffinityTerm"),
    Rule("spread", PODS, _SPREAD, "maxSkew and minDomains above 0, minDomains with DoNotSchedule", _spread,
         "validateTopologySpreadConstraints"),
    value("spread-key", PODS, f"{_SPREAD}.topologyKey", bool, "the key of a label, such as kubernetes.io/hostname",
          "ValidateTopologyKey"),
    value("spread-key-form", PODS, f"{_SPREAD}.topologyKey", lambda got: not got or is_label_key(got),
          "a label key such as kubernetes.io/hostname", "scheduler: no node has such a label",
          severity=Severity.WARNING),
    one_of("spread-when-unsatisfiable", PODS, f"{_SPREAD}.whenUnsatisfiable", ("DoNotSchedule", "ScheduleAnyway"),
           "ValidateWhenUnsatisfiable", empty=False),
    one_of("spread-policy", PODS, f"{_SPREAD}.nodeAffinityPolicy|nodeTaintsPolicy", ("Honor", "Ignore"),
           "validateNodeInclusionPolicy", empty=False),
    Rule("spread-selector", PODS, f"{_SPREAD}.labelSelector", "known operators with the values that they need",
         selector_breaches, "ValidateLabelSelector"),
)  # fmt: skip
"""Scheduling."""

"""Rules about workloads: selectors, update strategies, counts, autoscalers, disruption budgets.

In: Deployments, StatefulSets, DaemonSets, ReplicaSets, HorizontalPodAutoscalers, PodDisruptionBudgets. Out: rules.
Never: looks for the pods that another object selects; references.py does.
Source: kubernetes pkg/apis/apps/validation, pkg/apis/autoscaling/validation, pkg/apis/policy/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_dns_label
from renderer.validate.rules import Rule, at_least, given, mapping, one_of, records, value, within
from renderer.validate.rules_grammar import is_amount, is_at_most_all, is_none
from renderer.validate.rules_quantity import is_positive
from renderer.validate.rules_selectors import is_empty, matches, selector_breaches
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_DEPLOYMENT = {("apps", "Deployment"): "spec"}
_STATEFUL = {("apps", "StatefulSet"): "spec"}
_DAEMON = {("apps", "DaemonSet"): "spec"}
_APPS = {**_DEPLOYMENT, **_STATEFUL, **_DAEMON, ("apps", "ReplicaSet"): "spec"}
_COUNTED = {**_APPS, ("", "ReplicationController"): "spec"}
_BUDGET = {("policy", "PodDisruptionBudget"): "spec"}
_SCALER = {("autoscaling", "HorizontalPodAutoscaler"): "spec"}
_COUNTS = "replicas|minReadySeconds|revisionHistoryLimit|progressDeadlineSeconds"
_DEFAULT_DEADLINE = 600
_METRICS = {
    "Object": "object",
    "Pods": "pods",
    "Resource": "resource",
    "External": "external",
    "ContainerResource": "containerResource",
}
_TARGETS_OF = {
    "resource": ("averageUtilization", "averageValue"),
    "containerResource": ("averageUtilization", "averageValue"),
    "pods": ("averageValue",),
    "object": ("value", "averageValue"),
    "external": ("value", "averageValue"),
}
_TARGETS = {"Utilization": "averageUtilization", "Value": "value", "AverageValue": "averageValue"}


def _selector(got: Any) -> Iterator[Breach]:
    labels = mapping(got, "template", "metadata", "labels")
    if is_empty(got.get("selector")):
        yield ("selector",), "expected a selector that is not empty"
    elif not matches(got["selector"], labels):
        yield ("selector",), "does not match the labels of the template"


def _plain_selector(got: Any) -> Iterator[Breach]:
    labels = mapping(got, "template", "metadata", "labels")
    if any(labels.get(key) != text for key, text in mapping(got, "selector").items()):
        yield ("selector",), "does not match the labels of the template"


def _rolling(got: Any) -> Iterator[Breach]:
    strategy, rolling = mapping(got, "strategy"), mapping(got, "strategy", "rollingUpdate")
    if strategy.get("type") == "Recreate" and strategy.get("rollingUpdate") is not None:
        yield ("strategy", "rollingUpdate"), "cannot be set with type Recreate"
    elif is_none(rolling.get("maxSurge", 1)) and is_none(rolling.get("maxUnavailable", 1)):
        yield ("strategy", "rollingUpdate"), "maxSurge and maxUnavailable cannot both be 0"


def _deadline(got: Any) -> Iterator[Breach]:
    deadline, ready = got.get("progressDeadlineSeconds"), got.get("minReadySeconds") or 0
    deadline = _DEFAULT_DEADLINE if deadline is None else deadline
    if deadline <= ready:
        place = "progressDeadlineSeconds" if got.get("progressDeadlineSeconds") is not None else "minReadySeconds"
        yield (place,), f"progressDeadlineSeconds, {deadline}, must be more than minReadySeconds, {ready}"


def _daemon_rolling(got: Any) -> Iterator[Breach]:
    rolling = mapping(got, "updateStrategy", "rollingUpdate")
    surge, unavailable = is_none(rolling.get("maxSurge", 0)), is_none(rolling.get("maxUnavailable", 1))
    if mapping(got, "updateStrategy").get("type") in (None, "", "RollingUpdate") and surge == unavailable:
        what = "both are 0" if surge else "both are more than 0 (maxUnavailable is 1 by default)"
        yield ("updateStrategy", "rollingUpdate"), f"expected either maxSurge or maxUnavailable: {what}"


def _on_delete(got: Any) -> Iterator[Breach]:
    if got.get("type") == "OnDelete" and got.get("rollingUpdate") is not None:
        yield ("rollingUpdate",), "cannot be set with type OnDelete"


def _budget(got: Any) -> Iterator[Breach]:
    found = given(got, ("minAvailable", "maxUnavailable"))
    if len(found) != 1:
        yield (), f"expected exactly one of minAvailable and maxUnavailable, got {' and '.join(found) or 'none'}"


def _bounds(got: Any) -> Iterator[Breach]:
    least, most = got.get("minReplicas"), got.get("maxReplicas")
    if isinstance(least, int) and least < 0:
        yield ("minReplicas",), f"expected at least 0, got {least}"
    if isinstance(most, int) and most < 1:
        yield ("maxReplicas",), f"expected at least 1, got {most}"
    elif isinstance(most, int) and isinstance(least, int) and most < least:
        yield ("maxReplicas",), f"expected at least minReplicas, {least}, got {most}"
    scaled = {one.get("type") for _, one in records(got, "metrics")} & {"Object", "External"}
    if least == 0 and not scaled:
        yield ("minReplicas",), "0 needs a metric of type Object or External"


def _scaled(got: Any) -> Iterator[Breach]:
    for key in ("kind", "name"):
        if not got.get(key):
            yield (key,), "is missing or empty"


def _metric(got: Any) -> Iterator[Breach]:
    """The source must be the one that the type names; HPAs before v2 have no metrics."""
    kind = str(got.get("type"))
    found = given(got, _METRICS.values())
    if kind in _METRICS and found != [_METRICS[kind]]:
        yield (), f"expected {_METRICS[kind]} with type {kind}, got {', '.join(found) or 'none'}"
    for field in found:
        target = mapping(got, field, "target")
        if str(target.get("type")) not in _TARGETS:
            yield (field, "target", "type"), f"expected one of {', '.join(_TARGETS)}, got {shown(target.get('type'))}"
        wanted = _TARGETS_OF[field]
        if not given(target, wanted):
            yield (field, "target"), f"expected {' or '.join(wanted)}, got neither"
        for one in given(target, _TARGETS.values()):
            if not is_positive(target[one]):
                yield (field, "target", one), f"expected more than 0, got {target[one]}"


def _target_type(got: Any) -> Iterator[Breach]:
    for field in given(got, _METRICS.values()):
        target = mapping(got, field, "target")
        needed = _TARGETS.get(str(target.get("type")))
        if needed is not None and target.get(needed) is None and given(target, _TARGETS_OF[field]):
            yield (field, "target", "type"), f"is {target['type']}, but {needed} is not given"


_SCALING = "behavior.scaleUp|scaleDown"
RULES = (
    Rule("workload-selector", _APPS, "", "a selector that is not empty and matches the template's labels", _selector,
         "ValidateDeploymentSpec, ValidatePodTemplateSpecForReplicaSet", "copy the selector's labels to the template"),
    Rule("controller-selector", {("", "ReplicationController"): "spec"}, "",
         "a selector that matches the template's labels", _plain_selector, "ValidatePodTemplateSpecForRC"),
    Rule("selector-form", {**_APPS, **_BUDGET, ("batch", "Job"): "spec"}, "selector",
         "label keys and values, known operators with the values that they need", selector_breaches,
         "ValidateLabelSelector"),
    at_least("workload-count", _COUNTED, _COUNTS, 0, "ValidateNonnegativeField"),
    one_of("deployment-strategy", _DEPLOYMENT, "strategy.type", ("RollingUpdate", "Recreate"),
           "ValidateDeploymentStrategy"),
    Rule("deployment-rolling-update", _DEPLOYMENT, "", "a strategy that can make progress", _rolling,
         "ValidateRollingUpdateDeployment"),
    value("deployment-surge", {**_DEPLOYMENT, **_DAEMON},
          "strategy|updateStrategy.rollingUpdate.maxSurge|maxUnavailable", is_amount, "a number or a percentage",
          "ValidatePositiveIntOrPercent"),
    value("deployment-unavailable", {**_DEPLOYMENT, **_DAEMON},
          "strategy|updateStrategy.rollingUpdate.maxUnavailable", is_at_most_all, "at most 100%",
          "IsNotMoreThan100Percent"),
    Rule("deployment-deadline", _DEPLOYMENT, "", "a progress deadline above minReadySeconds", _deadline,
         "ValidateDeploymentSpec"),
    one_of("update-strategy", {**_STATEFUL, **_DAEMON}, "updateStrategy.type", ("RollingUpdate", "OnDelete"),
           "ValidateDaemonSetUpdateStrategy"),
    Rule("daemonset-rolling-update", _DAEMON, "", "either maxSurge or maxUnavailable above 0", _daemon_rolling,
         "ValidateRollingUpdateDaemonSet"),
    Rule("statefulset-on-delete", _STATEFUL, "updateStrategy", "no rollingUpdate with type OnDelete", _on_delete,
         "ValidateStatefulSetSpec"),
    one_of("statefulset-pod-management", _STATEFUL, "podManagementPolicy", ("OrderedReady", "Parallel"),
           "ValidateStatefulSetSpec"),
    at_least("statefulset-partition", _STATEFUL, "updateStrategy.rollingUpdate.partition", 0,
             "ValidateStatefulSetSpec"),
    at_least("statefulset-ordinal", _STATEFUL, "ordinals.start", 0, "ValidateStatefulSetSpec"),
    one_of("statefulset-claim-retention", _STATEFUL, "persistentVolumeClaimRetentionPolicy.whenDeleted|whenScaled",
           ("Retain", "Delete"), "ValidatePersistentVolumeClaimRetentionPolicy"),
    value("statefulset-service-name", _STATEFUL, "serviceName", lambda got: not got or is_dns_label(got),
          "the name of a Service", "pod subdomain: ValidatePodSpec"),
    Rule("budget", _BUDGET, "", "exactly one of minAvailable and maxUnavailable", _budget,
         "ValidatePodDisruptionBudgetSpec"),
    value("budget-amount", _BUDGET, "minAvailable|maxUnavailable",
          lambda got: is_amount(got) and is_at_most_all(got), "a number or a percentage of at most 100%",
          "ValidatePodDisruptionBudgetSpec"),
    one_of("budget-eviction-policy", _BUDGET, "unhealthyPodEvictionPolicy", ("IfHealthyBudget", "AlwaysAllow"),
           "ValidatePodDisruptionBudgetSpec", empty=False),
    Rule("scaler-bounds", _SCALER, "", "minReplicas not above maxReplicas, maxReplicas at least 1", _bounds,
         "validateHorizontalPodAutoscalerSpec"),
    Rule("scaler-target", _SCALER, "scaleTargetRef", "kind and name", _scaled, "ValidateCrossVersionObjectReference"),
    one_of("scaler-metric-type", _SCALER, "metrics[].type", _METRICS, "validateMetricSpec", empty=False),
    Rule("scaler-metric", _SCALER, "metrics[]", "the source that the type names, and a target above 0", _metric,
         "validateMetricTarget"),
    Rule("scaler-target-type", _SCALER, "metrics[]", "the type of the target that is given", _target_type,
         "horizontal pod autoscaler: the type is passed over", severity=Severity.WARNING),
    within("scaler-window", _SCALER, f"{_SCALING}.stabilizationWindowSeconds", (0, 3600), "validateScalingRules"),
    one_of("scaler-select", _SCALER, f"{_SCALING}.selectPolicy", ("Max", "Min", "Disabled"), "validateScalingRules",
           empty=False),
    one_of("scaler-policy", _SCALER, f"{_SCALING}.policies[].type", ("Pods", "Percent"), "validateScalingPolicy",
           empty=False),
    at_least("scaler-policy-value", _SCALER, f"{_SCALING}.policies[].value", 1, "validateScalingPolicy"),
    within("scaler-policy-period", _SCALER, f"{_SCALING}.policies[].periodSeconds", (1, 1800),
           "validateScalingPolicy"),
)  # fmt: skip
"""Workloads and what scales and protects them."""

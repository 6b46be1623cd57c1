"""Rules about ConfigMaps, Secrets, quotas, limits, priorities and namespaces.

In: those objects. Out: rules.
Never: shows a value of a Secret. Source: kubernetes pkg/apis/core/validation ValidateConfigMap, ValidateSecret,
ValidateResourceQuotaSpec, ValidateLimitRange; pkg/apis/scheduling/validation; pod-security-admission.
"""

from __future__ import annotations

import re
from itertools import filterfalse
from typing import TYPE_CHECKING, Any

from renderer.validate.names import is_dns_label, is_label_key
from renderer.validate.rules import Rule, given, mapping, one_of, value
from renderer.validate.rules_grammar import is_config_key
from renderer.validate.rules_quantity import above, is_not_negative, quantity
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_CONFIG, _SECRET = {("", "ConfigMap"): ""}, {("", "Secret"): ""}
_QUOTA, _LIMITS = {("", "ResourceQuota"): "spec"}, {("", "LimitRange"): "spec"}
_PRIORITY, _NAMESPACE = {("scheduling.k8s.io", "PriorityClass"): ""}, {("", "Namespace"): ""}
_RUNTIME = {("node.k8s.io", "RuntimeClass"): ""}
_MOST_BYTES = 1024 * 1024
_SECRET_KEYS = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_SCOPES = ("Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass",
           "CrossNamespacePodAffinity", "VolumeAttributesClass")  # fmt: skip
_QUOTA_NAMES = frozenset((
    "cpu", "memory", "ephemeral-storage", "pods", "services", "replicationcontrollers", "resourcequotas", "secrets",
    "configmaps", "persistentvolumeclaims", "services.nodeports", "services.loadbalancers",
    "requests.cpu", "requests.memory", "requests.storage", "requests.ephemeral-storage",
    "limits.cpu", "limits.memory", "limits.ephemeral-storage",
))  # fmt: skip
_HUGE = ("hugepages-", "requests.hugepages-", "limits.hugepages-")
_SYSTEM = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
# Bytes of a character in UTF-8.
_WIDEST = 4
_HIGHEST_PRIORITY = 1_000_000_000
_POD_SECURITY = "pod-security.kubernetes.io/"
_LEVELS = ("privileged", "baseline", "restricted")
_LEVEL_VERSION = re.compile(r"latest|v1\.(0|[1-9][0-9]*)")


def _keys(got: Any) -> Iterator[Breach]:
    for field in ("data", "binaryData", "stringData"):
        for key in filterfalse(is_config_key, mapping(got, field)):
            yield (field, key), f"expected letters, digits, '-', '_' or '.' as key, got {shown(key)}"
    for key in mapping(got, "binaryData").keys() & mapping(got, "data").keys() if "binaryData" in got else ():
        yield ("binaryData", key), f"{shown(key)} stands in data too"


def _size(got: Any) -> Iterator[Breach]:
    if "binaryData" not in got and _WIDEST * sum(map(len, map(str, mapping(got, "data").values()))) <= _MOST_BYTES:
        return
    size = sum(len(str(text).encode()) for text in mapping(got, "data").values())
    size += sum(len(str(text)) * 3 // 4 for text in mapping(got, "binaryData").values())
    if size > _MOST_BYTES:
        yield (), f"expected at most {_MOST_BYTES} bytes of data, got {size}"


def _secret_type(got: Any) -> Iterator[Breach]:
    kind, keys = got.get("type") or "Opaque", mapping(got, "data").keys() | mapping(got, "stringData").keys()
    for key in _SECRET_KEYS.get(kind, ()):
        if key not in keys:
            yield (), f"the key {key} is missing, which type {kind} needs"
    if kind == "kubernetes.io/basic-auth" and not {"username", "password"} & keys:
        yield (), f"expected username or password with type {kind}"
    account = mapping(got, "metadata", "annotations").get("kubernetes.io/service-account.name")
    if kind == "kubernetes.io/service-account-token" and not account:
        yield ("metadata", "annotations"), f"kubernetes.io/service-account.name is missing, which type {kind} needs"


def _quota_names(got: Any) -> Iterator[Breach]:
    for name in got:
        if not (name in _QUOTA_NAMES or name.startswith((*_HUGE, "count/")) or ("/" in name and is_label_key(name))):
            yield (name,), f"expected a resource that can be counted, got {shown(name)}"


def _scopes(got: Any) -> Iterator[Breach]:
    scopes = set(got.get("scopes") or ())
    for first, second in (("Terminating", "NotTerminating"), ("BestEffort", "NotBestEffort")):
        if {first, second} <= scopes:
            yield ("scopes",), f"{first} and {second} cannot stand together"


def _limit(got: Any) -> Iterator[Breach]:
    """Each column must not exceed the next: min, defaultRequest, default, max."""
    if got.get("type") == "Pod":
        for key in given(got, ("default", "defaultRequest")):
            yield (key,), "cannot be set with type Pod"
    columns = ("min", "defaultRequest", "default", "max")
    for position, lower in enumerate(columns):
        for upper in columns[position + 1 :]:
            for path, what in above(mapping(got, lower), mapping(got, upper), f"{upper},"):
                yield (lower, *path), what
    for name, text in mapping(got, "maxLimitRequestRatio").items():
        ratio = quantity(text)
        if ratio is not None and ratio < 1:
            yield ("maxLimitRequestRatio", name), f"expected at least 1, got {text}"


def _priority(got: Any) -> Iterator[Breach]:
    name, number = str(mapping(got, "metadata").get("name")), got.get("value")
    if name.startswith("system-") and _SYSTEM.get(name) != number:
        yield ("metadata", "name"), f"names that begin with system- are Kubernetes' own, got {shown(name)}"
    elif isinstance(number, int) and number > _HIGHEST_PRIORITY and name not in _SYSTEM:
        yield ("value",), f"expected at most {_HIGHEST_PRIORITY}, got {number}"


def _pod_security(got: Any) -> Iterator[Breach]:
    for key, text in got.items():
        if not key.startswith(_POD_SECURITY):
            continue
        if key.endswith("-version"):
            if not _LEVEL_VERSION.fullmatch(str(text)):
                yield (key,), f"expected latest or a minor such as v1.35, got {shown(text)}"
        elif text not in _LEVELS:
            yield (key,), f"expected one of {', '.join(_LEVELS)}, got {shown(text)}"


RULES = (
    Rule("config-key", {**_CONFIG, **_SECRET}, "", "keys of letters, digits, '-', '_' and '.', each once", _keys,
         "ValidateConfigMap, ValidateSecret"),
    Rule("config-size", _CONFIG, "", "at most 1 MiB of data", _size, "ValidateConfigMap"),
    Rule("secret-type", _SECRET, "", "the keys that the type needs", _secret_type, "ValidateSecret"),
    Rule("quota-name", _QUOTA, "hard", "resources that can be counted", _quota_names,
         "ValidateResourceQuotaResourceName"),
    value("quota-amount", _QUOTA, "hard{}", is_not_negative, "a quantity that is not negative",
          "ValidateResourceQuantityValue"),
    one_of("quota-scope", _QUOTA, "scopes[]", _SCOPES, "validateResourceQuotaScopes", empty=False),
    Rule("quota-scopes", _QUOTA, "", "scopes that do not exclude each other", _scopes, "validateResourceQuotaScopes"),
    value("limit-type", _LIMITS, "limits[].type",
          lambda got: got in ("Pod", "Container", "PersistentVolumeClaim") or ("/" in got and is_label_key(got)),
          "Pod, Container or PersistentVolumeClaim", "validateLimitRangeTypeName"),
    Rule("limit-range", _LIMITS, "limits[]", "min, defaultRequest, default and max in rising order", _limit,
         "ValidateLimitRange"),
    Rule("priority-value", _PRIORITY, "", "a value up to 1000000000, and a name without system-", _priority,
         "ValidatePriorityClass"),
    one_of("priority-preemption", _PRIORITY, "preemptionPolicy", ("PreemptLowerPriority", "Never"),
           "ValidatePreemptionPolicy"),
    Rule("namespace-pod-security", _NAMESPACE, "metadata.labels", "known levels and versions of pod security",
         _pod_security, "PodSecurity admission ValidateNamespace"),
    value("runtimeclass-handler", _RUNTIME, "handler", is_dns_label, "a DNS-1123 label", "ValidateRuntimeClass"),
)  # fmt: skip
"""Configuration."""

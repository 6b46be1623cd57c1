"""Rules about a pod as a whole: policies, DNS, names, host settings.

In: pods, and the pod templates of workloads. Out: rules; PODS, which says where a pod's metadata and spec begin.
Never: judges a single container or volume; those have modules of their own.
Source: kubernetes pkg/apis/core/validation ValidatePodSpec, ValidatePodTemplateSpec; pkg/apis/apps/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_dns_label, is_dns_subdomain, is_label_key
from renderer.validate.rules import Rule, given, mapping, one_of, records, value, within
from renderer.validate.rules_grammar import is_ip, is_sysctl
from renderer.validate.rules_selectors import label_breaches
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach, Kinds

_ALWAYS: Kinds = {
    ("", "ReplicationController"): "spec.template",
    ("apps", "DaemonSet"): "spec.template",
    ("apps", "Deployment"): "spec.template",
    ("apps", "ReplicaSet"): "spec.template",
    ("apps", "StatefulSet"): "spec.template",
}
_TO_THE_END: Kinds = {("batch", "Job"): "spec.template", ("batch", "CronJob"): "spec.jobTemplate.spec.template"}
_PLAIN: Kinds = {("", "Pod"): "", ("", "PodTemplate"): "template"}
TEMPLATES: Kinds = {**_ALWAYS, **_TO_THE_END, ("", "PodTemplate"): "template"}
PODS: Kinds = {**_PLAIN, **_ALWAYS, **_TO_THE_END}

_MOST_NAMESERVERS, _MOST_SEARCHES, _MOST_SEARCH_CHARACTERS = 3, 32, 2048
_HOST_NAMESPACES = ("hostNetwork", "hostPID", "hostIPC")
_ID = (0, 2**31 - 1)


def _job_policy(got: Any) -> Iterator[Breach]:
    policy = got.get("restartPolicy")
    if policy not in ("OnFailure", "Never"):
        yield ("restartPolicy",), f"expected OnFailure or Never, got {shown(policy) if policy else 'nothing'}"


def _dns(got: Any) -> Iterator[Breach]:
    config = mapping(got, "dnsConfig")
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    if got.get("dnsPolicy") == "None" and not servers:
        yield ("dnsPolicy",), "expected dnsConfig.nameservers with dnsPolicy None, got none"
    if len(servers) > _MOST_NAMESERVERS:
        yield ("dnsConfig", "nameservers"), f"expected at most {_MOST_NAMESERVERS}, got {len(servers)}"
    if len(searches) > _MOST_SEARCHES or len(" ".join(map(str, searches))) > _MOST_SEARCH_CHARACTERS:
        yield ("dnsConfig", "searches"), f"expected at most {_MOST_SEARCHES} of {_MOST_SEARCH_CHARACTERS} characters"


def _is_search(got: Any) -> bool:
    return not isinstance(got, str) or got == "." or is_dns_subdomain(got.removesuffix(".").replace("_", "-"))


def _host_namespaces(got: Any) -> Iterator[Breach]:
    if got.get("shareProcessNamespace") and got.get("hostPID"):
        yield ("shareProcessNamespace",), "cannot be true together with hostPID"
    if got.get("hostUsers") is False:
        for key in given(got, _HOST_NAMESPACES):
            if got[key]:
                yield (key,), "cannot be true while hostUsers is false"


def _container_names(got: Any) -> Iterator[Breach]:
    """Names are one set over all lists; within a list the schema's list keys tell already."""
    seen = {one.get("name"): "containers" for _, one in records(got, "containers")}
    for key in ("initContainers", "ephemeralContainers"):
        for index, one in records(got, key):
            if seen.get(one.get("name"), key) != key:
                yield (key, index, "name"), f"{shown(one.get('name'))} is used in {seen[one.get('name')]} too"
            seen[one.get("name")] = key


def _host_ports(got: Any) -> Iterator[Breach]:
    seen: set[tuple[object, ...]] = set()
    for number, container in records(got, "containers"):
        for index, port in records(container, "ports"):
            host = port.get("hostPort")
            if got.get("hostNetwork") and host and host != port.get("containerPort"):
                place = ("containers", number, "ports", index, "hostPort")
                yield place, f"expected {port.get('containerPort')}, the containerPort, with hostNetwork, got {host}"
            key = (host, port.get("protocol") or "TCP", port.get("hostIP") or "")
            if host and key in seen:
                yield ("containers", number, "ports", index, "hostPort"), f"{host} is taken by another port of the pod"
            seen.add(key)


def _sysctls(got: Any) -> Iterator[Breach]:
    seen: set[str] = set()
    for index, one in records(mapping(got, "securityContext"), "sysctls"):
        name, place = str(one.get("name")), ("securityContext", "sysctls", index, "name")
        dotted = name.replace("/", ".")
        if not is_sysctl(name):
            yield place, f"expected the name of a sysctl, got {shown(name)}"
        if name in seen:
            yield place, f"{name} stands twice"
        if got.get("hostNetwork") and dotted.startswith("net."):
            yield place, f"{name} cannot be set with hostNetwork"
        if got.get("hostIPC") and dotted.startswith(("kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue.")):
            yield place, f"{name} cannot be set with hostIPC"
        seen.add(name)


_SPEC = "ValidatePodSpec"
RULES = (
    Rule("template-spec", {**TEMPLATES, ("batch", "CronJob"): "spec.jobTemplate"}, "", "a spec with containers",
         lambda got: () if got.get("spec") else (((), "spec is missing or empty"),), "ValidatePodTemplateSpec"),
    one_of("pod-restart-policy", _PLAIN, "spec.restartPolicy", ("Always", "OnFailure", "Never"),
           "validateRestartPolicy"),
    one_of("workload-restart-policy", _ALWAYS, "spec.restartPolicy", ("Always",),
           "ValidatePodTemplateSpecForReplicaSet"),
    Rule("job-restart-policy", _TO_THE_END, "spec", "OnFailure or Never, written out", _job_policy,
         "ValidateJobSpec", "the default, Always, is refused for jobs"),
    one_of("pod-dns-policy", PODS, "spec.dnsPolicy", ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
           "validateDNSPolicy"),
    Rule("pod-dns-config", PODS, "spec", "nameservers with dnsPolicy None; at most 3, and 32 searches", _dns,
         "validatePodDNSConfig"),
    value("pod-dns-nameserver", PODS, "spec.dnsConfig.nameservers[]", is_ip, "an IP address", "validatePodDNSConfig"),
    value("pod-dns-search", PODS, "spec.dnsConfig.searches[]", _is_search, "a DNS domain", "validatePodDNSConfig"),
    value("pod-host-alias-ip", PODS, "spec.hostAliases[].ip", is_ip, "an IP address", "ValidateHostAliases"),
    value("pod-host-alias-name", PODS, "spec.hostAliases[].hostnames[]", is_dns_subdomain, "a DNS-1123 subdomain",
          "ValidateHostAliases"),
    value("pod-hostname", PODS, "spec.hostname|subdomain", lambda got: not got or is_dns_label(got),
          "a DNS-1123 label: lower-case letters, digits and '-', at most 63", _SPEC),
    Rule("pod-node-selector", PODS, "spec.nodeSelector", "label keys and values", label_breaches, "ValidateLabels"),
    within("pod-active-deadline", {**_PLAIN, **_TO_THE_END}, "spec.activeDeadlineSeconds", (1, 2**31 - 1), _SPEC),
    value("workload-active-deadline", _ALWAYS, "spec.activeDeadlineSeconds", lambda _: False,
          "nothing: pods of this kind run for ever", "ValidatePodTemplateSpecForReplicaSet"),
    value("pod-termination-grace", PODS, "spec.terminationGracePeriodSeconds",
          lambda got: not isinstance(got, int) or got >= 0, "at least 0", "API server: it takes 1 instead",
          severity=Severity.WARNING),
    value("pod-service-account-name", PODS, "spec.serviceAccountName", lambda got: not got or is_dns_subdomain(got),
          "the name of a ServiceAccount", "ValidateServiceAccountName"),
    value("pod-image-pull-secret", PODS, "spec.imagePullSecrets[]", lambda got: bool(got.get("name")),
          "a name in each entry", "kubelet: an entry without name is passed over", severity=Severity.WARNING),
    value("pod-class-name", PODS, "spec.priorityClassName|runtimeClassName",
          lambda got: not got or is_dns_subdomain(got), "a DNS-1123 subdomain", "ValidateRuntimeClassName"),
    one_of("pod-preemption-policy", PODS, "spec.preemptionPolicy", ("PreemptLowerPriority", "Never"),
           "ValidatePreemptionPolicy"),
    one_of("pod-os", PODS, "spec.os.name", ("linux", "windows"), "validateOS", empty=False),
    value("pod-readiness-gate", PODS, "spec.readinessGates[].conditionType", is_label_key, "a qualified name",
          "validateReadinessGates"),
    value("template-ephemeral-containers", PODS, "spec.ephemeralContainers", lambda got: not got,
          "nothing: ephemeral containers are added to running pods", "ValidatePodTemplateSpec",
          "use a sidecar: an init container with restartPolicy Always"),
    Rule("pod-host-namespaces", PODS, "spec", "host namespaces that do not contradict each other", _host_namespaces,
         "validatePodSpecSecurityContext"),
    Rule("pod-container-names", PODS, "spec", "container names that differ, init containers included",
         _container_names, "validateInitContainers"),
    Rule("pod-host-ports", PODS, "spec", "host ports taken once; equal to containerPort with hostNetwork", _host_ports,
         "checkHostPortConflicts, validatePodHostNetworkDeps"),
    within("pod-security-ids", PODS, "spec.securityContext.runAsUser|runAsGroup|fsGroup", _ID,
           "validatePodSpecSecurityContext"),
    within("pod-supplemental-group", PODS, "spec.securityContext.supplementalGroups[]", _ID,
           "validatePodSpecSecurityContext"),
    one_of("pod-fs-group-policy", PODS, "spec.securityContext.fsGroupChangePolicy", ("OnRootMismatch", "Always"),
           "validateFSGroupChangePolicy", empty=False),
    one_of("pod-supplemental-groups-policy", PODS, "spec.securityContext.supplementalGroupsPolicy",
           ("Merge", "Strict"), "validateSupplementalGroupsPolicy", empty=False),
    Rule("pod-sysctl", PODS, "spec", "sysctls named once, none of a namespace shared with the host", _sysctls,
         "validateSysctls"),
)  # fmt: skip
"""Whole pods. Containers, probes, volumes and scheduling follow in other modules."""

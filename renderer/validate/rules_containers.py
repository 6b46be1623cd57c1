"""Rules about containers: image, ports, environment, resources, security.

In: containers and init containers of pods and pod templates. Out: rules.
Never: asks whether an image exists. Source: kubernetes pkg/apis/core/validation ValidateContainers and below.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_dns_label
from renderer.validate.rules import Rule, given, mapping, one_of, records, value, within
from renderer.validate.rules_grammar import (
    has_no_backsteps,
    is_config_key,
    is_environment_name,
    is_image,
    is_ip,
    is_port,
    is_relative_path,
    is_service_name,
)
from renderer.validate.rules_pods import PODS
from renderer.validate.rules_quantity import (
    HUGE_PAGES,
    above,
    is_container_resource,
    is_extended,
    is_not_negative,
    quantity,
)
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

EVERY = "spec.containers|initContainers[]"
_VALUE_SOURCES = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_FIELD = re.compile(
    r"metadata\.(name|namespace|uid)|spec\.(nodeName|serviceAccountName)|status\.(hostIPs?|podIPs?)"
    r"|metadata\.(labels|annotations)\['[^']+'\]"
)
_RESOURCE_FIELD = re.compile(r"(limits|requests)\.(cpu|memory|ephemeral-storage|hugepages-[0-9A-Za-z]+)")
_PROFILES = ("RuntimeDefault", "Unconfined", "Localhost")
_MILLI = 1000


def _port_names(got: Any) -> Iterator[Breach]:
    seen: set[str] = set()
    for index, port in records(got, "ports"):
        name = port.get("name")
        if name and name in seen:
            yield ("ports", index, "name"), f"{shown(name)} stands twice in this container"
        seen.add(name or "")


def _environment(got: Any) -> Iterator[Breach]:
    source = mapping(got, "valueFrom")
    found = given(source, _VALUE_SOURCES)
    if got.get("valueFrom") is not None and got.get("value"):
        yield (), "value and valueFrom stand together"
    elif got.get("valueFrom") is not None and len(found) != 1:
        yield ("valueFrom",), f"expected exactly one source, got {', '.join(found) or 'none'}"
    for key in ("configMapKeyRef", "secretKeyRef"):
        reference = mapping(source, key)
        if reference and not reference.get("name"):
            yield ("valueFrom", key), "name is missing or empty"
        if reference and not is_config_key(str(reference.get("key"))):
            yield ("valueFrom", key, "key"), f"expected letters, digits, '-', '_' or '.', got {shown(reference['key'])}"


def _environment_from(got: Any) -> Iterator[Breach]:
    found = given(got, ("configMapRef", "secretRef"))
    if len(found) != 1:
        yield (), f"expected exactly one of configMapRef and secretRef, got {', '.join(found) or 'none'}"
    elif not mapping(got, found[0]).get("name"):
        yield (found[0],), "name is missing or empty"
    prefix = got.get("prefix")
    if prefix and not is_environment_name(prefix):
        yield ("prefix",), f"expected printable characters without '=', got {shown(prefix)}"


def _mounts(got: Any) -> Iterator[Breach]:
    for index, mount in records(got, "volumeMounts"):
        for path, what in _mount(mount, privileged=bool(mapping(got, "securityContext").get("privileged"))):
            yield ("volumeMounts", index, *path), what
    devices = {one.get("devicePath") for _, one in records(got, "volumeDevices")}
    for index, mount in records(got, "volumeMounts"):
        if mount.get("mountPath") in devices:
            yield ("volumeMounts", index, "mountPath"), f"{shown(mount['mountPath'])} is a volume device too"


def _mount(mount: Any, *, privileged: bool) -> Iterator[Breach]:
    path, read_only = str(mount.get("mountPath") or ""), mount.get("recursiveReadOnly") or "Disabled"
    if not path or ":" in path:
        yield ("mountPath",), f"expected a path without ':', got {shown(path)}"
    if mount.get("subPath") and mount.get("subPathExpr"):
        yield ("subPathExpr",), "subPath and subPathExpr stand together"
    for key in ("subPath", "subPathExpr"):
        if mount.get(key) and not is_relative_path(str(mount[key])):
            yield (key,), f"expected a relative path without '..', got {shown(mount[key])}"
    if mount.get("mountPropagation") == "Bidirectional" and not privileged:
        yield ("mountPropagation",), "Bidirectional needs a privileged container"
    if read_only != "Disabled" and not (mount.get("readOnly") and mount.get("mountPropagation") in (None, "None")):
        yield ("recursiveReadOnly",), "expected readOnly: true and no mountPropagation with it"


def _names(got: Any) -> Iterator[Breach]:
    for name in got:
        if not is_container_resource(name):
            hint = "cpu, memory, ephemeral-storage, hugepages-<size> or an extended resource with its domain"
            yield (name,), f"expected {hint}, got {shown(name)}"


def _requests(got: Any) -> Iterator[Breach]:
    requests, limits = mapping(got, "requests"), mapping(got, "limits")
    for path, what in above(requests, limits, "the limit,"):
        yield ("requests", *path), what


def _exact(got: Any) -> Iterator[Breach]:
    """Resources that cannot be overcommitted: requests must equal limits."""
    requests, limits = mapping(got, "requests"), mapping(got, "limits")
    for name in requests:
        if (is_extended(name) or name.startswith(HUGE_PAGES)) and quantity(requests[name]) != quantity(
            limits.get(name)
        ):
            yield ("requests", name), "expected a limit that equals it, for this resource cannot be overcommitted"
    for name in {**requests, **limits}:
        amount = quantity(limits.get(name, requests.get(name)))
        if is_extended(name) and amount is not None and amount.denominator != 1:
            yield ("limits" if name in limits else "requests", name), "expected a whole number of this resource"
    huge = any(name.startswith(HUGE_PAGES) for name in {**requests, **limits})
    if huge and not {"cpu", "memory"} & {*requests, *limits}:
        yield (), "huge pages need cpu or memory beside them"


def _fractions(got: Any) -> Iterator[Breach]:
    for name in ("memory", "ephemeral-storage"):
        amount = quantity(got.get(name)) if name in got else None
        if amount is not None and amount.denominator != 1:
            yield (name,), f"expected whole bytes, got {got[name]}: {float(amount):g} bytes"


def _is_whole_milli(got: Any) -> bool:
    amount = quantity(got)
    return amount is None or (amount * _MILLI).denominator == 1


def _escalation(got: Any) -> Iterator[Breach]:
    if got.get("allowPrivilegeEscalation") is False:
        if got.get("privileged"):
            yield ("allowPrivilegeEscalation",), "cannot be false for a privileged container"
        if "CAP_SYS_ADMIN" in (mapping(got, "capabilities").get("add") or ()):
            yield ("allowPrivilegeEscalation",), "cannot be false together with the capability CAP_SYS_ADMIN"


def _non_root(got: Any) -> Iterator[Breach]:
    """The kubelet never starts such a container; what a container says goes before what the pod says."""
    pod = mapping(got, "securityContext")
    for key in ("containers", "initContainers"):
        for index, container in records(got, key):
            own = {name: one for name, one in mapping(container, "securityContext").items() if one is not None}
            both = {**pod, **own}
            if both.get("runAsNonRoot") and both.get("runAsUser") == 0:
                yield (key, index, "securityContext"), "runAsNonRoot is true and runAsUser is 0"


def profile(got: Any) -> Iterator[Breach]:
    """A seccomp or AppArmor profile: the path goes with Localhost and with nothing else."""
    path, kind = got.get("localhostProfile"), got.get("type")
    if kind not in _PROFILES:
        yield ("type",), f"expected one of {', '.join(_PROFILES)}, got {shown(kind)}"
    elif (kind == "Localhost") != bool(path):
        yield ("localhostProfile",), "expected a localhostProfile with type Localhost, and with no other type"
    elif path and not is_relative_path(path):
        yield ("localhostProfile",), f"expected a relative path without '..', got {shown(path)}"


def _init_restart(got: Any) -> Iterator[Breach]:
    for index, one in records(got, "initContainers"):
        if one.get("restartPolicy") != "Always":
            for key in given(one, ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")):
                yield ("initContainers", index, key), "an init container that ends cannot have it"


RULES = (
    value("container-name", PODS, f"{EVERY}.name", is_dns_label, "a DNS-1123 label", "validateContainerCommon"),
    value("container-image", PODS, f"{EVERY}.image", is_image,
          "an image reference: lower-case path, an optional tag, an optional digest, no spaces",
          "distribution/reference ParseNormalizedNamed (kubelet)"),
    value("container-image-missing", PODS, EVERY, lambda got: bool(got.get("image")), "an image in each container",
          "validateContainerCommon"),
    one_of("container-image-pull-policy", PODS, f"{EVERY}.imagePullPolicy", ("Always", "IfNotPresent", "Never"),
           "validatePullPolicy"),
    one_of("container-message-policy", PODS, f"{EVERY}.terminationMessagePolicy", ("File", "FallbackToLogsOnError"),
           "validateContainerCommon"),
    one_of("container-restart-policy", PODS, f"{EVERY}.restartPolicy", ("Always", "OnFailure", "Never"),
           "validateInitContainerRestartPolicy", empty=False),
    value("container-port", PODS, f"{EVERY}.ports[].containerPort", is_port, "a port from 1 to 65535",
          "validateContainerPorts"),
    within("container-host-port", PODS, f"{EVERY}.ports[].hostPort", (0, 65535), "validateContainerPorts"),
    value("container-host-ip", PODS, f"{EVERY}.ports[].hostIP", lambda got: not got or is_ip(got), "an IP address",
          "container runtime: the port is not mapped", severity=Severity.WARNING),
    one_of("container-port-protocol", PODS, f"{EVERY}.ports[].protocol", ("TCP", "UDP", "SCTP"),
           "validateContainerPorts"),
    value("container-port-name", PODS, f"{EVERY}.ports[].name", lambda got: not got or is_service_name(got),
          "a port name: at most 15 lower-case letters, digits and '-', one letter among them", "IsValidPortName"),
    Rule("container-port-names", PODS, EVERY, "port names that differ within a container", _port_names,
         "validateContainerPorts"),
    value("env-name", PODS, f"{EVERY}.env[].name", is_environment_name, "printable characters without '='",
          "IsRelaxedEnvVarName"),
    Rule("env-source", PODS, f"{EVERY}.env[]", "a value, or exactly one source with name and key", _environment,
         "validateEnvVarValueFrom"),
    value("env-field", PODS, f"{EVERY}.env[].valueFrom.fieldRef.fieldPath",
          lambda got: _FIELD.fullmatch(got) is not None, "a field of the downward API such as metadata.name",
          "validateObjectFieldSelector"),
    value("env-resource", PODS, f"{EVERY}.env[].valueFrom.resourceFieldRef.resource",
          lambda got: _RESOURCE_FIELD.fullmatch(got) is not None, "a resource such as limits.cpu or requests.memory",
          "validateContainerResourceFieldSelector"),
    Rule("env-from", PODS, f"{EVERY}.envFrom[]", "exactly one of configMapRef and secretRef, with a name",
         _environment_from, "ValidateEnvFrom"),
    Rule("mount", PODS, EVERY, "mount paths without ':', relative sub paths, propagation that fits", _mounts,
         "ValidateVolumeMounts"),
    one_of("mount-propagation", PODS, f"{EVERY}.volumeMounts[].mountPropagation",
           ("None", "HostToContainer", "Bidirectional"), "validateMountPropagation", empty=False),
    one_of("mount-recursive-read-only", PODS, f"{EVERY}.volumeMounts[].recursiveReadOnly",
           ("Disabled", "IfPossible", "Enabled"), "validateMountRecursiveReadOnly", empty=False),
    value("device-path", PODS, f"{EVERY}.volumeDevices[].devicePath",
          lambda got: bool(got) and has_no_backsteps(got), "a path without '..'", "ValidateVolumeDevices"),
    Rule("resource-name", PODS, f"{EVERY}.resources.limits|requests", "names of resources that a container may have",
         _names, "ValidateContainerResourceName"),
    value("resource-negative", PODS, f"{EVERY}.resources.limits|requests{{}}", is_not_negative,
          "a quantity that is not negative", "ValidateResourceQuantityValue"),
    Rule("resource-request-above-limit", PODS, f"{EVERY}.resources", "requests that do not exceed limits", _requests,
         "ValidateContainerResourceRequirements"),
    Rule("resource-exact", PODS, f"{EVERY}.resources", "whole extended resources and huge pages, as limit too",
         _exact, "ValidateContainerResourceRequirements"),
    Rule("resource-fraction", PODS, f"{EVERY}.resources.limits|requests", "whole bytes of memory", _fractions,
         "warningsForPodSpecAndMeta", "128m is 0.128 bytes: write 128Mi", Severity.WARNING),
    value("resource-cpu-precision", PODS, f"{EVERY}.resources.limits|requests.cpu", _is_whole_milli,
          "whole thousandths of a CPU", "resource.Quantity (scheduler and kubelet round up to 1m)",
          severity=Severity.WARNING),
    Rule("security-escalation", PODS, f"{EVERY}.securityContext", "no privilege while escalation is forbidden",
         _escalation, "ValidateSecurityContext"),
    Rule("security-non-root", PODS, "spec", "no user 0 while runAsNonRoot is true", _non_root,
         "verifyRunAsNonRoot (kubelet)", "give runAsUser another number, or remove runAsNonRoot"),
    within("security-ids", PODS, f"{EVERY}.securityContext.runAsUser|runAsGroup", (0, 2**31 - 1),
           "ValidateSecurityContext"),
    one_of("security-proc-mount", PODS, f"{EVERY}.securityContext.procMount", ("Default", "Unmasked"),
           "ValidateProcMountType", empty=False),
    Rule("security-profile", PODS, f"{EVERY}.securityContext.seccompProfile|appArmorProfile",
         "a known profile type, a path with Localhost only", profile, "validateSeccompProfileField"),
    Rule("pod-security-profile", PODS, "spec.securityContext.seccompProfile|appArmorProfile",
         "a known profile type, a path with Localhost only", profile, "ValidateAppArmorProfileField"),
    Rule("init-container-probes", PODS, "spec", "no probes and hooks on init containers that end", _init_restart,
         "validateInitContainers", "give it restartPolicy Always to make it a sidecar"),
)  # fmt: skip
"""Containers, one by one."""

"""APIs of Kubernetes that still answer and will not for long.

In: an apiVersion and kind, and the minor of a site. Out: what the API server would warn of, with what to use instead.
Never: says which APIs are gone; that follows from the schemas of each minor.
Source: the types' own APILifecycleDeprecated and APILifecycleRemoved; a test compares them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from renderer.validate.wording import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ADMISSION: Final = ("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding")
_VALIDATING: Final = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
_FLOW: Final = ("FlowSchema", "PriorityLevelConfiguration")
_CLAIMS: Final = ("DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice")
# (group and version, kinds, deprecated in, removed in): minors of Kubernetes 1, 0 where no end is planned.
_ENDS: Final = (
    ("admissionregistration.k8s.io/v1alpha1", _ADMISSION, 35, 38),
    ("admissionregistration.k8s.io/v1alpha1", _VALIDATING, 29, 32),
    ("admissionregistration.k8s.io/v1beta1", _ADMISSION, 37, 40),
    ("admissionregistration.k8s.io/v1beta1", _VALIDATING, 31, 34),
    ("autoscaling/v2beta2", ("HorizontalPodAutoscaler",), 23, 26),
    ("certificates.k8s.io/v1alpha1", ("ClusterTrustBundle",), 34, 37),
    ("certificates.k8s.io/v1beta1", ("ClusterTrustBundle", "PodCertificateRequest"), 37, 40),
    ("coordination.k8s.io/v1alpha2", ("LeaseCandidate",), 35, 38),
    ("coordination.k8s.io/v1beta1", ("LeaseCandidate",), 36, 39),
    ("flowcontrol.apiserver.k8s.io/v1beta1", _FLOW, 23, 26),
    ("flowcontrol.apiserver.k8s.io/v1beta2", _FLOW, 26, 29),
    ("flowcontrol.apiserver.k8s.io/v1beta3", _FLOW, 29, 32),
    ("networking.k8s.io/v1beta1", ("IPAddress", "ServiceCIDR"), 34, 37),
    ("resource.k8s.io/v1alpha3", ("DeviceTaintRule",), 36, 39),
    ("resource.k8s.io/v1alpha3", ("ResourcePoolStatusRequest",), 39, 42),
    ("resource.k8s.io/v1beta1", _CLAIMS, 35, 38),
    ("resource.k8s.io/v1beta2", _CLAIMS, 36, 39),
    ("resource.k8s.io/v1beta2", ("DeviceTaintRule",), 39, 42),
    ("scheduling.k8s.io/v1beta1", ("PodGroup", "Workload"), 40, 43),
    ("storage.k8s.io/v1alpha1", ("VolumeAttributesClass",), 32, 35),
    ("storage.k8s.io/v1beta1", ("CSIStorageCapacity",), 24, 27),
    ("storage.k8s.io/v1beta1", ("VolumeAttributesClass",), 34, 37),
    ("storagemigration.k8s.io/v1beta1", ("StorageVersionMigration",), 37, 40),
    ("v1", ("ComponentStatus",), 19, 0),
    ("v1", ("Endpoints",), 33, 0),
)
ENDS: Final[Mapping[tuple[str, str], tuple[int, int]]] = {
    (version, kind): (deprecated, removed) for version, kinds, deprecated, removed in _ENDS for kind in kinds
}
"""(apiVersion, kind) -> the minors in which it is deprecated and removed."""

_OTHER_KIND: Final = {("v1", "Endpoints"): "discovery.k8s.io/v1 EndpointSlice"}
_VERSION: Final = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_STAGES: Final = {"alpha": 0, "beta": 1, None: 2}


def deprecation(api_version: str, kind: str, minor: str, kinds: Iterable[tuple[str, str]]) -> Violation | None:
    """What `minor` warns of when an object has this apiVersion; `kinds` are all that it serves."""
    deprecated, removed = ENDS.get((api_version, kind), (0, 0))
    if not deprecated or int(minor.partition(".")[2]) < deprecated:
        return None
    end = f"; 1.{removed} does not serve it" if removed else ""
    better = [version for version in instead(api_version, kind, kinds) if _rank(version) > _rank(api_version)]
    other = _OTHER_KIND.get((api_version, kind)) or (better[0] if better else "")
    hint = f"use {other}" if other else "nothing replaces it in this minor: plan without it"
    return Violation(("apiVersion",), f"{api_version} {kind} is deprecated since Kubernetes 1.{deprecated}{end}", hint)


def instead(api_version: str, kind: str, kinds: Iterable[tuple[str, str]]) -> list[str]:
    """The versions of `kinds` that have a kind of this name, the best first: the same group, then the most stable."""
    group = api_version.rpartition("/")[0]
    found = [version for version, known in kinds if known == kind and version != api_version]
    return sorted(found, key=lambda version: (version.rpartition("/")[0] == group, _rank(version)), reverse=True)


def _rank(api_version: str) -> tuple[int, int, int]:
    """Order of versions as in Kubernetes: stable over beta over alpha, then the number."""
    match = _VERSION.fullmatch(api_version.rpartition("/")[2])
    if match is None:
        return (-1, 0, 0)
    return (_STAGES[match[2]], int(match[1]), int(match[3] or 0))

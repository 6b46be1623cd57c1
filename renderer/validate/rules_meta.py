"""Rules about the metadata of every kind.

In: any object of a kind that Kubernetes itself has. Out: rules.
Never: judges names, labels and annotations; names.py does, for custom resources too.
Source: apimachinery pkg/api/validation ValidateObjectMeta.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_label_key
from renderer.validate.rules import EVERY_KIND, Rule, given, records, value
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach, Kinds

_BY_THE_SERVER = frozenset(("resourceVersion", "uid", "managedFields", "deletionTimestamp", "selfLink", "generation"))
CLUSTER_KINDS = frozenset((
    ("", "Namespace"), ("", "Node"), ("", "PersistentVolume"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
    ("certificates.k8s.io", "CertificateSigningRequest"), ("certificates.k8s.io", "ClusterTrustBundle"),
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"), ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"),
    ("internal.apiserver.k8s.io", "StorageVersion"),
    ("networking.k8s.io", "IngressClass"), ("networking.k8s.io", "IPAddress"), ("networking.k8s.io", "ServiceCIDR"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"), ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("resource.k8s.io", "DeviceClass"), ("resource.k8s.io", "DeviceTaintRule"), ("resource.k8s.io", "ResourceSlice"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"), ("storage.k8s.io", "CSINode"), ("storage.k8s.io", "StorageClass"),
    ("storage.k8s.io", "VolumeAttachment"), ("storage.k8s.io", "VolumeAttributesClass"),
    ("storagemigration.k8s.io", "StorageVersionMigration"),
))  # fmt: skip
"""(group, kind) of Kubernetes' own kinds that stand outside any namespace."""


def _server_fields(got: Any) -> Iterator[Breach]:
    for key in () if _BY_THE_SERVER.isdisjoint(got) else given(got, sorted(_BY_THE_SERVER)):
        yield (key,), "is set by the API server and cannot be given"


def _owners(got: Any) -> Iterator[Breach]:
    owners = records({"owners": got}, "owners")
    if sum(bool(one.get("controller")) for _, one in owners) > 1:
        yield (), "expected at most one owner with controller: true"
    for index, one in owners:
        for key in ("apiVersion", "kind", "name", "uid"):
            if not one.get(key):
                yield (index,), f"{key} is missing or empty"


# Kinds whose schema asks for no spec, though an empty one is refused.
_SPEC_NEEDED: Kinds = {
    (group, kind): ""
    for group, kinds in (
        ("", ("PersistentVolume", "PersistentVolumeClaim", "Pod", "ReplicationController", "Service")),
        ("admissionregistration.k8s.io", ("ValidatingAdmissionPolicy",)),
        ("apps", ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")),
        ("batch", ("CronJob", "Job")),
        ("networking.k8s.io", ("Ingress", "IngressClass")),
    )
    for kind in kinds
}
# Kinds of ValidateObjectMeta of the core, which takes only the standard finalizers without a domain.
_FINALIZED: Kinds = {
    **_SPEC_NEEDED,
    **dict.fromkeys((("", kind) for kind in ("ConfigMap", "Namespace", "Secret", "ServiceAccount")), ""),
    **dict.fromkeys((("rbac.authorization.k8s.io", kind) for kind in ("ClusterRole", "Role")), ""),
}
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")


def _is_domained(got: Any) -> bool:
    return "/" in str(got) or got in _STANDARD_FINALIZERS or not is_label_key(str(got))


def _specless(got: Any) -> Iterator[Breach]:
    if not got.get("spec"):
        yield (), "spec is missing or empty"


def _finalizers(got: Any) -> Iterator[Breach]:
    if "orphan" in got and "foregroundDeletion" in got:
        yield (), "orphan and foregroundDeletion cannot stand together"
    for index, one in enumerate(got):
        if not is_label_key(str(one)):
            yield (index,), f"expected a qualified name such as example.com/cleanup, got {shown(one)}"


RULES = (
    Rule("metadata-server-field", EVERY_KIND, "metadata", "no fields that the API server sets", _server_fields,
         "BeforeCreate, ValidateObjectMeta", "remove it; it was copied from a cluster"),
    Rule("metadata-owner", EVERY_KIND, "metadata.ownerReferences", "whole owners, one controller among them", _owners,
         "ValidateOwnerReferences"),
    Rule("metadata-finalizer", EVERY_KIND, "metadata.finalizers", "qualified names", _finalizers,
         "ValidateFinalizers"),
    value("metadata-finalizer-domain", _FINALIZED, "metadata.finalizers[]", _is_domained,
          "a domain and a name such as example.com/cleanup", "validateKubeFinalizerName"),
    Rule("spec-missing", _SPEC_NEEDED, "", "a spec", _specless, "ValidatePodSpec, validateService and their like"),
    value("cluster-scoped-namespace", dict.fromkeys(CLUSTER_KINDS, ""), "metadata.namespace", lambda got: not got,
          "no namespace: the kind stands outside any", "EnsureObjectNamespaceMatchesRequestNamespace",
          "remove the namespace", severity=Severity.WARNING),
)  # fmt: skip
"""Metadata."""

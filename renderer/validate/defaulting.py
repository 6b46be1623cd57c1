"""What the API server fills in where a member is missing, for Kubernetes' own kinds.

In: the name of a definition, and a value of it. Out: the defaults of its members. The published schemas leave them out;
these are those of k8s.io/kubernetes pkg/apis/*/v1/defaults.go, as kubernetes.io documents them.
Never: has a default that depends on a cluster's configuration, such as a StorageClass or an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.types import Json

# The name that shapes of custom resources go by: their defaults stand in their schemas.
CUSTOM: Final = "custom"
_CORE, _APPS, _BATCH = "io.k8s.api.core.v1.", "io.k8s.api.apps.v1.", "io.k8s.api.batch.v1."
_RBAC, _NETWORK = "io.k8s.api.rbac.v1.", "io.k8s.api.networking.v1."
_QUARTER: Final = "25%"
_FILE_MODE: Final = 0o644

_PROBE: Mapping[str, Json] = {
    "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3, "initialDelaySeconds": 0,
}  # fmt: skip
_SOURCE: Mapping[str, Json] = {"defaultMode": _FILE_MODE, "optional": False}
_WORKLOAD: Mapping[str, Json] = {"revisionHistoryLimit": 10}
# Empty maps stand for maps that hold nothing but defaults.
_FIXED: Mapping[str, Mapping[str, Json]] = {
    _CORE + "PodSpec": {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "terminationGracePeriodSeconds": 30,
        "securityContext": {},
        "hostNetwork": False,
        "hostPID": False,
        "hostIPC": False,
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
        "serviceAccountName": "default",
    },
    _CORE + "Container": {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "resources": {},
        "stdin": False,
        "tty": False,
    },
    _CORE + "ContainerPort": {"protocol": "TCP"},
    _CORE + "Probe": _PROBE,
    _CORE + "HTTPGetAction": {"scheme": "HTTP", "path": "/"},
    _CORE + "GRPCAction": {"service": ""},
    _CORE + "VolumeMount": {"readOnly": False, "recursiveReadOnly": "Disabled"},
    _CORE + "ConfigMapVolumeSource": _SOURCE,
    _CORE + "SecretVolumeSource": _SOURCE,
    _CORE + "ProjectedVolumeSource": {"defaultMode": _FILE_MODE},
    _CORE + "DownwardAPIVolumeSource": {"defaultMode": _FILE_MODE},
    _CORE + "ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    _CORE + "HostPathVolumeSource": {"type": ""},
    _CORE + "EmptyDirVolumeSource": {"medium": ""},
    _CORE + "ObjectFieldSelector": {"apiVersion": "v1"},
    _CORE + "ConfigMapKeySelector": {"optional": False},
    _CORE + "SecretKeySelector": {"optional": False},
    _CORE + "ServiceSpec": {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster",
        "ipFamilyPolicy": "SingleStack",
        "publishNotReadyAddresses": False,
    },
    _CORE + "ServicePort": {"protocol": "TCP"},
    _CORE + "PersistentVolumeClaimSpec": {"volumeMode": "Filesystem"},
    _CORE + "PersistentVolumeSpec": {"volumeMode": "Filesystem", "persistentVolumeReclaimPolicy": "Retain"},
    _CORE + "EnvVar": {"value": ""},
    _CORE + "Namespace": {"spec": {}},
    _CORE + "NamespaceSpec": {"finalizers": ["kubernetes"]},
    _CORE + "Secret": {"type": "Opaque"},
    _APPS + "DeploymentSpec": {**_WORKLOAD, "replicas": 1, "progressDeadlineSeconds": 600, "minReadySeconds": 0,
                               "strategy": {}, "paused": False},
    _APPS + "DeploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {}},
    _APPS + "RollingUpdateDeployment": {"maxSurge": _QUARTER, "maxUnavailable": _QUARTER},
    _APPS + "DaemonSetSpec": {**_WORKLOAD, "minReadySeconds": 0, "updateStrategy": {}},
    _APPS + "DaemonSetUpdateStrategy": {"type": "RollingUpdate", "rollingUpdate": {}},
    _APPS + "RollingUpdateDaemonSet": {"maxSurge": 0, "maxUnavailable": 1},
    _APPS + "StatefulSetSpec": {**_WORKLOAD, "replicas": 1, "podManagementPolicy": "OrderedReady", "updateStrategy": {},
                                "minReadySeconds": 0, "persistentVolumeClaimRetentionPolicy": {}},
    _APPS + "StatefulSetUpdateStrategy": {"type": "RollingUpdate", "rollingUpdate": {}},
    _APPS + "RollingUpdateStatefulSetStrategy": {"partition": 0},
    _APPS + "StatefulSetPersistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    _BATCH + "CronJobSpec": {"concurrencyPolicy": "Allow", "suspend": False, "successfulJobsHistoryLimit": 3,
                             "failedJobsHistoryLimit": 1},
    _BATCH + "JobSpec": {"backoffLimit": 6, "completions": 1, "parallelism": 1, "completionMode": "NonIndexed",
                         "suspend": False, "podReplacementPolicy": "TerminatingOrFailed", "manualSelector": False},
    _RBAC + "RoleRef": {"apiGroup": "rbac.authorization.k8s.io"},
    _NETWORK + "NetworkPolicyPort": {"protocol": "TCP"},
    _NETWORK + "NetworkPolicySpec": {"podSelector": {}},
}  # fmt: skip


def defaults_of(name: str, value: Mapping[str, Json]) -> Mapping[str, Json]:
    """The defaults of a definition's members; some depend on the others that `value` has."""
    fixed = _FIXED.get(name, {})
    depending = _DEPENDING.get(name)
    return {**fixed, **depending(value)} if depending else fixed


def _container(value: Mapping[str, Json]) -> Mapping[str, Json]:
    """Without a tag, or with `latest`, images are pulled each time."""
    image = str(value.get("image", ""))
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    always = "@" not in image and tag in ("", "latest")
    return {"imagePullPolicy": "Always" if always else "IfNotPresent"}


def _pod(value: Mapping[str, Json]) -> Mapping[str, Json]:
    """The older name of a pod's account is kept beside the newer."""
    return {"serviceAccount": value.get("serviceAccountName", "default")}


def _service_port(value: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"targetPort": value["port"]} if "port" in value else {}


def _service(value: Mapping[str, Json]) -> Mapping[str, Json]:
    outside = value.get("type") in ("NodePort", "LoadBalancer")
    balanced = value.get("type") == "LoadBalancer"
    policy: dict[str, Json] = {"externalTrafficPolicy": "Cluster"} if outside else {}
    return {**policy, "allocateLoadBalancerNodePorts": True} if balanced else policy


def _network_policy(value: Mapping[str, Json]) -> Mapping[str, Json]:
    return {"policyTypes": ["Ingress", "Egress"] if value.get("egress") else ["Ingress"]}


def _resources(value: Mapping[str, Json]) -> Mapping[str, Json]:
    """What is limited and not requested, is requested up to the limit."""
    limits, requests = value.get("limits"), value.get("requests")
    return {"requests": limits} if isinstance(limits, dict) and requests == limits else {}


def _subject(value: Mapping[str, Json]) -> Mapping[str, Json]:
    account = value.get("kind") == "ServiceAccount"
    return {"apiGroup": "" if account else "rbac.authorization.k8s.io"}


_DEPENDING: Mapping[str, Callable[[Mapping[str, Json]], Mapping[str, Json]]] = {
    _CORE + "Container": _container,
    _CORE + "PodSpec": _pod,
    _CORE + "ServicePort": _service_port,
    _CORE + "ServiceSpec": _service,
    _CORE + "ResourceRequirements": _resources,
    _RBAC + "Subject": _subject,
    _NETWORK + "NetworkPolicySpec": _network_policy,
}

"""Comparing with a cluster: what the server, Flux and controllers write is no difference, and what people do is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from renderer.diff import Rules, by_key, diff_objects, objects_in, prepare, read_objects
from renderer.report.objects import changes_text
from tests.diff.golden import shapes

if TYPE_CHECKING:
    from collections.abc import Callable


OWNED = {
    "kustomize.toolkit.fluxcd.io/name": "berlin-01",
    "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
}
RENDERED = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: app, namespace: lab, labels: {app: app}}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      containers:
        - name: web
          image: registry.example/web:1.0
          ports: [{containerPort: 8080}]
          env: [{name: EMPTY, value: ""}]
          resources: {requests: {cpu: 1000m, memory: 128Mi}}
          livenessProbe: {httpGet: {path: /live, port: 8080}}
      volumes:
        - {name: conf, configMap: {name: app}}
---
apiVersion: v1
kind: Service
metadata: {name: app, namespace: lab}
spec:
  type: LoadBalancer
  selector: {app: app}
  ports: [{name: http, port: 80, targetPort: 8080}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data, namespace: lab}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Namespace
metadata: {name: lab}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: lab}
---
apiVersion: v1
kind: Secret
metadata: {name: login, namespace: lab}
stringData: {user: admin, password: "ENC[AES256_GCM,data:aaaa,type:str]"}
sops: {mac: "ENC[AES256_GCM,data:mmmm]", version: 3.9.0}
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: {name: lab, namespace: lab}
spec: {addresses: [10.0.0.1-10.0.0.9]}
---
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources: [app.yaml]
"""
LIVE = """
apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: app
    namespace: lab
    uid: 0b0d
    generation: 3
    resourceVersion: "123"
    creationTimestamp: "2026-01-01T00:00:00Z"
    annotations:
      deployment.kubernetes.io/revision: "3"
      kubectl.kubernetes.io/last-applied-configuration: "{}"
    labels: {app: app, kustomize.toolkit.fluxcd.io/name: berlin-01, kustomize.toolkit.fluxcd.io/namespace: flux-system}
    managedFields: [{manager: kustomize-controller, operation: Apply}]
  spec:
    progressDeadlineSeconds: 600
    replicas: 1
    revisionHistoryLimit: 10
    selector: {matchLabels: {app: app}}
    strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 25%}}
    template:
      metadata: {creationTimestamp: null, labels: {app: app}}
      spec:
        containers:
        - name: web
          image: registry.example/web:1.0
          imagePullPolicy: IfNotPresent
          ports: [{containerPort: 8080, protocol: TCP}]
          env: [{name: EMPTY}]
          resources: {requests: {cpu: "1", memory: 128Mi}}
          livenessProbe:
            httpGet: {path: /live, port: 8080, scheme: HTTP}
            timeoutSeconds: 1
            periodSeconds: 10
            successThreshold: 1
            failureThreshold: 3
          terminationMessagePath: /dev/termination-log
          terminationMessagePolicy: File
        dnsPolicy: ClusterFirst
        restartPolicy: Always
        schedulerName: default-scheduler
        securityContext: {}
        terminationGracePeriodSeconds: 30
        volumes:
        - {name: conf, configMap: {name: app, defaultMode: 420}}
  status: {replicas: 1}
- apiVersion: v1
  kind: Service
  metadata:
    name: app
    namespace: lab
    labels: {kustomize.toolkit.fluxcd.io/name: berlin-01, kustomize.toolkit.fluxcd.io/namespace: flux-system}
  spec:
    allocateLoadBalancerNodePorts: true
    clusterIP: 10.96.0.7
    clusterIPs: [10.96.0.7]
    externalTrafficPolicy: Cluster
    internalTrafficPolicy: Cluster
    ipFamilies: [IPv4]
    ipFamilyPolicy: SingleStack
    ports: [{name: http, port: 80, targetPort: 8080, protocol: TCP, nodePort: 30080}]
    selector: {app: app}
    sessionAffinity: None
    type: LoadBalancer
  status: {loadBalancer: {}}
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata:
    name: data
    namespace: lab
    finalizers: [kubernetes.io/pvc-protection]
    annotations: {pv.kubernetes.io/bind-completed: "yes", volume.kubernetes.io/storage-provisioner: x}
  spec:
    accessModes: [ReadWriteOnce]
    resources: {requests: {storage: 1024Mi}}
    storageClassName: local-path
    volumeMode: Filesystem
    volumeName: pvc-1
  status: {phase: Bound}
- apiVersion: v1
  kind: Namespace
  metadata: {name: lab, labels: {kubernetes.io/metadata.name: lab}}
  spec: {finalizers: [kubernetes]}
- apiVersion: v1
  kind: ServiceAccount
  metadata: {name: app, namespace: lab}
  secrets: [{name: app-token}]
- apiVersion: v1
  kind: Secret
  metadata: {name: login, namespace: lab}
  type: Opaque
  data: {user: YWRtaW4=, password: aHVudGVyMg==}
- apiVersion: metallb.io/v1beta1
  kind: IPAddressPool
  metadata: {name: lab, namespace: lab}
  spec: {addresses: [10.0.0.1-10.0.0.9], autoAssign: true, avoidBuggyIPs: false}
"""


def told(change: Callable[[dict[str, dict[str, Any]]], None] | None = None, *, all_live: bool = False) -> str:
    """The difference to the cluster, after somebody changed something there; objects go by kind."""
    live = {str(one["kind"]): one for one in objects_in(yaml.safe_load(LIVE))}
    if change is not None:
        change(live)
    rendered = read_objects({"app.yaml": RENDERED.encode()})
    before, after = prepare(rendered, by_key(live.values()), "berlin-01", all_live=all_live)
    return changes_text(diff_objects(before, after, Rules(shapes(), ignore_defaults=True)))


def test_a_cluster_that_has_what_is_rendered_does_not_differ() -> None:
    assert told() == ""


def scale(live: dict[str, dict[str, Any]]) -> None:
    live["Deployment"]["spec"]["replicas"] = 3


def restart(live: dict[str, dict[str, Any]]) -> None:
    live["Deployment"]["spec"]["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "now"}


def sidecar(live: dict[str, dict[str, Any]]) -> None:
    live["Deployment"]["spec"]["template"]["spec"]["containers"].append({"name": "spy", "image": "x:1"})


def open_port(live: dict[str, dict[str, Any]]) -> None:
    live["Service"]["spec"]["ports"].append({"name": "ssh", "port": 22, "protocol": "TCP", "targetPort": 22})


def other_user(live: dict[str, dict[str, Any]]) -> None:
    live["Secret"]["data"]["user"] = "cm9vdA=="


def other_key(live: dict[str, dict[str, Any]]) -> None:
    live["Secret"]["data"]["extra"] = "eA=="


def gone(live: dict[str, dict[str, Any]]) -> None:
    del live["IPAddressPool"]


def left_over(live: dict[str, dict[str, Any]]) -> None:
    metadata = {"name": "old", "namespace": "lab", "labels": OWNED}
    live["left"] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def foreign(live: dict[str, dict[str, Any]]) -> None:
    labels = {**OWNED, "kustomize.toolkit.fluxcd.io/name": "other"}
    metadata = {"name": "theirs", "namespace": "lab", "labels": labels}
    live["foreign"] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}


DEPLOYMENT = "~ Deployment.apps/lab/app\n    "


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (scale, f"{DEPLOYMENT}- spec.replicas: 3"),
        (
            restart,
            f'{DEPLOYMENT}- spec.template.metadata.annotations: {{"kubectl.kubernetes.io/restartedAt": "now"}}',
        ),
        (sidecar, f'{DEPLOYMENT}- spec.template.spec.containers[name=spy]: {{"name": "spy", "image": "x:1"}}'),
        (
            open_port,
            '~ Service/lab/app\n    - spec.ports[port=22,protocol=TCP]: {"name": "ssh", "port": 22}',
        ),
        (other_user, '~ Secret/lab/login\n    ~ data.user: "(hidden)" -> "(hidden)"'),
        (other_key, '~ Secret/lab/login\n    - data.extra: "(hidden)"'),
        (gone, "+ IPAddressPool.metallb.io/lab/lab"),
        (left_over, "- ConfigMap/lab/old"),
        (foreign, ""),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_somebody_did_in_the_cluster_is_told(change: Callable[..., None], expected: str) -> None:
    assert told(change) == expected


def test_objects_of_others_are_told_when_they_are_asked_for() -> None:
    assert told(foreign, all_live=True) == "- ConfigMap/lab/theirs"


def test_the_version_that_the_server_answers_in_does_not_count() -> None:
    def converted(live: dict[str, dict[str, Any]]) -> None:
        live["IPAddressPool"]["apiVersion"] = "metallb.io/v1beta2"

    assert told(converted) == ""


def test_an_object_without_namespace_is_found_where_the_cluster_put_it() -> None:
    rendered = read_objects({"a.yaml": b"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: one}}"})
    live = by_key(
        [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "lab"}, "data": {"x": "two"}}]
    )

    before, after = prepare(rendered, live, "berlin-01")

    assert changes_text(diff_objects(before, after)) == '~ ConfigMap/lab/a\n    ~ data.x: "two" -> "one"'

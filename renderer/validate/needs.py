"""What an object needs: the ConfigMaps, Secrets, accounts, claims, Services and roles that it names.

In: one object. Out: Need values, each with its place.
Never: asks for what is marked optional, or judges whether a need is met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.validate.rules import mapping, records
from renderer.validate.rules_meta import CLUSTER_KINDS
from renderer.validate.rules_pods import PODS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.types import KeyPath

DEFAULT = "default"
_ADMISSION, _RBAC = "admissionregistration.k8s.io", "rbac.authorization.k8s.io"


class Thing(NamedTuple):
    """Something that is there, or should be; `namespace` is empty for what stands outside any."""

    kind: str
    namespace: str
    name: str


class Need(NamedTuple):
    """`thing` is needed at `path` of object `number` of its file, which is called `by` and stands in `within`."""

    thing: Thing
    by: str
    number: int
    path: KeyPath
    within: str = ""


class Subject:
    """An object as facts are read from it: the one with `number` in its file.

    `namespace` is where it goes; empty for kinds of the whole cluster.
    """

    __slots__ = ("group", "kind", "name", "namespace", "number", "value")

    def __init__(self, group: str, kind: str, value: dict[str, Any], number: int) -> None:
        self.group, self.kind, self.value, self.number = group, kind, value, number
        metadata = mapping(value, "metadata")
        self.name = str(metadata.get("name") or "")
        self.namespace = "" if (group, kind) in CLUSTER_KINDS else str(metadata.get("namespace") or DEFAULT)

    def need(self, kind: str, namespace: str, name: Any, *path: str | int) -> Need:
        """That `name` is needed at `path`."""
        thing = Thing(kind, namespace, str(name))
        return Need(thing, f"{self.kind}/{self.name}", self.number, path, self.namespace)


def may_need(group: str, kind: str) -> bool:
    """Whether objects of a kind can need anything."""
    return (group, kind) in PODS or (group, kind) in _FINDERS


def needs_of(one: Subject) -> Iterator[Need]:
    """All that `one` names and cannot do without; names may be empty."""
    start = PODS.get((one.group, one.kind))
    if start is not None:
        yield from _of_pod(one, (*template_keys(start), "spec"))
    finder = _FINDERS.get((one.group, one.kind))
    if finder is not None:
        yield from finder(one)


def template_keys(path: str) -> tuple[str, ...]:
    """Where a pod template begins, as keys."""
    return tuple(path.split(".")) if path else ()


def _of_pod(one: Subject, start: tuple[str, ...]) -> Iterator[Need]:
    spec = mapping(one.value, *start)
    account = spec.get("serviceAccountName")
    if account:
        yield one.need("ServiceAccount", one.namespace, account, *start, "serviceAccountName")
    for index, volume in records(spec, "volumes"):
        yield from _of_volume(one, volume, (*start, "volumes", index))
    for key in ("containers", "initContainers"):
        for index, container in records(spec, key):
            yield from _of_container(one, container, (*start, key, index))


def _of_volume(one: Subject, volume: Any, place: KeyPath) -> Iterator[Need]:
    sources = [(volume, place)]
    sources += [
        (source, (*place, "projected", "sources", index))
        for index, source in records(mapping(volume, "projected"), "sources")
    ]
    for source, where in sources:
        for field, kind, key in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
            found = mapping(source, field)
            if not found.get("optional"):
                yield one.need(kind, one.namespace, found.get(key) or found.get("name") or "", *where, field)
    claim = mapping(volume, "persistentVolumeClaim").get("claimName") or ""
    yield one.need("PersistentVolumeClaim", one.namespace, claim, *place, "persistentVolumeClaim")


def _of_container(one: Subject, container: Any, place: KeyPath) -> Iterator[Need]:
    for index, source in records(container, "envFrom"):
        for field, kind in (("configMapRef", "ConfigMap"), ("secretRef", "Secret")):
            yield from _unless_optional(one, mapping(source, field), kind, (*place, "envFrom", index, field))
    for index, variable in records(container, "env"):
        for field, kind in (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")):
            found = mapping(variable, "valueFrom", field)
            yield from _unless_optional(one, found, kind, (*place, "env", index, "valueFrom", field))


def _unless_optional(one: Subject, found: dict[str, Any], kind: str, place: KeyPath) -> Iterator[Need]:
    if found and not found.get("optional"):
        yield one.need(kind, one.namespace, found.get("name") or "", *place, "name")


def _of_ingress(one: Subject) -> Iterator[Need]:
    spec = mapping(one.value, "spec")
    for index, tls in records(spec, "tls"):
        yield one.need("Secret", one.namespace, tls.get("secretName") or "", "spec", "tls", index, "secretName")
    backends: list[tuple[Any, KeyPath]] = [(spec.get("defaultBackend"), ("spec", "defaultBackend"))]
    for number, rule in records(spec, "rules"):
        for index, path in records(mapping(rule, "http"), "paths"):
            backends.append((path.get("backend"), ("spec", "rules", number, "http", "paths", index, "backend")))
    for backend, place in backends:
        service = mapping(backend, "service").get("name") or ""
        yield one.need("Service", one.namespace, service, *place, "service", "name")


def _of_scaler(one: Subject) -> Iterator[Need]:
    target = mapping(one.value, "spec", "scaleTargetRef")
    if str(target.get("apiVersion")).startswith("apps/"):
        kind, name = str(target.get("kind")), target.get("name") or ""
        yield one.need(kind, one.namespace, name, "spec", "scaleTargetRef", "name")


def _of_binding(one: Subject) -> Iterator[Need]:
    role = mapping(one.value, "roleRef")
    inside = one.namespace if role.get("kind") == "Role" else ""
    yield one.need(str(role.get("kind")), inside, role.get("name") or "", "roleRef", "name")
    for index, subject in records(one.value, "subjects"):
        if subject.get("kind") == "ServiceAccount":
            namespace = str(subject.get("namespace") or one.namespace or DEFAULT)
            yield one.need("ServiceAccount", namespace, subject.get("name") or "", "subjects", index, "name")


def _of_stateful_set(one: Subject) -> Iterator[Need]:
    service = mapping(one.value, "spec").get("serviceName") or ""
    yield one.need("Service", one.namespace, service, "spec", "serviceName")


def _of_webhooks(one: Subject) -> Iterator[Need]:
    for index, webhook in records(one.value, "webhooks"):
        service = mapping(webhook, "clientConfig", "service")
        place = ("webhooks", index, "clientConfig", "service", "name")
        yield one.need("Service", str(service.get("namespace") or DEFAULT), service.get("name") or "", *place)


def _of_api_service(one: Subject) -> Iterator[Need]:
    service = mapping(one.value, "spec", "service")
    namespace = str(service.get("namespace") or DEFAULT)
    yield one.need("Service", namespace, service.get("name") or "", "spec", "service", "name")


_FINDERS = {
    ("apps", "StatefulSet"): _of_stateful_set,
    ("autoscaling", "HorizontalPodAutoscaler"): _of_scaler,
    ("apiregistration.k8s.io", "APIService"): _of_api_service,
    ("networking.k8s.io", "Ingress"): _of_ingress,
    (_ADMISSION, "MutatingWebhookConfiguration"): _of_webhooks,
    (_ADMISSION, "ValidatingWebhookConfiguration"): _of_webhooks,
    (_RBAC, "ClusterRoleBinding"): _of_binding,
    (_RBAC, "RoleBinding"): _of_binding,
}

"""What the other objects of a site must know about an object: what it provides, needs and selects.

In: one object. Out: Facts, small enough to be kept with the memo.
Never: judges; references.py does, once all files of a site are there. Custom resources provide what their operators are
known to make.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.validate.kustomize import GROUP as KUSTOMIZE
from renderer.validate.kustomize import resolve
from renderer.validate.needs import DEFAULT, Need, Subject, Thing, may_need, needs_of, template_keys
from renderer.validate.rules import mapping, records
from renderer.validate.rules_meta import CLUSTER_KINDS
from renderer.validate.rules_pods import PODS
from renderer.validate.rules_selectors import is_empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import KeyPath

EVERYWHERE = "*"
# Groups whose objects describe; those of any other foreign group may have an operator that makes pods.
_DESCRIBING = (
    "cert-manager.io",
    "external-secrets.io",
    "cilium.io",
    "traefik.io",
    "metallb.io",
    "gateway.networking.k8s.io",
)
_DESCRIBING_KINDS = ("ServiceMonitor", "PodMonitor", "PrometheusRule", "Probe", "ScrapeConfig")
_PROVIDING = frozenset((
    "Certificate", "ClusterExternalSecret", "ExternalSecret", "HelmChart", "HelmRelease", "Ingress", "SealedSecret",
))  # fmt: skip
_SELECTING = {"Service": "selector", "PodDisruptionBudget": "selector", "NetworkPolicy": "podSelector"}
_OPENING = ("HelmChart", "HelmRelease", "Kustomization")
_ISSUERS = ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer")
_BUILT_IN = ("apps", "autoscaling", "batch", "policy", "extensions", "")


class Selection(NamedTuple):
    """An object's selector over pods of its namespace."""

    namespace: str
    selector: Mapping[str, Any]
    by: str
    number: int
    path: KeyPath


class Pods(NamedTuple):
    """Pods that a workload makes: their namespace and labels."""

    namespace: str
    labels: Mapping[str, str]


class Maker(NamedTuple):
    """A custom resource: its operator names what it makes after it; `pods` says whether it may make pods."""

    namespace: str
    name: str
    pods: bool


class Facts(NamedTuple):
    """`opened` are namespaces in which others, such as Helm, put objects; `unplaced` objects have no namespace."""

    provided: tuple[Thing, ...] = ()
    needs: tuple[Need, ...] = ()
    selections: tuple[Selection, ...] = ()
    pods: tuple[Pods, ...] = ()
    makers: tuple[Maker, ...] = ()
    opened: tuple[str, ...] = ()
    unplaced: tuple[Need, ...] = ()
    places: bool = False

    @classmethod
    def joined(cls, several: Iterable[Facts]) -> Facts:
        """The facts of several objects as one; `places`: a kustomization sets namespaces."""
        listed = list(several)
        if len(listed) == 1:
            return listed[0]
        joined = {name: tuple(found for one in listed for found in getattr(one, name)) for name in _JOINED}
        return cls(**joined, places=any(one.places for one in listed))


NO_FACTS = Facts()
_JOINED = tuple(name for name in Facts._fields if name != "places")


class _Traits(NamedTuple):
    """What facts of a kind are worth asking for."""

    built_in: bool
    placed: bool
    needs: bool
    provides: bool
    selects: bool
    has_pods: bool
    opens: bool


# A fleet has some tens of kinds, and each object is of one of them.
@lru_cache(maxsize=1_024)
def _traits(group: str, kind: str) -> _Traits:
    return _Traits(
        group in _BUILT_IN or group.endswith(".k8s.io"),
        (group, kind) not in CLUSTER_KINDS,
        may_need(group, kind),
        kind in _PROVIDING,
        kind in _SELECTING,
        (group, kind) in PODS,
        kind in _OPENING,
    )


def facts_of(one: Subject) -> Facts:
    """What `one` means to the rest of its site; it need not fit its schema."""
    if one.group == KUSTOMIZE:
        return _of_kustomization(one.value)
    built_in, placed, needs, provides, selects, has_pods, opens = _traits(one.group, one.kind)
    itself = Thing(one.kind, one.namespace, one.name)
    namespace = mapping(one.value, "metadata").get("namespace")
    needed = [need for need in needs_of(one) if need.thing.name] if needs else []
    if placed and namespace and isinstance(namespace, str):
        needed.insert(0, one.need("Namespace", "", namespace, "metadata", "namespace"))
    return Facts(
        (itself, *_provided(one)) if provides else (itself,),
        tuple(needed),
        tuple(_selections(one)) if selects else (),
        tuple(_pods(one)) if has_pods else (),
        () if built_in else tuple(_makers(one)),
        tuple(_opened(one)) if opens else (),
        (one.need("Namespace", "", DEFAULT, "metadata"),) if built_in and placed and not namespace else (),
    )


def _provided(one: Subject) -> Iterator[Thing]:
    """What comes with an object of these kinds, besides itself."""
    spec = mapping(one.value, "spec")
    if one.kind == "Certificate":
        yield Thing("Secret", one.namespace, str(spec.get("secretName")))
    elif one.kind == "ExternalSecret":
        yield Thing("Secret", one.namespace, str(mapping(spec, "target").get("name") or one.name))
    elif one.kind == "SealedSecret":
        yield Thing("Secret", one.namespace, one.name)
    elif one.kind == "ClusterExternalSecret":
        secret = str(spec.get("externalSecretName") or one.name)
        yield Thing("Secret", EVERYWHERE, str(mapping(spec, "externalSecretSpec", "target").get("name") or secret))
    elif one.kind == "Ingress" and any(issuer in mapping(one.value, "metadata", "annotations") for issuer in _ISSUERS):
        yield from (Thing("Secret", one.namespace, str(tls.get("secretName"))) for _, tls in records(spec, "tls"))
    elif _creates_namespace(one.kind, spec):
        yield Thing("Namespace", "", str(spec.get("targetNamespace") or one.namespace))


def _creates_namespace(kind: str, spec: dict[str, Any]) -> bool:
    settings = mapping(spec, "install") if kind == "HelmRelease" else spec
    return kind in ("HelmRelease", "HelmChart") and bool(settings.get("createNamespace"))


def _makers(one: Subject) -> Iterator[Maker]:
    if one.kind in _PROVIDING and one.kind.endswith(("Secret", "Certificate")):
        return
    describing = one.group.endswith((*_DESCRIBING, ".fluxcd.io")) or one.kind in _DESCRIBING_KINDS
    yield Maker(one.namespace, one.name, not describing)


def _opened(one: Subject) -> Iterator[str]:
    spec = mapping(one.value, "spec")
    if one.kind in ("HelmRelease", "HelmChart"):
        yield str(spec.get("targetNamespace") or one.namespace)
    elif one.kind == "Kustomization":
        yield str(spec.get("targetNamespace") or EVERYWHERE)


def _of_kustomization(value: dict[str, Any]) -> Facts:
    """Kustomize may add objects from elsewhere, and may move all objects to one namespace."""
    named = [
        Thing(kind, EVERYWHERE, str(one.get("name")))
        for key, kind in (("configMapGenerator", "ConfigMap"), ("secretGenerator", "Secret"))
        for _, one in records(value, key)
    ]
    texts = [str(text) for key in ("resources", "bases", "components") for text in value.get(key) or ()]
    foreign = any(resolve("", text) is None for text in texts) or any(
        value.get(key) for key in ("helmCharts", "helmChartInflationGenerator", "generators", "transformers")
    )
    placed = bool(value.get("namespace") or value.get("namePrefix") or value.get("nameSuffix"))
    return Facts(provided=tuple(named), opened=(EVERYWHERE,) if foreign else (), places=placed)


def _pods(one: Subject) -> Iterator[Pods]:
    labels = mapping(one.value, *template_keys(PODS[one.group, one.kind]), "metadata", "labels")
    yield Pods(one.namespace, {key: text for key, text in labels.items() if isinstance(text, str)})


def _selections(one: Subject) -> Iterator[Selection]:
    """Empty selectors are left out: they select everything, or, in a Service, nothing on purpose."""
    spec = mapping(one.value, "spec")
    field = _SELECTING[one.kind]
    selector = mapping(spec, field)
    if one.kind == "Service" and (one.group or spec.get("type") == "ExternalName"):
        return
    full = {"matchLabels": selector} if one.kind == "Service" else selector
    if not is_empty(full):
        yield Selection(one.namespace, full, f"{one.kind}/{one.name}", one.number, ("spec", field))

"""What objects ask of a cluster: pods, processors, memory, storage.

In: an object. Out: numbers that add up over a site; what each node runs once is counted apart.
Never: knows how many nodes there are, or what operators and charts add by themselves.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.validate.needs import template_keys
from renderer.validate.rules import mapping, records
from renderer.validate.rules_pods import PODS
from renderer.validate.rules_quantity import quantity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import KeyPath

_MONITORING = "monitoring.coreos.com"
# Custom resources whose operator makes pods of what stands in spec: replicas, shards, resources.
_MAKERS = frozenset((
    ("opentelemetry.io", "OpenTelemetryCollector"),
    (_MONITORING, "Alertmanager"),
    (_MONITORING, "Prometheus"),
    (_MONITORING, "PrometheusAgent"),
    (_MONITORING, "ThanosRuler"),
))  # fmt: skip
_MILLI = 1000
_CLAIM = ("resources", "requests", "storage")


class Pods(NamedTuple):
    """A number of pods and what they request in sum: thousandths of a processor, and bytes of memory."""

    number: int = 0
    cpu: int = 0
    memory: int = 0

    def plus(self, other: Pods, times: int = 1) -> Pods:
        """With so many times the other."""
        return Pods(*(mine + times * yours for mine, yours in zip(self, other, strict=True)))


class Volume(NamedTuple):
    """Bytes of storage that are asked for, so many times."""

    size: int
    number: int


class Demand(NamedTuple):
    """What objects ask for: pods once, pods on each node, bytes of storage. `kinds` has those of all objects."""

    once: Pods = Pods()
    each_node: Pods = Pods()
    storage: int = 0
    kinds: tuple[tuple[str, str], ...] = ()

    @classmethod
    def joined(cls, several: Iterable[Demand]) -> Demand:
        """The demand of several files or objects."""
        once, each_node, storage = Pods(), Pods(), 0
        kinds: list[tuple[str, str]] = []
        for one in several:
            if one.once.number:
                once = once.plus(one.once)
            if one.each_node.number:
                each_node = each_node.plus(one.each_node)
            storage += one.storage
            kinds += one.kinds
        return cls(once, each_node, storage, tuple(kinds))

    def pods(self, nodes: int) -> Pods:
        """All pods, on so many nodes."""
        return self.once.plus(self.each_node, nodes)


def demand_of(group: str, kind: str, value: Mapping[str, Any]) -> Demand:
    """What an object asks for."""
    storage = sum(volume.size * volume.number for _, volume in volumes_of(group, kind, value))
    kinds = ((group, kind),) if kind else ()
    made = _pods(group, kind, value)
    if _is_on_each_node(kind, value):
        return Demand(Pods(), made, storage, kinds)
    return Demand(Pods().plus(made, _replicas(group, kind, value)), Pods(), storage, kinds)


def volumes_of(group: str, kind: str, value: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Volume]]:
    """The volumes that an object asks for, with the paths of their sizes."""
    spec = mapping(value, "spec")
    if (group, kind) == ("", "PersistentVolumeClaim"):
        yield from _volume(value, ("spec",), 1)
    elif (group, kind) == ("apps", "StatefulSet") or (group, kind) in _MAKERS:
        number = _replicas(group, kind, value)
        for index, _ in records(spec, "volumeClaimTemplates"):
            yield from _volume(value, ("spec", "volumeClaimTemplates", index, "spec"), number)
        yield from _volume(value, ("spec", "storage", "volumeClaimTemplate", "spec"), number)


def _volume(value: Any, path: KeyPath, number: int) -> Iterator[tuple[KeyPath, Volume]]:
    full = (*path, *_CLAIM)
    for part in full:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return
    size = quantity(value)
    if size is not None:
        yield full, Volume(ceil(size), number)


def _is_on_each_node(kind: str, value: Mapping[str, Any]) -> bool:
    mode = mapping(value, "spec").get("mode")
    return kind == "DaemonSet" or (isinstance(mode, str) and mode.lower() == "daemonset")


def _replicas(group: str, kind: str, value: Mapping[str, Any]) -> int:
    spec = mapping(value, "spec")
    if (group, kind) in _MAKERS:
        # A sidecar is part of other pods.
        return 0 if spec.get("mode") == "sidecar" else _number(spec, "replicas") * _number(spec, "shards")
    if kind in ("Job", "CronJob"):
        return _number(mapping(spec, "jobTemplate", "spec") if kind == "CronJob" else spec, "parallelism")
    return _number(spec, "replicas")


def _number(spec: Mapping[str, Any], key: str) -> int:
    found = spec.get(key, 1)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else 1


def _pods(group: str, kind: str, value: Mapping[str, Any]) -> Pods:
    """One pod of what the object makes; none of what makes no pods."""
    start = PODS.get((group, kind))
    if start is not None:
        pod = mapping(value, *template_keys(start), "spec")
        return Pods(1, ceil(_requested(pod, "cpu") * _MILLI), ceil(_requested(pod, "memory")))
    if (group, kind) in _MAKERS:
        spec = mapping(value, "spec")
        return Pods(1, ceil(_request(spec, "cpu") * _MILLI), ceil(_request(spec, "memory")))
    return Pods()


def _requested(pod: dict[str, Any], resource: str) -> Fraction:
    """What the scheduler sets aside for a pod. Source: kubernetes component-helpers, resource.PodRequests."""
    if mapping(pod, "resources", "requests").get(resource) is not None:
        return _request(pod, resource)
    inits = [one for _, one in records(pod, "initContainers")]
    running = [one for _, one in records(pod, "containers")]
    running += [one for one in inits if one.get("restartPolicy") == "Always"]
    together = sum((_request(one, resource) for one in running), Fraction(0))
    return max([together, *(_request(one, resource) for one in inits)])


def _request(container: dict[str, Any], resource: str) -> Fraction:
    """A container that states a limit alone requests as much."""
    for part in ("requests", "limits"):
        found = quantity(mapping(container, "resources", part).get(resource))
        if found is not None:
            return max(found, Fraction(0))
    return Fraction(0)

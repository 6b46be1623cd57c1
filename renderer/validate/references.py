"""References between the objects of a site that lead nowhere.

In: the facts of all its files. Out: problems: what is needed and not there, namespaces that nothing creates, selectors
that match no pod.
Never: asks a cluster; what a cluster provides by itself, and what operators and Helm make, counts as there.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from renderer.errors import Code
from renderer.types import Origin, Problem
from renderer.validate.facts import EVERYWHERE, Facts, Maker, Pods
from renderer.validate.needs import Need, Thing
from renderer.validate.rules_selectors import matches
from renderer.validate.wording import clipped, dotted, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


Locate: TypeAlias = "Callable[[str, Need], Origin]"
_SYSTEM = ("kube-", "openshift-", "flux-system")
_NAMESPACES = frozenset(("default", "flux-system", "kube-node-lease", "kube-public", "kube-system"))
_IN_EVERY_NAMESPACE = frozenset((("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")))
_CLUSTER_ROLES = frozenset(("admin", "cluster-admin", "edit", "view"))
_HINT = "correct it, or list what the cluster provides in validation.provided of fleet.yaml"


class Question(NamedTuple):
    """One thing that is asked of references, for the documentation."""

    name: str
    asks: str


MISSING = Question(
    "reference-missing",
    "each ConfigMap, Secret, ServiceAccount, claim, Service, role and scaled workload that an object names is there",
)
NAMESPACE = Question("reference-namespace", "each namespace is created by the site, or is one that every cluster has")
SELECTOR = Question("reference-selector", "the selector of a Service, budget or NetworkPolicy matches a pod")
UNPLACED = Question("reference-unplaced", "each namespaced object of Kubernetes names its namespace")
QUESTIONS = (MISSING, NAMESPACE, SELECTOR, UNPLACED)


class _Site:
    """All facts of a site, ready to be asked."""

    def __init__(self, facts: Iterable[Facts]) -> None:
        self.provided: set[Thing] = set()
        self.opened: set[str] = set()
        self.pods: list[Pods] = []
        self.makers: list[Maker] = []
        self.places = False
        for one in facts:
            self.provided.update(one.provided)
            self.opened.update(one.opened)
            self.pods += one.pods
            self.makers += one.makers
            self.places |= one.places
        # Names count in every namespace where a generator or a kustomization may move them.
        moved = [one for one in self.provided if self.places or one.namespace == EVERYWHERE]
        self.anywhere = _IN_EVERY_NAMESPACE | {(one.kind, one.name) for one in moved}

    def is_open(self, namespace: str) -> bool:
        """Whether others put objects there; anything that stands outside namespaces may come with them."""
        if EVERYWHERE in self.opened or namespace in self.opened or namespace.startswith(_SYSTEM):
            return True
        return not namespace and bool(self.opened)

    def has(self, thing: Thing) -> bool:
        if thing in self.provided or (thing.kind, thing.name) in self.anywhere:
            return True
        if thing.kind == "Namespace":
            return self.places or thing.name in _NAMESPACES or thing.name.startswith(_SYSTEM)
        if thing.kind == "ClusterRole" and (thing.name in _CLUSTER_ROLES or thing.name.startswith("system:")):
            return True
        return self.is_open(thing.namespace) or self._is_made(thing)

    def _is_made(self, thing: Thing) -> bool:
        """Operators name what they make after the object that asks for it."""
        return any(
            maker.namespace == thing.namespace and (f"{thing.name}-").startswith(f"{maker.name}-")
            for maker in self.makers
        )

    def may_have_other_pods(self, namespace: str) -> bool:
        made = any(maker.pods and maker.namespace == namespace for maker in self.makers)
        return made or self.places or self.is_open(namespace)


def dangling(facts: Mapping[str, Facts], promised: tuple[str, ...], locate: Locate) -> Iterator[Problem]:
    """Everything in a site's files (path -> facts) that refers to nothing.

    `promised` are patterns Kind/namespace/name, or Kind/name, of what the cluster provides by itself; `locate` says
    where in a file something is needed.
    """
    site = _Site(facts.values())
    for path, one in facts.items():
        for need in one.needs:
            if not site.has(need.thing) and not _is_promised(need.thing, promised):
                question = NAMESPACE if need.thing.kind == "Namespace" else MISSING
                yield _problem(locate(path, need), need, question, _missing(need.thing), _guess(need.thing, site))
        for need in () if site.places else one.unplaced:
            what = "namespace is missing: the object would go to the namespace default"
            yield _problem(locate(path, need), need, UNPLACED, what, "name its namespace")
        yield from _unmatched(path, one, site, promised, locate)


def _unmatched(path: str, one: Facts, site: _Site, promised: tuple[str, ...], locate: Locate) -> Iterator[Problem]:
    for found in one.selections:
        pods = (pods.labels for pods in site.pods if pods.namespace == found.namespace)
        if not site.may_have_other_pods(found.namespace) and not any(matches(found.selector, one) for one in pods):
            thing = Thing("Pod", found.namespace, found.by.rpartition("/")[2])
            if not _is_promised(thing, promised):
                what = f"matches no pod of namespace {found.namespace}"
                need = Need(thing, found.by, found.number, found.path)
                yield _problem(locate(path, need), need, SELECTOR, what, "compare it with the labels of the template")


def _is_promised(thing: Thing, patterns: tuple[str, ...]) -> bool:
    parts = (thing.kind, thing.namespace, thing.name) if thing.namespace else (thing.kind, thing.name)
    return any(fnmatchcase("/".join(parts), pattern) for pattern in patterns)


def _missing(thing: Thing) -> str:
    if thing.kind == "Namespace":
        return f"nothing creates the namespace {clipped(thing.name)}"
    place = f" in namespace {clipped(thing.namespace)}" if thing.namespace else ""
    return f"there is no {clipped(thing.kind)} {clipped(thing.name)}{place}"


def _guess(thing: Thing, site: _Site) -> str:
    near = {one.name for one in site.provided if (one.kind, one.namespace) == (thing.kind, thing.namespace)}
    return _nearest(thing.name, frozenset(near))


# What one site of a fleet lacks, thousands lack: comparing names is done once for them.
@lru_cache(maxsize=4096)
def _nearest(name: str, near: frozenset[str]) -> str:
    guess = meant(name, near)
    return guess if guess.startswith("did") else _HINT


def _problem(where: Origin, need: Need, question: Question, what: str, hint: str) -> Problem:
    words = f"{need.by}: {dotted(need.path)}: {what} (rule {question.name})"
    return Problem(Code.OBJECT_REFERENCE, words, where, hint)

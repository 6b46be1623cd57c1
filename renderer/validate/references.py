"""References between the objects of a site that lead nowhere.

In: the facts of all its files. Out: problems: what is needed and not there, namespaces that nothing creates, selectors
that match no pod.
Never: asks a cluster; what a cluster provides by itself, and what operators and Helm make, counts as there.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from renderer.errors import Code
from renderer.types import Origin, Problem
from renderer.validate.facts import EVERYWHERE, NO_FACTS
from renderer.validate.needs import Need, Thing
from renderer.validate.summary import NOTHING, Summary, is_of_the_system
from renderer.validate.wording import clipped, dotted, meant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from renderer.validate.facts import Facts, Selection

FactsOf: TypeAlias = "Callable[[str], Facts]"
Locate: TypeAlias = "Callable[[str, Need], Origin]"
_MOST_KNOWN = 4_096
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

    def __init__(self, summary: Summary) -> None:
        self.provided, self.opened = summary.provided, summary.opened
        self.places = summary.places
        self.makers = {(maker.namespace, maker.name) for maker in summary.makers}
        self.busy = {maker.namespace for maker in summary.makers if maker.pods}
        # Names count in every namespace where a generator or a kustomization may move them.
        self.anywhere = {(one.kind, one.name) for one in self.provided if self.places or one.namespace == EVERYWHERE}

    def is_open(self, namespace: str) -> bool:
        """Whether others put objects there; anything that stands outside namespaces may come with them."""
        if EVERYWHERE in self.opened or namespace in self.opened or is_of_the_system(namespace):
            return True
        return not namespace and bool(self.opened)

    def has(self, thing: Thing) -> bool:
        """Whether something is there that the summary still wants."""
        if (thing.kind, thing.name) in self.anywhere:
            return True
        if thing.kind == "Namespace":
            return self.places
        return self.is_open(thing.namespace) or self._is_made(thing)

    def _is_made(self, thing: Thing) -> bool:
        """Operators name what they make after the object that asks for it: `db`, `db-pooler`."""
        ends = [index for index, letter in enumerate(f"{thing.name}-") if letter == "-"]
        return any((thing.namespace, thing.name[:end]) in self.makers for end in ends)

    def may_have_other_pods(self, namespace: str) -> bool:
        return namespace in self.busy or self.places or self.is_open(namespace)


class Promises:
    """What the cluster provides by itself: patterns Kind/namespace/name, or Kind/name."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._pattern = re.compile("|".join(map(translate, patterns)) or r"(?!)")
        self._known: dict[Thing, bool] = {}

    def __contains__(self, thing: Thing) -> bool:
        known = self._known.get(thing)
        if known is None:
            parts = (thing.kind, thing.namespace, thing.name) if thing.namespace else (thing.kind, thing.name)
            known = self._pattern.match("/".join(parts)) is not None
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[thing] = known
        return known


def dangling(
    summaries: Mapping[str, Summary], promises: Promises, facts_of_file: FactsOf, locate: Locate
) -> Iterator[Problem]:
    """Everything in a site's files (path -> summary) that refers to nothing.

    Only then `facts_of_file` is asked what stands in each file, and `locate` where in a file something is needed.
    """
    summary = Summary.joined([*summaries.values()])
    site = _Site(summary)
    lost = {thing for thing in summary.wanted if not site.has(thing) and thing not in promises}
    alone = [
        found
        for found in summary.selections
        if not site.may_have_other_pods(found.namespace) and _pods_of(found) not in promises
    ]
    if lost or alone or (summary.unplaced and not site.places):
        for path, one in summaries.items():
            facts = NO_FACTS if one == NOTHING else facts_of_file(path)
            yield from _lost(path, facts, site, lost, locate)
            yield from _unmatched(path, facts, alone, promises, locate)


def _lost(path: str, facts: Facts, site: _Site, lost: set[Thing], locate: Locate) -> Iterator[Problem]:
    for need in facts.needs:
        if need.thing in lost:
            question = NAMESPACE if need.thing.kind == "Namespace" else MISSING
            yield _problem(locate(path, need), need, question, _missing(need.thing), _guess(need.thing, site))
    for need in () if site.places else facts.unplaced:
        what = "namespace is missing: the object would go to the namespace default"
        yield _problem(locate(path, need), need, UNPLACED, what, "name its namespace")


def _unmatched(
    path: str, facts: Facts, alone: list[Selection], promises: Promises, locate: Locate
) -> Iterator[Problem]:
    for found in facts.selections:
        # An equal selector of another object matches the same pods.
        same = any((one.namespace, one.selector) == (found.namespace, found.selector) for one in alone)
        thing = _pods_of(found)
        if same and thing not in promises:
            what = f"matches no pod of namespace {found.namespace}"
            need = Need(thing, found.by, found.number, found.path, found.namespace)
            yield _problem(locate(path, need), need, SELECTOR, what, "compare it with the labels of the template")


def _pods_of(found: Selection) -> Thing:
    """The pods that a selection means, as something that a cluster may provide."""
    return Thing("Pod", found.namespace, found.by.rpartition("/")[2])


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
    about = need.by.replace("/", f"/{need.within}/", 1) if need.within else need.by
    return Problem(Code.OBJECT_REFERENCE, words, where, hint, rule=question.name, object=about)

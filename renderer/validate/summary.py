"""The facts of a file as sets, so that those of a whole site are a union away.

In: facts of objects, or several summaries. Out: one Summary, without what the objects settle among themselves.
Never: keeps where something is needed; that is looked up in the facts once something is missing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from renderer.validate.rules_selectors import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from renderer.validate.facts import Facts, Maker, Pods, Selection
    from renderer.validate.needs import Thing

_SYSTEM = ("kube-", "openshift-", "flux-system")
_NAMESPACES = frozenset(("default", "flux-system", "kube-node-lease", "kube-public", "kube-system"))
_IN_EVERY_NAMESPACE = frozenset((("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")))
_CLUSTER_ROLES = frozenset(("admin", "cluster-admin", "edit", "view"))
_NO_THINGS: frozenset[Thing] = frozenset()
_NO_MAKERS: frozenset[Maker] = frozenset()
_NO_NAMES: frozenset[str] = frozenset()


class Summary(NamedTuple):
    """See `Facts`. `wanted` and `selections` are those that nothing in here, and no cluster, provides or matches.

    More objects can only settle more: what is provided here is provided in every site that has these objects.
    """

    provided: frozenset[Thing] = frozenset()
    wanted: frozenset[Thing] = frozenset()
    selections: tuple[Selection, ...] = ()
    pods: tuple[Pods, ...] = ()
    makers: frozenset[Maker] = frozenset()
    opened: frozenset[str] = frozenset()
    unplaced: bool = False
    places: bool = False

    @classmethod
    def of(cls, facts: Facts) -> Summary:
        """The summary of objects that stand together."""
        provided = frozenset(facts.provided)
        return cls(
            provided,
            frozenset([need.thing for need in facts.needs if not is_everywhere(need.thing)]) - provided,
            tuple(unmatched(facts.selections, facts.pods)) if facts.selections else (),
            facts.pods,
            frozenset(facts.makers),
            frozenset(facts.opened),
            bool(facts.unplaced),
            facts.places,
        )

    @classmethod
    def joined(cls, several: Sequence[Summary]) -> Summary:
        """Several summaries as one."""
        if len(several) == 1:
            return several[0]
        provided = _NO_THINGS.union(*[one.provided for one in several])
        pods = tuple([found for one in several for found in one.pods])
        selections = [found for one in several for found in one.selections]
        return cls(
            provided,
            _NO_THINGS.union(*[one.wanted for one in several]) - provided,
            tuple(unmatched(selections, pods)) if selections else (),
            pods,
            _NO_MAKERS.union(*[one.makers for one in several]),
            _NO_NAMES.union(*[one.opened for one in several]),
            any([one.unplaced for one in several]),  # noqa: C419 - a list is quicker, and they are few
            any([one.places for one in several]),  # noqa: C419
        )


def unmatched(selections: Iterable[Selection], pods: Iterable[Pods]) -> Iterator[Selection]:
    """Those selections that match none of the pods."""
    labels: dict[str, list[Mapping[str, str]]] = {}
    for found in pods:
        labels.setdefault(found.namespace, []).append(found.labels)
    for one in selections:
        if not any(matches(one.selector, found) for found in labels.get(one.namespace, ())):
            yield one


NOTHING = Summary()


def is_of_the_system(namespace: str) -> bool:
    """Whether a namespace belongs to the cluster itself, which puts objects there."""
    return namespace.startswith(_SYSTEM)


# Sites need the same things.
@lru_cache(maxsize=4_096)
def is_everywhere(thing: Thing) -> bool:
    """Whether every cluster has it."""
    if (thing.kind, thing.name) in _IN_EVERY_NAMESPACE:
        return True
    if thing.kind == "Namespace":
        return thing.name in _NAMESPACES or is_of_the_system(thing.name)
    if thing.kind == "ClusterRole" and (thing.name in _CLUSTER_ROLES or thing.name.startswith("system:")):
        return True
    return is_of_the_system(thing.namespace)

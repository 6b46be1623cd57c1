"""The facts of a file as sets, so that those of a whole site are a union away.

In: facts of objects, or several summaries. Out: one Summary, without what the objects settle among themselves.
Never: keeps where something is needed; that is looked up in the facts once something is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from renderer.validate.rules_selectors import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.validate.facts import Facts, Maker, Pods, Selection
    from renderer.validate.needs import Thing

_NO_THINGS: frozenset[Thing] = frozenset()
_NO_MAKERS: frozenset[Maker] = frozenset()
_NO_NAMES: frozenset[str] = frozenset()


class Summary(NamedTuple):
    """See `Facts`. `wanted` and `selections` are those that nothing in here provides, or matches.

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
        """The summary of objects with these facts."""
        provided = frozenset(facts.provided)
        return cls(
            provided,
            frozenset(need.thing for need in facts.needs) - provided,
            tuple(unmatched(facts.selections, facts.pods)),
            facts.pods,
            frozenset(facts.makers),
            frozenset(facts.opened),
            bool(facts.unplaced),
            facts.places,
        )

    @classmethod
    def joined(cls, several: Iterable[Summary]) -> Summary:
        """Several summaries as one."""
        listed = list(several)
        provided = _NO_THINGS.union(*(one.provided for one in listed))
        pods = tuple(found for one in listed for found in one.pods)
        selections = [found for one in listed for found in one.selections]
        return cls(
            provided,
            _NO_THINGS.union(*(one.wanted for one in listed)) - provided,
            tuple(unmatched(selections, pods)) if selections else (),
            pods,
            _NO_MAKERS.union(*(one.makers for one in listed)),
            _NO_NAMES.union(*(one.opened for one in listed)),
            any(one.unplaced for one in listed),
            any(one.places for one in listed),
        )


def unmatched(selections: Iterable[Selection], pods: Iterable[Pods]) -> Iterator[Selection]:
    """Those selections that match none of the pods."""
    for one in selections:
        if not any(found.namespace == one.namespace and matches(one.selector, found.labels) for found in pods):
            yield one


NOTHING = Summary()

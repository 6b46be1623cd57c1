"""The fewest sites that have every distinct change between them.

In: groups of sites with equal changes. Out: for each site to choose, what it is the one to show.
Never: decides by chance: of sites that would do, the one of the earliest ring, then the first by name.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.types import Group, ObjectChange, SiteChange

# Below so many groups all subsets are tried, so that the answer is the smallest; above, the greedy one is taken.
_EXACT: Final = 14


def cover(groups: Sequence[Group], rank: Mapping[str, int]) -> tuple[tuple[SiteChange, tuple[ObjectChange, ...]], ...]:
    """(site, the changes that no site before it has) in the order of how much they show.

    A change of an object counts once, whatever words a site has in it. `rank` orders sites of one group; those that it
    does not name come last.
    """
    changes = [{repr(change): change for change in group.change.changes} for group in groups]
    wanted = frozenset(key for each in changes for key in each)
    chosen = _smallest(changes, wanted) if len(groups) <= _EXACT else _greedy(changes, wanted)
    found, seen = [], set[str]()
    for place in sorted(chosen, key=lambda one: (-len(changes[one]), one)):
        new = tuple(change for key, change in changes[place].items() if key not in seen)
        seen |= changes[place].keys()
        found.append((min(groups[place].sites, key=lambda one: (rank.get(one.site, len(rank)), one.site)), new))
    return tuple(found)


def _smallest(changes: Sequence[Mapping[str, object]], wanted: frozenset[str]) -> tuple[int, ...]:
    """The first of the smallest subsets that have all of `wanted`."""
    for size in range(len(changes) + 1):
        for places in combinations(range(len(changes)), size):
            if wanted <= {key for place in places for key in changes[place]}:
                return places
    return tuple(range(len(changes)))


def _greedy(changes: Sequence[Mapping[str, object]], wanted: frozenset[str]) -> tuple[int, ...]:
    """Each time the group with most of what is missing; then those that turn out not to be needed are dropped."""
    missing, places = set(wanted), list[int]()
    while missing:
        place = max(range(len(changes)), key=lambda one: (len(missing & changes[one].keys()), -one))
        places.append(place)
        missing -= changes[place].keys()
    for place in list(places):
        others = {key for other in places if other != place for key in changes[other]}
        if wanted <= others:
            places.remove(place)
    return tuple(sorted(places))

"""What differs over a fleet: the sites with the same change as one group.

In: nothing. Out: frozen values. Never: does I/O.

In the changes of a group, `⟦site⟧` stands for the site's name and `⟦a.b⟧` for the site's value `a.b`: so one group can
hold a change that every site has in its own words. `SiteChange.values` has the words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types.changes import ObjectChange
    from renderer.types.problems import Problem


class Risk(IntEnum):
    """How much can go wrong with a change, the worst first."""

    LOSS = 0
    ACCESS = 1
    REMOVAL = 2
    IMAGE = 3
    CHANGE = 4
    MOVE = 5

    @property
    def meaning(self) -> str:
        """In a person's words."""
        return _MEANINGS[self]


_MEANINGS = {
    Risk.LOSS: "removes a namespace, a definition of custom resources, or a volume",
    Risk.ACCESS: "changes who may do what",
    Risk.REMOVAL: "removes objects",
    Risk.IMAGE: "changes images",
    Risk.CHANGE: "changes or adds objects",
    Risk.MOVE: "moves objects to other files",
}


class SiteState(StrEnum):
    """On which side of a comparison a site is."""

    CHANGED = "changed"
    NEW = "new"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class SiteChange:
    """What changes at one site: the group's `digest`, and the site's own words for its placeholders, in their order.

    `labels` are in the order of fleet.yaml.
    """

    site: str
    state: SiteState
    labels: tuple[str, ...]
    digest: str
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What sites have in common: changes with placeholders, and the names of these, in the order of `values`."""

    changes: tuple[ObjectChange, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Sites with one change. `counts`: label -> value -> how many of the sites have it."""

    digest: str
    state: SiteState
    risk: Risk
    change: Change
    sites: tuple[SiteChange, ...]
    counts: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Shared:
    """A change of one object, and the groups that have it, by their place in the list of groups."""

    change: ObjectChange
    groups: tuple[int, ...]
    sites: int


@dataclass(frozen=True, slots=True)
class FleetDifference:
    """The groups, the riskiest first; how many sites were compared, and what kept others from it.

    `left` are sites that are published and no longer in the fleet; what is published for them was not looked at.
    """

    before: str
    after: str
    labels: tuple[str, ...]
    compared: int
    groups: tuple[Group, ...]
    left: tuple[str, ...] = ()
    failed: int = 0
    problems: tuple[Problem, ...] = field(default=())

    @property
    def changed(self) -> int:
        """How many sites differ."""
        return sum(len(group.sites) for group in self.groups)

"""How a fleet lets versions pass from ring to ring: what fleet.yaml says under `rollout`.

In: nothing. Out: frozen values. Never: does I/O, or knows what time it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, time, timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """Times of the week, in the site's own time: `days` from Monday, 0, to Sunday, 6, that it begins on.

    A window whose `end` is not after its `start` ends the day after.
    """

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class HealthFeed:
    """Who tells how sites are: a file below the fleet's folder, or an https address; `share` (0 to 1) must be well.

    What was said longer than `age` ago does not count.
    """

    source: str
    share: float
    age: timedelta


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold before a ring gets what the ring before it has. `failures` is a share, 0 to 1."""

    soak: timedelta | None = None
    approvals: int = 0
    windows: tuple[Window, ...] = ()
    failures: float = 0.0
    health: HealthFeed | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """From `start` to `end`, aware moments, nothing is published for the sites of the selector `sites`, "" for all."""

    start: datetime
    end: datetime
    reason: str
    sites: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one publication may change: its blast radius.

    `shares` are per label: of the sites with one value of it, at most this share (0 to 1) may change, once more than
    `at_least` do. With `in_order` a ring gets a template version only after the ring before it. `deletable` are the
    kinds, as Kind or Kind.group, whose objects may be deleted; any, when it is None.
    """

    sites: int | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    at_least: int = 10
    in_order: bool = False
    freezes: tuple[Freeze, ...] = ()
    deletable: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """`label` is what rings are called, its declared values are their order; `timezone` the value with a site's zone.

    `gates` has what must hold for each ring but the first.
    """

    label: str = "ring"
    timezone: str = "timezone"
    gates: Mapping[str, Gate] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)

"""Whether one publication changes more than it may: its blast radius.

In: limits, and what would change. Out: a Breach for each limit that is exceeded. Never: asks for the time, or a fact.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from renderer.types import Freeze, Limits, TemplatePin

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Radius:
    """What would change. `labels` are those of all sites of the fleet, where a limit needs them.

    `moves` has the sites that come to a template version, `had` those that have it published. `rings` are in their
    order. `frozen` has the sites that each freeze would hold, `deleted` those that lose an object of each Kind.group.
    """

    changed: Sequence[str]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    moves: Mapping[TemplatePin, Sequence[str]] = field(default_factory=dict)
    had: Mapping[TemplatePin, frozenset[str]] = field(default_factory=dict)
    ring: str = "ring"
    rings: Sequence[str] = ()
    frozen: Sequence[tuple[Freeze, Sequence[str]]] = ()
    deleted: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Breach:
    """One limit that is exceeded; `freeze` tells that it is one of time."""

    what: str
    freeze: bool = False


def needs_labels(limits: Limits, changed: int, moves: int) -> bool:
    """Whether the labels of all sites are needed: not for a small change without a new version."""
    return bool(limits.shares and changed > limits.at_least) or bool(limits.in_order and moves)


def active(limits: Limits, now: datetime) -> tuple[Freeze, ...]:
    """The freezes that are on."""
    return tuple(freeze for freeze in limits.freezes if freeze.start <= now < freeze.end)


def breaches(limits: Limits, radius: Radius) -> tuple[Breach, ...]:
    """Everything that is beyond a limit, in a fixed order."""
    return (
        *_sites(limits, radius),
        *_shares(limits, radius),
        *_order(limits, radius),
        *_deletions(limits, radius),
        *_freezes(radius),
    )


def _sites(limits: Limits, radius: Radius) -> Iterator[Breach]:
    if limits.sites is not None and len(radius.changed) > limits.sites:
        yield Breach(f"{len(radius.changed):,} sites would change, {limits.sites:,} are the most")


def _shares(limits: Limits, radius: Radius) -> Iterator[Breach]:
    if len(radius.changed) <= limits.at_least:
        return
    for label, most in limits.shares.items():
        totals = Counter(labels.get(label, "") for labels in radius.labels.values())
        changed = Counter(radius.labels.get(site, {}).get(label, "") for site in radius.changed)
        for value in sorted(changed):
            if value and changed[value] > most * totals[value]:
                share = 100 * changed[value] / totals[value]
                what = (
                    f"{changed[value]:,} of {totals[value]:,} sites with {label}={value} would change ({share:.3g} %)"
                )
                yield Breach(f"{what}, {100 * most:.3g} % are the most")


def _order(limits: Limits, radius: Radius) -> Iterator[Breach]:
    """A version that goes to a ring while no site of the ring before has had it."""
    if not limits.in_order:
        return
    for pin, sites in sorted(radius.moves.items()):
        had = {radius.labels.get(site, {}).get(radius.ring) for site in radius.had.get(pin, ())}
        for before, ring in zip(radius.rings, radius.rings[1:], strict=False):
            going = [site for site in sites if radius.labels.get(site, {}).get(radius.ring) == ring]
            # Back to what the ring had is no roll-out.
            if going and before not in had and ring not in had:
                yield Breach(
                    f"{pin} would go to {len(going):,} sites of {ring}{_named(going)}, and no site of {before} has it"
                )


def _deletions(limits: Limits, radius: Radius) -> Iterator[Breach]:
    for kind, sites in sorted(radius.deleted.items()):
        if limits.deletable is not None and not limits.deletable & {kind, kind.partition(".")[0]}:
            yield Breach(f"objects of the kind {kind} would be deleted at {len(sites):,} sites{_named(sites)}")


def _freezes(radius: Radius) -> Iterator[Breach]:
    for freeze, sites in radius.frozen:
        if sites:
            until = freeze.end.isoformat(timespec="minutes")
            yield Breach(f"{len(sites):,} sites are frozen until {until}{_named(sites)}: {freeze.reason}", freeze=True)


def _named(sites: Sequence[str]) -> str:
    more = f" and {len(sites) - _SHOWN:,} more" if len(sites) > _SHOWN else ""
    return f" ({', '.join(sites[:_SHOWN])}{more})"

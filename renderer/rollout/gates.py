"""Whether a ring may get what the ring before it has.

In: a ring's gate, and facts: what is pinned, published, approved and said to be well. Out: a Verdict for each
condition, with the reason and, where it is known, the moment from which it passes.
Never: asks for the time, or for a fact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from renderer.rollout.windows import is_open, opens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from renderer.types import Gate, HealthFeed, TemplatePin

_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Standing:
    """One site of the ring before: what the ledger has for it.

    `published` is when its current artifact was; `at_version` whether that was made with the version to promote.
    """

    site: str
    at_version: bool
    published: datetime | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """What a feed says of one site, and when; `serial` is the artifact that it speaks of, if it says so."""

    healthy: bool
    at: datetime | None = None
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a verdict rests on. `now` is aware; `zones` are those of the sites that would move."""

    pin: TemplatePin
    now: datetime
    before: Sequence[Standing]
    approved_by: frozenset[str] = frozenset()
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)
    health: Mapping[str, Health] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One condition: whether it lets pass, why, and from when on it would, where that is known."""

    gate: str
    passes: bool
    why: str
    until: datetime | None = None


def judge(gate: Gate, facts: Facts) -> tuple[Verdict, ...]:
    """All conditions of a gate, in a fixed order; those that it does not name are left out, but for failures."""
    return tuple(_verdicts(gate, facts))


def _verdicts(gate: Gate, facts: Facts) -> Iterator[Verdict]:
    yield _failures(gate, facts)
    if gate.soak is not None:
        yield _soak(gate, facts)
    if gate.approvals:
        yield _approvals(gate, facts)
    if gate.windows:
        yield _window(gate, facts)
    if gate.health is not None:
        yield _health(gate.health, facts)


def _failures(gate: Gate, facts: Facts) -> Verdict:
    """Sites that should have the version and do not: not published yet, failed, or held back."""
    behind = [standing.site for standing in facts.before if not standing.at_version]
    total = len(facts.before)
    passes = total > 0 and len(behind) <= gate.failures * total
    allowed = f", {100 * gate.failures:.3g} % may be behind" if gate.failures else ""
    why = f"{total - len(behind)} of {total} sites have {facts.pin}{allowed}"
    if not total:
        why = "the ring before has no site with the template"
    return Verdict("failures", passes, why + _named(behind))


def _soak(gate: Gate, facts: Facts) -> Verdict:
    assert gate.soak is not None, "the caller looked"  # noqa: S101
    times = [standing.published for standing in facts.before if standing.at_version and standing.published]
    if not times:
        return Verdict("soak", passes=False, why=f"no site has had {facts.pin} yet")
    until = max(times) + gate.soak
    hours = gate.soak.total_seconds() / 3600
    why = f"the last of {len(times)} sites got its artifact at {_told(max(times))}, {hours:g} h are asked for"
    return Verdict("soak", until <= facts.now, why, until if until > facts.now else None)


def _approvals(gate: Gate, facts: Facts) -> Verdict:
    count = len(facts.approved_by)
    by = f" by {', '.join(sorted(facts.approved_by))}" if count else ""
    return Verdict("approvals", count >= gate.approvals, f"{count} of {gate.approvals} given{by}")


def _window(gate: Gate, facts: Facts) -> Verdict:
    closed = sorted(site for site, zone in facts.zones.items() if not is_open(gate.windows, zone, facts.now))
    if not closed:
        return Verdict("window", passes=True, why=f"open at all {len(facts.zones)} sites")
    until = opens(facts.zones, gate.windows, facts.now)
    never = "" if until else "; it is never open at all of them at once: promote them in parts, by a selector"
    return Verdict("window", passes=False, why=f"closed at {len(closed)} sites{_named(closed)}{never}", until=until)


def _health(feed: HealthFeed, facts: Facts) -> Verdict:
    """A site is well only if it says so, lately, and of the artifact that it has now."""
    asked = [standing for standing in facts.before if standing.at_version]
    ill = [one.site for one in asked if not _is_well(facts.health.get(one.site), one, facts.now, feed)]
    well = len(asked) - len(ill)
    passes = bool(asked) and well >= feed.share * len(asked)
    why = f"{well} of {len(asked)} sites are well, {100 * feed.share:.3g} % are asked for{_named(ill)}"
    return Verdict("health", passes, why)


def _is_well(said: Health | None, standing: Standing, now: datetime, feed: HealthFeed) -> bool:
    if said is None or not said.healthy:
        return False
    fresh = said.at is not None and now - said.at <= feed.age
    # Who speaks of an older artifact says nothing about this one.
    return fresh and (said.serial is None or standing.serial is None or said.serial >= standing.serial)


def _named(sites: Sequence[str]) -> str:
    more = f" and {len(sites) - _SHOWN} more" if len(sites) > _SHOWN else ""
    return f": {', '.join(sites[:_SHOWN])}{more}" if sites else ""


def _told(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")

"""The ledgers of all regions, read and written as one.

In: a destination and its target. Out: the published entries of the whole fleet. Each region's ledger lives next to its
sites and tells about them only: what is known of a region's sites does not leave it.
Never: is needed. A ledger that is lost costs one question to the registry per site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer import plan, publish
from renderer.errors import Code, PublishError
from renderer.plan import LEDGER_TYPE, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.destination import Destination
    from renderer.plan import Entry
    from renderer.publish import Target
    from renderer.types import Reference

# Runs that were under way together; a ledger older than that has long been merged into a newer one.
_SIDE_BY_SIDE = 8
_DAMAGED = frozenset({Code.REGISTRY_CORRUPT, Code.LEDGER_CORRUPT})


class Books:
    """What the ledgers said when they were read, `entries` by site, and the changes that wait to be written."""

    def __init__(self, target: Target, destination: Destination, *, fresh: bool = False) -> None:
        """Read the ledgers; `fresh` starts without them: every site is asked about, the next ledger is whole."""
        self._target = target
        self._destination = destination
        places = dict.fromkeys(destination.ledger(region) for region in destination.regions)
        fleet = destination.fleet.name
        self._ledgers = {place: _read(target, place, fleet, fresh=fresh) for place in places}
        self.entries: Mapping[str, Entry] = {
            site: entry for ledger in self._ledgers.values() for site, entry in ledger.entries.items()
        }
        self._changed: dict[Reference, dict[str, Entry]] = {place: {} for place in places}
        self._dropped: dict[Reference, set[str]] = {place: set() for place in places}

    def note(self, site: str, region: str, entry: Entry) -> None:
        """Remember what is published for a site now; a site that moved leaves its old region's ledger."""
        here = self._destination.ledger(region)
        self._changed[here][site] = entry
        for place in self._ledgers:
            if place != here:
                self.drop(site, place)

    def drop(self, site: str, place: Reference | None = None) -> None:
        """Forget a site that left the fleet, or its region."""
        for each in self._ledgers if place is None else [place]:
            if site in self._ledgers[each].entries:
                self._dropped[each].add(site)

    def save(self, serial: int) -> int:
        """Write the ledgers that have changes, and return how many. Raises PublishError."""
        written = 0
        for place, ledger in self._ledgers.items():
            changed, dropped = self._changed[place], self._dropped[place]
            if changed or dropped:
                updated = ledger.updated(serial, changed, dropped)
                data = updated.dump()
                publish.put_document(self._target, place, f"1.{updated.serial}.0", LEDGER_TYPE, data)
                self._ledgers[place] = updated
                changed.clear()
                dropped.clear()
                written += 1
        return written


def _read(target: Target, place: Reference, fleet: str, *, fresh: bool) -> Ledger:
    found = (publish.serial_of(tag) for tag in target.tags(place))
    serials = sorted((serial for serial in found if serial is not None), reverse=True)
    if fresh:
        # Said to include all that are there, readable or not: what is written next replaces them.
        return Ledger(fleet, 0, tuple(serials[:_SIDE_BY_SIDE]))
    ledgers: list[Ledger] = []
    for serial in serials[:_SIDE_BY_SIDE]:
        if not any(serial in known.includes for known in ledgers):
            ledgers += _load(target, place, serial)
    return plan.merge(ledgers) if ledgers else Ledger(fleet)


def _load(target: Target, place: Reference, serial: int) -> Iterable[Ledger]:
    where = f"{place.name}:1.{serial}.0"
    try:
        data = publish.get_document(target, place, f"1.{serial}.0", LEDGER_TYPE)
    except PublishError as error:
        if not any(problem.code in _DAMAGED for problem in error.problems):
            raise
        raise plan.ledger_error(where, str(error)) from None
    return [] if data is None else [Ledger.load(data, where=where)]

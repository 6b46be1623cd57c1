"""The ledgers of all regions, read and written as one.

In: a destination and its target. Out: the published entries of the whole fleet. Each region's ledger lives next to its
sites and tells about them only: what is known of a region's sites does not leave it.
Never: is needed. A ledger that is lost costs one question to the registry per site.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from renderer import plan, publish
from renderer.errors import Code, PublishError
from renderer.plan import LEDGER_TYPE, Ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from renderer.fleet.destination import Destination
    from renderer.plan import Entry
    from renderer.publish import Target
    from renderer.types import Reference

# Each run adds a ledger of what it changed. After so many, one writes down the whole again: a fresh runner reads few.
_LONGEST_CHAIN = 16
# Below a whole ledger, how many older ones are looked at: runs that were under way when it was written.
_SIDE_BY_SIDE = 8
_DAMAGED = frozenset({Code.REGISTRY_CORRUPT, Code.LEDGER_CORRUPT})


@dataclass
class _Book:
    """One region's ledgers: `state` is what they add up to, `newest` the last of the `length` that were read."""

    place: Reference
    state: Ledger
    newest: Ledger | None = None
    length: int = 0
    changed: dict[str, Entry] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def next(self, serial: int) -> Ledger:
        """What to write for the changes of this run: as little as they are, or the whole where that is due."""
        change = self.state.change(serial, self.changed, self.dropped)
        few = 2 * (len(self.changed) + len(self.dropped)) < len(self.state.entries)
        if not (few and self.length < _LONGEST_CHAIN):
            change = plan.merge([self.state, change])
        # A second run at one serial must not lose what the first has written there.
        same = self.newest is not None and self.newest.serial == change.serial
        return plan.join(self.newest, change) if same and self.newest else change


class Books:
    """What the ledgers said when they were read, `entries` by site, and the changes that wait to be written."""

    def __init__(self, target: Target, destination: Destination, *, fresh: bool = False) -> None:
        """Read the ledgers; `fresh` starts without them: every site is asked about, the next ledger is whole."""
        self._target = target
        self._destination = destination
        places = dict.fromkeys(destination.ledger(region) for region in destination.regions)
        self._books = {place: _open(target, place, destination.fleet.name, fresh=fresh) for place in places}
        self.entries: Mapping[str, Entry] = {
            site: entry for book in self._books.values() for site, entry in book.state.entries.items()
        }

    def note(self, site: str, region: str, entry: Entry) -> None:
        """Remember what is published for a site now; a site that moved leaves its old region's ledger."""
        here = self._destination.ledger(region)
        self._books[here].changed[site] = entry
        for book in self._books.values():
            if book.place != here:
                _drop(book, site)

    def drop(self, site: str) -> None:
        """Forget a site that left the fleet."""
        for book in self._books.values():
            _drop(book, site)

    def save(self, serial: int) -> int:
        """Write the ledgers that have changes, and return how many. Raises PublishError."""
        written = 0
        for book in self._books.values():
            if book.changed or book.dropped:
                ledger = book.next(serial)
                tag = f"1.{ledger.serial}.0"
                publish.put_document(self._target, book.place, tag, LEDGER_TYPE, ledger.dump())
                book.changed.clear()
                book.dropped.clear()
                written += 1
        return written


def _drop(book: _Book, site: str) -> None:
    if site in book.state.entries:
        book.dropped.add(site)


def _open(target: Target, place: Reference, fleet: str, *, fresh: bool) -> _Book:
    found = (publish.serial_of(tag) for tag in target.tags(place))
    serials = sorted((serial for serial in found if serial is not None), reverse=True)
    if fresh:
        # Said to include all that are there, readable or not: what is written next replaces them.
        return _Book(place, Ledger(fleet, 0, tuple(serials)))
    chain = list(_chain(target, place, serials))
    if not chain:
        return _Book(place, Ledger(fleet))
    return _Book(place, plan.merge(chain), chain[0], len(chain))


def _chain(target: Target, place: Reference, serials: Sequence[int]) -> Iterator[Ledger]:
    """The ledgers that say what is published, newest first: down to a whole one, and those that it did not know of."""
    rest = iter(serials)
    for serial in rest:
        for ledger in _load(target, place, serial):
            yield ledger
            if ledger.whole:
                unknown = (older for older in islice(rest, _SIDE_BY_SIDE) if older not in ledger.includes)
                for older in unknown:
                    yield from _load(target, place, older)
                return


def _load(target: Target, place: Reference, serial: int) -> Iterable[Ledger]:
    where = f"{place.name}:1.{serial}.0"
    try:
        data = publish.get_document(target, place, f"1.{serial}.0", LEDGER_TYPE)
    except PublishError as error:
        if not any(problem.code in _DAMAGED for problem in error.problems):
            raise
        raise plan.ledger_error(where, str(error)) from None
    return [] if data is None else [Ledger.load(data, where=where)]

"""The ledgers of all regions, read and written as one.

In: a destination and its target. Out: the published entries of the whole fleet. Each region's ledger lives next to its
sites and tells about them only: what is known of a region's sites does not leave it.
Never: is needed. A ledger that is lost costs one question to the registry per site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from renderer import plan, publish
from renderer.errors import Code, PublishError
from renderer.plan import LEDGER_TYPE, Edition, Ledger
from renderer.types import Shard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from renderer.fleet.destination import Destination
    from renderer.plan import Entry
    from renderer.publish import Target
    from renderer.types import Reference

# Each run adds a ledger of what it changed. After so many, one writes down the whole again: a fresh runner reads few.
_LONGEST_CHAIN = 16
# Below a whole ledger, of how many older serials the ledgers are looked at: runs that were under way meanwhile.
_SIDE_BY_SIDE = 8
_DAMAGED = frozenset({Code.REGISTRY_CORRUPT, Code.LEDGER_CORRUPT})
_TAG = re.compile(r"1\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,3})")

_ALL = Shard()


@dataclass
class _Book:
    """One region's ledgers: `state` is what the `length` that were read add up to, `known` are those that are there."""

    place: Reference
    state: Ledger
    known: frozenset[Edition] = frozenset()
    length: int = 0
    changed: dict[str, Entry] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def next(self, edition: Edition, before: Ledger | None) -> Ledger:
        """What to write for the changes of this run: as little as they are, or the whole where that is due.

        `before` is what an earlier run has written there; it must not be lost.
        """
        ledger = self.state.change(edition, self.changed, self.dropped)
        if self._is_whole_due(edition):
            merged = plan.merge([self.state, ledger])
            includes = {*merged.includes, merged.edition, *self.state.includes} - {edition}
            ledger = replace(merged, serial=edition.serial, shard=edition.shard, includes=tuple(sorted(includes)))
        return plan.join(before, ledger) if before else ledger

    def has_news(self, edition: Edition) -> bool:
        """Whether there is anything to write."""
        chain_is_ours = edition.shard == 1 and self.length >= _LONGEST_CHAIN
        return bool(self.changed or self.dropped or chain_is_ours)

    def _is_whole_due(self, edition: Edition) -> bool:
        """Only one shard writes the whole: two would each have old entries of the other. A late run does not."""
        few = 2 * (len(self.changed) + len(self.dropped)) < len(self.state.entries)
        late = any(known.serial > edition.serial for known in self.known)
        return (self.length >= _LONGEST_CHAIN or not few) and edition.shard <= 1 and not late


class Books:
    """What the ledgers said when they were read, `entries` by site, and the changes that wait to be written."""

    def __init__(self, target: Target, destination: Destination, *, fresh: bool = False, shard: Shard = _ALL) -> None:
        """Read the ledgers; `fresh` starts without them: every site is asked about, the next ledger is whole.

        A `shard` that starts fresh does so for its own sites, and for ledgers that cannot be read.
        """
        self._target = target
        self._destination = destination
        self._shard = shard
        self._fresh = fresh
        places = dict.fromkeys(destination.ledger(region) for region in destination.regions)
        self._books = {place: self._open(place) for place in places}
        self.entries: Mapping[str, Entry] = {
            site: entry
            for book in self._books.values()
            for site, entry in book.state.entries.items()
            if not (fresh and shard.has(site))
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
        """Write the ledgers that have changes, and return how many. Raises PublishError.

        Each shard has a ledger of its own at a serial: nobody else writes there, and none waits for another.
        """
        edition = Edition(serial, 0 if self._shard.is_all else self._shard.index)
        written = 0
        for book in self._books.values():
            if book.has_news(edition):
                # What cannot be read was there for nobody; a fresh start replaces it.
                before = None if self._fresh or edition not in book.known else self._load(book.place, edition)
                ledger = book.next(edition, before)
                publish.put_document(self._target, book.place, _tag(edition), LEDGER_TYPE, ledger.dump())
                book.changed.clear()
                book.dropped.clear()
                written += 1
        return written

    def _open(self, place: Reference) -> _Book:
        known = sorted(filter(None, map(_edition, self._target.tags(place))), reverse=True)
        fleet = self._destination.fleet.name
        chain = [] if self._fresh and self._shard.is_all else list(self._chain(place, known))
        state = plan.merge(chain) if chain else Ledger(fleet)
        if self._fresh:
            # Said to include all that are there, readable or not: the whole that is written next replaces them.
            return _Book(place, replace(state, includes=tuple(known)), length=_LONGEST_CHAIN)
        return _Book(place, state, frozenset(known), len(chain))

    def _chain(self, place: Reference, known: Sequence[Edition]) -> Iterator[Ledger]:
        """The ledgers that say what is published, newest first: down to a whole one, and those it did not know of."""
        for number, edition in enumerate(known):
            ledger = self._load(place, edition)
            if ledger is None:
                continue
            yield ledger
            if ledger.whole:
                rest = known[number + 1 :]
                older = sorted({one.serial for one in rest} - {edition.serial})[-_SIDE_BY_SIDE:]
                unknown = (one for one in rest if one not in ledger.includes)
                near = (self._load(place, one) for one in unknown if one.serial in {edition.serial, *older})
                yield from (one for one in near if one is not None)
                return

    def _load(self, place: Reference, edition: Edition) -> Ledger | None:
        """A ledger, None when it is gone, or when it cannot be read and the start is fresh anyway."""
        try:
            return _load(self._target, place, edition)
        except plan.LedgerError:
            if self._fresh:
                return None
            raise


def _drop(book: _Book, site: str) -> None:
    if site in book.state.entries:
        book.dropped.add(site)


def _edition(tag: str) -> Edition | None:
    match = _TAG.fullmatch(tag)
    return Edition(int(match[1]), int(match[2])) if match else None


def _tag(edition: Edition) -> str:
    return f"1.{edition.serial}.{edition.shard}"


def _load(target: Target, place: Reference, edition: Edition) -> Ledger | None:
    where = f"{place.name}:{_tag(edition)}"
    try:
        data = publish.get_document(target, place, _tag(edition), LEDGER_TYPE)
    except PublishError as error:
        if not any(problem.code in _DAMAGED for problem in error.problems):
            raise
        raise plan.ledger_error(where, str(error)) from None
    return None if data is None else Ledger.load(data, where=where)

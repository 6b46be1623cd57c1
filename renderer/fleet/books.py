"""The ledgers of all regions, read and written as one.

In: a destination and its target. Out: the published entries of the whole fleet. Each region's ledger lives next to its
sites and tells about them only: what is known of a region's sites does not leave it.
Never: is needed. A ledger that is lost costs one question to the registry per site.

What the ledgers add up to is kept in a State, which is believed only for ledgers that are still the ones at their tags.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from renderer import plan, publish
from renderer.fleet import entry_state
from renderer.fleet.cache import private_folder
from renderer.fleet.chain import Head, Reader, dump_heads, load_heads, order, tag_of
from renderer.fleet.entry_state import Bases, Entries
from renderer.fleet.state import State, StateDamaged
from renderer.plan import LEDGER_TYPE, Edition, Ledger
from renderer.types import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from renderer.fleet.destination import Destination
    from renderer.fleet.workspace import Workspace
    from renderer.plan import Base, Entry
    from renderer.publish import Target
    from renderer.types import Digest, Problem

# Each run adds a ledger of what it changed. After so many, one writes down the whole again: a fresh runner reads few.
_LONGEST_CHAIN = 16
# How often to look again when another process changes the State in the meantime.
_TRIES = 5

_ALL = Shard()


@dataclass(eq=False)
class _Book:
    """One region's ledgers: `chain` are those that count, newest first, `known` are all that are there.

    `state` is what the chain adds up to.
    """

    reader: Reader
    number: int
    state: Ledger
    chain: tuple[Head, ...] = ()
    known: frozenset[Edition] = frozenset()
    length: int = 0
    changed: dict[str, Entry] = field(default_factory=dict)
    bases: dict[str, Base] = field(default_factory=dict)
    dropped: set[str] = field(default_factory=set)

    def next(self, edition: Edition, before: Ledger | None) -> Ledger:
        """What to write for the changes of this run: as little as they are, or the whole where that is due.

        `before` is what an earlier run has written there; it must not be lost.
        """
        ledger = self.change(edition)
        if self._is_whole_due(edition):
            merged = plan.merge([self.state, ledger])
            includes = {*merged.includes, merged.edition, *self.state.includes} - {edition}
            ledger = replace(merged, serial=edition.serial, shard=edition.shard, includes=tuple(sorted(includes)))
        return plan.join(before, ledger) if before else ledger

    def change(self, edition: Edition) -> Ledger:
        """What this run has to tell."""
        return self.state.change(edition, self.changed, self.dropped, self.bases)

    def has_news(self, edition: Edition) -> bool:
        """Whether there is anything to write."""
        chain_is_ours = edition.shard == 1 and self.length >= _LONGEST_CHAIN
        return bool(self.changed or self.bases or self.dropped or chain_is_ours)

    def _is_whole_due(self, edition: Edition) -> bool:
        """Only one shard writes the whole: two would each have old entries of the other. A late run does not."""
        few = 2 * (len(self.changed) + len(self.dropped)) < len(self.state.entries)
        late = any(known.serial > edition.serial for known in self.known)
        return (self.length >= _LONGEST_CHAIN or not few) and edition.shard <= 1 and not late


def open_books(
    space: Workspace, target: Target, destination: Destination, shard: Shard = _ALL, *, fresh: bool = False
) -> tuple[Books, tuple[Problem, ...]]:
    """The ledgers, and the fleet's site files, with what is remembered of both; and why nothing is, if it is not.

    From here on `space.index` is looked up in what is remembered. `shard` and `fresh` are those of `Books`.
    """
    folder = private_folder("state")
    state, problem = (State(), None) if fresh else State.of(folder, space.root.resolve(), *destination.identity)
    space.remember(state)
    return Books(target, destination, fresh=fresh, shard=shard, state=state), (problem,) if problem else ()


class Books:
    """What the ledgers said when they were read, `entries` by site, and the changes that wait to be written."""

    def __init__(
        self,
        target: Target,
        destination: Destination,
        *,
        fresh: bool = False,
        shard: Shard = _ALL,
        state: State | None = None,
    ) -> None:
        """Read the ledgers; `fresh` starts without them: every site is asked about, the next ledger is whole.

        A `shard` that starts fresh does so for its own sites, and for ledgers that cannot be read.
        """
        self._target = target
        self._destination = destination
        self._shard = shard
        self._fresh = fresh
        self._state = state or State()
        self._knows_files = state is not None and not fresh
        places = dict.fromkeys(destination.ledger(region) for region in destination.regions)
        nothing = Ledger(destination.fleet.name)
        readers = (Reader(target, place, lenient=fresh) for place in places)
        self._books = {reader.place: _Book(reader, number, nothing) for number, reader in enumerate(readers)}
        self._read()
        entries = Entries(self._state)
        self.entries: Mapping[str, Entry] = (
            {site: entry for site, entry in entries.items() if not shard.has(site)} if fresh else entries
        )
        self.bases = Bases(self._state)

    def suspects(self, current: Callable[[str], Digest | None], key_id: str | None) -> set[str] | None:
        """The sites that have to be looked at, and perhaps some more; None when that may be any site.

        See `entry_state.suspects`, which needs a State that knows the site files.
        """
        return entry_state.suspects(self._state, current, key_id) if self._knows_files else None

    def note(self, site: str, region: str, entry: Entry) -> None:
        """Remember what is published for a site now; a site that moved leaves its old region's ledger."""
        here = self._destination.ledger(region)
        self._books[here].changed[site] = entry
        for book in self._books.values():
            if book.reader.place != here:
                _drop(book, site)

    def note_base(self, key: str, region: str, base: Base) -> None:
        """Remember what is published of a base now."""
        self._books[self._destination.ledger(region)].bases[key] = base

    def drop(self, site: str) -> None:
        """Forget a site that left the fleet."""
        for book in self._books.values():
            _drop(book, site)

    def save(self, serial: int, waived: str = "") -> int:
        """Write the ledgers that have changes, and return how many. Raises PublishError.

        `waived` is why the run was allowed beyond the fleet's limits, if it was.

        Each shard has a ledger of its own at a serial: nobody else writes there, and none waits for another.
        """
        edition = Edition(serial, 0 if self._shard.is_all else self._shard.index)
        written = [book for book in self._books.values() if book.has_news(edition)]
        for book in written:
            # What cannot be read was there for nobody; a fresh start replaces it.
            before = None if self._fresh or edition not in book.known else book.reader.load(edition)
            ledger = replace(book.next(edition, before), waived=waived)
            kept = publish.put_document(self._target, book.reader.place, tag_of(edition), LEDGER_TYPE, ledger.dump())
            head = Head.of(ledger, kept)
            book.chain = (head,) if ledger.whole else (head, *(one for one in book.chain if one.edition != edition))
        self._remember(written, edition)
        for book in written:
            book.changed.clear()
            book.bases.clear()
            book.dropped.clear()
        return len(written)

    def close(self) -> None:
        """Let go of what is remembered."""
        self._state.close()

    def _read(self) -> None:
        """Bring the State up to what the ledgers say."""
        try:
            self._follow()
        except StateDamaged:
            if self._state.path is None:
                raise
            self._state.forget()
            self._follow()
        for book in self._books.values():
            book.reader.read.clear()
        self._generation = self._state.generation
        self._state.freeze()

    def _follow(self) -> None:
        for _ in range(_TRIES):
            generation = self._state.generation
            for book in self._books.values():
                self._find(book)
            if self._state.change(self._take_in, generation):
                return
        raise StateDamaged("other processes keep changing what is remembered of the fleet")

    def _find(self, book: _Book) -> None:
        """The ledgers that are there, and what those of them say that the State does not know yet."""
        known = book.reader.editions()
        before = {head.edition: head for head in _recall(self._state, book)}
        book.chain = () if self._fresh and self._shard.is_all else tuple(book.reader.chain(known, before))
        includes = {edition for head in book.chain for edition in (head.edition, *head.includes)}
        serial, shard = max((head.edition for head in book.chain), default=Edition(0))
        entries = Entries(self._state, book.number)
        name = self._destination.fleet.name
        included, bases = tuple(sorted(includes - {(serial, shard)})), Bases(self._state, book.number)
        book.state = Ledger(name, serial, included, entries, shard=shard, bases=bases)
        book.known, book.length = frozenset(known), len(book.chain)
        if self._fresh:
            # Said to include all that are there, readable or not: the whole that is written next replaces them.
            book.state = replace(book.state, includes=tuple(known))
            book.known, book.length = frozenset(), _LONGEST_CHAIN

    def _take_in(self) -> bool:
        """Enter what was read into the State."""
        for book in self._books.values():
            before = {head.edition: head for head in _recall(self._state, book)}
            now = {head.edition: head for head in book.chain}
            if before != now:
                self._enter(book, before, now)
                _note(self._state, book)
        entry_state.settle(self._state)
        return True

    def _enter(self, book: _Book, before: Mapping[Edition, Head], now: Mapping[Edition, Head]) -> None:
        """Add the ledgers that are new, where they come after all others; else add up all of them anew."""
        news = sorted((head for edition, head in now.items() if before.get(edition) != head), key=order)
        last = max(map(order, before.values()), default=(0,))
        if before and before.keys() <= now.keys() and all(last < head.order and not head.whole for head in news):
            for head in news:
                self._put(book, book.reader.read[head.edition])
            return
        ledgers = [book.reader.read.get(edition) or book.reader.load(edition) for edition in now]
        found = [ledger for ledger in ledgers if ledger is not None]
        merged = plan.merge(found) if found else Ledger(self._destination.fleet.name)
        entry_state.replace_entries(self._state, book.number, merged.entries, merged.bases)

    def _put(self, book: _Book, change: Ledger) -> None:
        number = book.number
        counting = plan.newer(Entries(self._state, number), change, Bases(self._state, number))
        entry_state.put_entries(self._state, number, counting.entries, counting.removed)
        entry_state.put_bases(self._state, number, counting.bases)

    def _remember(self, written: Sequence[_Book], edition: Edition) -> None:
        """Enter what was written into the State, unless another process has changed it: the next run reads it then."""

        def enter() -> bool:
            for book in written:
                self._put(book, book.change(edition))
                _note(self._state, book)
            return True

        try:
            # Where a newer ledger is there already, the next run sorts out which of them counts.
            if all(max(book.chain, key=order) is book.chain[0] for book in written):
                self._state.change(enter, self._generation)
            self._generation = self._state.generation
            self._state.freeze()
        except StateDamaged:
            # What is published is published, and the ledgers know of it.
            self._state.forget()


def _drop(book: _Book, site: str) -> None:
    if site in book.state.entries:
        book.dropped.add(site)


def _recall(state: State, book: _Book) -> list[Head]:
    """The ledgers that the State was made from."""
    return load_heads(state.recall(f"ledgers {book.number}"))


def _note(state: State, book: _Book) -> None:
    state.note(f"ledgers {book.number}", dump_heads(book.chain))

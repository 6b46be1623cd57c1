"""The ledgers in a target: small writes, few reads, and nothing lost between runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.fleet import books
from renderer.fleet.books import Books
from renderer.fleet.destination import Destination
from renderer.plan import Entry
from renderer.publish import TargetOptions, open_target, open_targets
from renderer.types import Digest, Fleet
from tests.fakes.registry import FakeRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator

FLEET = Fleet("labs", Path(), Path(), {"region": ("eu", "us")}, (), Path(), Path())


def entry(serial: int) -> Entry:
    out = Digest.of(str(serial).encode())
    return Entry(out, frozenset(), out, out, out, serial, "key", "t")


class Shelf:
    """A registry on this machine with the ledgers of a fleet."""

    def __init__(self, registry: FakeRegistry) -> None:
        self.registry = registry
        address = f"oci://{registry.host}/x"
        self.destination = Destination.parse(FLEET, address)
        self.target = open_target(address, options=TargetOptions(plain_http=True))

    def open(self, *, fresh: bool = False) -> Books:
        self.registry.seen.clear()
        return Books(self.target, self.destination, fresh=fresh)

    def run(self, serial: int, *sites: str) -> None:
        opened = self.open()
        for site in sites:
            opened.note(site, "eu", entry(serial))
        opened.save(serial)


def shelf() -> Iterator[Shelf]:
    with FakeRegistry() as registry:
        yield Shelf(registry)


def test_a_run_writes_as_much_as_it_changed() -> None:
    for kept in shelf():
        kept.run(1, *(f"site-{number}" for number in range(500)))
        kept.run(2, "site-7")

        sizes = [len(data) for blobs in kept.registry.blobs.values() for data in blobs.values() if len(data) > 2]
        assert max(sizes) > 100_000
        assert min(sizes) < 1_000
        assert kept.open().entries == {f"site-{number}": entry(2 if number == 7 else 1) for number in range(500)}


def test_however_many_runs_there_were_a_reader_reads_few_ledgers() -> None:
    for kept in shelf():
        kept.run(1, *(f"site-{number}" for number in range(50)))
        for serial in range(2, 40):
            kept.run(serial, f"site-{serial}")
            assert len(kept.open().entries) == 50
            assert (
                len([seen for seen in kept.registry.seen if seen.kind.startswith("blob")]) <= books._LONGEST_CHAIN + 1
            )


def test_a_site_that_moved_leaves_its_old_regions_ledger() -> None:
    # Two regions with registries of their own, so that each has a ledger of its own.
    fleet = Fleet("labs", Path(), Path(), {"region": ("eu", "us")}, (), Path(), Path())
    with FakeRegistry() as registry:
        address = f"oci://{registry.host}/{{region}}"
        destination = Destination.parse(fleet, address)
        target = open_targets(destination.targets, options=TargetOptions(plain_http=True))
        first = Books(target, destination)
        first.note("lab", "eu", entry(1))
        first.save(1)
        second = Books(target, destination)
        second.note("lab", "us", entry(2))
        assert second.save(2) == 2

        assert Books(target, destination).entries == {"lab": entry(2)}


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_runs_that_overlap_in_any_way_lose_nothing(data: st.DataObject) -> None:
    """Runs read when they begin and write when they end; what counts in the end is the highest serial of each site."""
    sites = ["a", "b", "c", "d", "e"]
    for kept in shelf():
        waiting: list[tuple[int, Books]] = []
        published: dict[str, int] = {}
        started = 0
        for _ in range(data.draw(st.integers(1, 25))):
            ends: bool = started >= 20 or data.draw(st.booleans())
            if waiting and ends:
                serial, opened = waiting.pop(data.draw(st.integers(0, len(waiting) - 1)))
                opened.save(serial)
            else:
                started += 1
                opened = kept.open()
                for site in data.draw(st.lists(st.sampled_from(sites), max_size=3, unique=True)):
                    opened.note(site, "eu", entry(started))
                    published[site] = started
                waiting.append((started, opened))
                while len(waiting) > 7:
                    late, late_books = waiting.pop(0)
                    late_books.save(late)
        for serial, opened in waiting:
            opened.save(serial)

        assert {site: found.serial for site, found in kept.open().entries.items()} == published

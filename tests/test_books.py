"""The ledgers in a target: small writes, few reads, and nothing lost between runs side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer import publish
from renderer.errors import Code, FleetpressError
from renderer.fleet import books
from renderer.fleet.books import Books
from renderer.fleet.destination import Destination
from renderer.plan import LEDGER_TYPE, Entry
from renderer.publish import TargetOptions, open_target, open_targets
from renderer.types import Digest, Fleet, Shard
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

    def open(self, *, fresh: bool = False, shard: Shard = Shard()) -> Books:  # noqa: B008 - it is frozen
        self.registry.seen.clear()
        return Books(self.target, self.destination, fresh=fresh, shard=shard)

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


def update(opened: Books, serial: int, changed: set[str], looked_at: set[str], gone: set[str], shard: Shard) -> None:
    """What a run of a shard tells its books: new content, the same content from other files, and sites that left."""
    for site in filter(shard.has, sorted(changed)):
        opened.note(site, "eu", entry(serial))
    for site in filter(shard.has, sorted(looked_at)):
        if site in opened.entries:
            again = replace(opened.entries[site], file=Digest.of(f"{site} at {serial}".encode()))
            opened.note(site, "eu", again)
    for site in filter(shard.has, sorted(gone)):
        opened.drop(site)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_shards_that_overlap_in_any_way_leave_what_one_run_leaves(data: st.DataObject) -> None:
    sites = [f"site-{number}" for number in range(9)]
    subsets = st.sets(st.sampled_from(sites), max_size=5)
    with FakeRegistry() as one, FakeRegistry() as many, pytest.MonkeyPatch.context() as patch:
        patch.setattr(books, "_LONGEST_CHAIN", 3)
        whole, shared = Shelf(one), Shelf(many)
        for serial in range(1, data.draw(st.integers(2, 5))):
            changed = data.draw(subsets)
            gone = data.draw(subsets) - changed
            looked_at = data.draw(subsets) - changed - gone
            opened = whole.open()
            update(opened, serial, changed, looked_at, gone, Shard())
            opened.save(serial)

            count = data.draw(st.integers(1, 4))
            steps = data.draw(st.permutations([*range(1, count + 1), *range(1, count + 1)]))
            running: dict[int, Books] = {}
            for index in steps:
                shard = Shard(index, count)
                if index not in running:
                    running[index] = shared.open(shard=shard)
                    update(running[index], serial, changed, looked_at, gone, shard)
                else:
                    running[index].save(serial)

            assert shared.open().entries == whole.open().entries


def test_a_shard_that_runs_twice_at_one_serial_loses_nothing() -> None:
    for kept in shelf():
        shards = [Shard(index, 3) for index in (1, 2, 3)]
        sites = {shard: [f"s{n}" for n in range(20) if shard.has(f"s{n}")] for shard in shards}
        for half in (slice(0, 2), slice(2, None)):
            for shard in shards:
                opened = kept.open(shard=shard)
                for site in sites[shard][half]:
                    opened.note(site, "eu", entry(4))
                opened.save(4)

        assert kept.open().entries == {f"s{n}": entry(4) for n in range(20)}


def test_shards_that_start_fresh_do_what_one_run_does_for_a_ledger_that_is_damaged() -> None:
    for kept in shelf():
        names = [f"s{n}" for n in range(20)]
        kept.run(1, *names)
        kept.run(2, "s3")
        (place,) = {kept.destination.ledger(region) for region in kept.destination.regions}
        publish.put_document(kept.target, place, "1.3.2", LEDGER_TYPE, b"no ledger")
        with pytest.raises(FleetpressError) as caught:
            kept.open()
        assert caught.value.problems[0].code is Code.LEDGER_CORRUPT

        for index in (3, 1, 2):
            shard = Shard(index, 3)
            opened = kept.open(fresh=True, shard=shard)
            assert not any(map(shard.has, opened.entries))
            for site in filter(shard.has, names):
                opened.note(site, "eu", entry(4))
            opened.save(4)

        assert kept.open().entries == {name: entry(4) for name in names}


def test_of_many_shards_only_the_first_writes_the_whole() -> None:
    for kept in shelf():
        kept.run(1, *(f"site-{number}" for number in range(500)))
        for serial in range(2, 12):
            for index in (2, 3, 4):
                shard = Shard(index, 4)
                opened = kept.open(shard=shard)
                site = next(f"site-{number}" for number in range(500) if shard.has(f"site-{number}"))
                opened.note(site, "eu", entry(serial))
                opened.save(serial)
        before = [len(data) for blobs in kept.registry.blobs.values() for data in blobs.values()]
        assert sum(size > 100_000 for size in before) == 1

        # It has nothing of its own to say, but finds that the others have said much.
        assert kept.open(shard=Shard(1, 4)).save(12) == 1

        after = kept.open()
        assert len(after.entries) == 500
        assert len([seen for seen in kept.registry.seen if seen.kind.startswith("blob")]) == 1
        assert kept.open(shard=Shard(1, 4)).save(13) == 0

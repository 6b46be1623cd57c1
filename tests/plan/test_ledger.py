"""The ledger survives a round trip, damage, and writers side by side."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import Code
from renderer.plan import Base, Edition, Entry, Ledger, LedgerError, join, merge, newer
from renderer.types import Digest

if TYPE_CHECKING:
    from random import Random

digests = st.binary(max_size=4).map(Digest.of)
inputs = st.frozensets(st.tuples(st.sampled_from(["layers/a.yaml", "b@1", "schemas"]), digests), max_size=4)
key_ids = st.sampled_from(["k1", "k2"])
entries = st.builds(
    Entry,
    *(digests, inputs, digests, digests, digests),
    st.integers(1, 99),
    key_ids,
    st.just("t"),
    st.sampled_from(["", "base-1", "base-2"]),
)
bases = st.builds(Base, digests, digests, st.integers(1, 99), key_ids, st.just("t"))
editions = st.builds(Edition, st.integers(1, 99), st.integers(0, 9))
ledgers = st.builds(
    Ledger,
    st.just("labs"),
    st.integers(1, 99),
    st.lists(editions, max_size=3, unique=True).map(tuple),
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), entries),
    st.dictionaries(st.sampled_from(["e", "f"]), st.integers(1, 99)),
    st.booleans(),
    st.integers(0, 9),
    bases=st.dictionaries(st.sampled_from(["base-1", "base-2", "base-3"]), bases),
)


def entry(serial: int) -> Entry:
    out = Digest.of(str(serial).encode())
    return Entry(out, frozenset(), out, out, out, serial, "key", "t")


@given(ledgers)
def test_what_is_dumped_is_loaded(ledger: Ledger) -> None:
    assert Ledger.load(ledger.dump(), where="here") == ledger


@given(ledgers)
def test_equal_ledgers_give_equal_bytes_whatever_the_order(ledger: Ledger) -> None:
    turned = replace(ledger, entries=dict(reversed(list(ledger.entries.items()))))

    assert turned.dump() == ledger.dump()


def test_sites_with_the_same_inputs_share_one_group() -> None:
    shared = frozenset([("layers/a.yaml", Digest.of(b"a")), ("b@1", Digest.of(b"b"))])
    out = Digest.of(b"out")
    sites = {f"s{number}": Entry(out, shared, out, out, out, 1, "key", "t") for number in range(50)}

    assert json.loads(Ledger("labs", 1, (), sites).dump())["groups"] == [[0, 1]]


@given(ledgers, st.data())
def test_damage_never_gives_a_foreign_exception(ledger: Ledger, data: st.DataObject) -> None:
    raw = bytearray(ledger.dump())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.sampled_from(b'\x00"]}{'))

    with suppress(LedgerError):  # a changed letter inside a name is still a ledger; anything else must be our error
        Ledger.load(bytes(raw), where="there")


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b"null", b'{"format":3}', b"[" * 100_000, b"\xff"])
def test_what_is_no_ledger_is_refused(raw: bytes) -> None:
    with pytest.raises(LedgerError, match="the ledger at there cannot be read") as raised:
        Ledger.load(raw, where="there")

    assert [problem.code for problem in raised.value.problems] == [Code.LEDGER_CORRUPT]
    assert "publish --all" in raised.value.problems[0].hint


def test_a_change_is_as_large_as_the_change() -> None:
    before = Ledger("labs", 4, (Edition(3),), {"a": entry(4), "b": entry(2), "c": entry(1)})

    change = before.change(Edition(6), {"a": entry(6)}, removed=["c"])

    assert change == Ledger("labs", 6, (), {"a": entry(6)}, {"c": 6}, whole=False)
    assert merge([before, change]) == Ledger("labs", 6, (Edition(3), Edition(4)), {"a": entry(6), "b": entry(2)})


def test_of_two_runs_side_by_side_the_higher_serial_wins_site_by_site() -> None:
    # Both runs started from ledger 4; the one at 5 published b, the one at 6 did not know of it.
    start = Ledger("labs", 4, (), {"a": entry(1), "b": entry(1)})
    five = start.change(Edition(5), {"a": entry(5), "b": entry(5)})
    six = start.change(Edition(6), {"a": entry(6)})

    for order in ([five, six, start], [start, six, five]):
        assert merge(order).entries == {"a": entry(6), "b": entry(5)}
        assert merge(order).includes == (Edition(4), Edition(5))


def test_an_entry_that_was_looked_at_again_keeps_its_serial_and_its_newer_inputs() -> None:
    start = Ledger("labs", 4, (), {"a": entry(2)})
    again = replace(entry(2), file=Digest.of(b"a comment"))

    assert merge([start, start.change(Edition(5), {"a": again})]).entries == {"a": again}


def test_what_a_late_run_published_is_not_undone_by_one_that_only_looked() -> None:
    start = Ledger("labs", 4, (), {"a": entry(2)})
    five = start.change(Edition(5), {"a": entry(5)})
    six = start.change(Edition(6), {"a": replace(entry(2), file=Digest.of(b"a comment"))})

    assert merge([start, six, five]).entries == {"a": entry(5)}


def test_two_runs_at_one_serial_are_joined_and_the_second_counts() -> None:
    start = Ledger("labs", 4, (), {"a": entry(1), "b": entry(1), "c": entry(1)})
    first = start.change(Edition(5), {"a": entry(5)}, removed=["b", "c"])
    second = start.change(Edition(5), {"b": entry(5)}, removed=["a"])

    assert join(first, second) == start.change(Edition(5), {"b": entry(5)}, removed=["a", "c"])


@given(st.lists(ledgers, min_size=1, max_size=5), st.randoms())
def test_the_order_of_reading_changes_nothing(parts: list[Ledger], random: Random) -> None:
    distinct = list({part.edition: part for part in parts}.values())
    shuffled = random.sample(distinct, len(distinct))

    assert merge(shuffled) == merge(distinct)


def as_written(parts: list[Ledger]) -> list[Ledger]:
    """What runs may really leave: of one serial there is one without shards, or shards, of which the first is whole."""
    alone = {part.serial for part in parts if not part.shard}
    kept = (part for part in parts if not part.shard or part.serial not in alone)
    written = (replace(part, whole=part.whole and part.shard <= 1) for part in kept)
    return sorted({part.edition: part for part in written}.values(), key=lambda part: part.edition)


@given(st.lists(ledgers, min_size=2, max_size=5))
def test_a_whole_ledger_in_between_changes_nothing(parts: list[Ledger]) -> None:
    distinct = as_written(parts)

    assert merge([merge(distinct[:-1]), distinct[-1]] if distinct[1:] else distinct).entries == merge(distinct).entries


def test_a_fleet_without_bases_has_the_ledger_that_it_always_had() -> None:
    ledger = Ledger("labs", 3, entries={"a": entry(3)})

    assert b"base" not in ledger.dump()


def test_of_a_base_the_highest_serial_counts_whatever_order_the_ledgers_come_in() -> None:
    def published(serial: int) -> Base:
        return Base(Digest.of(str(serial).encode()), Digest.of(b""), serial, "key", "t")

    old = Ledger("labs", 1, bases={"k": published(1), "gone": published(1)})
    new = Ledger("labs", 2, whole=False, bases={"k": published(2)})

    assert merge([new, old]).bases == merge([old, new]).bases == {"k": published(2), "gone": published(1)}
    assert newer({}, new, old.bases).bases == {"k": published(2)}
    assert newer({}, old, new.bases).bases == {"gone": published(1)}
    assert join(old, new).bases == {"k": published(2), "gone": published(1)}

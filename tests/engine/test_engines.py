"""Engines: the same results in the same order, whatever happens to a worker."""

from __future__ import annotations

import gc
import os
import signal
import time
from dataclasses import dataclass

import pytest

from renderer.engine import Engine, Processes, Serial, Workers, for_size, guard


@dataclass
class Square:
    """Squares numbers; some of them are poison."""

    offset: int = 0
    ready: bool = False

    def ground(self) -> dict[str, str]:
        return {}

    def prepare(self) -> None:
        self.ready = True

    def __call__(self, item: int | str) -> str:
        assert self.ready
        if item == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if item == "bomb":
            return str(len(bytes(8 * 1024**3)))
        if item == "sleep":
            try:
                time.sleep(60)
            except Exception:  # noqa: BLE001 - stands for code that catches everything
                return "caught"
        return str(int(item) ** 2 + self.offset)

    def lost(self, item: int | str, reason: str) -> str:
        return f"lost {item}: {reason}"


@pytest.mark.parametrize("engine", [Serial(), Processes(1, chunk=7), Processes(2, chunk=3), Processes(2, chunk=1000)])
def test_every_engine_gives_the_same_results_in_order(engine: Engine) -> None:
    assert list(engine.map(Square(1), range(40))) == [str(n**2 + 1) for n in range(40)]


@pytest.mark.parametrize("engine", [Serial(), Processes(2)])
def test_no_items_give_no_results(engine: Engine) -> None:
    assert list(engine.map(Square(), [])) == []


def test_an_item_that_kills_its_worker_is_lost_alone() -> None:
    items: list[int | str] = [*range(10), "kill", *range(10, 20), "kill", 20]

    results = list(Processes(2, chunk=4).map(Square(), items))

    expected = [str(item**2) if isinstance(item, int) else "lost kill" for item in items]
    assert [result.partition(":")[0] for result in results] == expected


def test_a_memory_bomb_ends_alone() -> None:
    items: list[int | str] = [1, "bomb", 3]

    results = list(Processes(1, chunk=3).map(Square(), items))

    assert results == ["1", "lost bomb: needed more than 2048 MiB of memory", "9"]


def test_an_item_that_takes_too_long_is_lost_even_from_code_that_catches_everything(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard, "SECONDS_PER_ITEM", 0.05)

    items: list[int | str] = [1, "sleep", 3]

    assert list(Serial().map(Square(), items)) == ["1", "lost sleep: took longer than 0.05 s", "9"]


def test_results_come_while_items_are_still_being_read() -> None:
    read: list[int] = []

    def items() -> object:
        for number in range(1000):
            read.append(number)
            yield number

    first = next(iter(Processes(2, chunk=10).map(Square(), items())))  # type: ignore[arg-type]

    assert first == "0"
    assert len(read) < 100


def test_few_sites_are_not_worth_a_worker() -> None:
    assert isinstance(for_size(60, Workers(8)), Serial)
    engine = for_size(10_000, Workers(8))
    assert isinstance(engine, Processes)
    assert engine.workers == 8


def test_the_collector_is_left_as_it_was_found_and_on() -> None:
    before = (700, 10, 10)
    gc.set_threshold(*before)
    results = Serial().map(Square(), [1, 2])

    next(results)
    assert gc.isenabled()
    assert gc.get_threshold() != before
    assert gc.get_freeze_count() > 0

    list(results)
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_nothing_is_prepared_for_no_items(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Square, "prepare", None)  # to call it fails

    assert list(Serial().map(Square(), [])) == []

"""Worker processes on this machine.

In: a picklable task and its items. Out: results in order. A worker that dies takes nobody along (see isolation).
Never: forks (threads and locks of the parent would be copied half-way), holds all results at once.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from renderer.engine import collector, guard
from renderer.engine.chunks import chunked
from renderer.engine.isolation import WorkerEndedError, isolated

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator
    from concurrent.futures import Future

    from renderer.engine.interface import Item, Result, Task

_CHUNK = 50
# Chunks in flight per worker: one at work, one waiting, one on its way back.
_WINDOW = 3

# The task of this worker process, set once when the worker starts.
_worker_task: Task[Any, Any] | None = None


class Processes:
    """Maps on `workers` processes, in chunks of `chunk` items."""

    def __init__(self, workers: int, chunk: int = _CHUNK) -> None:
        self.workers = workers
        self.chunk = chunk

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `Engine.map`."""
        chunks = chunked(items, self.chunk)
        # Each turn is one pool: there is a second one only after a worker of the first has died.
        for first in chunks:
            unfinished = yield from self._run(task, chain([first], chunks))
            for chunk in unfinished:
                yield from isolated(task, chunk, partial(_alone, task))

    def _run(
        self, task: Task[Item, Result], chunks: Iterable[tuple[Item, ...]]
    ) -> Generator[Result, None, list[tuple[Item, ...]]]:
        """Yield results until the items or a worker end; returns the chunks that were taken and have no result."""
        waiting: deque[_Submitted] = deque()
        pool = _pool(task, self.workers)
        try:
            self._fill(pool, waiting, chunks)
            while waiting:
                yield from waiting[0].result()
                waiting.popleft()
                self._fill(pool, waiting, chunks)
        except BrokenProcessPool:
            return [submitted.chunk for submitted in waiting]
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return []

    def _fill(self, pool: ProcessPoolExecutor, waiting: deque[_Submitted], chunks: Iterable[tuple[Any, ...]]) -> None:
        for chunk in islice(chunks, self.workers * _WINDOW - len(waiting)):
            # Noted before it is submitted: a pool that breaks right here must not lose the chunk.
            waiting.append(_Submitted(chunk))
            waiting[-1].future = pool.submit(_work, chunk)


class _Submitted:
    def __init__(self, chunk: tuple[Any, ...]) -> None:
        self.chunk = chunk
        self.future: Future[list[Any]] | None = None

    def result(self) -> list[Any]:
        if self.future is None:
            raise BrokenProcessPool
        return self.future.result()


def _alone(task: Task[Item, Result], chunk: tuple[Item, ...]) -> list[Result]:
    """Results of a chunk in a process of its own."""
    try:
        with _pool(task, 1) as pool:
            results: list[Result] = pool.submit(_work, chunk).result()
    except BrokenProcessPool:
        raise WorkerEndedError from None
    return results


def _pool(task: Task[Item, Result], workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(task,))


def _start(task: Task[Any, Any]) -> None:
    global _worker_task  # noqa: PLW0603 - a worker process has one task for its whole life
    # Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    guard.limit_memory()
    guard.forget_secrets()
    collector.calm()
    task.prepare()
    collector.calm()
    _worker_task = task


def _work(chunk: tuple[Any, ...]) -> list[Any]:
    task = _worker_task
    assert task is not None, "the pool starts its workers with _start"  # noqa: S101
    return [guard.run(task, item) for item in chunk]

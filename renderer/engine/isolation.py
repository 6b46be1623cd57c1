"""What becomes of a chunk whose worker ended: it is tried again in halves, until the item that kills is alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from renderer.engine.interface import Item, Result, Task

_REASON = "ended its worker process (killed, out of memory, or a crash in native code)"


class WorkerEndedError(Exception):
    """A worker ended before it answered. Says nothing about which item was at fault, or whether one was."""


def isolated(
    task: Task[Item, Result], chunk: tuple[Item, ...], run: Callable[[tuple[Item, ...]], Sequence[Result]]
) -> Iterator[Result]:
    """Results of a chunk that may kill whoever takes it; `run` raises WorkerEndedError when one does."""
    try:
        results = run(chunk)
    except WorkerEndedError:
        if len(chunk) == 1:
            yield task.lost(chunk[0], _REASON)
            return
        middle = len(chunk) // 2
        yield from isolated(task, chunk[:middle], run)
        yield from isolated(task, chunk[middle:], run)
        return
    yield from results

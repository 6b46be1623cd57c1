"""Limits for one item: a template that never ends must not stop the other 99,999 sites. And what a worker is not told.

Never: limits anything where the platform cannot (no interval timer, or not in the main thread); results do not depend
on the limits unless an item runs into them.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from renderer.engine.interface import Item, Result, Task

SECONDS_PER_ITEM = 20.0
BYTES_PER_WORKER = 2 * 1024**3
_SECRETS = ("FLEETPRESS_KEY", "FLEETPRESS_KEY_PASSWORD", "COSIGN_PASSWORD")


class _TooSlowError(BaseException):
    """Not an Exception, so that no `except Exception` on the way up takes it for a fault of its own."""


def run(task: Task[Item, Result], item: Item) -> Result:
    """`task(item)`, or `task.lost(item, …)` when it runs out of time or memory."""
    try:
        with _deadline(SECONDS_PER_ITEM):
            return task(item)
    except _TooSlowError:
        return task.lost(item, f"took longer than {SECONDS_PER_ITEM:g} s")
    except MemoryError:
        return task.lost(item, f"needed more than {BYTES_PER_WORKER // 1024**2} MiB of memory")


def forget_secrets() -> None:
    """Drop from this worker's environment where the key is and what opens it: only the parent signs."""
    for name in _SECRETS:
        os.environ.pop(name, None)


def limit_memory() -> None:
    """Bound the address space of this worker; a bomb then ends as MemoryError and not with the machine."""
    try:
        import resource
    except ImportError:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = BYTES_PER_WORKER if hard == resource.RLIM_INFINITY else min(BYTES_PER_WORKER, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


@contextmanager
def _deadline(seconds: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise_too_slow)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _raise_too_slow(_signal: int, _frame: FrameType | None) -> None:
    raise _TooSlowError

"""Keeps Python's garbage collector from looking at what a worker remembers, again and again.

A worker keeps tens of thousands of small values for its whole life: compiled templates, schemas, what it has judged.
They hold no cycles, yet each full collection visits all of them: a fifth of the time of a cold run.
Never: turns the collector off. Cycles, such as those of exceptions, are still found, only later.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# New containers before the young are looked at, and how often older ones are: some 10 MB between two looks.
_THRESHOLD = (50_000, 20, 50)


def calm() -> None:
    """Set what exists aside for good, and collect seldom from now on."""
    gc.freeze()
    gc.set_threshold(*_THRESHOLD)


@contextmanager
def calmed() -> Iterator[None]:
    """`calm` for as long as it takes; then everything is as before."""
    before = gc.get_threshold()
    calm()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()

"""The engine without processes: for few sites, for debugging, and as the reference for all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.engine import collector, guard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.engine.interface import Item, Result, Task


class Serial:
    """Maps in this process, one item after the other."""

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `Engine.map`."""
        ready = False
        with collector.calmed():
            for item in items:
                if not ready:  # nothing is prepared for no items
                    task.prepare()
                    collector.calm()
                    ready = True
                yield guard.run(task, item)

"""engine: one pure function over many items, in order, here or on several processes."""

from renderer.engine.interface import Engine, Task
from renderer.engine.processes import Processes
from renderer.engine.serial import Serial

__all__ = ["Engine", "Processes", "Serial", "Task", "for_size"]

# Starting a worker costs about as much as pressing this many sites (benchmarks/README.md says how it was measured).
_SITES_PER_WORKER = 100


def for_size(items: int, workers: int) -> Engine:
    """The engine that is quickest for `items` items on at most `workers` processors."""
    useful = min(workers, -(-items // _SITES_PER_WORKER))
    return Serial() if useful <= 1 else Processes(useful)

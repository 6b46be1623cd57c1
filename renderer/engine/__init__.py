"""engine: one pure function over many items, in order, here, on several processes or on a Dask cluster."""

from renderer.engine.dask import Cluster, Dask
from renderer.engine.interface import Engine, Task
from renderer.engine.processes import Processes
from renderer.engine.serial import Serial
from renderer.engine.workers import Workers, for_size

__all__ = ["Cluster", "Dask", "Engine", "Processes", "Serial", "Task", "Workers", "for_size"]

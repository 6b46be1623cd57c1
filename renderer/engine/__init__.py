"""engine: one pure function over many items, in order, here, on several processes or on a Dask cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.engine.dask import Cluster, Dask
    from renderer.engine.interface import Engine, Task
    from renderer.engine.processes import Processes
    from renderer.engine.serial import Serial
    from renderer.engine.workers import Workers, for_size
else:
    __getattr__ = lazily(
        __name__,
        {
            "dask": "Cluster Dask",
            "interface": "Engine Task",
            "processes": "Processes",
            "serial": "Serial",
            "workers": "Workers for_size",
        },
    )

__all__ = ["Cluster", "Dask", "Engine", "Processes", "Serial", "Task", "Workers", "for_size"]

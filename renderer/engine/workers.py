"""What a command works with: which engine, and on how many processors.

In: the values of --engine and --workers. Out: for a number of items the engine that is quickest.
Never: opens a cluster before there is work for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.engine.serial import Serial

if TYPE_CHECKING:
    from renderer.engine.dask import Cluster
    from renderer.engine.interface import Engine
    from renderer.errors import ConfigurationError

# Starting a worker costs about as much as pressing this many sites (benchmarks/README.md says how it was measured).
_SITES_PER_WORKER = 100
# Chunks for a cluster: enough of them to share, each worth the scheduler's time, none too large to hold.
_PARTS, _FEWEST, _MOST = 64, 25, 250
# Dask's own way to write addresses; `dask://` leaves to Dask's configuration whether it is TLS.
_SCHEMES = ("tcp://", "tls://")
_DASK = "dask://"


class Workers:
    """At most `count` processes of `engine`; a cluster that is running has as many as it has."""

    def __init__(self, count: int, engine: str = "processes") -> None:
        """Raises ConfigurationError for an engine that there is none of."""
        self.count = count
        self._engine = engine
        self._cluster: Cluster | None = None
        if engine == "dask":
            self._cluster = _cluster(workers=count)
        elif engine.startswith((_DASK, *_SCHEMES)):
            self._cluster = _cluster(_address(engine))
        elif engine not in {"serial", "processes"}:
            raise _unknown(engine)

    def for_size(self, items: int) -> Engine:
        """See `for_size`."""
        useful = min(self.count, -(-items // _SITES_PER_WORKER))
        if self._cluster is not None and items > _SITES_PER_WORKER:
            from renderer.engine.dask import Dask

            return Dask(self._cluster, max(_FEWEST, min(_MOST, items // _PARTS)))
        if self._engine == "processes" and useful > 1:
            from renderer.engine.processes import Processes

            return Processes(useful)
        return Serial()

    @property
    def here(self) -> Workers:
        """The same number of processes on this machine, for work whose files no other machine has."""
        return self if self._cluster is None else Workers(self.count)

    def close(self) -> None:
        """End what was opened."""
        if self._cluster is not None:
            self._cluster.close()


def for_size(items: int, workers: Workers) -> Engine:
    """The engine for `items` items: none of its workers is started for so few that it would not pay."""
    return workers.for_size(items)


def _cluster(address: str = "", workers: int = 1) -> Cluster:
    from renderer.engine.dask import Cluster

    return Cluster(address, workers)


def _address(engine: str) -> str:
    address = engine.removeprefix(_DASK)
    host, _, port = address.partition("://")[2].rpartition(":") if "://" in address else address.rpartition(":")
    if not host or not port.isdigit():
        raise _unknown(engine)
    return address


def _unknown(engine: str) -> ConfigurationError:
    from renderer.errors import Code, ConfigurationError
    from renderer.types import Problem

    what = f"--engine {engine!r} is no engine"
    hint = "expected serial, processes, dask for a cluster on this machine, or dask://HOST:PORT of a scheduler"
    return ConfigurationError(what, problems=[Problem(Code.ENGINE_UNKNOWN, what, hint=hint)])

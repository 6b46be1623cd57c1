"""A Dask cluster, on this machine or on many.

In: a picklable task and its items. Out: results in order. Chunks go to the cluster as bytes; there, child processes of
the Dask workers do the work (see crew). Dask itself sends the chunks of a lost worker to another; a chunk that loses
its worker again and again is split (see isolation).
Never: sends more than a few chunks ahead, sends anything but the task and its items, or leaves work behind when it is
closed.
"""

from __future__ import annotations

import logging
import pickle
import signal
import threading
from collections import deque
from contextlib import contextmanager
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from renderer.engine.chunks import chunked
from renderer.engine.identity import identity
from renderer.engine.isolation import WorkerEndedError, isolated
from renderer.errors import Code, ConfigurationError, EnvironmentFailure
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from distributed import Client, Future

    from renderer.engine.interface import Item, Result, Task

# Chunks in flight per thread of the cluster: one at work, one waiting, one on its way back.
_WINDOW = 3
# How long a cluster may have no worker at all, or not answer.
_PATIENCE_SECONDS = 30.0
_INSTALL = "pip install 'fleetpress[dask]'"


class Cluster:
    """A connection to the scheduler at `address`, or to a cluster of `workers` started here for an empty one.

    Opened when it is first needed.
    """

    def __init__(self, address: str = "", workers: int = 1, patience: float = _PATIENCE_SECONDS) -> None:
        self.address = address
        self.workers = workers
        self.patience = patience
        self._client: Client | None = None
        self._local: Any = None

    def client(self) -> Client:
        """The connection. Raises ConfigurationError without Dask, EnvironmentFailure without a scheduler."""
        if self._client is None:
            self._open()
        return self._client

    def close(self) -> None:
        """End the connection, and the cluster if it was started here."""
        for opened in (self._client, self._local):
            if opened is not None:
                opened.close()
        self._client = self._local = None

    def _open(self) -> None:
        try:
            import distributed
        except ImportError:
            what = "the engine dask needs the package distributed, which is not installed"
            raise ConfigurationError(
                what, problems=[Problem(Code.ENGINE_MISSING, what, hint=f"run `{_INSTALL}`")]
            ) from None
        # What goes wrong is an error of ours; Dask's own lines about it would stand between the results.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        try:
            if not self.address:
                self._local = _start_local(self.workers)
            self._client = distributed.Client(self._local or self.address, timeout=self.patience, set_as_default=False)
            self._client.wait_for_workers(1, timeout=self.patience)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            self.close()
            where = self.address or "on this machine"
            raise _failure(f"the Dask cluster {where} cannot be used: {_worded(error)}") from None


class Dask:
    """Maps on a cluster, in chunks of `chunk` items."""

    def __init__(self, cluster: Cluster, chunk: int = 250) -> None:
        self.cluster = cluster
        self.chunk = chunk

    def map(self, task: Task[Item, Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `Engine.map`."""
        desk = _Desk(self.cluster, task)
        waiting: deque[tuple[tuple[Item, ...], Future]] = deque()
        chunks = chunked(items, self.chunk)
        desk.open()
        try:
            while True:
                waiting.extend((chunk, desk.submit(chunk)) for chunk in islice(chunks, desk.room(len(waiting))))
                if not waiting:
                    return
                chunk, future = waiting[0]
                yield from isolated(task, chunk, _first(partial(desk.result, future), desk.run))
                waiting.popleft()
        finally:
            desk.close([future for _, future in waiting])


def _first(known: Callable[[], list[Result]], run: Callable[[tuple[Item, ...]], list[Result]]) -> Any:
    """A `run` for `isolated` whose first answer is under way already."""
    answers = iter([known])

    def once(chunk: tuple[Item, ...]) -> list[Result]:
        answer = next(answers, None)
        return run(chunk) if answer is None else answer()

    return once


class _Desk:
    """One run of one task on the cluster."""

    def __init__(self, cluster: Cluster, task: Task[Any, Any]) -> None:
        self._client = cluster.client()
        self._patience = cluster.patience
        self._task = task
        self._name = f"fleetpress-{uuid4()}"

    def open(self) -> None:
        """Send the task to all workers."""
        from renderer.engine.crew import Crew

        crew = Crew(pickle.dumps(self._task), dict(self._task.ground()), identity())
        self._guarded(lambda: self._client.register_plugin(crew, self._name))

    def submit(self, chunk: tuple[Any, ...]) -> Future:
        """Send a chunk."""
        from renderer.engine.crew import work

        return self._client.submit(work, self._name, pickle.dumps(chunk), key=f"{self._name}-{uuid4()}", pure=False)

    def room(self, waiting: int) -> int:
        """How many chunks more there may be under way, with the workers that there are now; at least one in all."""
        threads: int = sum(self._guarded(self._client.nthreads).values())
        # Workers that went away leave more under way than there is room for now.
        return max(max(threads * _WINDOW, 1) - waiting, 0)

    def run(self, chunk: tuple[Any, ...]) -> list[Any]:
        """Results of a chunk by itself."""
        return self.result(self.submit(chunk))

    def result(self, future: Future) -> list[Any]:
        """Wait for the results of a chunk. Raises WorkerEndedError when it takes down whoever works at it."""
        from distributed import KilledWorker

        empty = False
        while True:
            try:
                answer: bytes = self._guarded(partial(future.result, timeout=self._patience))
            except KilledWorker:
                raise WorkerEndedError from None
            except TimeoutError:
                # Long is not wrong; a cluster in which nobody works twice in a row is.
                empty, before = not self._guarded(self._client.nthreads), empty
                if empty and before:
                    raise _failure("all workers of the Dask cluster are gone") from None
            else:
                results: list[Any] = pickle.loads(answer)  # noqa: S301 - the cluster runs whatever we send it, too
                return results

    def close(self, futures: list[Future]) -> None:
        """Take back what is under way, and end the children of the workers."""
        from distributed.comm import CommClosedError

        try:
            if futures:
                self._client.cancel(futures, force=True)
            self._client.unregister_worker_plugin(self._name)
        except (OSError, TimeoutError, ValueError, RuntimeError, CommClosedError):
            return  # the cluster is gone, and everything with it

    def _guarded(self, call: Callable[[], Any]) -> Any:
        """What goes wrong between here and the cluster, translated."""
        from distributed.client import FutureCancelledError
        from distributed.comm import CommClosedError

        try:
            return call()
        except TimeoutError:
            raise
        except (ImportError, AttributeError) as error:
            what = f"the Dask cluster cannot run fleetpress: {_worded(error)}"
            hint = "install fleetpress with the same lock on the scheduler and on every worker"
            raise ConfigurationError(what, problems=[Problem(Code.WORKER_DIFFERS, what, hint=hint)]) from None
        except (OSError, CommClosedError, FutureCancelledError) as error:
            raise _failure(f"the Dask cluster was lost: {_worded(error)}") from None


def _start_local(workers: int) -> Any:
    """A cluster on this machine that only this machine can reach; nothing of it is written to the terminal."""
    from distributed import LocalCluster

    with _deaf_children():
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        )


@contextmanager
def _deaf_children() -> Iterator[None]:
    """Processes started meanwhile do not hear Ctrl-C, which reaches the whole group: the parent alone decides."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _failure(what: str) -> EnvironmentFailure:
    hint = "look at the scheduler and its workers; running again is safe"
    return EnvironmentFailure(what, problems=[Problem(Code.CLUSTER_FAILED, what, hint=hint)])


def _worded(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

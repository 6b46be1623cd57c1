"""What runs inside a Dask worker: it hands chunks to child processes, one for each of the worker's threads.

In: a chunk as bytes. Out: its results as bytes; they are not unpickled on their way. Never: imports the fleet's code
into the worker itself, or works for a process that is not of the same version.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from distributed import WorkerPlugin, get_worker

from renderer.engine.child import Child
from renderer.engine.identity import differences, identity
from renderer.engine.isolation import WorkerEndedError
from renderer.errors import Code, ConfigurationError
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from distributed import Worker


class Crew(WorkerPlugin):  # type: ignore[misc,unused-ignore]
    """The children of one Dask worker for one task. Dask makes one on every worker, on those that come later too."""

    def __init__(self, task: bytes, ground: Mapping[str, str], expected: Mapping[str, str]) -> None:
        self.task, self.ground, self.expected = task, ground, expected

    def setup(self, worker: Worker) -> None:
        """Called by Dask. Children are started when there is work."""
        del worker
        self._lock = Lock()
        self._children: set[Child] = set()
        self._idle: list[Child] = []
        self._closed = False

    def teardown(self, worker: Worker) -> None:
        """Called by Dask, when the run or the worker ends."""
        del worker
        with self._lock:
            self._closed = True
            children = list(self._children)
        for child in children:
            child.kill()

    def work(self, chunk: bytes) -> bytes:
        """The pickled results of a pickled chunk. Raises WorkerEndedError, ConfigurationError, EnvironmentFailure."""
        child = self._take()
        try:
            answer = child.ask(chunk)
        except WorkerEndedError:
            with self._lock:
                self._children.discard(child)
            raise
        with self._lock:
            self._idle.append(child)
        return answer

    def _take(self) -> Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.is_there():
                    return child
                self._children.discard(child)
        self._check_identity()
        child = Child(self.task, self.ground)
        with self._lock:
            if not self._closed:
                self._children.add(child)
                return child
        child.kill()
        raise WorkerEndedError

    def _check_identity(self) -> None:
        different = differences(self.expected, identity())
        if different:
            what = f"a Dask worker has other programs: {'; '.join(different)}"
            hint = "install the same lock on the workers, the scheduler and here"
            raise ConfigurationError(what, problems=[Problem(Code.WORKER_DIFFERS, what, hint=hint)])


def work(crew: str, chunk: bytes) -> bytes:
    """The Dask task: `Crew.work` of this worker's crew of that name."""
    found: Crew = get_worker().plugins[crew]
    return found.work(chunk)

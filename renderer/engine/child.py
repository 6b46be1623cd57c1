"""A process of our own below a Dask worker, and the program that runs in it.

In: a pickled task, then chunks of items. Out: the results of each chunk, pickled. A Dask worker runs tasks in threads:
there is no timer for an item there, no limit of memory that spares the worker, and a crash would end it. In a child all
of that is as in a worker of `processes`.
Never: outlives the worker that started it by more than the item it is at, or is started for anything but one task.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import subprocess
import sys
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Any

from renderer.engine import collector, guard
from renderer.engine.identity import differences
from renderer.engine.isolation import WorkerEndedError
from renderer.errors import Code, ConfigurationError, EnvironmentFailure, FleetpressError
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.engine.interface import Task

# A run that was killed leaves its children to wait; they do not wait for ever.
_IDLE_SECONDS = 300.0
_LENGTH = struct.Struct(">Q")


class Child:
    """The parent's end. Not for several threads at once."""

    def __init__(self, task: bytes, ground: Mapping[str, str]) -> None:
        """Start it; raises what the task's preparation raises, and ConfigurationError when `ground` is another."""
        # In a session of its own: Ctrl-C in a terminal is for the process that decides what it means.
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            failure = pickle.loads(self.ask(pickle.dumps((sys.path, task, dict(ground)))))  # noqa: S301 - our child's
        except WorkerEndedError:
            failure = _internal("a worker process ended while it was starting")
        if failure is not None:
            self.kill()
            raise failure

    def is_there(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, chunk: bytes) -> bytes:
        """The answer to a pickled chunk; raises WorkerEndedError."""
        assert self._process.stdin, "it was started with pipes"  # noqa: S101
        assert self._process.stdout, "it was started with pipes"  # noqa: S101
        try:
            _write(self._process.stdin, chunk)
            answer = _read(self._process.stdout)
        except (OSError, ValueError):
            answer = None
        if answer is None:
            self.kill()
            raise WorkerEndedError
        return answer

    def kill(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            # What was on its way to a process that is gone cannot be flushed.
            with suppress(OSError):
                assert pipe, "it was started with pipes"  # noqa: S101
                pipe.close()


def main() -> None:
    """The child's end: serve until the parent closes its end, or says nothing for long."""
    with suppress(ValueError, AttributeError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # What native code prints must not get among the answers.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    guard.limit_memory()
    guard.forget_secrets()
    first = _read(questions)
    if first is None:
        return
    try:
        task = _prepared(*pickle.loads(first))  # noqa: S301 - our parent's
    except FleetpressError as error:
        _write(answers, pickle.dumps(error))
        return
    except Exception as error:  # noqa: BLE001 - it would look like a killed worker, once for each item
        _write(answers, pickle.dumps(_internal(f"{type(error).__name__}: {error}")))
        return
    _write(answers, pickle.dumps(None))
    parent = os.getppid()
    while (chunk := _next(questions)) is not None:
        results = []
        for item in pickle.loads(chunk):  # noqa: S301 - our parent's
            if os.getppid() != parent:
                return  # nobody waits for the answer any more
            results.append(guard.run(task, item))
        _write(answers, pickle.dumps(results, pickle.HIGHEST_PROTOCOL))


def _prepared(path: list[str], task: bytes, ground: Mapping[str, str]) -> Task[Any, Any]:
    sys.path[:] = path
    loaded: Task[Any, Any] = pickle.loads(task)  # noqa: S301 - our parent's
    different = differences(ground, loaded.ground())
    if different:
        what = f"the fleet on a worker is not the one here: {different[0]}"
        hint = "every worker needs the same commit of the fleet repository, clean, in a folder of the same name"
        raise ConfigurationError(what, problems=[Problem(Code.WORKER_DIFFERS, what, hint=hint)])
    collector.calm()
    loaded.prepare()
    collector.calm()
    return loaded


def _internal(what: str) -> EnvironmentFailure:
    return EnvironmentFailure(what, problems=[Problem(Code.INTERNAL, what, hint="the worker's log says more")])


def _next(questions: IO[bytes]) -> bytes | None:
    """The next question; None when there is none. Nothing is buffered here while no question is under way."""
    with suppress(OSError):  # where pipes cannot be waited for, a child waits longer
        if not select.select([questions], [], [], _IDLE_SECONDS)[0]:
            return None
    return _read(questions)


def _write(stream: IO[bytes], data: bytes) -> None:
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)
    stream.flush()


def _read(stream: IO[bytes]) -> bytes | None:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    data = stream.read(length)
    return data if len(data) == length else None


if __name__ == "__main__":
    main()

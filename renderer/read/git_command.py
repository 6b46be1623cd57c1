"""Starts git, which only reads, and gives what it said.

In: a folder and arguments that we made. Out: bytes, or GitFailure with git's own words.
Never: asks for a password, writes to the repository, runs a program that the repository's configuration names, or lets
the environment point git to another repository.
"""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import weakref
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT: Final = 120  # seconds
# Statistics of files are compared in full, and nothing but git itself says which files changed.
_SETTINGS: Final = (
    "core.fsmonitor=false",
    "core.untrackedCache=false",
    "core.trustctime=true",
    "core.checkStat=default",
    "core.preloadIndex=true",
    "core.quotePath=false",
    "core.hooksPath=/dev/null",
)
_ENVIRONMENT: Final = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "LC_ALL": "C",
}
# They say where the repository is, and only the folder may. A hook has some of them set.
_MISLEADING: Final = frozenset(
    {
        "GIT_DIR",
        "GIT_WORK_TREE",
        "GIT_INDEX_FILE",
        "GIT_COMMON_DIR",
        "GIT_OBJECT_DIRECTORY",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES",
        "GIT_NAMESPACE",
        "GIT_GLOB_PATHSPECS",
        "GIT_NOGLOB_PATHSPECS",
        "GIT_ICASE_PATHSPECS",
    }
)


class GitFailure(Exception):
    """Git could not answer; the text is what it said."""


class GitMissing(GitFailure):
    """There is no git on this machine."""


class Command:
    """One git command that has been started; `output` waits for it. One that nobody waits for is ended."""

    _failure: GitFailure | None = None

    def __init__(self, folder: Path, *arguments: str) -> None:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        environment = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
        with ExitStack() as stack:
            # Files and not pipes: the command never waits for us to read.
            self._out = stack.enter_context(tempfile.TemporaryFile())
            self._err = stack.enter_context(tempfile.TemporaryFile())
            try:
                self._process = subprocess.Popen(  # noqa: S603 - arguments are ours
                    ["git", "-C", str(folder), *settings, *arguments],  # noqa: S607 - the git that PATH has
                    stdin=subprocess.DEVNULL,
                    stdout=self._out,
                    stderr=self._err,
                    env=environment | _ENVIRONMENT,
                )
            except OSError:
                raise GitMissing("git is not installed, or not found") from None
            stack.callback(_end, self._process)
            self._close = weakref.finalize(self, stack.pop_all().close)

    def output(self) -> bytes:
        """What the command wrote, told once; raises GitFailure, each time, when it failed or took too long."""
        if self._failure is not None:
            raise GitFailure(str(self._failure))
        try:
            return self._finished()
        except GitFailure as failure:
            self._failure = failure
            raise
        finally:
            self._close()

    def _finished(self) -> bytes:
        try:
            code = _wait(self._process)
        except subprocess.TimeoutExpired:
            raise GitFailure("git gave no answer in time") from None
        self._out.seek(0)
        self._err.seek(0)
        if code:
            raise GitFailure(self._err.read().decode(errors="replace"))
        return self._out.read()


def _wait(process: subprocess.Popen[bytes]) -> int:
    """The exit code. Where the system tells that a process has ended, nobody has to look again and again."""
    if hasattr(os, "pidfd_open"):
        with suppress(OSError):
            handle = os.pidfd_open(process.pid)
            try:
                # Not select(): it takes no number above 1,024, and a process may have that many files open.
                ends = select.poll()
                ends.register(handle, select.POLLIN)
                ends.poll(TIMEOUT * 1000)
            finally:
                os.close(handle)
            return process.wait(0)
    return process.wait(TIMEOUT)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()


def ask(folder: Path, *arguments: str) -> bytes:
    """What one git command answers; raises GitFailure."""
    return Command(folder, *arguments).output()

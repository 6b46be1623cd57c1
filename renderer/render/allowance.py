"""Bounds the CPU time of template code, for what counting cannot see: a regular expression that backtracks is one step.

In: seconds. Out: nothing, or TimeUsedUp, raised at the line that ran when they were used up.
Never: asks what time it is. Only the CPU time of this thread counts, so that a busy machine changes no result. Outside
the main thread, and where the platform has no such timer, nothing is bounded.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from renderer.render.limits import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from renderer.types import Origin

# For all templates of one site together. What a fleet's sites need is counted in thousandths of it.
SECONDS = 1.5
# The timer counts all threads of the process: when it was early, because others were at work, it comes back so soon.
_AGAIN: Final = 0.05


class OutOfTime(BaseException):
    """Not an Exception, so that no `except Exception` on the way up takes it for a fault of its own.

    `where` is the text that ran, once that is known.
    """

    where: Origin | None = None


class TimeUsedUp(LimitExceeded):
    """Template code took more CPU time than it may; `where` is the text that ran, if one did."""

    def __init__(self, seconds: float, where: Origin | None = None) -> None:
        super().__init__(f"more than {seconds:g} s of CPU time")
        self.where = where


class _Timer:
    """The CPU timer of this process. There is one, so it has one user at a time: the outermost."""

    def __init__(self) -> None:
        # In CPU seconds of the main thread; None when nobody uses the timer.
        self.deadline: float | None = None

    def start(self, seconds: float) -> None:
        self.deadline = time.thread_time() + seconds
        # The handler stays: a signal that is on its way when the timer stops would otherwise end the process.
        if signal.getsignal(signal.SIGPROF) != self._fire:
            signal.signal(signal.SIGPROF, self._fire)
        # Again and again: an exception that is raised while an object is torn down is lost.
        signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)

    def stop(self) -> None:
        self.deadline = None
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _fire(self, _signal: int, _frame: FrameType | None) -> None:
        if self.deadline is not None and time.thread_time() >= self.deadline:
            raise OutOfTime


_TIMER: Final = _Timer()
_HAS_TIMER: Final = hasattr(signal, "setitimer") and hasattr(time, "thread_time")


def is_bounded() -> bool:
    """Whether an allowance is running."""
    return _TIMER.deadline is not None


@contextmanager
def allowance(seconds: float | None = None) -> Iterator[None]:
    """Give what runs inside so much CPU time, or SECONDS; raises TimeUsedUp. Inside another one, that one counts."""
    if is_bounded() or not _HAS_TIMER or threading.current_thread() is not threading.main_thread():
        yield
        return
    given = SECONDS if seconds is None else seconds
    try:
        _TIMER.start(given)
        try:
            yield
        finally:
            _TIMER.stop()
    except OutOfTime as end:
        _TIMER.stop()
        raise TimeUsedUp(given, end.where).with_traceback(end.__traceback__) from None

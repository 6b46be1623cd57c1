"""When to ask again, and how long to wait before.

In: status codes, Retry-After headers, the number of the attempt. Out: seconds. Never: sleeps (but for `Pause`), or
draws lots.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED = frozenset({408, 425, 429, 500, 502, 503, 504})
_THROTTLED = 429


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling waits without jitter, so that a run can be repeated; Retry-After is believed up to a limit."""

    first: float
    limit: float
    retry_after_limit: float

    def wait(self, attempt: int, retry_after: str | None = None) -> float:
        """Seconds to wait after attempt number `attempt` (from 0) failed."""
        usual = min(self.limit, self.first * 2.0 ** min(attempt, 32))
        asked = parse_retry_after(retry_after, datetime.now(UTC)) if retry_after else None
        return usual if asked is None else min(self.retry_after_limit, max(usual, asked))


def parse_retry_after(text: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: seconds or a date), None if it cannot be read."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])  # nine digits are 31 years, and the caller's limit is lower
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())


def is_retried(status: int, retry_after: str | None) -> bool:
    """Whether an answer is worth asking again; a 403 is when it says how long to wait (a rate limit in disguise)."""
    return status in RETRIED or (status == 403 and retry_after is not None)  # noqa: PLR2004 - HTTP's own number


class Pause:
    """One registry's wish to be left alone, shared by all threads that talk to it."""

    def __init__(self) -> None:
        self._until = 0.0
        self._lock = threading.Lock()

    def extend(self, seconds: float) -> None:
        """Let nobody ask for that long."""
        with self._lock:
            self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        """Sleep until asking is allowed."""
        while (remaining := self._until - time.monotonic()) > 0:
            time.sleep(remaining)

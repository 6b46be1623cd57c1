"""Times of the week in a site's own time.

In: windows, a time zone, a moment. Out: whether they are open, and when the next one opens.
Never: asks for the time.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from renderer.types import Window

_DAYS_AHEAD: Final = 15


def is_open(windows: Sequence[Window], zone: ZoneInfo, now: datetime) -> bool:
    """Whether one of the windows is open at `now`, an aware moment; always, when there are none."""
    return not windows or any(start <= now < end for start, end in _spans(windows, zone, now))


def opens(zones: Mapping[str, ZoneInfo], windows: Sequence[Window], now: datetime) -> datetime | None:
    """The first moment from `now` on at which the windows are open in all zones at once, within two weeks."""
    moments = {now} | {start for zone in set(zones.values()) for start, _ in _spans(windows, zone, now) if start > now}
    # Windows open only at their starts: if there is a moment at which all are open, there is such a start before it.
    for moment in sorted(moments):
        if all(is_open(windows, zone, moment) for zone in set(zones.values())):
            return moment
    return None


def _spans(windows: Iterable[Window], zone: ZoneInfo, around: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Start and end in UTC of the windows from the day before `around` on. A day of 23 or 25 hours is just that."""
    today = around.astimezone(zone).date()
    for ahead in range(-1, _DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        for window in windows:
            if day.weekday() in window.days:
                last = day + timedelta(days=1) if window.end <= window.start else day
                start = datetime.combine(day, window.start, zone).astimezone(UTC)
                yield start, datetime.combine(last, window.end, zone).astimezone(UTC)

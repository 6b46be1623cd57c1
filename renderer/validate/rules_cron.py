"""Cron expressions as the CronJob controller reads them.

In: the text of a schedule. Out: what is wrong with it, or nothing; whether it can ever be due.
Never: knows a date. Source: robfig/cron v3 parser.go (ParseStandard).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from renderer.validate.formats import is_duration

_DESCRIPTORS = frozenset(("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"))
_EVERY = "@every "
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_NUMBER = re.compile(r"[0-9]{1,4}")


class _Field(NamedTuple):
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()


_DAY = _Field("day of month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_FIELDS = (_Field("minute", 0, 59), _Field("hour", 0, 23), _DAY, _MONTH, _Field("day of week", 0, 6, _DAYS))


def schedule_problem(text: str) -> str:
    """What is wrong with a schedule; empty when it is well-formed."""
    if text.startswith("@"):
        every = text.startswith(_EVERY) and is_duration(text.removeprefix(_EVERY))
        return "" if text in _DESCRIPTORS or every else "is no known descriptor such as @daily or @every 6h"
    parts = text.split()
    if len(parts) != len(_FIELDS):
        return f"has {len(parts)} fields instead of {len(_FIELDS)}: minute, hour, day of month, month, day of week"
    return next((f"has a wrong {field.name}: {part}" for field, part in zip(_FIELDS, parts, strict=True)
                 if _values(field, part) is None), "")  # fmt: skip


def is_ever_due(text: str) -> bool:
    """Whether a well-formed schedule names a day that exists: 30 February does not."""
    parts = text.split()
    if text.startswith("@") or len(parts) != len(_FIELDS) or parts[4] not in ("*", "?"):
        return True
    days, months = _values(_DAY, parts[2]), _values(_MONTH, parts[3])
    return not (days and months) or min(days) <= max(_LONGEST_MONTH[month - 1] for month in months)


def _values(field: _Field, text: str) -> set[int] | None:
    """The numbers that one field stands for; None when it is malformed."""
    found: set[int] = set()
    for part in text.split(","):
        values = _range(field, part)
        if values is None:
            return None
        found.update(values)
    return found


def _range(field: _Field, part: str) -> range | None:
    span, slash, step = part.partition("/")
    first, dash, last = span.partition("-")
    if span in ("*", "?"):
        low, high = field.least, field.most
    else:
        start, end = _number(field, first), _number(field, last) if dash else None
        if start is None or (dash and end is None):
            return None
        low, high = start, end if end is not None else field.most if slash else start
    stride = int(step) if _NUMBER.fullmatch(step) else 0 if slash else 1
    if stride < 1 or not field.least <= low <= high <= field.most:
        return None
    return range(low, high + 1, stride)


def _number(field: _Field, text: str) -> int | None:
    if text.lower() in field.names:
        return field.least + field.names.index(text.lower())
    return int(text) if _NUMBER.fullmatch(text) else None

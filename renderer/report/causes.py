"""Why a site differs from what is published, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from renderer.report.escaping import one_line
from renderer.report.explained import explained_data, explained_lines
from renderer.report.objects import changes_data, field_lines, title
from renderer.report.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.report.explained import Explained
    from renderer.types import FieldChange, Json, ObjectChange

_LEAVES: Final = 3


@dataclass(frozen=True, slots=True)
class FieldCause:
    """One changed field with what made it; `field` is None for an object that came or went as a whole."""

    change: ObjectChange
    field: FieldChange | None = None
    explained: tuple[Explained, ...] = ()


@dataclass(frozen=True, slots=True)
class WhyChanged:
    """The inputs that moved since the site was published, the commits that touch them, and its changed fields."""

    site: str
    reasons: tuple[str, ...]
    commits: tuple[tuple[str, str], ...]
    causes: tuple[FieldCause, ...]
    serial: int | None = None
    published: str = ""


def why_changed(found: WhyChanged) -> Report:
    """The outcome of `explain --why-changed`."""
    data: dict[str, Json] = {
        "site": found.site,
        "serial": found.serial,
        "published": found.published or None,
        "reasons": list(found.reasons),
        "commits": [{"id": oid, "subject": subject} for oid, subject in found.commits],
        "changes": [_data(cause) for cause in found.causes],
    }
    return Report("explain-changed", data, "\n".join(_lines(found)))


def _lines(found: WhyChanged) -> Iterator[str]:
    since = f" since serial {found.serial} of {found.published}" if found.serial else ""
    if not found.reasons and not found.causes:
        yield f"{found.site}: nothing changed{since}"
        return
    yield f"{found.site}{since}: {', '.join(found.reasons) or 'its inputs are the same'}"
    for oid, subject in found.commits:
        yield f"  {oid} {one_line(subject)}"
    for _, causes in groupby(found.causes, key=lambda cause: cause.change):
        members = list(causes)
        yield title(members[0].change)
        for cause in members:
            yield from _field_lines(cause)


def _field_lines(cause: FieldCause) -> Iterator[str]:
    if cause.field is None:
        return
    yield from (f"    {line}" for line in field_lines(cause.field))
    for one in cause.explained[:_LEAVES]:
        yield from (f"      {line}" for line in explained_lines(one))
    if len(cause.explained) > _LEAVES:
        yield f"      and {len(cause.explained) - _LEAVES} fields below it"


def _data(cause: FieldCause) -> Json:
    return {
        "object": str(cause.change.key),
        "action": (cause.field or cause.change).action.value,
        "field": cause.field.dotted if cause.field else None,
        "change": changes_data([cause.change]) if cause.field is None else [],
        "causes": [explained_data(one) for one in cause.explained],
    }

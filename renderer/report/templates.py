"""What the commands about template versions have to say. One function per command: its result in, a Report out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from renderer.report.problems import problems_data, problems_text
from renderer.report.report import Report
from renderer.report.table import counted, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.types import Digest, Json, Problem, TemplatePin

_SHORT = 12
# A working version is nothing to update to.
_NEXT = "next"


class LockState(StrEnum):
    """What locking found of a version, or did with it."""

    KEPT = "kept"
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"
    GONE = "gone"


_MEANINGS = {
    LockState.ADDED: "new in the lock",
    LockState.CHANGED: "locked to other content now",
    LockState.REMOVED: "neither pinned nor there any more",
    LockState.MOVED: "its source offers other content under this version; the locked content is used",
    LockState.GONE: "its source does not offer this version any more; the locked content is used",
}


@dataclass(frozen=True, slots=True)
class LockRow:
    """One version: where it comes from, its commit or manifest if it has one, its digest."""

    pin: TemplatePin
    state: LockState
    source: str
    address: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class RangeRow:
    """What a range stands for: `before` is None for a new one, `after` for one that nobody pins any more."""

    pin: TemplatePin
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a template; the lock has it, with this digest, if `locked`. A pre-release is not `stable`."""

    pin: TemplatePin
    source: str
    locked: bool
    digest: Digest | None = None
    stable: bool = True


def lock(
    rows: Sequence[LockRow], ranges: Sequence[RangeRow], problems: Sequence[Problem], *, changed: bool, file: str
) -> Report:
    """The outcome of `template lock`: everything that is not as it was."""
    news = [row for row in rows if row.state is not LockState.KEPT]
    moved = [row for row in ranges if row.before != row.after]
    lines = [f"{row.pin} {row.state}: {_MEANINGS[row.state]}" for row in news]
    lines += [f"{row.pin.name} {row.pin.version}: {row.before or 'new'} -> {row.after or 'not used'}" for row in moved]
    lines.append(f"{file}: {counted(len(rows), 'version')}, {'changed' if changed else 'unchanged'}")
    text = "\n".join(part for part in (problems_text(problems), *lines) if part)
    data: dict[str, Json] = {
        "file": file,
        "changed": changed,
        "versions": [_locked(row) for row in rows],
        "ranges": [
            {"template": row.pin.name, "range": row.pin.version, "before": row.before, "after": row.after}
            for row in ranges
        ],
        "problems": problems_data(problems),
    }
    return Report("template-lock", data, text)


def release(pin: TemplatePin, digest: Digest, folder: str, notes: str) -> Report:
    """The outcome of `template release`."""
    text = f"{pin} released as {folder}\n{notes}\nReview and commit it, then pin it where it shall go first."
    data: dict[str, Json] = {
        "template": pin.name,
        "version": pin.version,
        "digest": str(digest),
        "folder": folder,
        "notes": notes,
    }
    return Report("template-release", data, text)


def versions(rows: Sequence[VersionRow]) -> Report:
    """The outcome of `template versions`."""
    cells = [[row.pin.name, row.pin.version, row.source, "yes" if row.locked else "no", _short(row)] for row in rows]
    text = table(["template", "version", "source", "locked", "digest"], cells) if cells else "no templates"
    data: list[Json] = [
        {
            "template": row.pin.name,
            "version": row.pin.version,
            "source": row.source,
            "locked": row.locked,
            **({"digest": str(row.digest)} if row.digest else {}),
        }
        for row in rows
    ]
    return Report("template-versions", {"versions": data}, text)


def renovate(rows: Sequence[VersionRow], links: Mapping[str, str]) -> str:
    """What Renovate's datasource `custom` reads: the releases of one template, and what `links` has (homepage, …)."""
    releases: list[Json] = [
        {"version": row.pin.version, "isStable": row.stable} for row in rows if row.pin.version != _NEXT
    ]
    return json.dumps({"releases": releases, **links}, indent=2)


def _locked(row: LockRow) -> Json:
    data: dict[str, Json] = {
        "template": row.pin.name,
        "version": row.pin.version,
        "state": row.state.value,
        "source": row.source,
        "digest": str(row.digest),
    }
    return data | ({"address": row.address} if row.address else {})


def _short(row: VersionRow) -> str:
    return f"sha256:{row.digest.hex[:_SHORT]}…" if row.digest else ""

"""A default that changed, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.report.table import counted
from renderer.secrets import mask_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.types import Json

_CLIP = 60


@dataclass(frozen=True, slots=True)
class DefaultChange:
    """A question whose default differs between two versions of a template, and how many planned sites take it."""

    before: str
    after: str
    question: str
    old: Json
    new: Json
    sites: int


def default_lines(changes: Sequence[DefaultChange]) -> Iterator[str]:
    """A line per question."""
    for change in changes:
        template, _, version = change.before.partition("@")
        after = change.after.partition("@")[2]
        moved = f"{template} {version} -> {after}" if version != after else change.after
        old, new = mask_value(change.old, change.question), mask_value(change.new, change.question)
        values = f"{_shown(old)} -> {_shown(new)}"
        verb = "affects" if change.sites else "affects none:"
        who = counted(change.sites, "site") if change.sites else "every site sets it"
        yield f"{moved}: default change of {change.question} ({values}) {verb} {who}"


def default_data(changes: Sequence[DefaultChange]) -> list[Json]:
    """An object per question."""
    return [
        {
            "template": change.before.partition("@")[0],
            "before": change.before.partition("@")[2],
            "after": change.after.partition("@")[2],
            "question": change.question,
            "old": mask_value(change.old, change.question),
            "new": mask_value(change.new, change.question),
            "sites": change.sites,
        }
        for change in changes
    ]


def _shown(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _CLIP else f"{text[:_CLIP]}…"

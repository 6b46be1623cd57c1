"""Which sites a plan changes because a template's default changed.

In: a workspace, the templates that moved, with the sites that follow them. Out: a DefaultChange per question.
Never: reads a site whose template has the defaults that it had, or guesses at content that nobody has any more.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from renderer import engine, read, render
from renderer.errors import EnvironmentFailure, TemplateError
from renderer.fleet.press import TakesDefaults, Taking
from renderer.report.changes import DefaultChange
from renderer.types import TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from renderer.fleet.workspace import Workspace
    from renderer.plan import Entry, Move
    from renderer.types import Json, TemplateTree


def default_changes(
    space: Workspace, moves: Mapping[Move, Sequence[str]], entries: Mapping[str, Entry], workers: engine.Workers
) -> tuple[DefaultChange, ...]:
    """The questions whose default is another one now, each with how many sites of its move take it.

    A site takes a default when neither its labels nor its values answer the question. What a template held before is
    looked for in the lock's versions, then in the commit that was published; nothing is said when neither has it.
    """
    found: list[DefaultChange] = []
    for move, sites in moves.items():
        before = _before(space, move, max(entries[site].serial for site in sites))
        changed = _changed(before, space.tree(TemplatePin.parse(move.after))) if before else {}
        if changed:
            counts = _count(space, sites, tuple(changed), workers)
            names = move.before, move.after
            found += [DefaultChange(*names, question, *pair, counts[question]) for question, pair in changed.items()]
    return tuple(found)


def _before(space: Workspace, move: Move, serial: int) -> TemplateTree | None:
    """The template as it was published; its digest proves it."""
    pin = TemplatePin.parse(move.before)
    for tree in _candidates(space, pin, serial):
        if tree.digest == move.digest:
            return tree
    return None


def _candidates(space: Workspace, pin: TemplatePin, serial: int) -> Iterator[TemplateTree]:
    with suppress(TemplateError):
        yield space.tree(pin)
    with suppress(TemplateError, EnvironmentFailure):
        yield read.past_template(space.fleet, pin, serial)


def _changed(before: TemplateTree, after: TemplateTree) -> dict[str, tuple[Json, Json]]:
    """Question -> its default before and now, where both have one and they differ."""
    try:
        old, new = render.question_defaults(before), render.question_defaults(after)
    except TemplateError:
        return {}
    return {name: (old[name], new[name]) for name in old if name in new and old[name] != new[name]}


def _count(space: Workspace, sites: Sequence[str], questions: tuple[str, ...], workers: engine.Workers) -> Counter[str]:
    orders = [Taking(space.file(site), questions) for site in sites]
    counts: Counter[str] = Counter()
    for outcome in engine.for_size(len(orders), workers).map(TakesDefaults(space.root), orders):
        counts.update(outcome if isinstance(outcome, tuple) else ())
    return counts

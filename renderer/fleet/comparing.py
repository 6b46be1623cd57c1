"""Compares one site with what it was, in the worker that renders it.

In: a pair of site files, or one and a baseline. Out: a digest of what changes at the site; the change itself comes once
from each worker, however many sites have it.
Never: writes, publishes, or lets one site's trouble reach another.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from renderer import validate
from renderer.diff import Rules, SiteDiffer, Words
from renderer.errors import Code
from renderer.fleet.baselines import SupposingRender
from renderer.fleet.press import Order, Rendered
from renderer.fleet.task import FleetTask
from renderer.strict_yaml import YamlError
from renderer.types import Problem, Rejected, SiteChange, SiteState

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from renderer.fleet.baselines import Baseline, Pairing, Past
    from renderer.fleet.supposing import Supposition
    from renderer.types import Change, Site


@dataclass(frozen=True, slots=True)
class Compared:
    """One site's outcome: its change, None when nothing differs; and the change itself when it is news."""

    site: str
    change: SiteChange | None
    news: Change | None = None
    problems: tuple[Problem, ...] = ()


class Compare(FleetTask):
    """Task: how a site differs from its baseline."""

    def __init__(
        self,
        root: Path,
        baseline: Baseline,
        supposition: Supposition | None,
        today: date | None = None,
        *,
        ignore_defaults: bool = False,
    ) -> None:
        super().__init__(root, today)
        self._baseline, self._supposition, self._ignore_defaults = baseline, supposition, ignore_defaults

    def __reduce__(self) -> tuple[object, ...]:
        return _compare, (self.root, self._baseline, self._supposition, self.today, self._ignore_defaults)

    def prepare(self) -> None:
        """Open both sides."""
        self._render = SupposingRender(self.root, self._supposition, self.today)
        self._render.prepare()
        self._baseline.prepare()
        self.space = self._render.space
        shapes = validate.Shapes(self.space.schemas)
        self._differ = SiteDiffer(Rules(shapes, ignore_defaults=self._ignore_defaults))
        self._told: set[str] = set()

    def __call__(self, pairing: Pairing) -> Compared | Rejected:
        """The site's change, or what is wrong with it on either side."""
        if pairing.after is None:
            past = self._baseline.past(pairing, None)
            return past if isinstance(past, Rejected) else self._compared(pairing.name, past, None)
        found = self._render.examine(Order(pairing.after))
        if not isinstance(found, tuple):
            assert isinstance(found, Rejected), "an order without fingerprint is never the same"  # noqa: S101
            return found
        if self._baseline.is_same(pairing, found[1]):
            return Compared(pairing.name, None)
        rendered = self._render.make(*found)
        if isinstance(rendered, Rejected):
            return rendered
        past = self._baseline.past(pairing, (found[0], rendered.manifests))
        if isinstance(past, Rejected):
            return past
        return self._compared(pairing.name, past, rendered, found[0])

    def lost(self, pairing: Pairing, reason: str) -> Rejected:
        """The outcome of a site that took its worker down."""
        hint = "look for an endless loop or a huge repetition in its templates"
        return Rejected(pairing.name, (Problem(Code.WORKER_LOST, f"the site {reason}", hint=hint, site=pairing.name),))

    def _compared(
        self, name: str, past: Past | None, now: Rendered | None, site: Site | None = None
    ) -> Compared | Rejected:
        before = past.files if past is not None else {}
        after = {one.path: one.content for one in now.manifests.files} if now else {}
        words = Words.of(name, site.values if site is not None else {})
        try:
            found = self._differ.diff(before, after, words)
        except YamlError as error:
            return Rejected(name, tuple(replace(problem, site=name) for problem in error.problems))
        warnings = now.warnings if now else ()
        if found is None:
            return Compared(name, None, problems=warnings)
        digest, change = found
        state = SiteState.NEW if past is None else SiteState.GONE if now is None else SiteState.CHANGED
        labels = site.labels if site is not None else past.labels if past is not None else {}
        shown = tuple(labels.get(label, "") for label in self.space.fleet.labels)
        values = tuple(words.by_name[each] for each in change.names)
        news = change if digest not in self._told else None
        self._told.add(digest)
        return Compared(name, SiteChange(name, state, shown, digest, values), news, warnings)


def _compare(
    root: Path,
    baseline: Baseline,
    supposition: Supposition | None,
    today: date | None,
    ignore_defaults: bool,  # noqa: FBT001 - pickle knows positions only
) -> Compare:
    return Compare(root, baseline, supposition, today, ignore_defaults=ignore_defaults)

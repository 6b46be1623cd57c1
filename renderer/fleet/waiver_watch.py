"""Which waivers of a fleet do nothing.

In: the facts of its sites, one after the other. Out: problems: errors of what can never be waived, else warnings.
Never: renders a site that no waiver is about, or keeps more of the others than nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer import validate
from renderer.fleet import queries
from renderer.types import Rejected

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.engine import Workers
    from renderer.fleet.workspace import Workspace
    from renderer.lint import SiteFacts
    from renderer.types import Problem


class WaiverWatch:
    """Looks which sites waivers are about, and then what they waive there."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._waivers = space.waivers
        self._sites: dict[str, tuple[str, ...]] = {}

    def add(self, site: SiteFacts) -> None:
        """One site."""
        covering = tuple(one.name for one in self._waivers.covering(site.name, site.labels))
        if covering:
            self._sites[site.name] = covering

    def flaws(self) -> Iterator[Problem]:
        """Waivers that can waive nothing, whatever is found."""
        if self._waivers.all:
            names = validate.finding_names(self._space.schemas, self._space.policies)
            yield from self._waivers.flaws(self._space.fleet.labels, names)

    def doubts(self, workers: Workers) -> Iterator[Problem]:
        """Waivers that are about no site, that nothing needs, that have ended or end soon."""
        about = {name for names in self._sites.values() for name in names}
        idle = [*self._waivers.idle(about)]
        yield from idle
        told = {problem.where for problem in idle}
        yield from (one for one in self._waivers.unused(self._used(workers)) if one.where not in told)

    def _used(self, workers: Workers) -> set[str]:
        """Names of the waivers that waive something; of a site that cannot be rendered, nobody knows."""
        used: set[str] = set()
        for name, outcome in zip(self._sites, queries.check(self._space, [*self._sites], workers), strict=True):
            problems = outcome.problems if isinstance(outcome, Rejected) else outcome.warnings
            waived = {problem.waived.waiver.name for problem in problems if problem.waived is not None}
            used |= waived
            if isinstance(outcome, Rejected):
                used.update(self._sites[name])
        return used

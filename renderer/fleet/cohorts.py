"""Which bases may go out: what is known of the sites that share each, and the verdict over them.

In: what came out for each site, the ledger, the sites that were chosen. Out: for each base, what keeps it back, if
anything does.
Never: lets a base move that a cluster follows whose site was not found good with it. A base reaches all clusters of its
cohort at once: the cohort is what one mistake can reach, and so it is what one mistake holds back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from renderer.errors import Code, ConfigurationError
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from renderer.fleet.books import Books
    from renderer.types import Digest

_NAMED: Final = 3
_DEFECT: Final = (
    "this is a defect of fleetpress, or of its memo: report it, and publish with FLEETPRESS_MEMO=off and --all"
)


@dataclass(slots=True)
class Cohort:
    """What is known of the sites that share a base.

    `contents` are what it came out as, one unless something is wrong; `failed` are sites whose clusters follow it and
    that did not make it, `same` those of which nothing renders differently. `newer` is the serial of a base of a newer
    run that is there already.
    """

    region: str = ""
    contents: set[Digest] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    problem: Problem | None = None
    newer: int | None = None


class Cohorts:
    """All cohorts of a publication, by key.

    `names` are the sites that were chosen, None for all; `sites` are those of the fleet. `there` asks for the content
    of a base as it is published now, by key and region: only of a base that the ledger does not know.
    """

    def __init__(
        self,
        books: Books,
        names: Collection[str] | None,
        sites: Collection[str],
        key_id: str,
        there: Callable[[str, str], Digest | None],
    ) -> None:
        self._books, self._sites, self._key_id, self._there = books, sites, key_id, there
        self._names = names if names is None or isinstance(names, AbstractSet) else frozenset(names)
        self._cohorts: dict[str, Cohort] = defaultdict(Cohort)
        self._looked_at: set[str] = set()
        # Failed sites that the ledger does not know, with the cohort that they would be in; "" where nobody can tell.
        self._unknown: list[tuple[str, str]] = []

    def __getitem__(self, key: str) -> Cohort:
        return self._cohorts[key]

    def good(self, site: str, region: str, key: str, base: Digest) -> None:
        """Note a site that was found good with a base."""
        self._looked_at.add(site)
        self._cohorts[key].region = region
        self._cohorts[key].contents.add(base)

    def same(self, site: str, key: str) -> None:
        """Note a site of which nothing renders differently: nor may its base move."""
        self._looked_at.add(site)
        self._cohorts[key].same.append(site)

    def failed(self, site: str, key: str) -> None:
        """Note a site that stays as it is; `key` is that of the cohort that it would be in, where that is known."""
        self._looked_at.add(site)
        entry = self._books.entries.get(site)
        if entry is None:
            self._unknown.append((site, key))
        elif entry.base:
            self._cohorts[entry.base].failed.append(site)

    def followed(self, site: str, region: str, key: str) -> str:
        """The base that the cluster of a site in the cohort `key` follows until now; empty for none."""
        entry = self._books.entries.get(site)
        if entry is not None:
            return entry.base
        # A site that nobody knows is new, unless the ledger was lost: then it probably has the base of its cohort.
        return key if self._is_lost(key, region) else ""

    def is_due(self, key: str, content: Digest) -> bool:
        """Whether a base with this content has to go out, or to be signed by this run's key."""
        known = self._books.bases.get(key)
        return known is None or (known.content, known.key_id) != (content, self._key_id)

    def judge(self, handed: Collection[tuple[str, Digest]]) -> None:
        """Note what keeps cohorts back; `handed` are the bases that are at hand.

        Raises ConfigurationError, before anything went out, when a base would move that sites not chosen have, too.
        """
        unchosen = [problem for key in sorted(self._cohorts) if (problem := self._judge(key, handed)) is not None]
        if unchosen:
            raise ConfigurationError(unchosen[0].what, problems=unchosen)

    def _judge(self, key: str, handed: Collection[tuple[str, Digest]]) -> Problem | None:
        cohort = self._cohorts[key]
        if len(cohort.contents) > 1:
            cohort.problem = Problem(Code.BASE_DIFFERS, f"sites of one cohort make different bases {key}", hint=_DEFECT)
        for content in cohort.contents if cohort.problem is None else ():
            if self.is_due(key, content) and (key, content) not in handed:
                what = f"held back, for the worker that made its base {key} was lost"
                cohort.problem = Problem(Code.BASE_HELD, what, hint="run again")
            elif self._moves(key, cohort.region, content):
                return self._judge_moving(key, cohort)
        return None

    def _is_lost(self, key: str, region: str) -> bool:
        """Whether a base is published that the ledger does not know: then nor does it know who has it."""
        return self._books.bases.get(key) is None and self._there(key, region) is not None

    def _moves(self, key: str, region: str, content: Digest) -> bool:
        """Whether clusters that follow the base get something else. One that is new, nobody follows."""
        known = self._books.bases.get(key)
        there = known.content if known is not None else self._there(key, region)
        return there is not None and there != content

    def _judge_moving(self, key: str, cohort: Cohort) -> Problem | None:
        lost = self._is_lost(key, cohort.region)
        failed = [*cohort.failed, *(site for site, would_be in self._unknown if lost and would_be in {"", key})]
        if failed:
            what = f"held back, for the base that it shares would go to {_some(failed)} too, which failed"
            hint = "correct these sites, or give them an earlier version by pins of their own; then publish again"
            cohort.problem = Problem(Code.BASE_HELD, what, hint=hint)
            return None
        chosen = self._names
        if lost and chosen is not None and len(chosen) < len(self._sites):
            what = f"the base {key} would change, and nothing tells which of the sites share it that were not chosen"
            return Problem(Code.BASE_SHARED, what, hint="publish without selectors: the ledger is made anew")
        others = [site for site in self._books.bases.sites(key) if site not in self._looked_at and site in self._sites]
        unchosen = [site for site in others if chosen is not None and site not in chosen]
        if unchosen:
            what = f"the base {key} would change for {_some(unchosen)} too: they share it, and were not chosen"
            hint = "choose all sites that share it, for instance by the labels that choose layers"
            return Problem(Code.BASE_SHARED, what, hint=hint)
        if others or cohort.same:
            what = f"the base {key} changed, and nothing of {_some([*others, *cohort.same])} did, which have it, too"
            cohort.problem = Problem(Code.BASE_DIFFERS, what, hint=_DEFECT)
        return None


def _some(sites: list[str]) -> str:
    more = f" and {len(sites) - _NAMED:,} more" if len(sites) > _NAMED else ""
    return f"{', '.join(sites[:_NAMED])}{more}"

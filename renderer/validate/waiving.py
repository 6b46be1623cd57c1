"""Applies a fleet's waivers to what was found.

In: problems of a site, its name and labels; the day. Out: the same problems, those that are waived marked as such.
Never: reads a clock, drops a problem, or waives what must not be.

Whoever makes problems of another kind lists their codes in WAIVABLE, gives each the `rule` and `object` by which people
name it, and hands them to `Waivers.apply`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.types import Digest, Problem, Severity, Waived, compact_json
from renderer.validate.scopes import covers, described, scope_flaws
from renderer.validate.wording import clipped, meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from renderer.types import Waiver

WAIVABLE = frozenset((
    Code.OBJECT_RULE,
    Code.OBJECT_REFERENCE,
    Code.OBJECT_CEL,
    Code.OBJECT_POLICY,
    Code.IMAGE_REGISTRY,
    Code.EGRESS_HOST,
    Code.IMAGE_UNPINNED,
    Code.SITE_LIMIT,
    Code.OBJECT_FORBIDDEN,
    Code.IMAGE_UNREADABLE,
    Code.HOST_UNREADABLE,
))  # fmt: skip
_SOON = timedelta(days=14)


class Waivers:
    """The waivers of a fleet on a day. Without a day none of them counts.

    `protected` are names of policies that let nothing be waived.
    """

    def __init__(
        self, waivers: Iterable[Waiver] = (), today: date | None = None, protected: frozenset[str] = frozenset()
    ) -> None:
        self.all = tuple(waivers)
        self._today = today
        self._protected = protected

    def apply(self, problems: Iterable[Problem], site: str, labels: Mapping[str, str]) -> list[Problem]:
        """The problems of a site, with those that are waived marked.

        What a waiver covered that has ended counts again, and that it has ended is told besides.
        """
        mine = self.covering(site, labels)
        if not mine:
            return list(problems)
        found: list[Problem] = []
        for problem in problems:
            matching = [one for one in mine if self._matches(one, problem)]
            active = next((one for one in matching if self.counts(one)), None)
            if active is not None:
                found.append(replace(problem, severity=Severity.WAIVED, waived=Waived(active, problem.severity)))
            else:
                found += [problem, *(_ended(one, problem) for one in matching)]
        return list(dict.fromkeys(found))

    def counts(self, waiver: Waiver) -> bool:
        """Whether the waiver counts today."""
        return self._today is not None and self._today <= waiver.expires

    def digest(self, site: str, labels: Mapping[str, str]) -> Digest | None:
        """What the waivers that count today for a site say, None when there are none for it."""
        return self._digest(self.covering(site, labels))

    @property
    def whole(self) -> Digest | None:
        """What all waivers that count today say, None when there are none."""
        return self._digest(self.all)

    def flaws(self, labels: Mapping[str, tuple[str, ...]], names: Iterable[str]) -> Iterator[Problem]:
        """Waivers that could never waive anything, whatever is found; `names` are those of all policies and rules."""
        known = frozenset(names)
        for one in self.all:
            for what, hint in self._finding_flaws(one, known):
                yield Problem(Code.WAIVER_INVALID, f"waiver {one.name}: {what}", one.where, hint)
            for _, what, hint in scope_flaws(one.scope, labels, free=True):
                yield Problem(Code.WAIVER_INVALID, f"waiver {one.name}: {what}", one.where, hint)

    def covering(self, site: str, labels: Mapping[str, str]) -> list[Waiver]:
        """The waivers that are about a site, whether they count or not."""
        return [one for one in self.all if covers(one.scope, site, labels)]

    def idle(self, covering: Iterable[str]) -> Iterator[Problem]:
        """Waivers that are about no site; `covering` are the names of those that are."""
        known = frozenset(covering)
        for one in self.all:
            if one.name not in known:
                what = f"waiver {one.name} covers no site: {described(one.scope)}"
                yield _warning(Code.WAIVER_IDLE, what, one, "correct its sites, or remove it")

    def unused(self, used: Iterable[str]) -> Iterator[Problem]:
        """Waivers that nothing needs, that have ended, or that end soon; `used` are the names of those that waive."""
        known = frozenset(used)
        for one in self.all:
            if not self.counts(one):
                what = f"waiver {one.name} ended on {one.expires}"
                yield _warning(Code.WAIVER_EXPIRED, what, one, "remove it, or set a new day if it is still needed")
            elif one.name not in known:
                what = f"waiver {one.name} waives nothing: {clipped(one.finding)} is not found where it counts"
                yield _warning(Code.WAIVER_UNUSED, what, one, "remove it, or correct its objects")
            elif self._today is not None and one.expires - self._today < _SOON:
                left = (one.expires - self._today).days
                what = f"waiver {one.name} ends on {one.expires}, in {left} {'day' if left == 1 else 'days'}"
                yield _warning(Code.WAIVER_ENDING, what, one, f"correct what it waives{_ask(one)}")

    def _matches(self, waiver: Waiver, problem: Problem) -> bool:
        if waiver.finding not in (problem.rule, problem.code.value) or not self._may_be_waived(problem):
            return False
        return not waiver.objects or any(fnmatchcase(problem.object, pattern) for pattern in waiver.objects)

    def _may_be_waived(self, problem: Problem) -> bool:
        return problem.code in WAIVABLE and problem.rule not in self._protected

    def _finding_flaws(self, waiver: Waiver, names: frozenset[str]) -> Iterator[tuple[str, str]]:
        codes = {code.value for code in Code}
        if waiver.finding in self._protected:
            yield f"what {waiver.finding} finds is not waived", "its policy says so: change the policy, or the site"
        elif waiver.finding in codes and Code(waiver.finding) not in WAIVABLE:
            yield f"{waiver.finding} is never waived", "correct what is found"
        elif waiver.finding not in codes | names:
            what = f"there is no policy, rule or code {clipped(waiver.finding)}"
            yield what, meant(waiver.finding, codes | names) or "the name stands in the message of the finding"

    def _digest(self, waivers: Iterable[Waiver]) -> Digest | None:
        said = [
            [one.finding, one.objects, one.scope.sites, sorted((k, sorted(v)) for k, v in one.scope.labels.items())]
            for one in waivers
            if self.counts(one)
        ]
        return Digest.of(compact_json(sorted(said))) if said else None


def _ended(waiver: Waiver, problem: Problem) -> Problem:
    what = f"waiver {waiver.name} ended on {waiver.expires}, and what it waived counts again"
    hint = f"correct what it waived, or set a new day{_ask(waiver)}"
    return Problem(Code.WAIVER_EXPIRED, what, waiver.where, hint, problem.site, severity=problem.severity)


def _warning(code: Code, what: str, waiver: Waiver, hint: str) -> Problem:
    return Problem(code, what, waiver.where, hint, severity=Severity.WARNING)


def _ask(waiver: Waiver) -> str:
    return f"; ask {waiver.owner}" if waiver.owner else ""

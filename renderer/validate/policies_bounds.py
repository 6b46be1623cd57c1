"""Policies about how much a site may have, and which objects: Limits, Objects.

In: evidence of a file, the total of a site, its labels. Out: findings.
Never: parses a file, or says something different for two sites that have the same of the labels a policy names.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from renderer.errors import Code
from renderer.validate.policies_kinds import Finding
from renderer.validate.scopes import covers
from renderer.validate.wording import clipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import Scope
    from renderer.validate.policies_evidence import Evidence, Place
    from renderer.validate.policies_kinds import Header, Total


@dataclass(frozen=True, slots=True)
class Limit:
    """How much some sites may have; None is no limit."""

    sites: Scope
    nodes: int
    objects: int | None = None
    size: Fraction | None = None
    kinds: Mapping[str, int] = field(default_factory=dict)
    pods: int | None = None
    cpu: Fraction | None = None
    memory: Fraction | None = None
    storage: Fraction | None = None
    volume: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a site may have."""

    header: Header
    limits: tuple[Limit, ...]

    @property
    def scopes(self) -> Iterable[Scope]:
        """See Policy."""
        return [one.sites for one in self.limits]

    def judge(self, evidence: Evidence, labels: Mapping[str, str]) -> Iterator[Finding]:
        """See Policy."""
        for limit in self._at(labels):
            for seen in evidence.volumes if limit.volume is not None else ():
                if limit.volume is not None and seen.volume.size > limit.volume:
                    what = f"expected at most {_bytes(limit.volume)} for a volume, got {_bytes(seen.volume.size)}"
                    yield Finding(Code.SITE_LIMIT, what, "ask for less, or raise the limit", seen.place)

    def judge_total(self, total: Total, labels: Mapping[str, str]) -> Iterator[Finding]:
        """What is wrong with the site as a whole."""
        for limit in self._at(labels):
            for name, most, got in _measured(limit, total):
                if most is not None and got > most:
                    words = _bytes if name.startswith(("bytes", "memory", "storage")) else _plain
                    what = f"expected at most {words(most)} {name}, got {words(got)}"
                    yield Finding(Code.SITE_LIMIT, what, "render less at this site, or raise the limit")

    def _at(self, labels: Mapping[str, str]) -> list[Limit]:
        return [one for one in self.limits if covers(one.sites, "", labels)]


def _measured(limit: Limit, total: Total) -> Iterator[tuple[str, Fraction | int | None, Fraction | int]]:
    pods = total.demand.pods(limit.nodes)
    kinds = Counter(total.demand.kinds)
    yield "objects", limit.objects, len(total.demand.kinds)
    yield "bytes of manifests", limit.size, total.size
    for pattern, most in limit.kinds.items():
        yield f"objects of kind {pattern}", most, sum(count for kind, count in kinds.items() if is_kind(pattern, *kind))
    yield "pods", limit.pods, pods.number
    yield "processors requested by all pods", limit.cpu, Fraction(pods.cpu, 1000)
    yield "memory requested by all pods", limit.memory, pods.memory
    yield "storage of all volumes", limit.storage, total.demand.storage


def _plain(number: Fraction | int) -> str:
    return f"{float(number):,.3f}".rstrip("0").rstrip(".")


def _bytes(number: Fraction | int) -> str:
    for unit, size in (("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)):
        if number >= size:
            return f"{_plain(Fraction(number) / size)}{unit}"
    return _plain(number)


def is_kind(pattern: str, group: str, kind: str) -> bool:
    """Whether a pattern, Kind or group/Kind, means objects of a kind."""
    return fnmatchcase(f"{group}/{kind}" if "/" in pattern else kind, pattern)


def _fits(patterns: tuple[str, ...] | None, text: str) -> bool:
    return patterns is None or any(fnmatchcase(text, pattern) for pattern in patterns)


def _is_of(patterns: tuple[str, ...] | None, place: Place) -> bool:
    return patterns is None or any(is_kind(one, place.subject.group, place.subject.kind) for one in patterns)


class Forbidden(NamedTuple):
    """Objects that some sites may not have: all that is given must apply."""

    sites: Scope
    kinds: tuple[str, ...] | None
    namespaces: tuple[str, ...] | None
    names: tuple[str, ...] | None

    def matches(self, place: Place) -> bool:
        """Whether the object is one."""
        subject = place.subject
        if self.namespaces is not None and not (subject.namespace and _fits(self.namespaces, subject.namespace)):
            return False
        return _is_of(self.kinds, place) and _fits(self.names, subject.name)


class Only(NamedTuple):
    """The kinds and namespaces that objects of some sites must have."""

    sites: Scope
    kinds: tuple[str, ...] | None
    namespaces: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Objects:
    """Which objects a site may have."""

    header: Header
    forbidden: tuple[Forbidden, ...]
    only: tuple[Only, ...]

    @property
    def scopes(self) -> Iterable[Scope]:
        """See Policy."""
        return [*(one.sites for one in self.forbidden), *(one.sites for one in self.only)]

    def judge(self, evidence: Evidence, labels: Mapping[str, str]) -> Iterator[Finding]:
        """See Policy."""
        forbidden = [one for one in self.forbidden if covers(one.sites, "", labels)]
        only = [one for one in self.only if covers(one.sites, "", labels)]
        for place in evidence.objects:
            for words in dict.fromkeys(_refused(place, forbidden, only)):
                yield Finding(Code.OBJECT_FORBIDDEN, words, "remove it from the template, or change the policy", place)


def _refused(place: Place, forbidden: list[Forbidden], only: list[Only]) -> Iterator[str]:
    subject = place.subject
    for one in forbidden:
        if one.matches(place):
            space = f" in namespace {clipped(subject.namespace)}" if one.namespaces else ""
            yield f"a {clipped(subject.kind)}{space} is forbidden at this site"
    for allowed in only:
        if not _is_of(allowed.kinds, place):
            yield f"{clipped(subject.kind)} is none of the kinds that this site may have"
        if subject.namespace and not _fits(allowed.namespaces, subject.namespace):
            yield f"{clipped(subject.namespace)} is none of the namespaces that this site may have objects in"

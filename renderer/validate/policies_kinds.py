"""The kinds of policies that a fleet can have, and what each says about a file or a site.

In: evidence, and the labels of a site. Out: findings.
Never: parses a file, or says something different for two sites that have the same of the labels a policy names.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, Protocol

from renderer.errors import Code
from renderer.validate.policies_hosts import Unreadable
from renderer.validate.policies_images import looseness
from renderer.validate.scopes import covers, described
from renderer.validate.wording import clipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import Origin, Scope, Severity
    from renderer.validate.policies_amounts import Demand
    from renderer.validate.policies_evidence import Evidence, Place, SeenHost, SeenImage
    from renderer.validate.policies_hosts import Allowed
    from renderer.validate.policies_images import ImagePattern, Pin


@dataclass(frozen=True, slots=True)
class Header:
    """What every policy says about itself."""

    name: str
    why: str
    severity: Severity
    waivable: bool
    where: Origin


class Finding(NamedTuple):
    """What a policy has found; without a place it is about the site as a whole."""

    code: Code
    what: str
    hint: str
    place: Place | None = None


class Total(NamedTuple):
    """What a site's files come to."""

    size: int
    demand: Demand


class Policy(Protocol):
    """A policy, which judges each file by itself. Limits judge the whole site besides."""

    @property
    def header(self) -> Header:
        """What it says about itself."""
        ...

    @property
    def scopes(self) -> Iterable[Scope]:
        """The scopes whose labels decide about sites."""
        ...

    def judge(self, evidence: Evidence, labels: Mapping[str, str]) -> Iterator[Finding]:
        """What is wrong with a file at a site with these labels."""
        ...


def _at(labels: Mapping[str, str], scopes: Iterable[Scope]) -> str:
    """What distinguishes the site from others, in words: its values of the labels that the policy looks at."""
    names = sorted({label for scope in scopes for label in scope.labels})
    return ", ".join(f"{name} {labels[name]}" for name in names if name in labels)


def _others(scopes: Iterable[Scope]) -> str:
    return "; ".join(sorted({described(scope) for scope in scopes}))


class AllowedRegistries(NamedTuple):
    """Registries that some sites may pull from."""

    sites: Scope
    patterns: tuple[ImagePattern, ...]


@dataclass(frozen=True, slots=True)
class Registries:
    """Where images and charts may come from."""

    header: Header
    allow: tuple[AllowedRegistries, ...]

    @property
    def scopes(self) -> Iterable[Scope]:
        """See Policy."""
        return [one.sites for one in self.allow]

    def judge(self, evidence: Evidence, labels: Mapping[str, str]) -> Iterator[Finding]:
        """See Policy."""
        for seen in evidence.images:
            finding = self._judged(seen, labels) if seen.image.located else None
            if finding is not None:
                yield finding

    def _judged(self, seen: SeenImage, labels: Mapping[str, str]) -> Finding | None:
        image = seen.image.image
        if image is None:
            what = "expected a reference to an image, got something that no container runtime takes"
            return Finding(Code.IMAGE_UNREADABLE, what, "write REGISTRY/REPOSITORY:TAG", seen.place)
        allowing = [one.sites for one in self.allow if any(pattern.matches(image) for pattern in one.patterns)]
        if any(covers(sites, "", labels) for sites in allowing):
            return None
        name = clipped(image.name)
        if allowing:
            what = f"{name} is allowed for {_others(allowing)}, and this site has {_at(labels, self.scopes)}"
            hint = "name the registry of the site's own region, or allow this one there in the policy"
            return Finding(Code.IMAGE_FOREIGN, what, hint, seen.place)
        if image.registry is None:
            hint = "name the registry: without it, the chart pulls from one of its own"
            return Finding(Code.IMAGE_REGISTRY, f"the registry of {name} is not named", hint, seen.place)
        mine = [one for one in self.allow if covers(one.sites, "", labels)]
        expected = sorted({_shown(pattern) for one in mine for pattern in one.patterns})
        what = f"{name} comes from a registry that no site of the fleet may use"
        return Finding(Code.IMAGE_REGISTRY, what, _expected(expected), seen.place)


def _shown(pattern: ImagePattern) -> str:
    port = f":{pattern.host.port}" if pattern.host.port else ""
    path = f"/{pattern.path}" if pattern.path else ""
    return f"{'*.' if pattern.host.below else ''}{pattern.host.name}{port}{path}"


def _expected(names: list[str], most: int = 4) -> str:
    if not names:
        return "the policy allows nothing at this site"
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"expected {', '.join(names[:most])}{more}"


class AllowedHosts(NamedTuple):
    """Hosts that objects of some sites may name."""

    sites: Scope
    hosts: Allowed


@dataclass(frozen=True, slots=True)
class Egress:
    """Which hosts objects may name."""

    header: Header
    allow: tuple[AllowedHosts, ...]

    @property
    def scopes(self) -> Iterable[Scope]:
        """See Policy."""
        return [one.sites for one in self.allow]

    def judge(self, evidence: Evidence, labels: Mapping[str, str]) -> Iterator[Finding]:
        """See Policy."""
        for seen in evidence.hosts:
            finding = self._judged(seen, labels)
            if finding is not None:
                yield finding

    def _judged(self, seen: SeenHost, labels: Mapping[str, str]) -> Finding | None:
        host = seen.found.host
        if isinstance(host, Unreadable):
            what = f"it cannot be told which host is meant: {host.why}"
            return Finding(Code.HOST_UNREADABLE, what, host.hint, seen.place)
        allowing = [one.sites for one in self.allow if one.hosts.has(host)]
        if any(covers(sites, "", labels) for sites in allowing):
            return None
        if allowing:
            here = _at(labels, self.scopes)
            what = f"{clipped(str(host))} is allowed for {_others(allowing)}, and this site has {here}"
            hint = "name the host of the site's own region, or allow this one there in the policy"
            return Finding(Code.EGRESS_FOREIGN, what, hint, seen.place)
        if host.variable:
            hint = "write the host out, or add variable to networks in the policy"
            return Finding(
                Code.EGRESS_HOST, f"the host {clipped(str(host))} is known only in the cluster", hint, seen.place
            )
        what = f"{clipped(str(host))} is a host that no site of the fleet may name"
        return Finding(Code.EGRESS_HOST, what, "correct it, or allow it in the policy", seen.place)


class Required(NamedTuple):
    """How some images must be named at some sites."""

    sites: Scope
    pin: Pin
    parts: int
    images: tuple[ImagePattern, ...]
    excepted: tuple[ImagePattern, ...]

    def is_about(self, seen: SeenImage) -> bool:
        """Whether the image is one of those."""
        image = seen.image.image
        if image is None or not seen.image.pinned:
            return False
        named = not self.images or any(pattern.matches(image) for pattern in self.images)
        return named and not any(pattern.matches(image) for pattern in self.excepted)


@dataclass(frozen=True, slots=True)
class Images:
    """How exactly images are named."""

    header: Header
    require: tuple[Required, ...]

    @property
    def scopes(self) -> Iterable[Scope]:
        """See Policy."""
        return [one.sites for one in self.require]

    def judge(self, evidence: Evidence, labels: Mapping[str, str]) -> Iterator[Finding]:
        """See Policy."""
        asked = [one for one in self.require if covers(one.sites, "", labels)]
        for seen in evidence.images:
            wrong = (
                looseness(seen.image.image, one.pin, one.parts)
                for one in asked
                if seen.image.image is not None and one.is_about(seen)
            )
            for words in dict.fromkeys(word for word in wrong if word):
                what = f"{clipped(str(seen.image.image))}: {words}"
                yield Finding(Code.IMAGE_UNPINNED, what, "name one version, or its digest", seen.place)


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

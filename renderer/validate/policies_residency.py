"""Policies about where a site's images and data come from and go to: Registries, Egress, Images.

In: evidence of a file, and the labels of a site. Out: findings.
Never: parses a file, or says something different for two sites that have the same of the labels a policy names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from renderer.errors import Code
from renderer.validate.policies_hosts import Unreadable
from renderer.validate.policies_images import looseness
from renderer.validate.policies_kinds import Finding
from renderer.validate.scopes import covers, described
from renderer.validate.wording import clipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import Scope
    from renderer.validate.policies_evidence import Evidence, SeenHost, SeenImage
    from renderer.validate.policies_hosts import Allowed
    from renderer.validate.policies_images import ImagePattern, Pin
    from renderer.validate.policies_kinds import Header


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

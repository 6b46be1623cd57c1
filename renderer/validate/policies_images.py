"""References to container images as container runtimes read them, and patterns over them.

In: the text of a reference, or the parts of one as Helm charts ask for them. Out: an Image, None for what is none.
Never: asks a registry. Source: github.com/distribution/reference, normalize.go and regexp.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from renderer.validate.policies_hosts import Host, HostPattern, read_host

DEFAULT_REGISTRY = "docker.io"
_OFFICIAL = "library"
_OLD_DEFAULT = "index.docker.io"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}")
_DOMAIN = re.compile(r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?")
_LONGEST = 512
# A version that names its patch: 1.2.3, v1.2.3-rc.1, 2024.05.1-alpine. Dates and builds such as 20240501 are exact too.
_VERSION = re.compile(r"v?([0-9]+(?:\.[0-9]+)*)([-+._][A-Za-z0-9_.+-]*)?|([0-9]{8,})")
_FULL = 3


class Pin(StrEnum):
    """How exactly an image must be named: by content, by a tag that does not move, by any tag but latest."""

    DIGEST = "digest"
    EXACT = "exact"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Image:
    """`registry` is a host with the port that was written, `path` the repository in it.

    Without `registry` nobody but the chart that the values are for knows it. `tag` is empty where none is written;
    `chart`: a chart fills in what is missing, its version does not float. `ranged`: the tag is a range of versions.
    """

    registry: Host | None
    path: str
    tag: str = ""
    digest: str = ""
    chart: bool = False
    ranged: bool = False

    @property
    def name(self) -> str:
        """Registry and repository, as people write them."""
        if self.registry is None:
            return self.path
        port = f":{self.registry.port}" if self.registry.port else ""
        return f"{self.registry}{port}/{self.path}".removesuffix("/")

    def __str__(self) -> str:
        return f"{self.name}{f':{self.tag}' if self.tag else ''}{f'@{self.digest}' if self.digest else ''}"


def read_image(text: str) -> Image | None:
    """The image that a runtime would pull for `text`; None for what no runtime takes."""
    rest, at, digest = text.partition("@")
    if len(text) > _LONGEST or (at and not _DIGEST.fullmatch(digest)):
        return None
    head, colon, tail = rest.rpartition(":")
    name, tag = (head, tail) if colon and "/" not in tail else (rest, "")
    if (colon and name == head and not _TAG.fullmatch(tag)) or not name:
        return None
    registry, path = _split(name)
    host = _registry(registry)
    return None if host is None or not _PATH.fullmatch(path) else Image(host, path, tag, digest)


def _split(name: str) -> tuple[str, str]:
    """Registry and repository: what has a dot, a colon or a capital before the first slash is a registry."""
    first, slash, rest = name.partition("/")
    if not slash or not (set(".:") & set(first) or first == "localhost" or first != first.lower()):
        first, rest = DEFAULT_REGISTRY, name
    if first == _OLD_DEFAULT:
        first = DEFAULT_REGISTRY
    return first, f"{_OFFICIAL}/{rest}" if first == DEFAULT_REGISTRY and "/" not in rest else rest


def _registry(text: str) -> Host | None:
    host = read_host(text) if _DOMAIN.fullmatch(text) else None
    return host if isinstance(host, Host) else None


def read_parts(registry: str, repository: str, tag: str, digest: str) -> Image | None:
    """The image of values such as `image: {registry, repository, tag, digest}`; None where that cannot be one.

    A repository without host, where no registry is given, belongs to whatever registry the chart has for it.
    """
    first, slash, _ = repository.partition("/")
    knows = bool(slash) and (bool(set(".:") & set(first)) or first == "localhost")
    name = f"{registry.rstrip('/')}/{repository}" if registry else repository
    full = f"{name}{f':{tag}' if tag and ':' not in repository.rpartition('/')[2] else ''}"
    found = read_image(f"{full}@{digest}" if digest and "@" not in full else full)
    if found is None:
        return None
    if registry or knows:
        return Image(found.registry, found.path, found.tag, found.digest, chart=True)
    return Image(None, repository.partition(":")[0], found.tag, found.digest, chart=True)


def looseness(image: Image, pin: Pin, parts: int = _FULL) -> str:
    """What is wrong with how `image` is named, in words; empty when it is named as exactly as `pin` asks."""
    if image.digest:
        return ""
    if pin is Pin.DIGEST:
        return f"expected a digest, got {f'the tag {image.tag}' if image.tag else 'none'}"
    if not image.tag:
        return "" if image.chart else "expected a tag or digest, got none, which means latest"
    if image.tag.lower() == "latest":
        return "expected a version, got the tag latest"
    if pin is Pin.ANY or (not image.ranged and _is_exact(image.tag, parts)):
        return ""
    return f"expected a tag that does not move, such as {'.'.join('1243'[:parts])}, got {image.tag}"


def _is_exact(tag: str, parts: int) -> bool:
    match = _VERSION.fullmatch(tag)
    if match is None:
        return False
    return bool(match[3]) or len(match[1].split(".")) >= parts or len(match[1]) >= 8  # noqa: PLR2004 - a date


@dataclass(frozen=True, slots=True)
class ImagePattern:
    """A registry, or a part of one: `HOST[:PORT][/PATH]`; the path stands for itself and what is below it."""

    host: HostPattern
    path: str

    @classmethod
    def parse(cls, text: str) -> ImagePattern:
        """Read the textual form; raises ValueError with what is wrong."""
        host, _, path = text.partition("/")
        if path and not _PATH.fullmatch(path):
            raise ValueError("a path that no repository has")
        return cls(HostPattern.parse(host), path)

    def matches(self, image: Image) -> bool:
        """Whether the image is in this part of the registry. Without a port, only the usual one is meant."""
        if image.registry is None or (self.host.port is None and image.registry.port not in (None, 443)):
            return False
        # Runtimes speak https with a registry, whether the port is written or not.
        port = image.registry.port or 443
        seen = Host(image.registry.name, image.registry.address, port)
        return self.host.matches(seen) and (not self.path or f"{image.path}/".startswith(f"{self.path}/"))

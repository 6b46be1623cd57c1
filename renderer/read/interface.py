"""The values that reading a fleet repository gives, beyond those in renderer.types.

In: nothing. Out: frozen dataclasses, and the protocols of what is handed in. Never: does I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from renderer.types import Digest, Document, Problem, Reference, TemplateFile, TemplatePin

if TYPE_CHECKING:
    from pathlib import Path

# What a file's shape is checked with: kind ("fleet", "layer", "site" or "lock") and document -> problems.
Check: TypeAlias = Callable[[str, Document], list[Problem]]


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A site's file: the site's name, the POSIX path relative to the repository, the digest of its bytes."""

    name: str
    path: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class SiteIndex:
    """All site files by name, in the order of names; a file that cannot be one is among the problems instead.

    `settled` sites have the bytes that the commit has: git will tell when they change.
    """

    sites: Mapping[str, SiteFile]
    problems: tuple[Problem, ...] = ()
    settled: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer file: `name` relative to layers/, `file` relative to the repository.

    `digest` is None when there is no such file; `document` is None then, and when the file has problems.
    """

    name: str
    file: str
    digest: Digest | None = None
    document: Document | None = None
    problems: tuple[Problem, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Revision:
    """The commit that is checked out.

    `serial` counts the first-parent commits up to it, None in a shallow clone, where the count would be wrong.
    `dirty` tells whether a tracked file differs from the commit or an untracked one lies around.
    """

    commit: str
    serial: int | None
    dirty: bool
    shallow: bool


class SourceKind(StrEnum):
    """Where a template version comes from."""

    DIRECTORY = "directory"
    GIT = "git"
    OCI = "oci"


@dataclass(frozen=True, slots=True)
class Locked:
    """What the lock holds a template version to.

    `address` is the id of a git commit, or the digest of an OCI manifest; empty for a folder of the fleet repository.
    `digest` is that of the version's TemplateTree.
    """

    kind: SourceKind
    digest: Digest
    address: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """templates.lock: its versions, and the version that each range in use stands for."""

    versions: Mapping[TemplatePin, Locked] = field(default_factory=dict)
    ranges: Mapping[TemplatePin, str] = field(default_factory=dict)


class Source(Protocol):
    """A place with versions of one template. Methods raise SourceFailure when it cannot be reached."""

    @property
    def kind(self) -> SourceKind:
        """Which kind of place this is."""
        ...

    def versions(self) -> Mapping[str, str]:
        """Every version -> its address now."""
        ...

    def find(self, version: str) -> str | None:
        """The address of a version now, None if there is none."""
        ...

    def read(self, pin: TemplatePin, address: str) -> tuple[TemplateFile, ...]:
        """The files at an address, sorted by path. What was read once is read again without a connection."""
        ...


class Artifacts(Protocol):
    """The registries that templates come from; it is handed in, because reading contacts no registry itself.

    Raises PublishError, translated by who calls.
    """

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """All tags of a repository."""
        ...

    def resolve(self, repository: Reference, tag: str) -> Digest | None:
        """The digest of the manifest at a tag, None if there is none."""
        ...

    def layer(self, repository: Reference, manifest: Digest) -> bytes:
        """The uncompressed tar of a manifest's first layer."""
        ...

    def members(self, tar: bytes) -> Mapping[str, tuple[int, bytes]]:
        """The regular files of a tar: path -> permission bits and content."""
        ...


@dataclass(frozen=True, slots=True)
class Access:
    """How templates from elsewhere are read: the cache's folder, the registries, whether git may read this disk."""

    cache: Path
    artifacts: Artifacts
    local_git: bool = False

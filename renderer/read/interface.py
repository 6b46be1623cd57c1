"""The values that reading a fleet repository gives, beyond those in renderer.types.

In: nothing. Out: frozen dataclasses. Never: does I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from renderer.types import Digest, Document, Problem

# What a file's shape is checked with: kind ("fleet", "layer" or "site") and document -> problems.
Check: TypeAlias = Callable[[str, Document], list[Problem]]


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A site's file: the site's name, the POSIX path relative to the repository, the digest of its bytes."""

    name: str
    path: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class SiteIndex:
    """All site files by name, in the order of names; a file that cannot be one is among the problems instead."""

    sites: Mapping[str, SiteFile]
    problems: tuple[Problem, ...] = ()


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

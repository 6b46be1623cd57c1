"""A fleet: what fleet.yaml says, sites with their merged values, template versions, schemas.

In: nothing. Out: frozen values. Never: does I/O, or knows where values were read from beyond their Origin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from renderer.types.artifact import SignatureFormat
from renderer.types.problems import Severity
from renderer.types.publishing import Publishing
from renderer.types.rollout import Rollout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.types.names import Digest, Json, KeyPath, Reference
    from renderer.types.problems import Document, Origin


@dataclass(frozen=True, slots=True, order=True)
class TemplatePin:
    """A template at a version."""

    name: str
    version: str

    @classmethod
    def parse(cls, text: str) -> TemplatePin:
        """Read `name@version`; raises ValueError for anything else."""
        name, at, version = text.partition("@")
        if not (name and at and version):
            raise ValueError(f"expected NAME@VERSION, got {text[:80]!r}")
        return cls(name, version)

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Site:
    """One edge cluster: its labels, and the values that its layers and its own file add up to (plain JSON data).

    `ranges` are those of its pins that were written as a range; `templates` has what the lock resolves them to.
    `own` is its own file as it was read, merged with nothing; there where sites share bases.
    """

    name: str
    file: str
    labels: Mapping[str, str]
    values: Mapping[str, Json]
    templates: tuple[TemplatePin, ...]
    layers: tuple[str, ...]
    ranges: tuple[TemplatePin, ...] = ()
    own: Document | None = field(default=None, compare=False, repr=False)

    @property
    def region(self) -> str:
        """The region whose registry this site's artifact may go to, and no other."""
        return self.labels["region"]


@dataclass(frozen=True, slots=True)
class Trace:
    """How one value of a site came to be: the winning origin, and what it overrode, general to specific."""

    path: KeyPath
    value: Json
    origin: Origin
    overridden: tuple[tuple[Origin, Json], ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """What `bootstrap` writes into a cluster's Flux objects."""

    interval: str = "10m"
    namespace: str = "flux-system"
    prune: bool = True


@dataclass(frozen=True, slots=True)
class References:
    """How references between objects that lead nowhere are told; not at all when `severity` is None.

    `provided` are patterns Kind/namespace/name, or Kind/name, of what a cluster has by itself.
    """

    severity: Severity | None = Severity.WARNING
    provided: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GitSource:
    """Versions of a template in a git repository.

    `tag` is what a version's tag is called, with `{version}` in it; `branch` is what the version `next` stands for;
    `path` is the template's folder in the repository, empty for its top; `where` is the source's place in fleet.yaml.
    """

    url: str
    tag: str = "{version}"
    branch: str | None = None
    path: str = ""
    where: Origin | None = None


@dataclass(frozen=True, slots=True)
class OciSource:
    """Versions of a template as the tags of an OCI repository; `path` is its folder in the layer, empty for the top."""

    repository: Reference
    path: str = ""
    where: Origin | None = None


TemplateSource: TypeAlias = "GitSource | OciSource"


@dataclass(frozen=True, slots=True)
class Fleet:
    """fleet.yaml, read and checked: `root` is the fleet's folder, `repository` what file names are relative to.

    `lenient` are the templates that are read as Copier itself reads them.
    """

    name: str
    root: Path
    repository: Path
    labels: Mapping[str, tuple[str, ...]]
    layers: tuple[str, ...]
    templates: Path
    schemas: Path
    registries: Mapping[str, str] = field(default_factory=dict)
    signature_formats: tuple[SignatureFormat, ...] = (SignatureFormat.BUNDLE,)
    allow_kinds: frozenset[str] = frozenset()
    references: References = field(default_factory=References)
    cluster: ClusterSettings = field(default_factory=ClusterSettings)
    sources: Mapping[str, TemplateSource] = field(default_factory=dict)
    lenient: frozenset[str] = frozenset()
    rollout: Rollout = field(default_factory=Rollout)
    publishing: Publishing = field(default_factory=Publishing)


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One file of a template: POSIX path below the template's folder, permission bits, content."""

    path: str
    mode: int
    content: bytes


@dataclass(frozen=True, slots=True)
class TemplateTree:
    """A template version as it was read: sorted files, and one digest over paths, modes and contents.

    `repository` is the address that fleet.yaml has for its source; empty for a folder, of the fleet or of this machine.
    One that is `lenient` is read as Copier itself reads it.
    """

    pin: TemplatePin
    file: str
    files: tuple[TemplateFile, ...]
    digest: Digest
    repository: str = ""
    lenient: bool = False


@dataclass(frozen=True, slots=True)
class SchemaSet:
    """The fleet repository's CRD manifests and admission policies (file name, content), and one digest over them.

    `secrets` are the fleet's own rules for secrets, if it has any.
    """

    crds: tuple[tuple[str, bytes], ...]
    digest: Digest
    policies: tuple[tuple[str, bytes], ...] = ()
    secrets: tuple[str, bytes] | None = None

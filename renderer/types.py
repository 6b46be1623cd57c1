"""The values that cross from one stage to the next.

In: nothing. Out: frozen dataclasses without behaviour beyond `parse` and `__str__`, which are inverse.
Never: does I/O, or imports another module of ours.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.errors import Code

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
KeyPath: TypeAlias = "tuple[str | int, ...]"

_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
# The grammar of OCI distribution-spec 1.1, section "Pulling manifests".
_HOST = r"(?:\[[0-9a-f:]+\]|[a-zA-Z0-9][a-zA-Z0-9.-]*)(?::[0-9]{1,5})?"
_REPOSITORY = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
_TAG = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
_REFERENCE = re.compile(rf"({_HOST})/({_REPOSITORY})(?::({_TAG}))?(?:@(sha256:[0-9a-f]{{64}}))?")


def compact_json(value: object) -> bytes:
    """Encode `value` as the UTF-8 JSON that we hash and sign: no spaces, keys in the order they were given."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 content digest; `hex` is 64 lower-case hexadecimal characters."""

    hex: str

    @classmethod
    def of(cls, data: bytes) -> Digest:
        """Digest of `data`."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `sha256:<hex>`; raises ValueError for anything else."""
        match = _SHA256.fullmatch(text)
        if match is None:
            raise ValueError(f"expected sha256:<64 hexadecimal characters>, got {text[:80]!r}")
        return cls(match[1])

    def __str__(self) -> str:
        return f"sha256:{self.hex}"


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """Where an artifact lives in a registry: `host/repository[:tag][@digest]`."""

    host: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read the textual form; raises ValueError with what was expected."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise ValueError(f"expected HOST/REPOSITORY[:TAG][@sha256:HEX], got {text[:120]!r}")
        host, repository, tag, digest = match.groups()
        return cls(host, repository, tag, Digest.parse(digest) if digest else None)

    @property
    def name(self) -> str:
        """`host/repository`, the name that signatures are made over."""
        return f"{self.host}/{self.repository}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A place in a file; `file` is relative to the fleet repository, lines and columns count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Severity(StrEnum):
    """An error stops its site; a warning is only told."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an input or an output: what is wrong, where, and what to do about it.

    `what` says what was found and what was expected; `hint` the next step. `key` is the dotted variable that caused it,
    where one did: the origin of a merged value is looked up only when a problem needs it. `rendered` is the place in
    the artifact that `where`, then a line of a template, made; `causes` are where the values were set that it reads.
    """

    code: Code
    what: str
    where: Origin | None = None
    hint: str = ""
    site: str | None = None
    key: str | None = None
    severity: Severity = Severity.ERROR
    rendered: Origin | None = None
    causes: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed YAML file: its value, and the (line, column) of every mapping value and list item by key path."""

    file: str
    value: Json
    positions: Mapping[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at `path`, or its nearest recorded parent, was written."""
        while path and path not in self.positions:
            path = path[:-1]
        return Origin(self.file, *self.positions.get(path, (1, 1)))


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
    """

    name: str
    file: str
    labels: Mapping[str, str]
    values: Mapping[str, Json]
    templates: tuple[TemplatePin, ...]
    layers: tuple[str, ...]
    ranges: tuple[TemplatePin, ...] = ()

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


class SignatureFormat(StrEnum):
    """The forms of signature that Flux accepts."""

    BUNDLE = "bundle"
    LEGACY = "legacy"


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
    """fleet.yaml, read and checked: `root` is the fleet's folder, `repository` what file names are relative to."""

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


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One file of a template: POSIX path below the template's folder, permission bits, content."""

    path: str
    mode: int
    content: bytes


@dataclass(frozen=True, slots=True)
class TemplateTree:
    """A template version as it was read: sorted files, and one digest over paths, modes and contents."""

    pin: TemplatePin
    file: str
    files: tuple[TemplateFile, ...]
    digest: Digest


@dataclass(frozen=True, slots=True)
class SchemaSet:
    """The fleet repository's CRD manifests and admission policies (file name, content), and one digest over them."""

    crds: tuple[tuple[str, bytes], ...]
    digest: Digest
    policies: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One rendered file: POSIX path in the artifact, content, permission bits, the template file it came from."""

    path: str
    content: bytes
    mode: int = 0o644
    source: str = ""


@dataclass(frozen=True, slots=True)
class Manifests:
    """Everything rendered for one site, sorted by path, each path once."""

    site: str
    files: tuple[Manifest, ...]


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with their digest and media type."""

    data: bytes
    media_type: str
    digest: Digest

    @classmethod
    def of(cls, data: bytes, media_type: str) -> Blob:
        """Blob over `data`, digest computed."""
        return cls(data, media_type, Digest.of(data))

    @property
    def descriptor(self) -> dict[str, Json]:
        """The OCI content descriptor of this blob."""
        return {"mediaType": self.media_type, "digest": str(self.digest), "size": len(self.data)}


@dataclass(frozen=True, slots=True)
class Artifact:
    """One site's OCI image: config and layer blobs, manifest, and `content`, the digest of the uncompressed tar."""

    site: str
    config: Blob
    layer: Blob
    manifest: Blob
    content: Digest


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as OCI content over the manifest `subject`.

    `blobs` (config, payload) come before `manifest`. A bundle is found as a referrer of `subject`: `artifact_type` and
    `annotations` go into its descriptor in the fallback index. A legacy signature is found by `tag` instead.
    """

    format: SignatureFormat
    key_id: str
    subject: Digest
    blobs: tuple[Blob, ...]
    manifest: Blob
    artifact_type: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    tag: str | None = None


@dataclass(frozen=True, slots=True)
class Release:
    """An artifact ready to go out: where to, under which serial, with which signatures."""

    artifact: Artifact
    repository: Reference
    serial: int
    signatures: tuple[Signature, ...]

    @property
    def tag(self) -> str:
        """The immutable, rising tag that clusters select with `ref.semver`."""
        return f"1.{self.serial}.0"


class Outcome(StrEnum):
    """What publishing, or verifying, found or did for a site."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    SIGNED = "signed"
    SUPERSEDED = "superseded"
    VERIFIED = "verified"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What happened to one site in `publish`. `uploads` counts blobs and manifests that were really sent."""

    site: str
    outcome: Outcome
    reference: str = ""
    digest: Digest | None = None
    content: Digest | None = None
    serial: int | None = None
    uploads: int = 0
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A site that did not make it, with every reason found."""

    site: str
    problems: tuple[Problem, ...]

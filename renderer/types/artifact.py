"""What a site becomes: manifests, an OCI artifact, signatures, and what publishing it came to.

In: nothing. Out: frozen values. Never: does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from renderer.types.names import Digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types.names import Json, Reference
    from renderer.types.problems import Problem


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


class SignatureFormat(StrEnum):
    """The forms of signature that Flux accepts."""

    BUNDLE = "bundle"
    LEGACY = "legacy"


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
    """An artifact ready to go out: where to, under which serial, with which signatures.

    With `retag` it gets the serial's tag although the same content is there under a lower one.
    """

    artifact: Artifact
    repository: Reference
    serial: int
    signatures: tuple[Signature, ...]
    retag: bool = False

    @property
    def tag(self) -> str:
        """The immutable, rising tag that clusters select with `ref.semver`."""
        return f"1.{self.serial}.0"


class Outcome(StrEnum):
    """What publishing, verifying or exporting found or did for a site."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    SIGNED = "signed"
    SUPERSEDED = "superseded"
    VERIFIED = "verified"
    EXPORTED = "exported"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What happened to one site in `publish`. `uploads` counts blobs and manifests that were really sent.

    `base` is where the base is that a verified site shares.
    """

    site: str
    outcome: Outcome
    reference: str = ""
    digest: Digest | None = None
    content: Digest | None = None
    serial: int | None = None
    uploads: int = 0
    problems: tuple[Problem, ...] = ()
    base: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A site that did not make it, with every reason found."""

    site: str
    problems: tuple[Problem, ...]

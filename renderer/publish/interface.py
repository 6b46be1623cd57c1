"""What every target offers, and the options and small rules that all of them share.

In: nothing. Out: the `Target` protocol, `TargetOptions`, the grammar of our tags, and `failure`.
Never: does I/O.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from renderer.errors import Code, PublishError
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from renderer.types import Blob, Digest, Json, Reference, Signature

Descriptor: TypeAlias = "dict[str, Json]"

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_EMPTY = "application/vnd.oci.empty.v1+json"
BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle"  # the start of every version's media type

MANIFEST_LIMIT = 4 * 1024 * 1024  # bytes; the size that distribution-spec 1.1 asks registries to accept
_ANY_DIGEST = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[A-Za-z0-9=_-]{32,256}")
_SERIAL = re.compile(r"1\.(0|[1-9][0-9]{0,17})\.0")


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """How a target is talked to. Times are seconds.

    `read_timeout` is the longest silence; an answer may take ten times that in all. `retries` come after the first try
    and wait `backoff`, doubled each time up to `backoff_limit`; a registry's Retry-After is believed up to
    `retry_after_limit`. `give_up_after` is how many sites in a row may fail alike before the run stops. `read_only`
    asks the registry for no right to push. `docker_config` is a folder that replaces DOCKER_CONFIG. `durable` lets a
    layout survive a power cut.
    """

    plain_http: bool = False
    ca_file: Path | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 30.0
    retries: int = 5
    backoff: float = 0.5
    backoff_limit: float = 30.0
    retry_after_limit: float = 120.0
    threads: int = 8
    give_up_after: int = 24
    read_only: bool = False
    docker_config: Path | None = None
    user_agent: str = "fleetpress"
    lock_timeout: float = 60.0
    durable: bool = True


class Target(Protocol):
    """A place for artifacts. A `Reference` names a repository (its tag and digest are not looked at).

    Every method may raise PublishError with exactly one Problem; running again is safe. Bytes that come back have the
    digest that was asked for. Threads may share a target.
    """

    options: TargetOptions

    @property
    def buffered(self) -> bool:
        """Whether tags are visible to others only after `flush`."""
        ...

    @property
    def keeps_referrers(self) -> bool:
        """False once it is known that referrers are only listed at the tag `sha256-<hex>`."""
        ...

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """All tags; empty when there is no such repository."""
        ...

    def resolve(self, repository: Reference, tag: str | Digest) -> Descriptor | None:
        """Descriptor of a manifest, None if there is none."""
        ...

    def get_manifest(self, repository: Reference, tag: str | Digest) -> Blob | None:
        """The manifest's bytes, None if there is none."""
        ...

    def has_blob(self, repository: Reference, digest: Digest) -> bool:
        """Whether a blob is there."""
        ...

    def get_blob(self, repository: Reference, digest: Digest, *, limit: int) -> bytes:
        """A blob's bytes; more than `limit` of them, or none at all, is a PublishError."""
        ...

    def put_blob(self, repository: Reference, blob: Blob, *, new: bool = False) -> bool:
        """Store a blob; True if it was really sent. `new` says that it cannot be there yet: do not ask first."""
        ...

    def put_manifest(self, repository: Reference, manifest: Blob, tag: str | None = None) -> bool:
        """Store a manifest under its digest, or under `tag`; True if it was really sent."""
        ...

    def referrers(self, repository: Reference, subject: Digest) -> list[Descriptor]:
        """Descriptors of the manifests whose `subject` is this digest."""
        ...

    def attach(self, repository: Reference, signature: Signature) -> int:
        """Store a signature so that verifiers find it from its subject; returns how much was sent."""
        ...

    def flush(self) -> None:
        """Make everything so far visible to others. Problems that concern one site only carry its name."""
        ...

    def close(self) -> None:
        """Flush, and let go of connections and files."""
        ...


def failure(code: Code, what: str, hint: str = "") -> PublishError:
    """Build the exception of a target; its text is its problem's. The caller keeps secrets and query strings out."""
    return PublishError(what, problems=(Problem(code, what, hint=hint),))


def tag_of(serial: int) -> str:
    """The tag of a serial."""
    return f"1.{serial}.0"


def serial_of(tag: str) -> int | None:
    """The serial of one of our tags, None for any other tag."""
    match = _SERIAL.fullmatch(tag)
    return int(match[1]) if match else None


def highest_serial(tags: Iterable[str]) -> int | None:
    """The highest serial among `tags`, None if none is ours."""
    return max((serial for tag in tags if (serial := serial_of(tag)) is not None), default=None)


def load_object(data: bytes, what: str) -> dict[str, Any]:
    """Parse a JSON object that came from outside; anything else is REGISTRY_CORRUPT."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise failure(Code.REGISTRY_CORRUPT, f"{what}: expected a JSON object, got something else")
    return value


def list_descriptors(data: bytes, what: str) -> list[Descriptor]:
    """The `manifests` of an image index that came from outside, each with a digest; else REGISTRY_CORRUPT."""
    found = load_object(data, what).get("manifests")
    if not isinstance(found, list) or not all(isinstance(entry, dict) and _has_digest(entry) for entry in found):
        raise failure(Code.REGISTRY_CORRUPT, f"{what}: expected an image index")
    return found


def _has_digest(entry: dict[str, Any]) -> bool:
    digest = entry.get("digest")
    return isinstance(digest, str) and _ANY_DIGEST.fullmatch(digest) is not None

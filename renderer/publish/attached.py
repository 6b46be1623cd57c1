"""What stands around an artifact: its annotations, and the signatures attached to it.

In: a target, a repository. Out: bytes for whoever verifies them. Never: judges a signature.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.publish.interface import load_object
from renderer.types import Digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.publish.interface import Target
    from renderer.types import Blob, Reference

_PAYLOAD_LIMIT = 4 * 1024 * 1024


def manifest_annotations(manifest: Blob) -> dict[str, str]:
    """The annotations of a manifest that came from outside."""
    found = load_object(manifest.data, f"manifest {manifest.digest}").get("annotations")
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def signature_manifests(target: Target, repository: Reference, subject: Digest) -> list[bytes]:
    """The manifests that may be signatures of `subject`: its referrers, and the one at cosign's `.sig` tag."""
    references: list[str | Digest] = [
        Digest.parse(str(entry["digest"])) for entry in target.referrers(repository, subject)
    ]
    references.append(f"sha256-{subject.hex}.sig")
    found = (target.get_manifest(repository, reference) for reference in references)
    return [manifest.data for manifest in found if manifest is not None]


def fetcher(target: Target, repository: Reference) -> Callable[[Digest], bytes]:
    """A function that reads the payloads of signatures."""
    return lambda digest: target.get_blob(repository, digest, limit=_PAYLOAD_LIMIT)

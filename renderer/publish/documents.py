"""Keeps one opaque document (the plan's ledger) in a target, as an OCI artifact with an empty config and one layer.

In: bytes and a media type. Out: the same bytes. Never: looks inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.publish.interface import OCI_EMPTY, OCI_MANIFEST, failure, load_object
from renderer.types import Blob, Digest, compact_json

if TYPE_CHECKING:
    from renderer.publish.interface import Target
    from renderer.types import Reference

DOCUMENT_LIMIT = 256 * 1024 * 1024  # bytes
_EMPTY = Blob.of(b"{}", OCI_EMPTY)


def put_document(target: Target, repository: Reference, tag: str, media_type: str, data: bytes) -> Digest:
    """Store a document under a tag (`1.<serial>.0` for a ledger).

    Returns its manifest's digest. Raises PublishError.
    """
    layer = Blob.of(data, media_type)
    value = {
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "artifactType": media_type,
        "config": _EMPTY.descriptor,
        "layers": [layer.descriptor],
    }
    manifest = Blob.of(compact_json(value), OCI_MANIFEST)
    target.put_blob(repository, _EMPTY)
    target.put_blob(repository, layer)
    target.put_manifest(repository, manifest, tag)
    target.flush()
    return manifest.digest


@dataclass(frozen=True, slots=True)
class Kept:
    """A document that is there: the digest of its manifest tells whether it is still the same, `content` is its own."""

    manifest: Digest
    content: Digest


def find_document(target: Target, repository: Reference, tag: str, media_type: str) -> Kept | None:
    """Which document a tag names; None if there is no such tag, LEDGER_CORRUPT if it is something else.

    Raises PublishError.
    """
    manifest = target.get_manifest(repository, tag)
    if manifest is None:
        return None
    try:
        layer = load_object(manifest.data, f"{repository.name}:{tag}")["layers"][0]
        digest, kind = Digest.parse(layer["digest"]), layer["mediaType"]
    except (KeyError, IndexError, TypeError, ValueError):
        digest, kind = None, None
    if digest is None or kind != media_type:
        raise failure(Code.LEDGER_CORRUPT, f"{repository.name}:{tag} is not a document of type {media_type}")
    return Kept(manifest.digest, digest)


def read_document(target: Target, repository: Reference, kept: Kept, *, limit: int = DOCUMENT_LIMIT) -> bytes:
    """The bytes of a document that was found. Raises PublishError."""
    return target.get_blob(repository, kept.content, limit=limit)


def get_document(
    target: Target, repository: Reference, tag: str, media_type: str, *, limit: int = DOCUMENT_LIMIT
) -> bytes | None:
    """`find_document` and `read_document` at once."""
    kept = find_document(target, repository, tag, media_type)
    return None if kept is None else read_document(target, repository, kept, limit=limit)

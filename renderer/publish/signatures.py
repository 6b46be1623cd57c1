"""Brings a manifest's signatures to what they should be, and refuses to mix keys.

In: a target, a release, what its repository lists. Out: how much was sent.
Never: verifies a signature itself (the caller says which are ours), or removes one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from renderer.errors import Code
from renderer.publish.interface import BUNDLE_TYPE, failure, load_object
from renderer.publish.referrers import merge_legacy
from renderer.types import Digest, SignatureFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from renderer.publish.interface import Descriptor, Target
    from renderer.types import Blob, Reference, Release, Signature

IsOurs: TypeAlias = "Callable[[bytes, bytes], bool]"

_BUNDLE_LIMIT = 1024 * 1024


def attach_missing(target: Target, release: Release, tags: Sequence[str], is_ours: IsOurs | None) -> int:
    """Attach the signatures that are not there; returns how much was sent. A foreign key is SIGNATURE_FOREIGN.

    A cluster that finds a bundle by another key refuses the artifact even when ours is next to it.
    """
    repository, subject = release.repository, release.artifact.manifest.digest
    listed = target.keeps_referrers or f"sha256-{subject.hex}" in tags
    present = target.referrers(repository, subject) if listed else []
    wanted = {str(signature.manifest.digest) for signature in release.signatures}
    for entry in present:
        if str(entry["digest"]) not in wanted:
            _refuse_foreign(target, repository, entry, is_ours)
    there = {str(entry["digest"]) for entry in present}
    missing = [
        due
        for signature in release.signatures
        if (due := _due(target, repository, signature, there | set(tags), is_ours)) is not None
    ]
    return sum(target.attach(repository, signature) for signature in missing)


def _due(
    target: Target, repository: Reference, signature: Signature, there: set[str], is_ours: IsOurs | None
) -> Signature | None:
    """The signature to attach, None if it is there. `there` holds digests of referrers, and tags."""
    if signature.format is SignatureFormat.BUNDLE or signature.tag is None:
        return None if str(signature.manifest.digest) in there else signature
    existing = target.get_manifest(repository, signature.tag) if signature.tag in there else None
    if existing is None:
        return signature
    if existing.digest == signature.manifest.digest:
        return None
    if not _is_known(target, repository, existing, is_ours):
        raise _foreign(repository, f"the tag {signature.tag}")
    merged = merge_legacy(existing, signature.manifest)
    return None if _same_layers(merged, existing) else replace(signature, manifest=merged)


def _refuse_foreign(target: Target, repository: Reference, entry: Descriptor, is_ours: IsOurs | None) -> None:
    """Look at a referrer that is not one of ours: anything but a bundle may stay (SBOMs, say)."""
    kind = entry.get("artifactType")
    if isinstance(kind, str) and not kind.startswith(BUNDLE_TYPE):
        return
    try:
        manifest = target.get_manifest(repository, Digest.parse(str(entry["digest"])))
    except ValueError:  # another digest algorithm: nothing we wrote
        raise _foreign(repository, str(entry["digest"])) from None
    if manifest is None:
        return
    if str(load_object(manifest.data, "a referrer").get("artifactType", "")).startswith(BUNDLE_TYPE) and not _is_known(
        target, repository, manifest, is_ours
    ):
        raise _foreign(repository, str(manifest.digest))


def _is_known(target: Target, repository: Reference, manifest: Blob, is_ours: IsOurs | None) -> bool:
    """Whether every signature in a signature manifest is by a key of ours."""
    if is_ours is None:
        return False
    layers = load_object(manifest.data, "a signature").get("layers")
    try:
        digests = [Digest.parse(layer["digest"]) for layer in layers or ()]
    except (TypeError, KeyError, ValueError):
        return False
    blobs = [target.get_blob(repository, digest, limit=_BUNDLE_LIMIT) for digest in dict.fromkeys(digests)]
    return bool(blobs) and all(is_ours(manifest.data, blob) for blob in blobs)


def _same_layers(one: Blob, other: Blob) -> bool:
    layers = [load_object(manifest.data, "a .sig manifest").get("layers") or [] for manifest in (one, other)]
    return sorted(map(str, layers[0])) == sorted(map(str, layers[1]))


def _foreign(repository: Reference, what: str) -> Exception:
    hint = "remove that signature, or publish with the key (or both keys, during a rotation) that the cluster trusts"
    return failure(Code.SIGNATURE_FOREIGN, f"{repository.name} carries a signature by another key: {what}", hint)

"""How a signature is found where the registry keeps no referrers: the fallback index, and the older `.sig` tag.

In: signatures, what a registry holds. Out: descriptors and merged manifests. Never: drops an entry that somebody else
wrote.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.publish.interface import OCI_INDEX, Descriptor, failure, list_descriptors, load_object
from renderer.types import Blob, compact_json

if TYPE_CHECKING:
    from renderer.publish.interface import Target
    from renderer.types import Digest, Reference, Signature

_TRIES = 8


def descriptor_of(signature: Signature) -> Descriptor:
    """The descriptor under which a signature is listed."""
    descriptor = signature.manifest.descriptor
    if signature.artifact_type:
        descriptor["artifactType"] = signature.artifact_type
    if signature.annotations:
        descriptor["annotations"] = dict(signature.annotations)
    return descriptor


class FallbackIndex:
    """The image index at tag `sha256-<hex>` that lists the referrers of one manifest (distribution-spec 1.1)."""

    def __init__(self, target: Target, repository: Reference, subject: Digest) -> None:
        self._target = target
        self._repository = repository
        self._tag = f"sha256-{subject.hex}"

    def read(self) -> list[Descriptor]:
        """Descriptors of the referrers; empty if there is no index."""
        index = self._target.get_manifest(self._repository, self._tag)
        return list_descriptors(index.data, f"the signature index {self._tag}") if index else []

    def add(self, descriptor: Descriptor) -> int:
        """Add an entry; returns how often the index was sent.

        Registries have no compare-and-swap. So read again after each write, and write again when somebody else's write
        has dropped our entry.
        """
        for sent in range(_TRIES):
            entries = self.read()
            if any(entry["digest"] == descriptor["digest"] for entry in entries):
                return sent
            self._target.put_manifest(self._repository, _index([*entries, descriptor]), self._tag)
        what = f"{self._repository.name}: others keep overwriting the signature index {self._tag}"
        raise failure(Code.REGISTRY_FAILED, what, "let one job publish a site at a time; running again is safe")


def merge_legacy(existing: Blob, ours: Blob) -> Blob:
    """One `.sig` manifest with the layers of both: several layers are several keys, any of which verifies."""
    old, new = (load_object(manifest.data, "a .sig manifest") for manifest in (existing, ours))
    layers = [layer for layer in old.get("layers") or () if layer not in new["layers"]]
    merged = json.loads(ours.data) | {"layers": [*new["layers"], *layers]}
    return Blob.of(compact_json(merged), ours.media_type)


def _index(entries: list[Descriptor]) -> Blob:
    return Blob.of(compact_json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}), OCI_INDEX)

"""Small artifacts and signatures made by hand, with the shape that the pack and sign stages give them."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

from renderer.types import Artifact, Blob, Digest, Reference, Release, Signature, SignatureFormat, compact_json

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
CONFIG = Blob.of(b"{}", "application/vnd.cncf.flux.config.v1+json")
EMPTY = Blob.of(b"{}", "application/vnd.oci.empty.v1+json")


def tar_of(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def make_artifact(site: str, text: str = "a: 1") -> Artifact:
    tar = tar_of({"site.yaml": f"# {site}\n{text}\n".encode()})
    layer = Blob.of(gzip.compress(tar, mtime=0), "application/vnd.cncf.flux.content.v1.tar+gzip")
    value = {"schemaVersion": 2, "mediaType": MANIFEST, "config": CONFIG.descriptor, "layers": [layer.descriptor]}
    return Artifact(site, CONFIG, layer, Blob.of(compact_json(value), MANIFEST), Digest.of(tar))


def make_bundle(artifact: Artifact, key: str = "our-key") -> Signature:
    """A bundle that names its key in plain text, which is all that publishing looks at."""
    subject = artifact.manifest.descriptor
    layer = Blob.of(compact_json({"key": key, "subject": subject["digest"]}), BUNDLE)
    annotations = {"dev.sigstore.bundle.content": "dsse-envelope"}
    value = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": BUNDLE,
        "config": EMPTY.descriptor,
        "layers": [layer.descriptor],
        "subject": subject,
        "annotations": annotations,
    }
    manifest = Blob.of(compact_json(value), MANIFEST)
    digest = artifact.manifest.digest
    return Signature(SignatureFormat.BUNDLE, key, digest, (EMPTY, layer), manifest, BUNDLE, annotations)


def make_legacy(artifact: Artifact, key: str = "our-key") -> Signature:
    layer = Blob.of(compact_json({"key": key}), "application/vnd.dev.cosign.simplesigning.v1+json")
    value = {"schemaVersion": 2, "mediaType": MANIFEST, "config": EMPTY.descriptor, "layers": [layer.descriptor]}
    digest, manifest = artifact.manifest.digest, Blob.of(compact_json(value), MANIFEST)
    return Signature(SignatureFormat.LEGACY, key, digest, (EMPTY, layer), manifest, tag=f"sha256-{digest.hex}.sig")


def make_release(
    host: str, site: str = "berlin", serial: int = 1, *, text: str = "a: 1", key: str = "our-key", prefix: str = "fleet"
) -> Release:
    artifact = make_artifact(site, text)
    return Release(artifact, Reference(host, f"{prefix}/{site}"), serial, (make_bundle(artifact, key),))


def is_ours(manifest: bytes, bundle: bytes) -> bool:
    """Accept the keys of this fleet, the one before the last rotation included."""
    return bool(manifest) and (b'"our-key"' in bundle or b'"our-old-key"' in bundle)

"""Signing an artifact, in either of the two forms that Flux accepts.

In: an artifact, the name it will have, a signer. Out: a Signature, the OCI content to upload; the same bytes each time.
Never: talks to a registry, or puts a clock or randomness into a signature.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, assert_never

from renderer.sign.dsse import BUNDLE_TYPE, SIGN_PREDICATE, bundle, statement
from renderer.types import Artifact, Blob, Digest, Json, Reference, Signature, SignatureFormat, compact_json

if TYPE_CHECKING:
    from renderer.sign.interface import Signer

IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
LEGACY_ANNOTATION = "dev.cosignproject.cosign/signature"
LEGACY_TYPE = "cosign container image signature"

_EMPTY = Blob.of(b"{}", "application/vnd.oci.empty.v1+json")
_BUNDLE_NOTES = {
    "dev.sigstore.bundle.content": "dsse-envelope",
    "dev.sigstore.bundle.predicateType": SIGN_PREDICATE,
}
_BEFORE_CLOCKS = "0001-01-01T00:00:00Z"


def sign_artifact(artifact: Artifact, name: str, signer: Signer, fmt: SignatureFormat) -> Signature:
    """Sign `artifact` as `name`, the `host/repository` that it is published in.

    Raises ValueError for a name of another form (with tag or digest), KeyFailure when the signer cannot sign.
    """
    if Reference.parse(name).name != name:
        raise ValueError(f"expected HOST/REPOSITORY without tag and digest, got {name[:120]!r}")
    match fmt:
        case SignatureFormat.BUNDLE:
            return _sign_bundle(artifact, name, signer)
        case SignatureFormat.LEGACY:
            return _sign_legacy(artifact, name, signer)
        case _:
            assert_never(fmt)


def _sign_bundle(artifact: Artifact, name: str, signer: Signer) -> Signature:
    subject = artifact.manifest
    layer = Blob.of(bundle(statement(name, subject.digest), signer), BUNDLE_TYPE)
    manifest: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "artifactType": BUNDLE_TYPE,
        "config": _EMPTY.descriptor,
        "layers": [layer.descriptor],
        "subject": subject.descriptor,
        "annotations": dict(_BUNDLE_NOTES),
    }
    return Signature(
        SignatureFormat.BUNDLE,
        signer.key_id,
        subject.digest,
        (_EMPTY, layer),
        Blob.of(compact_json(manifest), IMAGE_MANIFEST),
        artifact_type=BUNDLE_TYPE,
        annotations=dict(_BUNDLE_NOTES),
    )


def _sign_legacy(artifact: Artifact, name: str, signer: Signer) -> Signature:
    subject = artifact.manifest.digest
    payload = Blob.of(_simple_signing(name, subject), SIMPLE_SIGNING)
    config = Blob.of(_legacy_config(payload.digest), IMAGE_CONFIG)
    signature = base64.b64encode(signer.sign(payload.data)).decode("ascii")
    manifest: dict[str, Json] = {
        "schemaVersion": 2,
        "mediaType": IMAGE_MANIFEST,
        "config": config.descriptor,
        "layers": [{**payload.descriptor, "annotations": {LEGACY_ANNOTATION: signature}}],
    }
    return Signature(
        SignatureFormat.LEGACY,
        signer.key_id,
        subject,
        (config, payload),
        Blob.of(compact_json(manifest), IMAGE_MANIFEST),
        tag=f"sha256-{subject.hex}.sig",
    )


def _simple_signing(name: str, subject: Digest) -> bytes:
    critical: dict[str, Json] = {
        "identity": {"docker-reference": name},
        "image": {"docker-manifest-digest": str(subject)},
        "type": LEGACY_TYPE,
    }
    return compact_json({"critical": critical, "optional": None})


def _legacy_config(payload: Digest) -> bytes:
    # What cosign itself writes: registries that check images want a config with one diff id per layer.
    config: dict[str, Json] = {
        "architecture": "",
        "created": _BEFORE_CLOCKS,
        "history": [{"created": _BEFORE_CLOCKS}],
        "os": "",
        "rootfs": {"type": "layers", "diff_ids": [str(payload)]},
        "config": {},
    }
    return compact_json(config)

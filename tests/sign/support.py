"""What the tests of signing share: an artifact, keys, and a store of blobs in place of a registry."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from renderer.errors import Code, KeyFailure
from renderer.sign import Expected, Verified, Verifier, load_signer, verify_signature
from renderer.sign.private_key import KeySigner
from renderer.types import Artifact, Blob, Digest, Problem, Signature, compact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

NAME = "registry.eu.labs.example/fleetpress/labs/berlin-1"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def make_artifact(text: str = "content") -> Artifact:
    """An artifact whose layer is no real tar: signing looks at the manifest only."""
    config = Blob.of(b"{}", "application/vnd.cncf.flux.config.v1+json")
    layer = Blob.of(text.encode(), "application/vnd.cncf.flux.content.v1.tar+gzip")
    notes = {"org.opencontainers.image.created": "1970-01-01T00:00:00Z"}
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor,
        "layers": [layer.descriptor],
        "annotations": notes,
    }
    return Artifact("berlin-1", config, layer, Blob.of(compact_json(manifest), MANIFEST), Digest.of(b"tar"))


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def new_signer() -> KeySigner:
    return KeySigner.of(new_key())


def pem_of(
    key: Any,
    password: bytes | None = None,
    form: serialization.PrivateFormat = serialization.PrivateFormat.PKCS8,
) -> bytes:
    cipher = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return bytes(key.private_bytes(serialization.Encoding.PEM, form, cipher))


def public_pem_of(key: Any) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return bytes(key.public_bytes(serialization.Encoding.PEM, form))


def write_key(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def blobs_of(*signatures: Signature) -> dict[Digest, bytes]:
    return {blob.digest: blob.data for signature in signatures for blob in signature.blobs}


def expected(artifact: Artifact, name: str = NAME) -> Expected:
    return Expected(artifact.manifest.digest, frozenset({name}))


def verify(signature: Signature, what: Expected, *keys: Verifier) -> Verified | list[Problem]:
    return verify_signature(signature.manifest.data, blobs_of(signature).__getitem__, what, keys)


def verify_bytes(
    manifest: bytes, blobs: dict[Digest, bytes], what: Expected, keys: Sequence[Verifier]
) -> Verified | list[Problem]:
    return verify_signature(manifest, blobs.__getitem__, what, keys)


def with_payload(signature: Signature, payload: bytes) -> tuple[bytes, dict[Digest, bytes]]:
    """The signature's manifest around another payload, with descriptors that fit it: what a hostile registry can do."""
    manifest: dict[str, Any] = json.loads(signature.manifest.data)
    manifest["layers"][0] |= {"digest": str(Digest.of(payload)), "size": len(payload)}
    return compact_json(manifest), {Digest.of(payload): payload}


def codes(result: Verified | list[Problem]) -> list[Code]:
    assert isinstance(result, list), result
    return [problem.code for problem in result]


def refusal(call: Callable[[], object]) -> Problem:
    """The one problem of the KeyFailure that `call` must raise."""
    with pytest.raises(KeyFailure) as caught:
        call()
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    (problem,) = caught.value.problems
    assert str(caught.value) == problem.what
    return problem


def load_refusal(path: Path, password: bytes | None = None) -> Problem:
    return refusal(lambda: load_signer(path, password))

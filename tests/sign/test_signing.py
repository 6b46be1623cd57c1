from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from renderer.sign import Signer, sign_artifact
from renderer.sign.dsse import pre_authentication_encoding
from renderer.sign.private_key import KeySigner
from renderer.types import Digest, SignatureFormat
from tests.sign.support import NAME, make_artifact
from tests.sign.test_private_key import RFC_KEY

BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
NOTES = {
    "dev.sigstore.bundle.content": "dsse-envelope",
    "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
}


def test_the_bundle_has_the_bytes_that_clusters_expect(signer: KeySigner) -> None:
    artifact = make_artifact()
    digest = artifact.manifest.digest

    bundle = sign_artifact(artifact, NAME, signer, SignatureFormat.BUNDLE).blobs[1]

    statement = (
        f'{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"{NAME}","digest":{{"sha256":"{digest.hex}"}}}}],'
        '"predicateType":"https://sigstore.dev/cosign/sign/v1","predicate":{}}'
    ).encode()
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(statement), statement)
    hint = base64.b64encode(bytes.fromhex(signer.key_id)).decode()
    payload, signature = (base64.b64encode(data).decode() for data in (statement, signer.sign(signed)))
    assert bundle.media_type == BUNDLE
    assert bundle.data.decode() == (
        f'{{"mediaType":"{BUNDLE}","verificationMaterial":{{"publicKey":{{"hint":"{hint}"}},"tlogEntries":[]}},'
        f'"dsseEnvelope":{{"payload":"{payload}","payloadType":"application/vnd.in-toto+json",'
        f'"signatures":[{{"sig":"{signature}"}}]}}}}'
    )


def test_the_referrer_hangs_on_the_artifact(signer: KeySigner) -> None:
    artifact = make_artifact()

    signature = sign_artifact(artifact, NAME, signer, SignatureFormat.BUNDLE)

    empty, bundle = signature.blobs
    assert json.loads(signature.manifest.data) == {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "artifactType": BUNDLE,
        "config": {
            "mediaType": "application/vnd.oci.empty.v1+json",
            "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
            "size": 2,
        },
        "layers": [bundle.descriptor],
        "subject": artifact.manifest.descriptor,
        "annotations": NOTES,
    }
    assert empty.data == b"{}"
    assert (signature.subject, signature.key_id) == (artifact.manifest.digest, signer.key_id)
    assert (signature.artifact_type, signature.annotations, signature.tag) == (BUNDLE, NOTES, None)


def test_the_legacy_form_has_the_bytes_that_clusters_expect(signer: KeySigner) -> None:
    artifact = make_artifact()
    digest = artifact.manifest.digest

    signature = sign_artifact(artifact, NAME, signer, SignatureFormat.LEGACY)

    config, payload = signature.blobs
    assert payload.data.decode() == (
        f'{{"critical":{{"identity":{{"docker-reference":"{NAME}"}},"image":{{"docker-manifest-digest":"{digest}"}},'
        '"type":"cosign container image signature"},"optional":null}'
    )
    (layer,) = json.loads(signature.manifest.data)["layers"]
    text = base64.b64encode(signer.sign(payload.data)).decode()
    assert layer == payload.descriptor | {"annotations": {"dev.cosignproject.cosign/signature": text}}
    assert json.loads(config.data)["rootfs"]["diff_ids"] == [str(payload.digest)]
    assert (signature.tag, signature.artifact_type) == (f"sha256-{digest.hex}.sig", None)


@pytest.mark.parametrize(
    ("form", "digest"),
    [
        (SignatureFormat.BUNDLE, "sha256:1df2b34086f142912725cc4d0d4f0be34890497bc1bbb1f871cd752b489ead62"),
        (SignatureFormat.LEGACY, "sha256:c635ca6c6b7e75f098b70f61c2ee71f0be4cbf85c6a4774663a2b3462e8772e8"),
    ],
)
def test_signatures_are_the_same_bytes_everywhere_and_always(form: SignatureFormat, digest: str) -> None:
    signer = KeySigner.of(ec.derive_private_key(RFC_KEY, ec.SECP256R1()))

    assert str(sign_artifact(make_artifact(), NAME, signer, form).manifest.digest) == digest


@pytest.mark.parametrize("form", SignatureFormat)
def test_signing_twice_gives_an_equal_signature(signer: KeySigner, form: SignatureFormat) -> None:
    assert sign_artifact(make_artifact(), NAME, signer, form) == sign_artifact(make_artifact(), NAME, signer, form)


def test_an_annotation_that_is_changed_does_not_change_the_next_signature(signer: KeySigner) -> None:
    first = sign_artifact(make_artifact(), NAME, signer, SignatureFormat.BUNDLE)
    dict.clear(first.annotations)  # type: ignore[arg-type]

    assert sign_artifact(make_artifact(), NAME, signer, SignatureFormat.BUNDLE).annotations == NOTES


@pytest.mark.parametrize(
    "name", ["", "berlin-1", f"{NAME}:1.0.0", f"{NAME}@{Digest.of(b'')}", "https://host/repository", "host/Upper"]
)
def test_a_name_that_is_no_repository_is_refused(signer: KeySigner, name: str) -> None:
    with pytest.raises(ValueError, match="expected HOST/REPOSITORY"):
        sign_artifact(make_artifact(), name, signer, SignatureFormat.BUNDLE)


def test_the_encoding_counts_bytes_not_characters() -> None:
    assert pre_authentication_encoding("é".encode()).endswith(b" 2 \xc3\xa9")


def test_a_key_signer_is_a_signer(signer: KeySigner) -> None:
    anything: Signer = signer

    assert anything.verifier.key_id == anything.key_id

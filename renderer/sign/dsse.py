"""The signed statement and the envelope around it: in-toto statement v1, DSSE v1, sigstore bundle v0.3.

In: a name, a digest, a signature. Out: bytes, a function of the input alone.
Never: signs, or reads what others wrote.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from renderer.types import Digest, compact_json

if TYPE_CHECKING:
    from renderer.sign.interface import Signer

BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
SIGN_PREDICATE = "https://sigstore.dev/cosign/sign/v1"


def statement(name: str, digest: Digest) -> bytes:
    """Return the in-toto statement that `name` (`host/repository`) at `digest` is signed."""
    return compact_json(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": digest.hex}}],
            "predicateType": SIGN_PREDICATE,
            "predicate": {},
        }
    )


def pre_authentication_encoding(payload: bytes) -> bytes:
    """Return what is signed for `payload`: DSSE protocol.md, "Signature Definition"; lengths count bytes."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def bundle(payload: bytes, signer: Signer) -> bytes:
    """Return the sigstore bundle of `payload`, signed; without transparency log, as Flux's key mode takes it."""
    signature = signer.sign(pre_authentication_encoding(payload))
    envelope = {"payload": _text(payload), "payloadType": PAYLOAD_TYPE, "signatures": [{"sig": _text(signature)}]}
    material = {"publicKey": {"hint": _text(bytes.fromhex(signer.key_id))}, "tlogEntries": []}
    return compact_json({"mediaType": BUNDLE_TYPE, "verificationMaterial": material, "dsseEnvelope": envelope})


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")

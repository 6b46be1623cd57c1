"""Sign: keys, signatures over artifacts, and their verification.

In: an artifact and a key. Out: the signature as OCI content; or, of signatures read back, whether they are good.
Never: talks to a registry.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.sign.claims import Claim, Fetch, ParsedSignature, Subject, parse_signature, signature_format
    from renderer.sign.interface import Signer, Verifier
    from renderer.sign.keygen import generate_key
    from renderer.sign.public_key import PublicKey, load_public_key
    from renderer.sign.signers import SIGNERS, load_signer, open_signer
    from renderer.sign.signing import sign_artifact
    from renderer.sign.verification import Expected, Verified, foreign_signatures, verify_signature, verify_signatures
else:
    __getattr__ = lazily(
        __name__,
        {
            "claims": "Claim Fetch ParsedSignature Subject parse_signature signature_format",
            "interface": "Signer Verifier",
            "keygen": "generate_key",
            "public_key": "PublicKey load_public_key",
            "signers": "SIGNERS load_signer open_signer",
            "signing": "sign_artifact",
            "verification": "Expected Verified foreign_signatures verify_signature verify_signatures",
        },
    )

__all__ = [
    "SIGNERS",
    "Claim",
    "Expected",
    "Fetch",
    "ParsedSignature",
    "PublicKey",
    "Signer",
    "Subject",
    "Verified",
    "Verifier",
    "foreign_signatures",
    "generate_key",
    "load_public_key",
    "load_signer",
    "open_signer",
    "parse_signature",
    "sign_artifact",
    "signature_format",
    "verify_signature",
    "verify_signatures",
]

"""Public keys that signatures are checked with: the adapter over `cryptography` for everything public.

In: PEM text or a file. Out: PublicKey, a Verifier.
Never: reads a private key, or lets an exception of `cryptography` out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from renderer.errors import Code
from renderer.sign.failure import key_failure
from renderer.sign.key_file import pem_label, read_key_file

Usable: TypeAlias = "ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey"

# The sizes that cosign's key check lets pass, without the outdated 2048.
_RSA_BITS = (3072, 4096)
_EXPECTED = "expected ECDSA P-256, Ed25519 or RSA of 3072 or 4096 bits"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with; `key_id` is the hex SHA-256 of its DER SubjectPublicKeyInfo."""

    key_id: str
    public_key_pem: str
    _key: Usable = field(repr=False, compare=False)

    @classmethod
    def of(cls, key: Usable) -> PublicKey:
        """Wrap a key of `cryptography`."""
        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        der = key.public_bytes(serialization.Encoding.DER, spki)
        pem = key.public_bytes(serialization.Encoding.PEM, spki)
        return cls(hashlib.sha256(der).hexdigest(), pem.decode(), key)

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` is by this key over SHA-256 of `data`; never raises."""
        try:
            _verify(self._key, data, signature)
        except InvalidSignature:
            return False
        return True


def _verify(key: Usable, data: bytes, signature: bytes) -> None:
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
    else:
        key.verify(signature, data)


def load_public_key(source: Path | str | bytes) -> PublicKey:
    """Read a public key from a PEM file, or from PEM text itself (`-----BEGIN …`).

    Raises KeyFailure: KEY_UNREADABLE when there is no PEM public key, KEY_UNSUPPORTED for a kind Flux does not accept.
    """
    if isinstance(source, bytes):
        return _parse(source, "the public key")
    if isinstance(source, str) and source.lstrip().startswith("-----BEGIN"):
        return _parse(source.encode(errors="replace"), "the public key")
    path = Path(source)
    return _parse(read_key_file(path).data, str(path))


def _parse(pem: bytes, name: str) -> PublicKey:
    if "PRIVATE KEY" in pem_label(pem):
        what = f"{name} holds a private key, expected a public one"
        raise key_failure(Code.KEY_UNSUPPORTED, what, "give the .pub file of the pair")
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        what = f"{name} is not a public key that can be read, expected PEM `PUBLIC KEY`"
        raise key_failure(Code.KEY_UNREADABLE, what, "give the .pub file that came with the private key") from None
    return PublicKey.of(_usable(key, name))


def _usable(key: object, name: str) -> Usable:
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey):
        require_p256(key.curve, name)
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS:
        return key
    found = f"RSA of {key.key_size} bits" if isinstance(key, rsa.RSAPublicKey) else "another kind"
    raise key_failure(Code.KEY_UNSUPPORTED, f"{name} is a key of {found}, {_EXPECTED}")


def require_p256(curve: ec.EllipticCurve, name: str) -> None:
    """Refuse every curve but P-256; raises KeyFailure with the reason."""
    if isinstance(curve, ec.SECP256R1):
        return
    reason = "with a key, Flux and cosign check SHA-256 only, and refuse what other curves are used with"
    what = f"{name} is an ECDSA key on curve {curve.name}, expected P-256: {reason}"
    raise key_failure(Code.KEY_UNSUPPORTED, what, "make a new pair with `fleetpress keygen`")

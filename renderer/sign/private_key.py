"""Private keys in files: the adapter over `cryptography` for everything private.

In: a file (PKCS#8, SEC1 or cosign's format) and, where it is encrypted, a password. Out: KeySigner.
Never: shows key material or a password, is pickled, or writes anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from renderer.errors import Code
from renderer.sign.cosign_key import COSIGN_LABELS, decrypt_cosign_key
from renderer.sign.failure import ASK_AGAIN, key_failure
from renderer.sign.key_file import KeyFile, pem_label, read_key_file
from renderer.sign.public_key import PublicKey, require_p256
from renderer.types import Problem, Severity

if TYPE_CHECKING:
    from pathlib import Path

_NEW_PAIR = "make a new pair with `fleetpress keygen`"
_OTHER_KINDS = ("RSA PRIVATE KEY", "DSA PRIVATE KEY", "OPENSSH PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class KeySigner:
    """An ECDSA P-256 key in memory; signatures are deterministic (RFC 6979)."""

    verifier: PublicKey
    _key: ec.EllipticCurvePrivateKey = field(repr=False, compare=False)
    _scheme: ec.ECDSA = field(repr=False, compare=False)
    warnings: tuple[Problem, ...] = ()

    @classmethod
    def of(cls, key: ec.EllipticCurvePrivateKey, warnings: tuple[Problem, ...] = ()) -> KeySigner:
        """Wrap a P-256 key of `cryptography`; raises KeyFailure where OpenSSL cannot sign deterministically."""
        try:
            scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        except UnsupportedAlgorithm:
            what = "the OpenSSL behind `cryptography` cannot sign deterministically (RFC 6979), expected 3.2 or newer"
            hint = "install `cryptography` from its wheel"
            raise key_failure(Code.KEY_UNSUPPORTED, what, hint) from None
        return cls(PublicKey.of(key.public_key()), key, scheme, warnings)

    @property
    def key_id(self) -> str:
        """Hex SHA-256 of the public key's DER SubjectPublicKeyInfo."""
        return self.verifier.key_id

    @property
    def public_key_pem(self) -> str:
        """The public key as PEM `PUBLIC KEY`."""
        return self.verifier.public_key_pem

    def sign(self, data: bytes) -> bytes:
        """Sign SHA-256 of `data`: ASN.1 DER, always the same for the same data."""
        return self._key.sign(data, self._scheme)


def load_key_signer(path: Path, password: bytes | None) -> KeySigner:
    """Read the private key in `path`; `password` is not needed, and only warned about, for an unencrypted key.

    Raises KeyFailure: KEY_UNREADABLE, KEY_PASSWORD (missing or wrong), KEY_UNSUPPORTED (anything but P-256).
    """
    file, name = read_key_file(path), str(path)
    label = pem_label(file.data)
    encrypted = _is_encrypted(file.data, label)
    if encrypted and password is None:
        what = f"the key {name} is encrypted and no password was given"
        raise key_failure(Code.KEY_PASSWORD, what, ASK_AGAIN)
    if label in COSIGN_LABELS:
        key = _load_der(decrypt_cosign_key(file.data, password or b"", name), name)
    else:
        _refuse_other_files(label, name)
        key = _load_pem(file.data, password if encrypted else None, name)
    return KeySigner.of(_require_p256_key(key, name), _warnings(file, name, unused=password and not encrypted))


def _is_encrypted(data: bytes, label: str) -> bool:
    # The second form is OpenSSL's from before PKCS#8: `Proc-Type: 4,ENCRYPTED` inside the block.
    return label.startswith("ENCRYPTED ") or b"Proc-Type: 4,ENCRYPTED" in data


def _refuse_other_files(label: str, name: str) -> None:
    if "PUBLIC KEY" in label or "CERTIFICATE" in label:
        what = f"{name} holds a public key or certificate, expected a private key"
        raise key_failure(Code.KEY_UNSUPPORTED, what, "give the .key file of the pair")
    if label in _OTHER_KINDS:
        raise key_failure(Code.KEY_UNSUPPORTED, f"{name} is an {label}, expected an ECDSA P-256 key", _NEW_PAIR)


def _load_pem(pem: bytes, password: bytes | None, name: str) -> object:
    try:
        return serialization.load_pem_private_key(pem, password)
    except TypeError:  # an empty password for an encrypted key
        raise _wrong_password(name) from None
    except UnsupportedAlgorithm:
        raise key_failure(
            Code.KEY_UNSUPPORTED, f"{name} uses a cipher or key kind that cannot be read", _NEW_PAIR
        ) from None
    except ValueError as error:
        # `cryptography` has one exception for both: only its text tells a wrong password from a damaged file.
        raise _wrong_password(name) if password is not None and "assword" in str(error) else _damaged(name) from None


def _load_der(der: bytes, name: str) -> object:
    try:
        return serialization.load_der_private_key(der, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _damaged(name) from None


def _wrong_password(name: str) -> Exception:
    what = f"the password does not open {name}"
    return key_failure(Code.KEY_PASSWORD, what, ASK_AGAIN)


def _damaged(name: str) -> Exception:
    what = f"{name} is not a private key that can be read, expected PEM: PKCS#8, SEC1 or cosign.key"
    return key_failure(Code.KEY_UNREADABLE, what, "copy the file again from where it is kept")


def _require_p256_key(key: object, name: str) -> ec.EllipticCurvePrivateKey:
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        what = f"{name} is not an ECDSA key, expected ECDSA P-256, whose signatures are short and always the same"
        raise key_failure(Code.KEY_UNSUPPORTED, what, _NEW_PAIR)
    require_p256(key.curve, name)
    return key


def _warnings(file: KeyFile, name: str, *, unused: object) -> tuple[Problem, ...]:
    found = []
    if file.exposed:
        what = f"every user of this machine can read the private key {name}"
        found.append(Problem(Code.KEY_EXPOSED, what, hint=f"chmod 600 {name}", severity=Severity.WARNING))
    if unused:
        what = f"a password was given, but the private key {name} is not encrypted"
        hint = "encrypt the key, or drop the password"
        found.append(Problem(Code.KEY_PASSWORD, what, hint=hint, severity=Severity.WARNING))
    return tuple(found)

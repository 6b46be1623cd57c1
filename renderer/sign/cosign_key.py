"""cosign's own format of an encrypted private key, in both directions.

In: PEM `ENCRYPTED SIGSTORE PRIVATE KEY` (or the older `… COSIGN …`) and a password, or DER and a password.
Out: PKCS#8 DER, or PEM that the cosign command reads.
Never: accepts other scrypt parameters than cosign's three: a hostile file could ask for any amount of memory.

The format is that of go-securesystemslib `encrypted`: JSON with salt, nonce and a NaCl secretbox over PKCS#8 DER.
"""

from __future__ import annotations

import base64
import json
import os
import re
import textwrap
from dataclasses import dataclass, field
from typing import Any

from renderer.errors import Code
from renderer.sign.failure import ASK_AGAIN, key_failure
from renderer.types import compact_json

COSIGN_LABELS = ("ENCRYPTED SIGSTORE PRIVATE KEY", "ENCRYPTED COSIGN PRIVATE KEY")

_BLOCK = re.compile(
    rb"-----BEGIN ENCRYPTED (SIGSTORE|COSIGN) PRIVATE KEY-----(.*?)-----END ENCRYPTED \1 PRIVATE KEY-----", re.DOTALL
)
_COST = {"N": 65536, "r": 8, "p": 1}
_COSTS = ({"N": 32768, "r": 8, "p": 1}, _COST, {"N": 131072, "r": 8, "p": 1})
_SALT_BYTES, _KEY_BYTES, _NONCE_BYTES = 32, 32, 24
_PEM_WIDTH = 64


@dataclass(frozen=True, slots=True)
class _Box:
    cost: dict[str, int]
    salt: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    ciphertext: bytes = field(repr=False)


def decrypt_cosign_key(pem: bytes, password: bytes, name: str) -> bytes:
    """Return the PKCS#8 DER inside `pem`.

    Raises KeyFailure: KEY_UNREADABLE when the file is damaged, KEY_PASSWORD when the password does not open it.
    """
    from nacl.exceptions import CryptoError
    from nacl.secret import SecretBox

    box = _parse(pem, name)
    try:
        return SecretBox(_derive(password, box)).decrypt(box.ciphertext, box.nonce)
    except CryptoError:
        what = f"the password does not open {name}, or the file was altered"
        raise key_failure(Code.KEY_PASSWORD, what, ASK_AGAIN) from None


def encrypt_cosign_key(der: bytes, password: bytes) -> bytes:
    """Return `der` as PEM `ENCRYPTED SIGSTORE PRIVATE KEY`, as `cosign generate-key-pair` does; salted at random."""
    from nacl.secret import SecretBox

    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    key = _derive(password, _Box(_COST, salt, nonce, b""))
    body = compact_json(
        {
            "kdf": {"name": "scrypt", "params": _COST, "salt": _text(salt)},
            "cipher": {"name": "nacl/secretbox", "nonce": _text(nonce)},
            "ciphertext": _text(SecretBox(key).encrypt(der, nonce).ciphertext),
        }
    )
    lines = textwrap.wrap(_text(body), _PEM_WIDTH)
    return "\n".join([f"-----BEGIN {COSIGN_LABELS[0]}-----", *lines, f"-----END {COSIGN_LABELS[0]}-----", ""]).encode()


def _derive(password: bytes, box: _Box) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(box.salt, _KEY_BYTES, box.cost["N"], box.cost["r"], box.cost["p"]).derive(password)


def _parse(pem: bytes, name: str) -> _Box:
    match = _BLOCK.search(pem)
    try:
        return _read_box(json.loads(_bytes(match[2] if match else b"")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        what = f"{name} is not a complete cosign key: expected scrypt and nacl/secretbox with cosign's parameters"
        raise key_failure(Code.KEY_UNREADABLE, what, "copy the file again from where it is kept") from None


def _read_box(value: Any) -> _Box:
    kdf, cipher = value["kdf"], value["cipher"]
    box = _Box(kdf["params"], _bytes(kdf["salt"]), _bytes(cipher["nonce"]), _bytes(value["ciphertext"]))
    if (kdf["name"], cipher["name"]) != ("scrypt", "nacl/secretbox") or box.cost not in _COSTS:
        raise ValueError
    if len(box.nonce) != _NONCE_BYTES:
        raise ValueError
    return box


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str | bytes) -> bytes:
    return base64.b64decode("".join(text.split()) if isinstance(text, str) else b"".join(text.split()), validate=True)

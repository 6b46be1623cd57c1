from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

from renderer.errors import Code
from renderer.sign import load_public_key
from tests.sign.support import new_key, pem_of, public_pem_of, refusal

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.sign.private_key import KeySigner


def test_a_file_a_path_as_text_and_pem_give_the_same_key(tmp_path: Path, signer: KeySigner) -> None:
    path = tmp_path / "a.pub"
    path.write_text(signer.public_key_pem)

    keys = [load_public_key(source) for source in (path, str(path), signer.public_key_pem, path.read_bytes())]

    assert {key.key_id for key in keys} == {signer.key_id}


def test_the_key_id_is_the_digest_of_the_public_key() -> None:
    key = new_key().public_key()
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)

    assert load_public_key(public_pem_of(key)).key_id == hashlib.sha256(der).hexdigest()


def test_ed25519_and_rsa_keys_verify() -> None:
    edwards, big = ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 3072)
    publics = [load_public_key(public_pem_of(key)) for key in (edwards.public_key(), big.public_key())]
    signatures = [edwards.sign(b"data"), big.sign(b"data", padding.PKCS1v15(), hashes.SHA256())]

    for public, signature in zip(publics, signatures, strict=True):
        assert public.verify(b"data", signature)
        assert not public.verify(b"date", signature)


@pytest.mark.parametrize("signature", [b"", b"\x00", b"\x30\x06\x02\x01\x00\x02\x01\x00", b"\xff" * 72, b"x" * 100_000])
def test_a_signature_of_any_form_is_only_false(signer: KeySigner, signature: bytes) -> None:
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    keys = [signer.verifier, load_public_key(public_pem_of(edwards))]

    assert [key.verify(b"data", signature) for key in keys] == [False, False]


@pytest.mark.parametrize(
    ("pem", "code", "said"),
    [
        (public_pem_of(ec.generate_private_key(ec.SECP384R1()).public_key()), Code.KEY_UNSUPPORTED, "secp384r1"),
        (public_pem_of(rsa.generate_private_key(65537, 2048).public_key()), Code.KEY_UNSUPPORTED, "RSA of 2048 bits"),
        (pem_of(new_key()), Code.KEY_UNSUPPORTED, "holds a private key"),
        (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", Code.KEY_UNREADABLE, "not a public key"),
        (b"", Code.KEY_UNREADABLE, "not a public key"),
    ],
    ids=["P-384", "RSA-2048", "private", "damaged", "empty"],
)
def test_other_keys_are_refused(pem: bytes, code: Code, said: str) -> None:
    problem = refusal(lambda: load_public_key(pem))

    assert problem.code is code
    assert said in problem.what


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert refusal(lambda: load_public_key(tmp_path / "no.pub")).code is Code.KEY_UNREADABLE

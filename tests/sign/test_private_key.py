from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import PrivateFormat

from renderer.errors import Code
from renderer.sign import load_public_key, load_signer
from renderer.sign.private_key import KeySigner
from renderer.types import Severity
from tests.sign.support import load_refusal, new_key, pem_of, public_pem_of, refusal, write_key

if TYPE_CHECKING:
    from pathlib import Path

# RFC 6979 A.2.5, ECDSA, 256 bits (prime field), SHA-256.
RFC_KEY = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
RFC_SAMPLE = (
    0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
    0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
)
RFC_TEST = (
    0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
    0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
)


@pytest.mark.parametrize(("message", "expected"), [(b"sample", RFC_SAMPLE), (b"test", RFC_TEST)])
def test_signatures_are_those_of_rfc_6979(message: bytes, expected: tuple[int, int]) -> None:
    signer = KeySigner.of(ec.derive_private_key(RFC_KEY, ec.SECP256R1()))

    assert decode_dss_signature(signer.sign(message)) == expected


def test_signing_twice_gives_the_same_bytes(signer: KeySigner) -> None:
    assert signer.sign(b"data") == signer.sign(b"data")
    assert signer.verifier.verify(b"data", signer.sign(b"data"))


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("password", [None, b"correct horse"])
def test_pkcs8_and_sec1_are_read_plain_and_encrypted(
    tmp_path: Path, form: PrivateFormat, password: bytes | None
) -> None:
    key = new_key()
    path = write_key(tmp_path / "a.key", pem_of(key, password, form))

    signer = load_signer(path, password)

    assert signer.key_id == load_public_key(public_pem_of(key.public_key())).key_id
    assert signer.public_key_pem.encode() == public_pem_of(key.public_key())
    assert signer.warnings == ()


def test_what_openssl_ecparam_writes_is_read(tmp_path: Path) -> None:
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    key = pem_of(new_key(), form=PrivateFormat.TraditionalOpenSSL)

    assert load_signer(write_key(tmp_path / "a.key", parameters + key)).key_id


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize(
    ("password", "said"),
    [(None, "no password was given"), (b"", "does not open"), (b"wrong", "does not open")],
)
def test_a_missing_or_wrong_password_is_told(
    tmp_path: Path, form: PrivateFormat, password: bytes | None, said: str
) -> None:
    path = write_key(tmp_path / "a.key", pem_of(new_key(), b"secret-password", form))

    problem = load_refusal(path, password)

    assert problem.code is Code.KEY_PASSWORD
    assert said in problem.what
    assert str(path) in problem.what


def test_a_password_that_is_not_needed_is_only_warned_about(tmp_path: Path) -> None:
    signer = load_signer(write_key(tmp_path / "a.key", pem_of(new_key())), b"unneeded")

    assert [(warning.code, warning.severity) for warning in signer.warnings] == [(Code.KEY_PASSWORD, Severity.WARNING)]
    assert "unneeded" not in str(signer.warnings)


@pytest.mark.skipif(os.name != "posix", reason="permission bits are POSIX")
@pytest.mark.parametrize(
    ("mode", "warned"), [(0o644, True), (0o604, True), (0o640, False), (0o600, False), (0o400, False)]
)
def test_a_key_that_everyone_can_read_is_warned_about(tmp_path: Path, mode: int, *, warned: bool) -> None:
    path = write_key(tmp_path / "a.key", pem_of(new_key()))
    path.chmod(mode)

    warnings = load_signer(path).warnings

    assert [(warning.code, warning.severity) for warning in warnings] == [(Code.KEY_EXPOSED, Severity.WARNING)] * warned


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "secp384r1, expected P-256: with a key, Flux and cosign"),
        (ec.generate_private_key(ec.SECP256K1()), "secp256k1, expected P-256"),
        (ed25519.Ed25519PrivateKey.generate(), "expected ECDSA P-256"),
        (rsa.generate_private_key(65537, 2048), "expected ECDSA P-256"),
    ],
    ids=["P-384", "secp256k1", "Ed25519", "RSA"],
)
def test_other_kinds_of_key_are_refused_with_the_reason(tmp_path: Path, key: object, said: str) -> None:
    problem = load_refusal(write_key(tmp_path / "a.key", pem_of(key)))

    assert problem.code is Code.KEY_UNSUPPORTED
    assert said in problem.what
    assert "keygen" in problem.hint


def test_an_rsa_file_is_named_as_such(tmp_path: Path) -> None:
    key = pem_of(rsa.generate_private_key(65537, 2048), form=PrivateFormat.TraditionalOpenSSL)

    assert "RSA PRIVATE KEY" in load_refusal(write_key(tmp_path / "a.key", key)).what


def test_a_public_key_in_place_of_a_private_one_is_named(tmp_path: Path) -> None:
    problem = load_refusal(write_key(tmp_path / "a.pub", public_pem_of(new_key().public_key())))

    assert problem.code is Code.KEY_UNSUPPORTED
    assert "expected a private key" in problem.what


@pytest.mark.parametrize(
    "data",
    [b"", b"not a key", b"\xff" * 99, b"-----BEGIN PRIVATE KEY-----\n", pem_of(new_key())[:90], b"x" * 70_000],
    ids=["empty", "text", "binary", "header only", "truncated", "huge"],
)
def test_damaged_files_are_refused(tmp_path: Path, data: bytes) -> None:
    assert load_refusal(write_key(tmp_path / "a.key", data)).code is Code.KEY_UNREADABLE


@pytest.mark.parametrize("name", ["missing.key", "."])
def test_what_cannot_be_opened_is_told(tmp_path: Path, name: str) -> None:
    problem = load_refusal(tmp_path / name)

    assert problem.code is Code.KEY_UNREADABLE
    assert "cannot read the key" in problem.what


def test_no_message_echoes_the_file_or_the_password(tmp_path: Path) -> None:
    pem = pem_of(new_key(), b"secret-password")
    secrets = [line.decode() for line in pem.splitlines() if not line.startswith(b"-----")]

    for data in (pem, pem[:-60], pem.replace(b"ENCRYPTED ", b"")):
        problem = load_refusal(write_key(tmp_path / "a.key", data), b"guess-word")
        assert not [secret for secret in [*secrets, "guess-word"] if secret in f"{problem.what} {problem.hint}"]


def test_a_signer_shows_no_key_and_does_not_travel(signer: KeySigner) -> None:
    assert "Private" not in repr(signer)
    with pytest.raises(TypeError):
        pickle.dumps(signer)


def test_an_old_openssl_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise UnsupportedAlgorithm("no RFC 6979")

    key = new_key()
    monkeypatch.setattr(ec, "ECDSA", refuse)

    assert refusal(lambda: KeySigner.of(key)).code is Code.KEY_UNSUPPORTED

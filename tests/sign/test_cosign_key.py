from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from renderer.errors import Code
from renderer.sign import load_signer
from renderer.sign.cosign_key import encrypt_cosign_key
from renderer.sign.private_key import KeySigner
from tests.sign.support import load_refusal, new_key, write_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# `COSIGN_PASSWORD=fleet cosign generate-key-pair`, cosign 3.1.1: made for this test and used nowhere.
COSIGN_KEY = """\
-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiIvSmh5VzV1ZWpQVjhqQk8yTThNU2xxM1VmQ3NZb09o
ajJWV0hTWk43ZmhnPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiJIMVROdkZWSVJzeG9ZOU96YVJMWkFoMmNmSDRFMFIzeSJ9LCJj
aXBoZXJ0ZXh0Ijoid1Z4ZTVheWNCTUtWcW13MEFFdnRmbk1wbWNTOEtQVnNkaWZ5
cGlWc29wd2R6bXBGcGlqelBXUXF4MGU1T240YnpyQjJrYmNQeHMwTUM1REo2aER0
MFJOclAxZWFXTmJ6d0loMlNpZFVGSHU2TUw2ZlRSQVllL0NNeTliT2JrYTJJZ3Fu
QW53T2JmMzBnSWNrQXc0YTFTbEdYMTBBY3dFbDhDZFVnazlBbSswNng5OFpCQlhh
ODJGODlneGlITElua3lIdk5DeEVBT0wwN2c9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
"""
COSIGN_PUB = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDsVYzc8lUEYi5TiRISfh0chRqh3u
WCQgAxnA0wMcFjL6sEu1yl/q7ijir8dDUtALUcOSwo0+kFaiTSIBlOybtg==
-----END PUBLIC KEY-----
"""


def encrypted(key: ec.EllipticCurvePrivateKey, password: bytes) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return encrypt_cosign_key(
        key.private_bytes(serialization.Encoding.DER, form, serialization.NoEncryption()), password
    )


def edited(pem: bytes, edit: Callable[[Any], object]) -> bytes:
    """`pem` with its JSON changed by `edit`."""
    lines = pem.decode().splitlines()
    value = json.loads(base64.b64decode("".join(lines[1:-1])))
    edit(value)
    text = base64.b64encode(json.dumps(value).encode()).decode()
    return f"{lines[0]}\n{text}\n{lines[-1]}\n".encode()


def test_a_key_that_cosign_made_is_read(tmp_path: Path) -> None:
    signer = load_signer(write_key(tmp_path / "cosign.key", COSIGN_KEY.encode()), b"fleet")

    assert signer.public_key_pem == COSIGN_PUB


def test_the_older_label_is_read_too(tmp_path: Path) -> None:
    older = COSIGN_KEY.replace("SIGSTORE", "COSIGN").encode()

    assert load_signer(write_key(tmp_path / "cosign.key", older), b"fleet").public_key_pem == COSIGN_PUB


@pytest.mark.parametrize("password", [b"correct horse", b"", "pässwörd".encode(), b"\x00\xff"])
def test_what_we_encrypt_we_read(tmp_path: Path, password: bytes) -> None:
    key = new_key()

    signer = load_signer(write_key(tmp_path / "a.key", encrypted(key, password)), password)

    assert signer.key_id == KeySigner.of(key).key_id


def test_the_password_is_asked_for_and_checked(tmp_path: Path) -> None:
    path = write_key(tmp_path / "cosign.key", COSIGN_KEY.encode())

    missing, wrong = load_refusal(path), load_refusal(path, b"guess-word")

    assert (missing.code, wrong.code) == (Code.KEY_PASSWORD, Code.KEY_PASSWORD)
    assert "no password was given" in missing.what
    assert "the password does not open" in wrong.what
    assert "guess-word" not in wrong.what + wrong.hint


@pytest.mark.parametrize(
    "edit",
    [
        lambda value: value["kdf"].update(name="argon2"),
        lambda value: value["kdf"]["params"].update(N=2**30),
        lambda value: value["kdf"]["params"].update(r=2**20),
        lambda value: value["kdf"].update(params=None),
        lambda value: value["kdf"].update(salt=3),
        lambda value: value["cipher"].update(name="aes"),
        lambda value: value["cipher"].update(nonce="AAAA"),
        lambda value: value.update(ciphertext="%%%"),
        lambda value: value.pop("cipher"),
        lambda value: value.update(kdf=[]),
    ],
)
def test_other_parameters_are_refused_before_they_cost_anything(tmp_path: Path, edit: Callable[[Any], object]) -> None:
    path = write_key(tmp_path / "cosign.key", edited(COSIGN_KEY.encode(), edit))

    problem = load_refusal(path, b"fleet")

    assert problem.code is Code.KEY_UNREADABLE
    assert "not a complete cosign key" in problem.what


@pytest.mark.parametrize("cut", [60, 200, 600])
def test_a_truncated_key_is_refused(tmp_path: Path, cut: int) -> None:
    path = write_key(tmp_path / "cosign.key", COSIGN_KEY.encode()[:cut])

    assert load_refusal(path, b"fleet").code is Code.KEY_UNREADABLE


@pytest.mark.parametrize("cost", [32768, 131072])
def test_cosigns_other_two_costs_are_tried(tmp_path: Path, cost: int) -> None:
    pem = edited(COSIGN_KEY.encode(), lambda value: value["kdf"]["params"].update(N=cost))

    assert load_refusal(write_key(tmp_path / "cosign.key", pem), b"fleet").code is Code.KEY_PASSWORD


def test_a_key_of_another_kind_inside_is_refused(tmp_path: Path) -> None:
    pem = encrypted(ec.generate_private_key(ec.SECP384R1()), b"fleet")

    assert load_refusal(write_key(tmp_path / "a.key", pem), b"fleet").code is Code.KEY_UNSUPPORTED


def test_something_else_inside_is_refused(tmp_path: Path) -> None:
    path = write_key(tmp_path / "a.key", encrypt_cosign_key(b"not DER", b"fleet"))

    assert load_refusal(path, b"fleet").code is Code.KEY_UNREADABLE

"""Whatever a registry answers: Problems, never a traceback, and never a yes to what was not signed."""

from __future__ import annotations

import base64
import contextlib
import json
import pathlib
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.errors import Code, KeyFailure
from renderer.sign import (
    Verified,
    foreign_signatures,
    load_public_key,
    load_signer,
    sign_artifact,
    signature_format,
    verify_signatures,
)
from renderer.sign.claims import MAX_BLOB, MAX_MANIFEST
from renderer.types import Digest, SignatureFormat, compact_json
from tests.sign.support import (
    NAME,
    codes,
    expected,
    make_artifact,
    new_key,
    new_signer,
    pem_of,
    verify_bytes,
    with_payload,
    write_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.types import Problem

SIGNER = new_signer()
PRIVATE = pem_of(new_key())
PRIVATE_SEC1 = pem_of(new_key(), form=PrivateFormat.TraditionalOpenSSL)
ARTIFACT = make_artifact()
SIGNED = {form: sign_artifact(ARTIFACT, NAME, SIGNER, form) for form in SignatureFormat}
FORMS = st.sampled_from(SignatureFormat)
FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
Path = tuple["str | int", ...]


def paths(value: Any, prefix: Path = ()) -> Iterator[Path]:
    """Every place in a JSON value."""
    yield prefix
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*prefix, key))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """`value` with another one at `path`."""
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def escaped(value: Any) -> bytes:
    """JSON that may hold lone surrogates, as `\\ud800`."""
    return json.dumps(value).encode()


def judge(manifest: bytes, blobs: dict[Digest, bytes]) -> Verified | list[Problem]:
    """Let everything that reads a stranger's bytes read them."""
    signature_format(manifest)
    foreign = foreign_signatures([manifest], blobs.__getitem__, [SIGNER.verifier])
    everything = verify_signatures([manifest], blobs.__getitem__, expected(ARTIFACT), [SIGNER.verifier])
    result = verify_bytes(manifest, blobs, expected(ARTIFACT), [SIGNER.verifier])
    said = [
        *foreign,
        *(everything if isinstance(everything, list) else []),
        *(result if isinstance(result, list) else []),
    ]
    for problem in said:
        f"{problem.what} {problem.hint}".encode()  # can be printed
        assert len(problem.what) < 1000
    assert isinstance(result, Verified) or result
    return result


def still_signed(form: SignatureFormat, payload: bytes) -> bool:
    """Whether `payload` holds what was really signed: only then may it verify."""
    original = SIGNED[form].blobs[1].data
    if form is SignatureFormat.LEGACY:
        return payload == original
    theirs, ours = (json.loads(data)["dsseEnvelope"] for data in (payload, original))
    return all(
        base64.b64decode(one) == base64.b64decode(two)
        for one, two in (
            (theirs["payload"], ours["payload"]),
            (theirs["signatures"][0]["sig"], ours["signatures"][0]["sig"]),
        )
    )


@FUZZ
@given(form=FORMS, data=st.data())
def test_a_payload_with_changed_bytes(form: SignatureFormat, data: st.DataObject) -> None:
    payload = bytearray(SIGNED[form].blobs[1].data)
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))

    result = judge(*with_payload(SIGNED[form], bytes(payload)))

    assert isinstance(result, list) or still_signed(form, bytes(payload))


@FUZZ
@given(form=FORMS, data=st.data(), new=JSON)
def test_a_payload_with_one_value_replaced(form: SignatureFormat, data: st.DataObject, new: Any) -> None:
    value = json.loads(SIGNED[form].blobs[1].data)
    payload = escaped(replaced(value, data.draw(st.sampled_from(list(paths(value)))), new))

    result = judge(*with_payload(SIGNED[form], payload))

    assert isinstance(result, list) or still_signed(form, payload)


@FUZZ
@given(data=st.data(), new=JSON)
def test_a_signed_statement_with_one_value_replaced(data: st.DataObject, new: Any) -> None:
    value = json.loads(SIGNED[SignatureFormat.BUNDLE].blobs[1].data)
    statement = json.loads(base64.b64decode(value["dsseEnvelope"]["payload"]))
    changed = escaped(replaced(statement, data.draw(st.sampled_from(list(paths(statement)))), new))
    signature = SIGNER.sign(b"DSSEv1 28 application/vnd.in-toto+json %d %s" % (len(changed), changed))
    value["dsseEnvelope"]["payload"] = base64.b64encode(changed).decode()
    value["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(signature).decode()

    judge(*with_payload(SIGNED[SignatureFormat.BUNDLE], compact_json(value)))


@FUZZ
@given(form=FORMS, data=st.data(), new=JSON)
def test_a_manifest_with_one_value_replaced(form: SignatureFormat, data: st.DataObject, new: Any) -> None:
    value = json.loads(SIGNED[form].manifest.data)
    manifest = escaped(replaced(value, data.draw(st.sampled_from(list(paths(value)))), new))
    blobs = {blob.digest: blob.data for blob in SIGNED[form].blobs}

    judge(manifest, blobs)


@FUZZ
@given(data=st.data())
def test_key_files_with_changed_bytes(data: st.DataObject) -> None:
    pem = bytearray(data.draw(st.sampled_from([PRIVATE, PRIVATE_SEC1, SIGNER.public_key_pem.encode()])))
    for _ in range(data.draw(st.integers(1, 3))):
        pem[data.draw(st.integers(0, len(pem) - 1))] = data.draw(st.integers(0, 255))

    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(KeyFailure):
        load_signer(write_key(pathlib.Path(folder) / "a.key", bytes(pem)))
    with contextlib.suppress(KeyFailure):
        load_public_key(bytes(pem))


@FUZZ
@given(form=FORMS, noise=st.binary(max_size=300) | JSON.map(escaped))
def test_noise_in_place_of_anything(form: SignatureFormat, noise: bytes) -> None:
    assert isinstance(judge(noise, {}), list)
    assert isinstance(judge(*with_payload(SIGNED[form], noise)), list)


@pytest.mark.parametrize("form", SignatureFormat)
@pytest.mark.parametrize(
    "bomb",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"mediaType":' + b"9" * 10_000 + b"}",
        b'{"critical":{"type":' + b"[" * 900 + b"]" * 900 + b"}}",
        b'{"mediaType":NaN}',
        b'{"critical":1,"critical":2}',
        b'{"mediaType":1e999}',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b'"text"',
        b"null",
        b" " * (MAX_BLOB + 1),
    ],
    ids=[
        "lists", "objects", "digits", "nested", "NaN", "twice", "infinite", "UTF-16", "mark", "text", "null", "long",
    ],
)  # fmt: skip
def test_bombs_and_traps(form: SignatureFormat, bomb: bytes) -> None:
    assert isinstance(judge(*with_payload(SIGNED[form], bomb)), list)
    assert isinstance(judge(bomb, {}), list)


@pytest.mark.parametrize("form", SignatureFormat)
@pytest.mark.parametrize("size", [0, -1, MAX_BLOB + 1, 10**4000, True, 1.5, None])
def test_a_blob_of_impossible_size_is_not_even_fetched(form: SignatureFormat, size: object) -> None:
    value = json.loads(SIGNED[form].manifest.data)
    value["layers"][0]["size"] = size
    fetched: list[Digest] = []

    def fetch(digest: Digest) -> bytes:
        fetched.append(digest)
        return b""

    result = verify_signatures([compact_json(value)], fetch, expected(ARTIFACT), [SIGNER.verifier])

    assert codes(result) == [Code.SIGNATURE_INVALID]
    assert fetched == []


def test_a_manifest_beyond_the_cap_is_no_signature() -> None:
    padded = SIGNED[SignatureFormat.BUNDLE].manifest.data + b" " * MAX_MANIFEST

    assert signature_format(padded) is None
    assert codes(judge(padded, {})) == [Code.SIGNATURE_INVALID]

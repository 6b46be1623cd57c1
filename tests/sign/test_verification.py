from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from renderer.errors import Code
from renderer.sign import (
    Expected,
    Verified,
    foreign_signatures,
    parse_signature,
    sign_artifact,
    signature_format,
    verify_signatures,
)
from renderer.sign.claims import ParsedSignature
from renderer.sign.dsse import bundle
from renderer.types import Digest, Signature, SignatureFormat, compact_json
from tests.sign.support import (
    NAME,
    blobs_of,
    codes,
    expected,
    make_artifact,
    verify,
    verify_bytes,
    with_payload,
)

if TYPE_CHECKING:
    from renderer.sign.private_key import KeySigner

BOTH = pytest.mark.parametrize("form", SignatureFormat)
BUNDLE, LEGACY = SignatureFormat


def nothing(digest: Digest) -> bytes:
    raise KeyError(digest)


@BOTH
def test_a_good_signature_tells_name_and_key(signer: KeySigner, form: SignatureFormat) -> None:
    artifact = make_artifact()

    result = verify(sign_artifact(artifact, NAME, signer, form), expected(artifact), signer.verifier)

    assert result == Verified(NAME, signer.key_id, form)


@BOTH
def test_during_a_rotation_either_key_will_do(signer: KeySigner, other: KeySigner, form: SignatureFormat) -> None:
    artifact = make_artifact()

    for key in (signer, other):
        result = verify(sign_artifact(artifact, NAME, key, form), expected(artifact), signer.verifier, other.verifier)
        assert isinstance(result, Verified)
        assert result.key_id == key.key_id


def test_a_bundle_by_another_key_is_foreign(signer: KeySigner, other: KeySigner) -> None:
    artifact = make_artifact()

    result = verify(sign_artifact(artifact, NAME, other, BUNDLE), expected(artifact), signer.verifier)

    assert codes(result) == [Code.SIGNATURE_FOREIGN]
    assert isinstance(result, list)
    assert other.key_id[:16] in result[0].what
    assert signer.key_id[:16] in result[0].what


def test_a_legacy_signature_by_another_key_is_invalid_since_it_names_none(signer: KeySigner, other: KeySigner) -> None:
    artifact = make_artifact()

    result = verify(sign_artifact(artifact, NAME, other, LEGACY), expected(artifact), signer.verifier)

    assert codes(result) == [Code.SIGNATURE_INVALID]


@BOTH
def test_without_keys_nothing_verifies(signer: KeySigner, form: SignatureFormat) -> None:
    artifact = make_artifact()

    assert codes(verify(sign_artifact(artifact, NAME, signer, form), expected(artifact)))


@BOTH
def test_a_signature_of_another_artifact_is_a_digest_mismatch(signer: KeySigner, form: SignatureFormat) -> None:
    signature = sign_artifact(make_artifact("old"), NAME, signer, form)

    assert codes(verify(signature, expected(make_artifact("new")), signer.verifier)) == [Code.DIGEST_MISMATCH]


def test_a_bundle_that_was_hung_on_another_artifact_is_a_digest_mismatch(signer: KeySigner) -> None:
    old, new = make_artifact("old"), make_artifact("new")
    signature = sign_artifact(old, NAME, signer, BUNDLE)
    moved = signature.manifest.data.replace(old.manifest.digest.hex.encode(), new.manifest.digest.hex.encode())

    result = verify_bytes(moved, blobs_of(signature), expected(new), [signer.verifier])

    assert codes(result) == [Code.DIGEST_MISMATCH]


@BOTH
def test_any_two_of_twenty_sites_swapped_are_a_mismatch(signer: KeySigner, form: SignatureFormat) -> None:
    names = [f"registry.eu.labs.example/fleetpress/labs/site-{number}" for number in range(20)]
    artifact = make_artifact()
    signatures = [sign_artifact(artifact, name, signer, form) for name in names]

    for name, signature in zip(names, signatures, strict=True):
        for wanted in names:
            exact = verify(signature, expected(artifact, wanted), signer.verifier)
            suffix = f"/labs/{wanted.rpartition('/')[2]}"
            copied = verify(signature, Expected(artifact.manifest.digest, suffix=suffix), signer.verifier)
            assert isinstance(exact, Verified) == isinstance(copied, Verified) == (name == wanted)
            assert name == wanted or codes(exact) == codes(copied) == [Code.SITE_MISMATCH]


@pytest.mark.parametrize(
    ("names", "suffix", "passes"),
    [
        (frozenset({NAME}), "", True),
        (frozenset({"other.example/x", NAME}), "", True),
        (frozenset[str](), "/labs/berlin-1", True),
        (frozenset[str](), "/fleetpress/labs/berlin-1", True),
        (frozenset[str](), "/labs/berlin-2", False),
        (frozenset[str](), "berlin-1", False),  # a suffix without its slash would let not-berlin-1 pass
        (frozenset[str](), "/", False),
        (frozenset[str](), "", False),
        (frozenset({NAME.upper()}), "", False),
    ],
)
def test_the_caller_says_which_names_pass(
    signer: KeySigner, names: frozenset[str], suffix: str, *, passes: bool
) -> None:
    artifact = make_artifact()
    wanted = Expected(artifact.manifest.digest, names, suffix)

    result = verify(sign_artifact(artifact, NAME, signer, BUNDLE), wanted, signer.verifier)

    assert isinstance(result, Verified) is passes
    assert passes or codes(result) == [Code.SITE_MISMATCH]


@BOTH
def test_a_blob_that_was_altered_is_a_digest_mismatch(signer: KeySigner, form: SignatureFormat) -> None:
    artifact = make_artifact()
    signature = sign_artifact(artifact, NAME, signer, form)
    altered = {digest: data[:-1] + b" " for digest, data in blobs_of(signature).items()}

    result = verify_bytes(signature.manifest.data, altered, expected(artifact), [signer.verifier])

    assert codes(result) == [Code.DIGEST_MISMATCH]


@BOTH
def test_a_blob_that_vanished_is_told(signer: KeySigner, form: SignatureFormat) -> None:
    artifact = make_artifact()

    result = verify_bytes(
        sign_artifact(artifact, NAME, signer, form).manifest.data, {}, expected(artifact), [signer.verifier]
    )

    assert codes(result) == [Code.SIGNATURE_INVALID]


def test_a_statement_that_was_altered_is_invalid(signer: KeySigner) -> None:
    artifact = make_artifact()
    signature = sign_artifact(artifact, NAME, signer, BUNDLE)
    value: dict[str, Any] = json.loads(signature.blobs[1].data)
    statement = base64.b64decode(value["dsseEnvelope"]["payload"]).replace(b"berlin-1", b"berlin-2")
    value["dsseEnvelope"]["payload"] = base64.b64encode(statement).decode()

    result = verify_bytes(*with_payload(signature, compact_json(value)), expected(artifact), [signer.verifier])

    assert codes(result) == [Code.SIGNATURE_INVALID]


def test_a_claimed_hint_proves_nothing(signer: KeySigner, other: KeySigner) -> None:
    artifact = make_artifact()
    signature = sign_artifact(artifact, NAME, other, BUNDLE)
    value: dict[str, Any] = json.loads(signature.blobs[1].data)
    value["verificationMaterial"]["publicKey"]["hint"] = base64.b64encode(bytes.fromhex(signer.key_id)).decode()
    manifest, blobs = with_payload(signature, compact_json(value))

    assert codes(verify_bytes(manifest, blobs, expected(artifact), [signer.verifier])) == [Code.SIGNATURE_INVALID]
    assert foreign_signatures([manifest], blobs.__getitem__, [signer.verifier])


@pytest.mark.parametrize("material", [{}, {"certificate": {"rawBytes": "AAAA"}}, {"publicKey": {"hint": "%"}}])
def test_a_good_signature_needs_no_hint(signer: KeySigner, other: KeySigner, material: object) -> None:
    artifact = make_artifact()
    signature = sign_artifact(artifact, NAME, signer, BUNDLE)
    value: dict[str, Any] = json.loads(signature.blobs[1].data) | {"verificationMaterial": material}
    manifest, blobs = with_payload(signature, compact_json(value))

    assert isinstance(verify_bytes(manifest, blobs, expected(artifact), [signer.verifier]), Verified)
    assert codes(verify_bytes(manifest, blobs, expected(artifact), [other.verifier])) == [Code.SIGNATURE_FOREIGN]


def signed_statement(signer: KeySigner, edit: dict[str, object]) -> tuple[Signature, bytes]:
    artifact = make_artifact()
    signature = sign_artifact(artifact, NAME, signer, BUNDLE)
    value = json.loads(base64.b64decode(json.loads(signature.blobs[1].data)["dsseEnvelope"]["payload"]))
    return signature, bundle(compact_json(value | edit), signer)


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        ({"predicateType": "https://slsa.dev/provenance/v1", "predicate": {"buildDefinition": {}}}, None),
        ({"predicateType": "https://cyclonedx.org/bom"}, Code.SIGNATURE_INVALID),
        ({"_type": "https://in-toto.io/Statement/v0.1"}, Code.SIGNATURE_INVALID),
        ({"subject": []}, Code.SIGNATURE_INVALID),
        ({"subject": [{"digest": {"sha256": make_artifact().manifest.digest.hex}}]}, Code.SITE_MISMATCH),
        ({"subject": [{"name": NAME, "digest": {"sha256": "0" * 64}}]}, Code.DIGEST_MISMATCH),
        ({"subject": [{"name": NAME, "digest": {"sha256": "0" * 63}}]}, Code.SIGNATURE_INVALID),
        ({"subject": [{"name": NAME, "digest": {"sha512": "0" * 128}}]}, Code.SIGNATURE_INVALID),
    ],
)
def test_what_was_really_signed_is_checked_too(signer: KeySigner, edit: dict[str, object], code: Code | None) -> None:
    signature, payload = signed_statement(signer, edit)

    result = verify_bytes(*with_payload(signature, payload), expected(make_artifact()), [signer.verifier])

    assert isinstance(result, Verified) if code is None else codes(result) == [code]


@pytest.mark.parametrize(("count", "passes"), [(1, True), (1024, True), (1025, False)])
def test_a_statement_may_be_about_1024_artifacts(signer: KeySigner, count: int, *, passes: bool) -> None:
    others = [{"name": f"host/x/{n}", "digest": {"sha256": Digest.of(b"%d" % n).hex}} for n in range(count - 1)]
    ours = {"name": NAME, "digest": {"sha256": make_artifact().manifest.digest.hex}}
    signature, payload = signed_statement(signer, {"subject": [*others, ours]})

    result = verify_bytes(*with_payload(signature, payload), expected(make_artifact()), [signer.verifier])

    assert isinstance(result, Verified) is passes


def test_a_name_counts_only_together_with_its_digest(signer: KeySigner) -> None:
    subject = [
        {"name": NAME, "digest": {"sha256": "0" * 64}},
        {"name": "host/labs/munich-1", "digest": {"sha256": make_artifact().manifest.digest.hex}},
    ]
    signature, payload = signed_statement(signer, {"subject": subject})

    result = verify_bytes(*with_payload(signature, payload), expected(make_artifact()), [signer.verifier])

    assert codes(result) == [Code.SITE_MISMATCH]


def two_layers(first: Signature, second: Signature) -> bytes:
    value: dict[str, Any] = json.loads(first.manifest.data)
    value["layers"] += json.loads(second.manifest.data)["layers"]
    return compact_json(value)


def test_a_legacy_manifest_may_hold_two_keys(signer: KeySigner, other: KeySigner) -> None:
    artifact = make_artifact()
    pair = [sign_artifact(artifact, NAME, key, LEGACY) for key in (other, signer)]

    result = verify_bytes(two_layers(pair[0], pair[1]), blobs_of(*pair), expected(artifact), [signer.verifier])

    assert result == Verified(NAME, signer.key_id, LEGACY)


def test_one_damaged_layer_does_not_spoil_the_other(signer: KeySigner) -> None:
    artifact = make_artifact()
    good, damaged = sign_artifact(artifact, NAME, signer, LEGACY), sign_artifact(artifact, "a/b", signer, LEGACY)

    parsed = parse_signature(two_layers(damaged, good), blobs_of(good).__getitem__)
    result = verify_bytes(two_layers(damaged, good), blobs_of(good), expected(artifact), [signer.verifier])

    assert isinstance(parsed, ParsedSignature)
    assert (len(parsed.claims), len(parsed.problems)) == (1, 1)
    assert isinstance(result, Verified)


def test_nothing_attached_is_a_missing_signature(signer: KeySigner) -> None:
    artifact = make_artifact()

    for manifests in ([], [artifact.manifest.data], [b"junk"]):
        result = verify_signatures(manifests, nothing, expected(artifact), [signer.verifier])
        assert codes(result) == [Code.SIGNATURE_MISSING]


def test_one_good_bundle_will_do(signer: KeySigner, other: KeySigner) -> None:
    artifact = make_artifact()
    signatures = [sign_artifact(artifact, NAME, key, BUNDLE) for key in (other, signer)]
    manifests = [b"junk", *(signature.manifest.data for signature in signatures)]

    result = verify_signatures(manifests, blobs_of(*signatures).__getitem__, expected(artifact), [signer.verifier])

    assert result == Verified(NAME, signer.key_id, BUNDLE)


def test_as_in_a_cluster_a_foreign_bundle_outweighs_a_good_legacy_signature(
    signer: KeySigner, other: KeySigner
) -> None:
    artifact = make_artifact()
    signatures = [sign_artifact(artifact, NAME, other, BUNDLE), sign_artifact(artifact, NAME, signer, LEGACY)]
    manifests = [signature.manifest.data for signature in signatures]

    result = verify_signatures(manifests, blobs_of(*signatures).__getitem__, expected(artifact), [signer.verifier])

    assert codes(result) == [Code.SIGNATURE_FOREIGN]


@BOTH
def test_signatures_by_other_keys_are_found_before_keys_are_mixed(
    signer: KeySigner, other: KeySigner, form: SignatureFormat
) -> None:
    artifact = make_artifact()
    ours, theirs = (sign_artifact(artifact, NAME, key, form) for key in (signer, other))
    fetch = blobs_of(ours, theirs).__getitem__
    manifests = [artifact.manifest.data, ours.manifest.data]

    assert foreign_signatures(manifests, fetch, [signer.verifier]) == []
    assert len(foreign_signatures([*manifests, theirs.manifest.data], fetch, [signer.verifier])) == 1
    assert foreign_signatures([*manifests, theirs.manifest.data], fetch, [signer.verifier, other.verifier]) == []


def test_what_cannot_be_read_counts_as_foreign(signer: KeySigner) -> None:
    signature = sign_artifact(make_artifact(), NAME, signer, BUNDLE)

    assert foreign_signatures([signature.manifest.data], nothing, [signer.verifier])


def test_the_experimental_referrer_of_simple_signing_is_no_signature(signer: KeySigner) -> None:
    artifact = make_artifact()
    value = json.loads(sign_artifact(artifact, NAME, signer, LEGACY).manifest.data)

    assert signature_format(compact_json(value)) is LEGACY
    assert signature_format(compact_json(value | {"subject": artifact.manifest.descriptor})) is None


def test_the_trouble_of_the_registry_is_not_ours(signer: KeySigner) -> None:
    def fetch(_: Digest) -> bytes:
        raise ConnectionError("reset")

    with pytest.raises(ConnectionError):
        parse_signature(sign_artifact(make_artifact(), NAME, signer, BUNDLE).manifest.data, fetch)

"""cosign 3 and cosign 2 judge our bytes and our keys, and we theirs, with a real registry in between."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from renderer.errors import Code
from renderer.sign import (
    Expected,
    PublicKey,
    Signer,
    Verified,
    foreign_signatures,
    generate_key,
    load_public_key,
    load_signer,
    sign_artifact,
    verify_signatures,
)
from renderer.types import Blob, Signature, SignatureFormat
from tests.judges import programs
from tests.sign.registry_client import Repository
from tests.sign.support import codes, make_artifact

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.types import Artifact, Problem
    from tests.judges.registry import Registry

pytestmark = pytest.mark.online

BUNDLE, LEGACY = SignatureFormat
HALF_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2
Judge = Callable[[str, "Path"], programs.Result]
Sign = Callable[[bytes], bytes]


def cosign2_verify_legacy(ref: str, public_key: Path) -> programs.Result:
    return programs.cosign_verify(ref, public_key, legacy=True)


# How each version of cosign is asked for each form; cosign 2 knows a bundle as an attestation only.
JUDGES: dict[str, tuple[SignatureFormat, Judge]] = {
    "cosign 3, bundle": (BUNDLE, programs.cosign_verify),
    "cosign 2, bundle": (BUNDLE, programs.cosign2_verify_bundle),
    "cosign 3, legacy": (LEGACY, programs.cosign_verify),
    "cosign 2, legacy": (LEGACY, cosign2_verify_legacy),
}
ALL_JUDGES = pytest.mark.parametrize(("form", "judge"), list(JUDGES.values()), ids=list(JUDGES))
BUNDLE_JUDGES = pytest.mark.parametrize("judge", [programs.cosign_verify, programs.cosign2_verify_bundle])
BOTH_COSIGNS = pytest.mark.parametrize("cosign", ["cosign", "cosign2"])


class Pair(NamedTuple):
    signer: Signer
    private: Path
    public: Path


def make_pair(prefix: Path) -> Pair:
    private, public = generate_key(prefix)
    return Pair(load_signer(private), private, public)


@pytest.fixture
def ours(tmp_path: Path) -> Pair:
    return make_pair(tmp_path / "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> Pair:
    return make_pair(tmp_path / "theirs")


@pytest.fixture
def target(docker_registry: Registry, repository: str) -> Repository:
    return Repository(f"{docker_registry.host}/{repository}")


def accepted(result: programs.Result) -> bool:
    assert result.returncode == 0 or "Error" in result.stderr, result.stderr
    return result.returncode == 0


def our_verdict(target: Repository, artifact: Artifact, *keys: PublicKey) -> Verified | list[Problem]:
    """What we say of what the registry holds."""
    manifests = target.referrers(artifact.manifest.digest)
    wanted = Expected(artifact.manifest.digest, frozenset({target.name}))
    return verify_signatures(manifests, target.get_blob, wanted, keys)


@ALL_JUDGES
def test_our_signature_is_accepted_with_its_key_only(
    target: Repository, ours: Pair, theirs: Pair, form: SignatureFormat, judge: Judge
) -> None:
    artifact = make_artifact()
    ref = target.push(artifact, sign_artifact(artifact, target.name, ours.signer, form))

    good, bad = judge(ref, ours.public), judge(ref, theirs.public)

    assert accepted(good), good.stderr
    assert not accepted(bad)
    assert "signature" in bad.stderr


@ALL_JUDGES
def test_a_signature_is_refused_on_another_artifact(
    target: Repository, ours: Pair, form: SignatureFormat, judge: Judge
) -> None:
    signed, tampered = make_artifact("signed"), make_artifact("tampered")
    signature = sign_artifact(signed, target.name, ours.signer, form)

    assert not accepted(judge(target.push(tampered, moved(signature, signed, tampered)), ours.public))


def moved(signature: Signature, signed: Artifact, other: Artifact) -> Signature:
    """The signature hung on another artifact, with whatever the registry needs to believe it."""
    old, new = signed.manifest.digest, other.manifest.digest
    data = signature.manifest.data.replace(old.hex.encode(), new.hex.encode())
    tag = f"sha256-{new.hex}.sig" if signature.tag else None
    return replace(signature, subject=new, tag=tag, manifest=Blob.of(data, signature.manifest.media_type))


def test_the_legacy_payload_itself_is_bound_to_the_artifact(ours: Pair) -> None:
    signed, other = make_artifact("signed"), make_artifact("other")
    signature = sign_artifact(signed, "host/repository", ours.signer, LEGACY)

    # `moved` must not have changed what was signed, or the test above would show nothing.
    assert moved(signature, signed, other).manifest == signature.manifest


def der_of(signature: Signature) -> bytes:
    """The ECDSA signature inside."""
    if signature.format is BUNDLE:
        text = json.loads(signature.blobs[1].data)["dsseEnvelope"]["signatures"][0]["sig"]
    else:
        text = json.loads(signature.manifest.data)["layers"][0]["annotations"]["dev.cosignproject.cosign/signature"]
    return base64.b64decode(text)


@ALL_JUDGES
@pytest.mark.parametrize("high", [False, True], ids=["low S", "high S"])
def test_both_halves_of_s_are_accepted(
    target: Repository, ours: Pair, form: SignatureFormat, judge: Judge, *, high: bool
) -> None:
    for number in itertools.count():
        artifact = make_artifact(str(number))
        signature = sign_artifact(artifact, target.name, ours.signer, form)
        if (decode_dss_signature(der_of(signature))[1] > HALF_ORDER) is high:
            break

    assert accepted(judge(target.push(artifact, signature), ours.public))


@BUNDLE_JUDGES
def test_two_bundles_verify_with_either_key(target: Repository, ours: Pair, theirs: Pair, judge: Judge) -> None:
    artifact = make_artifact()
    signatures = [sign_artifact(artifact, target.name, pair.signer, BUNDLE) for pair in (ours, theirs)]
    ref = target.push(artifact, *signatures)

    for pair in (ours, theirs):
        verdict = our_verdict(target, artifact, load_public_key(pair.public))
        assert accepted(judge(ref, pair.public))
        assert isinstance(verdict, Verified)
        assert verdict.key_id == pair.signer.key_id


def test_a_foreign_bundle_spoils_a_good_legacy_signature(target: Repository, ours: Pair, theirs: Pair) -> None:
    artifact = make_artifact()
    good, foreign = (
        sign_artifact(artifact, target.name, pair.signer, form) for pair, form in ((ours, LEGACY), (theirs, BUNDLE))
    )
    ref = target.push(artifact, good)
    before = programs.cosign_verify(ref, ours.public)
    target.attach(foreign)
    after = programs.cosign_verify(ref, ours.public)
    manifests = target.referrers(artifact.manifest.digest)

    assert (accepted(before), accepted(after)) == (True, False)
    (problem,) = foreign_signatures(manifests, target.get_blob, [load_public_key(ours.public)])
    assert problem.code is Code.SIGNATURE_FOREIGN


@dataclass(frozen=True)
class OtherSigner:
    """A signer with a key of another kind, which we only verify."""

    verifier: PublicKey
    make: Sign
    warnings: tuple[Problem, ...] = ()

    @property
    def key_id(self) -> str:
        return self.verifier.key_id

    @property
    def public_key_pem(self) -> str:
        return self.verifier.public_key_pem

    def sign(self, data: bytes) -> bytes:
        return self.make(data)


def ed25519_signer() -> OtherSigner:
    key = ed25519.Ed25519PrivateKey.generate()
    return OtherSigner(PublicKey.of(key.public_key()), key.sign)


def rsa_signer(bits: int) -> OtherSigner:
    key = rsa.generate_private_key(65537, bits)
    return OtherSigner(PublicKey.of(key.public_key()), lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA256()))


@BUNDLE_JUDGES
@pytest.mark.parametrize(
    "signer", [ed25519_signer(), rsa_signer(3072), rsa_signer(4096)], ids=["Ed25519", "3072", "4096"]
)
def test_keys_that_we_only_verify_are_those_that_cosign_accepts(
    target: Repository, tmp_path: Path, signer: OtherSigner, judge: Judge
) -> None:
    artifact = make_artifact()
    ref = target.push(artifact, sign_artifact(artifact, target.name, signer, BUNDLE))
    public = tmp_path / "other.pub"
    public.write_text(signer.public_key_pem)

    assert accepted(judge(ref, public))
    assert isinstance(our_verdict(target, artifact, load_public_key(public)), Verified)


@BUNDLE_JUDGES
def test_p384_as_it_is_used_everywhere_is_refused_by_cosign_too(
    target: Repository, tmp_path: Path, judge: Judge
) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    signer = OtherSigner(PublicKey.of(key.public_key()), lambda data: key.sign(data, ec.ECDSA(hashes.SHA384())))
    artifact = make_artifact()
    ref = target.push(artifact, sign_artifact(artifact, target.name, signer, BUNDLE))
    public = tmp_path / "other.pub"
    public.write_text(signer.public_key_pem)

    assert not accepted(judge(ref, public))


@BOTH_COSIGNS
@pytest.mark.parametrize("password", ["correct horse", ""])
def test_a_key_that_cosign_made_is_ours_too(tmp_path: Path, cosign: str, password: str) -> None:
    prefix = tmp_path / "made"
    env = {"COSIGN_PASSWORD": password}
    made = programs.run(cosign, "generate-key-pair", "--output-key-prefix", prefix, env=env)

    assert made.returncode == 0, made.stderr
    signer = load_signer(tmp_path / "made.key", password.encode())
    assert signer.public_key_pem == (tmp_path / "made.pub").read_text()
    assert signer.warnings == ()


@BOTH_COSIGNS
@pytest.mark.parametrize("password", ["correct horse", ""])
def test_a_key_that_we_made_is_cosigns_too(tmp_path: Path, cosign: str, password: str) -> None:
    private, public = generate_key(tmp_path / "made", password.encode())

    read = programs.run(cosign, "public-key", "--key", private, env={"COSIGN_PASSWORD": password})
    refused = programs.run(cosign, "public-key", "--key", private, env={"COSIGN_PASSWORD": "guess"})

    assert read.returncode == 0, read.stderr
    assert read.stdout.strip() == public.read_text().strip()
    assert refused.returncode != 0


def test_a_plain_key_is_imported_by_cosign(tmp_path: Path, ours: Pair) -> None:
    env = {"COSIGN_PASSWORD": "fleet"}
    prefix = tmp_path / "imported"
    done = programs.run("cosign", "import-key-pair", "--key", ours.private, "--output-key-prefix", prefix, env=env)

    assert done.returncode == 0, done.stderr
    assert load_signer(tmp_path / "imported.key", b"fleet").key_id == ours.signer.key_id


def test_what_cosign_signs_with_our_key_is_ours_but_names_no_site(target: Repository, tmp_path: Path) -> None:
    private, public = generate_key(tmp_path / "made", b"fleet")
    artifact = make_artifact()
    ref = target.push(artifact)
    flags = ["--yes", "--use-signing-config=false", "--tlog-upload=false", "--allow-http-registry"]
    done = programs.run("cosign", "sign", "--key", private, *flags, ref, env={"COSIGN_PASSWORD": "fleet"})
    keys = [load_public_key(public)]

    assert done.returncode == 0, done.stderr
    assert foreign_signatures(target.referrers(artifact.manifest.digest), target.get_blob, keys) == []
    assert codes(our_verdict(target, artifact, *keys)) == [Code.SITE_MISMATCH]

"""Reading signatures back from a registry: who claims to have signed what, before any of it is believed.

In: a manifest's bytes, and a function that fetches blobs by digest. Out: claims, and Problems for what is malformed.
Never: verifies, fetches more than the caps allow, or raises for anything that a registry may answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from renderer.errors import Code
from renderer.sign.dsse import BUNDLE_TYPE, PAYLOAD_TYPE, SIGN_PREDICATE, STATEMENT_TYPE, pre_authentication_encoding
from renderer.sign.signing import IMAGE_MANIFEST, LEGACY_ANNOTATION, LEGACY_TYPE, SIMPLE_SIGNING
from renderer.sign.untrusted import Malformed, expect, get, get_base64, get_digest, get_objects, read_json
from renderer.types import Digest, Problem, SignatureFormat

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.types import Json

Fetch: TypeAlias = "Callable[[Digest], bytes]"
"""Returns the blob of a digest, or raises LookupError when there is none; other exceptions pass through."""

MAX_MANIFEST = 256 * 1024
MAX_BLOB = 4 * 1024 * 1024
MAX_SUBJECTS = 1024
_MAX_LAYERS = 16
_KEY_ID_BYTES = 32
# Provenance signed with the deploy key counts as a signature for Flux, so it does here.
_PREDICATES = (SIGN_PREDICATE, "https://slsa.dev/provenance/v1")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a claim is about: a name (`host/repository`; empty when none was given) and a manifest."""

    name: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Claim:
    """One signature, not yet believed. `signed` is what it is over; `hint` the id of the key, empty where unknown."""

    signed: bytes
    signature: bytes
    hint: str
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True)
class ParsedSignature:
    """A signature manifest taken apart. `subject` is what a bundle hangs on; `problems` is what could not be read."""

    format: SignatureFormat
    subject: Digest | None
    claims: tuple[Claim, ...]
    problems: tuple[Problem, ...] = ()


def signature_format(manifest: bytes) -> SignatureFormat | None:
    """Return which form of signature `manifest` is, None if it is none: other things refer to artifacts too."""
    try:
        return _format(read_json(manifest, MAX_MANIFEST, "manifest"))
    except Malformed:
        return None


def parse_signature(manifest: bytes, fetch: Fetch) -> ParsedSignature | list[Problem]:
    """Take a signature apart; a list of problems when there is no claim in it at all."""
    try:
        value = read_json(manifest, MAX_MANIFEST, "signature manifest")
        expect(value, "mediaType", IMAGE_MANIFEST)
        return _parse(value, fetch)
    except Malformed as error:
        return [error.problem]


def _parse(value: dict[str, Json], fetch: Fetch) -> ParsedSignature | list[Problem]:
    match _format(value):
        case SignatureFormat.BUNDLE:
            return _parse_bundle(value, fetch)
        case SignatureFormat.LEGACY:
            return _parse_legacy(value, fetch)
        case None:
            raise Malformed("the manifest is neither a sigstore bundle v0.3 nor a cosign signature")


def _format(value: dict[str, Json]) -> SignatureFormat | None:
    if value.get("artifactType") == BUNDLE_TYPE:
        return SignatureFormat.BUNDLE
    layers = value.get("layers")
    kinds = [layer.get("mediaType") for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
    # cosign's experimental form is a referrer of simple signing: Flux does not look for it, so it is none.
    return SignatureFormat.LEGACY if SIMPLE_SIGNING in kinds and "subject" not in value else None


def _parse_bundle(value: dict[str, Json], fetch: Fetch) -> ParsedSignature:
    subject = get_digest(get(value, "subject", dict), "digest")
    layer = get_objects(value, "layers", 1)[0]
    claim = _read_bundle(read_json(_fetch_layer(layer, BUNDLE_TYPE, fetch), MAX_BLOB, "bundle"))
    return ParsedSignature(SignatureFormat.BUNDLE, subject, (claim,))


def _parse_legacy(value: dict[str, Json], fetch: Fetch) -> ParsedSignature | list[Problem]:
    claims: list[Claim] = []
    problems: list[Problem] = []
    for layer in get_objects(value, "layers", _MAX_LAYERS):  # one layer per key
        try:
            signature = get_base64(get(layer, "annotations", dict), LEGACY_ANNOTATION)
            payload = _fetch_layer(layer, SIMPLE_SIGNING, fetch)
            claims.append(Claim(payload, signature, "", (_read_simple_signing(payload),)))
        except Malformed as error:
            problems.append(error.problem)
    return ParsedSignature(SignatureFormat.LEGACY, None, tuple(claims), tuple(problems)) if claims else problems


def _fetch_layer(layer: dict[str, Json], media_type: str, fetch: Fetch) -> bytes:
    expect(layer, "mediaType", media_type)
    digest, size = get_digest(layer, "digest"), get(layer, "size", int)
    if not 0 < size <= MAX_BLOB:
        raise Malformed(f"the signature's blob is too large or empty, expected 1 to {MAX_BLOB} bytes")
    try:
        data = fetch(digest)
    except LookupError:
        raise Malformed(f"the signature's blob {digest} is not there") from None
    if len(data) != size or Digest.of(data) != digest:
        what = f"the signature's blob has {len(data)} bytes of another digest, expected {size} bytes of {digest}"
        raise Malformed(what, code=Code.DIGEST_MISMATCH, hint="the registry or a proxy altered it: fetch it again")
    return data


def _read_bundle(value: dict[str, Json]) -> Claim:
    expect(value, "mediaType", BUNDLE_TYPE)
    envelope = get(value, "dsseEnvelope", dict)
    expect(envelope, "payloadType", PAYLOAD_TYPE)
    payload = get_base64(envelope, "payload")
    signature = get_base64(get_objects(envelope, "signatures", 1)[0], "sig")
    statement = read_json(payload, MAX_BLOB, "signed statement")
    expect(statement, "_type", STATEMENT_TYPE)
    if statement.get("predicateType") not in _PREDICATES:
        raise Malformed(f"the statement's predicateType is not one of {', '.join(_PREDICATES)}")
    subjects = tuple(_read_subject(item) for item in get_objects(statement, "subject", MAX_SUBJECTS))
    hint = _read_hint(get(value, "verificationMaterial", dict))
    return Claim(pre_authentication_encoding(payload), signature, hint, subjects)


def _read_hint(material: dict[str, Json]) -> str:
    # A bundle made without a key of its own carries a certificate instead: no key of ours, so no hint.
    key = material.get("publicKey")
    if not isinstance(key, dict) or not isinstance(key.get("hint"), str):
        return ""
    try:
        hint = get_base64(key, "hint")
    except Malformed:
        return ""
    return hint.hex() if len(hint) == _KEY_ID_BYTES else ""


def _read_subject(value: dict[str, Json]) -> Subject:
    name, digests = value.get("name", ""), get(value, "digest", dict)
    return Subject(_read_name(name), _read_hex(get(digests, "sha256", str)))


def _read_name(name: Json) -> str:
    # No registry has other names; escapes, line ends or lone surrogates would spoil the report.
    return name if isinstance(name, str) and name.isascii() and name.isprintable() else ""


def _read_hex(text: str) -> Digest:
    try:
        return Digest.parse(f"sha256:{text}")
    except ValueError:
        raise Malformed("a subject's digest is not 64 hexadecimal characters") from None


def _read_simple_signing(payload: bytes) -> Subject:
    critical = get(read_json(payload, MAX_MANIFEST, "signed payload"), "critical", dict)
    expect(critical, "type", LEGACY_TYPE)
    digest = get_digest(get(critical, "image", dict), "docker-manifest-digest")
    return Subject(_read_name(get(critical, "identity", dict).get("docker-reference")), digest)

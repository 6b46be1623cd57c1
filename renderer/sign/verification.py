"""Deciding whether an artifact is signed, by which key, and as what.

In: signature manifests as a registry gave them, what is expected, the trusted keys. Out: Verified, or Problems.
Never: believes a statement before its signature, or the registry about anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.sign.claims import Claim, Fetch, ParsedSignature, Subject, parse_signature, signature_format
from renderer.sign.failure import invalid, shown
from renderer.types import Digest, Problem, SignatureFormat

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from renderer.sign.interface import Verifier

_LISTED = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """What a signature must be for: the artifact's manifest digest, and its name.

    `names` are the `host/repository` it may be signed as. `suffix`, such as `/fleet/site`, lets any name pass that ends
    so: for an artifact that was copied away from where it was signed. With neither, no name passes.
    """

    digest: Digest
    names: frozenset[str] = frozenset()
    suffix: str = ""

    def allows(self, name: str) -> bool:
        """Whether the artifact may be signed as `name`."""
        return name in self.names or (self.suffix.startswith("/") and name.endswith(self.suffix))


@dataclass(frozen=True, slots=True)
class Verified:
    """A good signature: the name that was signed, and the key that did it."""

    name: str
    key_id: str
    format: SignatureFormat


def verify_signature(
    manifest: bytes, fetch: Fetch, expected: Expected, keys: Sequence[Verifier]
) -> Verified | list[Problem]:
    """Check one signature manifest; with several keys (a rotation) any of them will do."""
    parsed = parse_signature(manifest, fetch)
    if isinstance(parsed, list):
        return parsed
    if parsed.subject not in (None, expected.digest):
        return [_other_digest(f"the signature hangs on {parsed.subject}", expected)]
    problems = list(parsed.problems)
    for claim in parsed.claims:
        result = _check_claim(claim, parsed.format, expected, keys)
        if isinstance(result, Verified):
            return result
        problems.append(result)
    return problems


def verify_signatures(
    manifests: Iterable[bytes], fetch: Fetch, expected: Expected, keys: Sequence[Verifier]
) -> Verified | list[Problem]:
    """Check all that is attached to an artifact, as Flux does: one good signature will do.

    Manifests that are no signatures are passed over. Where a bundle is attached, cosign's legacy form is not consulted.
    """
    found = {manifest: form for manifest in manifests if (form := signature_format(manifest))}
    if not found:
        hint = "publish the site again, with a key"
        return [Problem(Code.SIGNATURE_MISSING, f"no signature is attached to {expected.digest}", hint=hint)]
    decisive = SignatureFormat.BUNDLE if SignatureFormat.BUNDLE in found.values() else SignatureFormat.LEGACY
    problems: list[Problem] = []
    for manifest in (manifest for manifest, form in found.items() if form is decisive):
        result = verify_signature(manifest, fetch, expected, keys)
        if isinstance(result, Verified):
            return result
        problems += result
    return problems


def foreign_signatures(manifests: Iterable[bytes], fetch: Fetch, keys: Sequence[Verifier]) -> list[Problem]:
    """Return a problem for every attached signature that none of `keys` made; empty means that ours may go beside them.

    Flux refuses an artifact whose only bundle is by another key, whatever else is attached. What cannot be read counts
    as foreign too. During a rotation give the old and the new key.
    """
    problems: list[Problem] = []
    for manifest in manifests:
        if signature_format(manifest) is not None:
            parsed = parse_signature(manifest, fetch)
            problems += parsed if isinstance(parsed, list) else _foreign_claims(parsed, keys)
    return problems


def _foreign_claims(parsed: ParsedSignature, keys: Sequence[Verifier]) -> list[Problem]:
    unknown = (claim for claim in parsed.claims if _signed_by(claim, keys) is None)
    return [*parsed.problems, *(_not_ours(claim, parsed.format, keys) for claim in unknown)]


def _check_claim(
    claim: Claim, form: SignatureFormat, expected: Expected, keys: Sequence[Verifier]
) -> Verified | Problem:
    key = _signed_by(claim, keys)
    if key is None:
        return _not_ours(claim, form, keys)
    subjects = [subject for subject in claim.subjects if subject.digest == expected.digest]
    if not subjects:
        return _other_digest(f"the signature is over {claim.subjects[0].digest}", expected)
    for subject in subjects:
        if expected.allows(subject.name):
            return Verified(subject.name, key.key_id, form)
    return _other_name(subjects[0], expected)


def _signed_by(claim: Claim, keys: Sequence[Verifier]) -> Verifier | None:
    # The hint only says which key to try first: anyone can write one.
    for key in sorted(keys, key=lambda key: key.key_id != claim.hint):
        if key.verify(claim.signed, claim.signature):
            return key
    return None


def _not_ours(claim: Claim, form: SignatureFormat, keys: Sequence[Verifier]) -> Problem:
    trusted = ", ".join(key.key_id[:16] for key in keys) or "none"
    if claim.hint in {key.key_id for key in keys}:
        return invalid(f"the signature says it is by the key {claim.hint[:16]}, but does not fit its content")
    if form is SignatureFormat.LEGACY:
        return invalid(f"the signature is by none of the trusted keys ({trusted}), or its content was altered")
    by = f"the key {claim.hint[:16]}" if claim.hint else "an unnamed key or certificate"
    hint = "give that key's public half if it is yours; else find out who signed, and publish the site again"
    return Problem(Code.SIGNATURE_FOREIGN, f"the signature is by {by}, expected one of: {trusted}", hint=hint)


def _other_digest(found: str, expected: Expected) -> Problem:
    hint = "the artifact or its signature was exchanged: publish the site again"
    return Problem(Code.DIGEST_MISMATCH, f"{found}, expected {expected.digest}", hint=hint)


def _other_name(subject: Subject, expected: Expected) -> Problem:
    names = [*sorted(expected.names)[:_LISTED], *([f"…{expected.suffix}"] if expected.suffix else [])]
    what = f"the artifact is signed as {shown(subject.name)}, expected {' or '.join(names) or 'another name'}"
    hint = "it was made for another site or registry: check where it was copied from"
    return Problem(Code.SITE_MISMATCH, what, hint=hint)

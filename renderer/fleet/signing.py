"""What every publication does with an artifact on its way out, and with its receipt on the way back.

In: a run. Out: signatures, ledger entries. Never: sends anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer import sign
from renderer.plan import Entry

if TYPE_CHECKING:
    from renderer.fleet.press import Made
    from renderer.fleet.run import Run
    from renderer.types import Artifact, Receipt, Reference, Signature


def signed(run: Run, artifact: Artifact, repository: Reference) -> tuple[Signature, ...]:
    """The signatures of an artifact at its place."""
    formats = run.space.fleet.signature_formats
    return tuple(sign.sign_artifact(artifact, repository.name, run.signer, form) for form in formats)


def is_ours(run: Run, manifest: bytes, payload: bytes) -> bool:
    """Whether a signature that is there already was made by the key of this run."""
    return not sign.foreign_signatures([manifest], lambda _: payload, [run.signer.verifier])


def entry_of(run: Run, made: Made, receipt: Receipt) -> Entry:
    """What the ledger is to know of a site that was published."""
    assert receipt.digest is not None, "a published site has a digest"  # noqa: S101
    assert receipt.content is not None, "and content"  # noqa: S101
    return Entry(
        file=run.space.index.sites[made.site].digest,
        inputs=made.inputs,
        fingerprint=made.fingerprint,
        content=receipt.content,
        manifest=receipt.digest,
        serial=receipt.serial or run.serial,
        key_id=run.signer.key_id,
        published=run.now(),
    )

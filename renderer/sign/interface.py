"""What the rest of the pipeline asks of keys, whatever keeps them: a file today, a KMS or an identity provider later.

In: bytes. Out: signatures, and whether they are good.
Never: tells how a key is stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from renderer.types import Problem


class Verifier(Protocol):
    """A public key."""

    @property
    def key_id(self) -> str:
        """SHA-256 of the DER SubjectPublicKeyInfo, 64 lower-case hexadecimal characters."""

    @property
    def public_key_pem(self) -> str:
        """The key as PEM `PUBLIC KEY`, as cosign and Flux read it."""

    def verify(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` (ASN.1 DER for ECDSA) is by this key over SHA-256 of `data`; never raises."""


class Signer(Protocol):
    """A private key that can be used, but not seen."""

    @property
    def key_id(self) -> str:
        """`key_id` of the public key."""

    @property
    def public_key_pem(self) -> str:
        """The public key as PEM `PUBLIC KEY`."""

    @property
    def verifier(self) -> Verifier:
        """The public key, to check what this signer made."""

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What is doubtful about how the key is kept; nothing here stops a run."""

    def sign(self, data: bytes) -> bytes:
        """Sign SHA-256 of `data` with ECDSA P-256: ASN.1 DER, always the same for the same data. Raises KeyFailure."""

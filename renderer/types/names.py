"""Digests, references, and the JSON that is hashed and signed.

In: nothing. Out: frozen values whose `parse` and `__str__` are inverse. Never: does I/O.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
KeyPath: TypeAlias = "tuple[str | int, ...]"

_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")
# The grammar of OCI distribution-spec 1.1, section "Pulling manifests".
_HOST = r"(?:\[[0-9a-f:]+\]|[a-zA-Z0-9][a-zA-Z0-9.-]*)(?::[0-9]{1,5})?"
_REPOSITORY = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*"
_TAG = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
_REFERENCE = re.compile(rf"({_HOST})/({_REPOSITORY})(?::({_TAG}))?(?:@(sha256:[0-9a-f]{{64}}))?")


def compact_json(value: object) -> bytes:
    """Encode `value` as the UTF-8 JSON that we hash and sign: no spaces, keys in the order they were given."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 content digest; `hex` is 64 lower-case hexadecimal characters."""

    hex: str

    @classmethod
    def of(cls, data: bytes) -> Digest:
        """Digest of `data`."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Read `sha256:<hex>`; raises ValueError for anything else."""
        match = _SHA256.fullmatch(text)
        if match is None:
            raise ValueError(f"expected sha256:<64 hexadecimal characters>, got {text[:80]!r}")
        return cls(match[1])

    def __str__(self) -> str:
        return f"sha256:{self.hex}"


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """Where an artifact lives in a registry: `host/repository[:tag][@digest]`."""

    host: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read the textual form; raises ValueError with what was expected."""
        match = _REFERENCE.fullmatch(text)
        if match is None:
            raise ValueError(f"expected HOST/REPOSITORY[:TAG][@sha256:HEX], got {text[:120]!r}")
        host, repository, tag, digest = match.groups()
        return cls(host, repository, tag, Digest.parse(digest) if digest else None)

    @property
    def name(self) -> str:
        """`host/repository`, the name that signatures are made over."""
        return f"{self.host}/{self.repository}"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"

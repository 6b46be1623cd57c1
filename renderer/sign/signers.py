"""The table of where a private key may be kept.

In: a path or an address `scheme:…`. Out: a Signer.
Never: knows a format; a KMS or keyless signer is one more row here.
"""

from __future__ import annotations

import re
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from renderer.errors import Code
from renderer.sign.failure import key_failure
from renderer.sign.private_key import load_key_signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.sign.interface import Signer

Opener: TypeAlias = "Callable[[str, bytes | None], Signer]"

# One letter before the colon is a Windows drive, not a scheme.
_ADDRESS = re.compile(r"([a-z][a-z0-9+-]+):(.*)", re.DOTALL)


def load_signer(path: Path, password: bytes | None = None) -> Signer:
    """Read a private key file; see `load_key_signer` for what it may hold and what is raised."""
    return load_key_signer(path, password)


def _open_file(rest: str, password: bytes | None) -> Signer:
    return load_signer(Path(rest.removeprefix("//")), password)


SIGNERS: Mapping[str, Opener] = MappingProxyType({"file": _open_file})


def open_signer(address: str, password: bytes | None = None, *, signers: Mapping[str, Opener] = SIGNERS) -> Signer:
    """Open a plain path or `scheme:…` of `signers`; raises KeyFailure, KEY_UNSUPPORTED for an unknown scheme."""
    match = _ADDRESS.fullmatch(address)
    if match is None or Path(address).exists():
        return load_signer(Path(address), password)
    opener = signers.get(match[1])
    if opener is None:
        what = (
            f"keys of the kind {match[1]!r} are not supported, expected a file or one of: {', '.join(sorted(signers))}"
        )
        raise key_failure(Code.KEY_UNSUPPORTED, what, "give the path of a private key")
    return opener(match[2], password)

"""Keeps code so that only this user of this machine can have written it.

In: a Salted place in the cache. Out: the same place, for bytes that are to be run: each entry bears a seal, made with a
secret that lies outside of the cache. A cache folder goes from job to job in a CI, and whoever could write to it there
must not be able to run programs where artifacts are signed.
Never: gives bytes without a right seal, or is needed: without a secret there is nothing to run, and it is made anew.
"""

from __future__ import annotations

import contextlib
import os
from hashlib import blake2b
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from renderer.fleet.cache import cache_folder, refusal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from renderer.fleet.keep import Salted

_SECRET_BYTES: Final = 32
_SEAL_BYTES: Final = 32


class Sealed:
    """See the module."""

    def __init__(self, place: Salted, secret: bytes) -> None:
        self._place = place
        self._secret = secret

    def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What was put under the keys with this secret."""
        found = self._place.find(keys)
        return {
            key: value[_SEAL_BYTES:]
            for key, value in found.items()
            if compare_digest(value[:_SEAL_BYTES], self._seal(key, value[_SEAL_BYTES:]))
        }

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value` with its seal."""
        self._place.put(key, self._seal(key, value) + value)

    def _seal(self, key: bytes, value: bytes) -> bytes:
        return blake2b(len(key).to_bytes(8, "big") + key + value, digest_size=_SEAL_BYTES, key=self._secret).digest()


def machine_secret(environ: Mapping[str, str] = os.environ) -> bytes | None:
    """This user's secret on this machine, made when there is none; None where it cannot be kept apart from the cache.

    Random bytes are used for nothing else: no artifact or report depends on them.
    """
    folder = _folder()
    if folder is None or _holds(cache_folder(environ), folder):
        return None
    path = folder / "secret"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        if refusal(folder) is None and refusal(path) is None:
            found = path.read_bytes()
            return found if len(found) == _SECRET_BYTES else None
    return None


def _create(path: Path) -> None:
    """Of several processes that make one at once, the first wins; nobody sees half of one."""
    part = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(_SECRET_BYTES))
        with contextlib.suppress(FileExistsError):
            os.link(part, path)  # a rename would replace the one of the other
    finally:
        part.unlink(missing_ok=True)


def _folder() -> Path | None:
    from platformdirs import user_state_path

    found = user_state_path("fleetpress", appauthor=False)
    return found if found.is_absolute() else None


def _holds(cache: Path, folder: Path) -> bool:
    return folder.resolve().is_relative_to(cache.resolve())

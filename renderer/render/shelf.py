"""What compiling a template version gave, to be had again in a later run: code, and what its syntax tells.

In: the bytes that an earlier run kept for the same files, program, packages and Python. Out: what is asked for, as it
was made or made now; bytes for the next run.
Never: does I/O, or reads bytes that anybody else could have written: they hold code, like Python's own __pycache__. Who
keeps them sees to that, and that they are whole.
"""

from __future__ import annotations

import marshal
import sys
from hashlib import blake2b
from importlib.util import MAGIC_NUMBER
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypeVar

from renderer.render.digests import version_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from renderer.types import TemplateTree

Made = TypeVar("Made")
Key: TypeAlias = "tuple[str, ...]"

# Code is for one build of Python, and -O leaves assertions out of it.
_PYTHON: Final = MAGIC_NUMBER + f"{sys.implementation.cache_tag} {sys.version} {sys.flags.optimize}".encode()
# Raise it with every change of what is put on a shelf, and of how.
_FORMAT: Final = b"1"


class Kept(Protocol):
    """Keeps bytes between runs, and gives those that were put under a key. Nobody else may have written them."""

    def find(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What was put under the keys, as far as it is known."""

    def put(self, key: bytes, value: bytes) -> None:
        """Keep `value`."""


class Shelf:
    """The things of one template version by key; plain data and code. Empty without `data`."""

    def __init__(self, data: bytes | None = None) -> None:
        self._things = _things(data)
        self._known = len(self._things)

    def get(self, key: Key, make: Callable[[], Made]) -> Made:
        """The thing under `key`, made now if it is not there; what `make` raises leaves none."""
        if key not in self._things:
            self._things[key] = make()
        found: Made = self._things[key]
        return found

    def dump(self) -> bytes | None:
        """The bytes for the next run; None when it knows all of it."""
        return marshal.dumps(self._things) if len(self._things) > self._known else None


def shelf_key(tree: TemplateTree) -> bytes:
    """What a version's shelf depends on, besides this program and its packages."""
    return blake2b(version_digest(tree) + _PYTHON + _FORMAT).digest()


def _things(data: bytes | None) -> dict[Key, Any]:
    try:
        found = {} if data is None else marshal.loads(data)  # noqa: S302 - see the module's last paragraph
    except (EOFError, ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}

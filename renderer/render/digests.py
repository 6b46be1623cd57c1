"""What a rendering depends on besides a site's values, as one digest.

In: a TemplateTree. Out: a Digest. Never: compiles anything: planning asks for it, and needs no more of a template.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from renderer import __version__
from renderer.types import Digest, compact_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import TemplateTree

FOXOPS_CONFIG_FILE: Final = "fengine.yaml"


def rendered_digest(tree: TemplateTree) -> Digest:
    """The digest of all that a rendering of `tree` depends on: how it is read too and, to FoxOps, its address."""
    is_foxops = any(file.path == FOXOPS_CONFIG_FILE for file in tree.files)
    more = tree.repository if is_foxops else "lenient" if tree.lenient else ""
    return Digest.of(compact_json([tree.digest.hex, more])) if more else tree.digest


def version_digest(tree: TemplateTree) -> bytes:
    """Of all that a template's results depend on besides what it reads: its files and options, this program, Jinja."""
    from jinja2 import __version__ as jinja_version

    parts = [__version__.encode(), jinja_version.encode(), str(tree.pin).encode(), tree.file.encode()]
    parts += [tree.repository.encode(), b"lenient" if tree.lenient else b""]
    for file in tree.files:
        parts += [file.path.encode(), str(file.mode).encode(), file.content]
    return blake2b(framed(parts)).digest()


def framed(parts: Sequence[bytes]) -> bytes:
    """The parts with their lengths, so that no two lists of parts give the same bytes."""
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)

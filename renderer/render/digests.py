"""What a rendering depends on besides a site's values, as one digest.

In: a TemplateTree. Out: a Digest. Never: compiles anything: planning asks for it, and needs no more of a template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from renderer.types import Digest, compact_json

if TYPE_CHECKING:
    from renderer.types import TemplateTree

FOXOPS_CONFIG_FILE: Final = "fengine.yaml"


def rendered_digest(tree: TemplateTree) -> Digest:
    """The digest of all that a rendering of `tree` depends on: how it is read too and, to FoxOps, its address."""
    is_foxops = any(file.path == FOXOPS_CONFIG_FILE for file in tree.files)
    more = tree.repository if is_foxops else "lenient" if tree.lenient else ""
    return Digest.of(compact_json([tree.digest.hex, more])) if more else tree.digest

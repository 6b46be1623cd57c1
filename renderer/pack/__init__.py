"""pack: Manifests -> Artifact. Pure: the same manifests give the same bytes on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.pack.artifact import (
        BASE_ANNOTATION,
        CONTENT_ANNOTATION,
        MAX_ARTIFACT_BYTES,
        SITE_ANNOTATION,
        check,
        content_of,
        pack,
    )
    from renderer.pack.parts import base_named, own_files, pack_base, pack_part, part_of, split
else:
    __getattr__ = lazily(
        __name__,
        {
            "artifact": "BASE_ANNOTATION CONTENT_ANNOTATION MAX_ARTIFACT_BYTES SITE_ANNOTATION check content_of pack",
            "parts": "base_named own_files pack_base pack_part part_of split",
        },
    )

__all__ = [
    "BASE_ANNOTATION",
    "CONTENT_ANNOTATION",
    "MAX_ARTIFACT_BYTES",
    "SITE_ANNOTATION",
    "base_named",
    "check",
    "content_of",
    "own_files",
    "pack",
    "pack_base",
    "pack_part",
    "part_of",
    "split",
]

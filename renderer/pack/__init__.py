"""pack: Manifests -> Artifact. Pure: the same manifests give the same bytes on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.pack.artifact import MAX_ARTIFACT_BYTES, check, content_of, pack
else:
    __getattr__ = lazily(
        __name__,
        {
            "artifact": "MAX_ARTIFACT_BYTES check content_of pack",
        },
    )

__all__ = ["MAX_ARTIFACT_BYTES", "check", "content_of", "pack"]

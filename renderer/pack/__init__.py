"""pack: Manifests -> Artifact. Pure: the same manifests give the same bytes on any machine."""

from renderer.pack.artifact import MAX_ARTIFACT_BYTES, check, content_of, pack

__all__ = ["MAX_ARTIFACT_BYTES", "check", "content_of", "pack"]

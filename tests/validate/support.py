"""Small builders for the tests of validate."""

from __future__ import annotations

from renderer.types import Manifest, Manifests


def manifests(**files: str) -> Manifests:
    """A site's files; the name `a__b` stands for the path a/b.yaml."""
    named = {f"{name.replace('__', '/')}.yaml": text for name, text in files.items()}
    return Manifests("lab", tuple(Manifest(path, text.encode()) for path, text in sorted(named.items())))

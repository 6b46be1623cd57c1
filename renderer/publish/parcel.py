"""One archive that carries artifacts and their signatures elsewhere: to a site without a connection, say.

In: a target, what it holds for some repositories. Out: a new tar file that is a complete OCI image layout.
Never: adds to a file that is there, leaves half of one, or makes a signature: they are copied as they are.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from renderer.errors import Code, ConfigurationError
from renderer.publish.archive import Archive
from renderer.publish.interface import TargetOptions, failure, load_object
from renderer.publish.read import LAYER_LIMIT
from renderer.publish.spool import Spool
from renderer.types import Blob, Digest, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.publish.interface import Target
    from renderer.types import Reference


class Parcel:
    """A file in the making at `path`; it is there, whole, after `close`, if anything was added."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError when there is such a file."""
        if os.path.lexists(path):
            what = f"{path} is there already"
            hint = "remove it, or name another file"
            raise ConfigurationError(what, problems=[Problem(Code.OUTPUT_UNWRITABLE, what, hint=hint)])
        self._spool = Spool(path.parent)
        self._archive = Archive(path, TargetOptions(), self._spool)

    def add(self, source: Target, artifact: Reference) -> int:
        """Copy what stands at a tag, and its signatures; returns how many blobs and manifests that were.

        Raises PublishError: something is missing or damaged. What was added until then has no name in the file.
        """
        assert artifact.tag is not None, "an artifact is found by its tag"  # noqa: S101
        site = artifact.repository.rpartition("/")[2]
        manifest = self._manifest(source, artifact, artifact.tag)
        legacy = f"sha256-{manifest.digest.hex}.sig"
        listed = source.referrers(artifact, manifest.digest)
        blobs = [*self._blobs(source, artifact, manifest)]
        for entry in listed:
            blobs += self._blobs(source, artifact, self._manifest(source, artifact, Digest.parse(str(entry["digest"]))))
        signature = source.get_manifest(artifact, legacy)
        if signature is not None:
            blobs += self._blobs(source, artifact, signature)
        written = sum(self._archive.write(blob) for blob in blobs)
        for entry in listed:
            self._archive.refer(entry, manifest.digest)
        if signature is not None:
            self._archive.tag(site, legacy, signature.descriptor)
        self._archive.tag(site, artifact.tag, manifest.descriptor)
        return written

    def close(self) -> None:
        """Write the file. Raises PublishError; there is none then."""
        try:
            if self._archive.is_dirty():
                self._archive.commit()
        finally:
            with suppress(OSError):  # no folder, no lock
                self._archive.lock_file.unlink()  # nobody else writes to a file of this name
            self._spool.close()

    @staticmethod
    def _manifest(source: Target, repository: Reference, reference: str | Digest) -> Blob:
        found = source.get_manifest(repository, reference)
        if found is None:
            what = f"{repository.name}: {reference} is not there any more"
            raise failure(Code.REGISTRY_CORRUPT, what, "run the command again")
        return found

    @staticmethod
    def _blobs(source: Target, repository: Reference, manifest: Blob) -> list[Blob]:
        """A manifest, and before it the blobs that it names."""
        value: dict[str, Any] = load_object(manifest.data, f"manifest {manifest.digest}")
        try:
            named = [
                (Digest.parse(one["digest"]), str(one["mediaType"])) for one in (value["config"], *value["layers"])
            ]
        except (KeyError, TypeError, ValueError):
            what = f"{repository.name}: {manifest.digest} is no image manifest"
            raise failure(Code.REGISTRY_CORRUPT, what, "ask who else writes to this repository") from None
        blobs = [Blob(source.get_blob(repository, digest, limit=LAYER_LIMIT), kind, digest) for digest, kind in named]
        return [*blobs, manifest]

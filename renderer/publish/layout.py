"""A folder of OCI image layouts as a target: `oci-layout:DIR`, and what `oci-archive:DIR` shares with it.

In: blobs, manifests, signatures. Out: DIR/<host>/<parents>/_<2 hex>/, each a complete layout that other tools read:
`skopeo copy oci:…/_3f:<site>/1.5.0 …`, `oras copy --from-oci-layout …/_3f:<site>/1.5.0 …`. The digits are the first of
sha256(site), so that a fleet of 100,000 sites has 256 layouts of some 400 sites each.
Never: shows a tag before its signatures; both come with the same atomic replacement of index.json.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from renderer.errors import Code, PublishError
from renderer.publish.interface import (
    MANIFEST_LIMIT,
    OCI_MANIFEST,
    Descriptor,
    failure,
    load_object,
)
from renderer.publish.referrers import descriptor_of
from renderer.publish.shard import Shard
from renderer.types import Blob, Digest

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.publish.image_layout import ImageLayout
    from renderer.publish.interface import TargetOptions
    from renderer.types import Problem, Reference, Signature


class LayoutTarget:
    """`oci-layout:DIR`. Threads may share it; several processes may write to one folder.

    Another form of layouts overrides `scheme`, and how one is opened.
    """

    scheme: ClassVar = "oci-layout"
    buffered = True
    keeps_referrers = True

    def __init__(self, folder: Path, options: TargetOptions) -> None:
        if folder.exists() and not folder.is_dir():
            raise failure(Code.TARGET_INVALID, f"{folder} is not a folder", f"name a folder: {self.scheme}:DIR")
        self.options = options
        self._folder = folder
        self._shards: dict[str, ImageLayout] = {}
        self._lock = threading.Lock()

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """All tags of the repository."""
        return tuple(self._shard(repository).tags(_site(repository)))

    def resolve(self, repository: Reference, tag: str | Digest) -> Descriptor | None:
        """Descriptor of a manifest, None if there is none."""
        if isinstance(tag, Digest):
            size = self._shard(repository).has(tag)
            return None if size is None else {"mediaType": OCI_MANIFEST, "digest": str(tag), "size": size}
        entry = self._shard(repository).tags(_site(repository)).get(tag)
        return None if entry is None else {name: entry[name] for name in ("mediaType", "digest", "size")}

    def get_manifest(self, repository: Reference, tag: str | Digest) -> Blob | None:
        """The manifest's bytes, None if there is none."""
        descriptor = self.resolve(repository, tag)
        if descriptor is None:
            return None
        digest = Digest.parse(str(descriptor["digest"]))
        data = self._shard(repository).read(digest, limit=MANIFEST_LIMIT)
        if data is None:
            raise failure(Code.REGISTRY_CORRUPT, f"{repository.name}: manifest {digest} is missing", "publish it again")
        media_type = load_object(data, f"manifest {digest}").get("mediaType")
        return Blob(data, media_type if isinstance(media_type, str) else str(descriptor["mediaType"]), digest)

    def has_blob(self, repository: Reference, digest: Digest) -> bool:
        """Whether a blob is there."""
        return self._shard(repository).has(digest) is not None

    def get_blob(self, repository: Reference, digest: Digest, *, limit: int) -> bytes:
        """A blob's bytes."""
        data = self._shard(repository).read(digest, limit=limit)
        if data is None:
            raise failure(Code.REGISTRY_CORRUPT, f"{repository.name}: blob {digest} is missing", "publish it again")
        return data

    def put_blob(self, repository: Reference, blob: Blob, *, new: bool = False) -> bool:
        """Store a blob; True if it was really written."""
        del new  # asking is cheap here
        self._check_writable()
        return self._shard(repository).write(blob)

    def put_manifest(self, repository: Reference, manifest: Blob, tag: str | None = None) -> bool:
        """Store a manifest, and tag it; True if either was new."""
        self._check_writable()
        shard = self._shard(repository)
        written = shard.write(manifest)
        tagged = tag is not None and shard.tag(_site(repository), tag, manifest.descriptor)
        return written or tagged

    def referrers(self, repository: Reference, subject: Digest) -> list[Descriptor]:
        """Descriptors of the manifests whose `subject` is this digest."""
        return self._shard(repository).referrers(subject)

    def attach(self, repository: Reference, signature: Signature) -> int:
        """Store a signature and note it for the index."""
        sent = sum(self.put_blob(repository, blob) for blob in signature.blobs)
        sent += self.put_manifest(repository, signature.manifest, signature.tag)
        if signature.tag is None:
            self._shard(repository).refer(descriptor_of(signature), signature.subject)
        return sent

    def flush(self) -> None:
        """Write every index that has new entries."""
        with self._lock:
            dirty = sorted((shard for shard in self._shards.values() if shard.is_dirty()), key=lambda shard: shard.path)
        if dirty and self.options.durable:
            self._sync()
        with ThreadPoolExecutor(max(1, self.options.threads)) as pool:  # file systems join syncs that come at once
            problems = [problem for found in pool.map(_commit, dirty) for problem in found]
        if problems:
            raise PublishError(problems[0].what, problems=problems)

    def close(self) -> None:
        """Flush."""
        self.flush()

    def path(self, repository: Reference, tag: str) -> tuple[Path, str]:
        """Where another tool finds an artifact: the layout, and the reference name inside it."""
        return self._shard(repository).path, f"{_site(repository)}/{tag}"

    def _shard(self, repository: Reference) -> ImageLayout:
        place = _place(repository)
        with self._lock:
            if place not in self._shards:
                self._shards[place] = self._open(place)
            return self._shards[place]

    def _open(self, place: str) -> ImageLayout:
        return Shard(self._folder / place, self.options)

    def _sync(self) -> None:
        """Bring all blobs to the disk before the first index gets there.

        One sync of the system per flush, in place of one per file (400,000 for a large fleet).
        """
        if hasattr(os, "sync"):
            os.sync()

    def _check_writable(self) -> None:
        if self.options.read_only:
            raise failure(Code.TARGET_INVALID, f"{self.scheme}:{self._folder} was opened for reading only")


def _commit(shard: ImageLayout) -> tuple[Problem, ...]:
    try:
        shard.commit()
    except PublishError as error:
        return error.problems
    return ()


def _site(repository: Reference) -> str:
    return repository.repository.rpartition("/")[2]


@lru_cache(maxsize=1024)  # a site is asked about ten times in a row
def _place(repository: Reference) -> str:
    """`host/parents/_hex`. A host cannot hold `_` and a repository's part cannot start with it: no two can meet."""
    parents, _, site = repository.repository.rpartition("/")
    host = repository.host.lower().replace(":", "_")
    return "/".join(part for part in (host, parents, f"_{Digest.of(site.encode()).hex[:2]}") if part)

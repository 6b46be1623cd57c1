"""Reads back what a site has published, for `diff` and `verify`.

In: a target, a repository. Out: `Published`: the highest tag, its manifest, the layer, its files.
Never: writes to a disk, believes a digest it has not computed, or unpacks more than the limits allow.
"""

from __future__ import annotations

import io
import tarfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.publish.attached import manifest_annotations
from renderer.publish.interface import failure, highest_serial, load_object, serial_of, tag_of
from renderer.types import Artifact, Blob, Digest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.publish.interface import Target
    from renderer.types import Reference

LAYER_LIMIT = 64 * 1024 * 1024  # bytes, compressed
CONTENT_LIMIT = 256 * 1024 * 1024  # bytes, uncompressed; Flux itself stops far earlier
FILE_LIMIT = 20_000
_STEP = 1024 * 1024
_GZIP = 31  # zlib's window bits for a gzip member


@dataclass(frozen=True, slots=True)
class Published:
    """What clusters get. `content` is the digest of the uncompressed tar, `files` maps POSIX paths to bytes."""

    tag: str
    serial: int
    manifest: Blob
    content: Digest
    files: Mapping[str, bytes]


def published(target: Target, repository: Reference) -> Published | None:
    """Read the highest serial's artifact; None if nothing of ours is there. Raises PublishError."""
    serial = highest_serial(target.tags(repository))
    manifest = target.get_manifest(repository, tag_of(serial)) if serial is not None else None
    if serial is None or manifest is None:
        return None
    tar = read_layer(target, repository, manifest)
    return Published(tag_of(serial), serial, manifest, Digest.of(tar), read_tar(tar))


def earlier(target: Target, repository: Reference) -> Iterator[tuple[int, Blob]]:
    """(serial, manifest) of what was published here, the newest first; each manifest is read when it is asked for."""
    serials = {serial for tag in target.tags(repository) if (serial := serial_of(tag)) is not None}
    for serial in sorted(serials, reverse=True):
        manifest = target.get_manifest(repository, tag_of(serial))
        if manifest is not None:
            yield serial, manifest


def read_artifact(target: Target, repository: Reference, site: str, manifest: Blob) -> Artifact:
    """The artifact behind a manifest, as it was packed. Raises PublishError: not one of `site`, or damaged."""
    config, layer = (_descriptor(manifest, *where) for where in (("config",), ("layers", 0)))
    blobs = [
        Blob.of(target.get_blob(repository, Digest.parse(one["digest"]), limit=LAYER_LIMIT), one["mediaType"])
        for one in (config, layer)
    ]
    content = Digest.of(gunzip(blobs[1].data, limit=CONTENT_LIMIT))
    notes = manifest_annotations(manifest)
    if (notes.get("dev.fleetpress.site"), notes.get("dev.fleetpress.content")) != (site, str(content)):
        raise _corrupt(f"manifest {manifest.digest} is not what was published for {site}")
    return Artifact(site, blobs[0], blobs[1], manifest, content)


def _descriptor(manifest: Blob, *where: str | int) -> dict[str, str]:
    found: Any = load_object(manifest.data, f"manifest {manifest.digest}")
    try:
        for step in where:
            found = found[step]
        return {key: str(found[key]) for key in ("digest", "mediaType")}
    except (KeyError, IndexError, TypeError):
        raise _corrupt(f"manifest {manifest.digest} has no config, or no layer") from None


def read_layer(target: Target, repository: Reference, manifest: Blob) -> bytes:
    """The uncompressed tar of a manifest's first layer, the one that Flux takes."""
    try:
        layer = load_object(manifest.data, f"manifest {manifest.digest}")["layers"][0]
        digest = Digest.parse(layer["digest"])
    except (KeyError, IndexError, TypeError, ValueError):
        raise _corrupt(f"manifest {manifest.digest} has no layer with a sha256 digest") from None
    return gunzip(target.get_blob(repository, digest, limit=LAYER_LIMIT), limit=CONTENT_LIMIT)


def gunzip(data: bytes, *, limit: int) -> bytes:
    """Uncompress all gzip members of `data`; broken, truncated or more than `limit` bytes is REGISTRY_CORRUPT."""
    parts: list[bytes] = []
    size = 0
    try:
        while data:
            member = zlib.decompressobj(_GZIP)
            while not member.eof:
                part = member.decompress(data, _STEP)
                data = member.unconsumed_tail
                size += len(part)
                if size > limit:
                    raise _corrupt(f"the layer unpacks to more than {limit} bytes")
                if not (part or data or member.eof):
                    raise _corrupt("the layer is truncated")
                parts.append(part)
            data = member.unused_data
    except zlib.error:
        raise _corrupt("the layer is not gzip") from None
    return b"".join(parts)


def unpack(layer: bytes) -> dict[str, bytes]:
    """The files of a compressed layer, with all that is checked of one from outside."""
    return read_tar(gunzip(layer, limit=CONTENT_LIMIT))


def read_tar(data: bytes) -> dict[str, bytes]:
    """Regular files of a tar by path; links, devices, unsafe or repeated names are REGISTRY_CORRUPT."""
    return {name: content for name, (_, content) in read_members(data).items()}


def read_members(data: bytes) -> dict[str, tuple[int, bytes]]:
    """`read_tar` with each file's permission bits."""
    files: dict[str, tuple[int, bytes]] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                if not member.isdir():
                    name = _safe_name(member, files)  # first: extractfile would follow a link
                    files[name] = member.mode & 0o777, _content(archive, member)
    except (tarfile.TarError, EOFError, ValueError, OverflowError, IndexError, KeyError, RecursionError, OSError):
        raise _corrupt("the layer is not a readable tar") from None
    return files


def _safe_name(member: tarfile.TarInfo, files: Mapping[str, object]) -> str:
    name = member.name.removeprefix("./")
    unsafe = not name or name.startswith("/") or "\\" in name or "\0" in name or ".." in name.split("/")
    if unsafe or name in files or not member.isreg() or len(files) >= FILE_LIMIT:
        raise _corrupt(f"the layer has a member that Flux would not take: {member.name[:200]!r}")
    return name


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    content = file.read() if file else b""
    if len(content) != member.size:
        raise _corrupt("the layer's tar is truncated")
    return content


def _corrupt(what: str) -> Exception:
    return failure(Code.REGISTRY_CORRUPT, what, "publish the site again, and ask who else writes to this repository")

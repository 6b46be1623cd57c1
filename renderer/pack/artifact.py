"""One site's manifests as an OCI image that Flux's source-controller accepts.

In: Manifests. Out: Artifact, or Rejected with every reason. Never: writes to disk, compresses with a compressor whose
bytes depend on the processor (docs/adr/0004-compressor.md), packs what Flux would drop, refuse or misread.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.pack.layer import content_digest
from renderer.pack.layer import layer as layer_of
from renderer.types import Artifact, Blob, Problem, Rejected, compact_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types import Digest, Manifest, Manifests

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.cncf.flux.config.v1+json"
LAYER_TYPE = "application/vnd.cncf.flux.content.v1.tar+gzip"
CONTENT_ANNOTATION = "dev.fleetpress.content"
SITE_ANNOTATION = "dev.fleetpress.site"
BASE_ANNOTATION = "dev.fleetpress.base"

# source-controller's default artifact limit is 50 MiB uncompressed; a site is some 50 kB.
MAX_ARTIFACT_BYTES = 32 * 1024 * 1024
_PATH_BYTES = 4096
_NAME_BYTES = 255
_CONFIG = Blob.of(b"{}", CONFIG_TYPE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# What Flux leaves out of an artifact by default (source-controller, pkg/sourceignore): packing it would be a lie.
_IGNORED = re.compile(
    r"(^|/)(\.git(/|$)|\.(gitignore|gitmodules|gitattributes|sourceignore|sops\.yaml|flux\.yaml|goreleaser\.ya?ml)$)"
    r"|\.(jpg|jpeg|gif|png|wmv|flv|tar\.gz|zip)$"
)


def pack(manifests: Manifests) -> Artifact | Rejected:
    """Pack `manifests` into an OCI image manifest with one gzip-compressed tar layer.

    The manifest's digest is a function of the content alone. `Artifact.content` is the digest of the uncompressed tar,
    which also stands in the manifest's annotations: "unchanged" is decided by it, because two compressors never agree.
    """
    problems = check(manifests)
    if problems:
        return Rejected(manifests.site, tuple(problems))
    return artifact_of(manifests, {SITE_ANNOTATION: manifests.site})


def artifact_of(manifests: Manifests, annotations: Mapping[str, str]) -> Artifact:
    """Pack what was found fit to be packed, with annotations that say whose it is."""
    data, content = layer_of(manifests)
    layer = Blob.of(data, LAYER_TYPE)
    manifest = compact_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _CONFIG.descriptor,
            "layers": [layer.descriptor],
            "annotations": {
                CONTENT_ANNOTATION: str(content),
                **annotations,
                # A constant: the time belongs to the ledger, in the artifact it would change the digest at each run.
                "org.opencontainers.image.created": "1970-01-01T00:00:00Z",
            },
        }
    )
    return Artifact(manifests.site, _CONFIG, layer, Blob.of(manifest, MANIFEST_TYPE), content)


def content_of(manifests: Manifests) -> Digest:
    """The `content` that the artifact of `manifests` would have; nothing is compressed for it."""
    return content_digest(manifests)


def check(manifests: Manifests) -> list[Problem]:
    """What keeps `manifests` from being packed."""
    if not any(file.content.strip() for file in manifests.files):
        return [
            Problem(
                Code.ARTIFACT_EMPTY,
                "the site renders to nothing; Flux would prune everything the cluster runs",
                hint="check the site's templates and their `_exclude` and `when` conditions",
                site=manifests.site,
            )
        ]
    problems = [problem for file in manifests.files if (problem := _name_problem(manifests.site, file))]
    size = sum(len(file.content) for file in manifests.files)
    if size > MAX_ARTIFACT_BYTES:
        what = f"the rendered files add up to {size} bytes, the limit is {MAX_ARTIFACT_BYTES}"
        problems.append(
            Problem(
                Code.ARTIFACT_LIMIT,
                what,
                hint="a site is usually below 1 MB: find the template that repeats itself",
                site=manifests.site,
            )
        )
    return problems


def _name_problem(site: str, file: Manifest) -> Problem | None:
    fault = _name_fault(file.path)
    if fault is None:
        return None
    hint = "rename the file in the template, or keep it out with `_exclude`"
    return Problem(Code.ARTIFACT_NAME, f"output file {file.path[:120]!r} {fault}", hint=hint, site=site)


# All sites of a fleet have the same few hundred names.
@lru_cache(maxsize=65_536)
def _name_fault(path: str) -> str | None:
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or "../" in path or not {"", ".", ".."}.isdisjoint(parts):
        return "is absolute, or has a backslash or an empty, `.` or `..` part; Flux refuses the whole artifact"
    if _CONTROL.search(path):
        return "has a control character"
    if len(path.encode()) > _PATH_BYTES or any(len(part.encode()) > _NAME_BYTES for part in parts):
        return "is longer than a file system takes"
    if _IGNORED.search(path):
        return "is on Flux's ignore list and would never reach the cluster"
    return None

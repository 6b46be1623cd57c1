"""A site's manifests in two artifacts: a base that its cohort shares, and the site's part.

In: manifests, and which of them are shared. Out: an Artifact each; and back: the files of a site from those of both.
Never: lets a byte of the base depend on the site that it was made for.

A part has the site's files in one folder and, in another one, the Flux source of the base: so the cluster follows when
the site comes to another cohort (docs/adr/0035-shared-base.md).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from renderer.pack.artifact import BASE_ANNOTATION, SITE_ANNOTATION, artifact_of
from renderer.types import (
    BASES,
    BASES_VARIABLE,
    PART_FOLDER,
    POINTER_FOLDER,
    Artifact,
    Manifest,
    Manifests,
    base_object,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_POINTER_PATH: Final = f"{POINTER_FOLDER}/ocirepository.yaml"
_POINTER: Final = """\
# Where the base of this site is. The Kustomization that applies this file comes from `fleetpress bootstrap`: it says
# which registry the cluster pulls from, and whose signature it trusts.
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata:
  name: {name}
spec:
  url: oci://${{{variable}}}/{key}
  ref:
    semver: '>=1.0.0'
"""
_KEY: Final = re.compile(rf"^  url: oci://\$\{{{BASES_VARIABLE}\}}/([0-9a-f]{{32}})$".encode(), re.MULTILINE)


def split(manifests: Manifests, shared: Collection[str]) -> tuple[Manifests, Manifests]:
    """The files that were made of the template files `shared`, and all others."""
    base = tuple(file for file in manifests.files if file.source in shared)
    own = tuple(file for file in manifests.files if file.source not in shared)
    return replace(manifests, files=base), replace(manifests, files=own)


def part_of(own: Manifests, key: str) -> Manifests:
    """The part that has the files `own`, as it is packed: with the way to the base `key`."""
    pointer = _POINTER.format(name=base_object(own.site), variable=BASES_VARIABLE, key=key)
    files = (replace(file, path=f"{PART_FOLDER}/{file.path}") for file in own.files)
    return Manifests(own.site, (Manifest(_POINTER_PATH, pointer.encode()), *files))


def pack_part(part: Manifests, key: str) -> Artifact:
    """The artifact of a part."""
    return artifact_of(part, {SITE_ANNOTATION: part.site, BASE_ANNOTATION: key})


def pack_base(files: tuple[Manifest, ...], key: str) -> Artifact:
    """The artifact of a base. It is called by its repository's name, for it is no site's."""
    return artifact_of(Manifests(f"{BASES}{key}", files), {BASE_ANNOTATION: key})


def own_files(part: Mapping[str, bytes]) -> dict[str, bytes]:
    """The site's files in a published part, by the paths that they were rendered to."""
    prefix = f"{PART_FOLDER}/"
    return {path.removeprefix(prefix): content for path, content in part.items() if path.startswith(prefix)}


def base_named(part: Mapping[str, bytes]) -> str | None:
    """The key of the base that a published part leads to; None when it leads nowhere."""
    found = _KEY.search(part.get(_POINTER_PATH, b""))
    return found[1].decode() if found else None

"""Template versions as artifacts of an OCI registry: the first layer is a gzipped tar of the template's folder.

In: an OciSource, the registries that are handed in, a folder for the cache. Out: versions with the digests of their
manifests; the files of a manifest. A layer is fetched once; after that it is read without a connection.
Never: contacts a registry by itself, unpacks to a disk, or believes a cached file that is not as it was written.
"""

from __future__ import annotations

import re
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from renderer.errors import Code, PublishError, SourceFailure, TemplateError
from renderer.read.files import printable, read_file
from renderer.read.interface import SourceKind
from renderer.read.ranges import NEXT, parse_version
from renderer.read.templates import LARGEST, name_flaw, too_large
from renderer.types import Digest, Origin, Problem, TemplateFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.read.interface import Access
    from renderer.types import OciSource, TemplatePin

_SUM: Final = 32  # bytes of SHA-256 before the cached tar
_OWNER_RUNS: Final = 0o100
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")  # distribution-spec 1.1; a version may hold a `+`


class OciTemplates:
    """A `Source` over one repository of a registry."""

    kind = SourceKind.OCI

    def __init__(self, source: OciSource, access: Access) -> None:
        self._source = source
        self._artifacts = access.artifacts
        self._folder = access.cache / "oci"

    def versions(self) -> Mapping[str, str]:
        """Every tag that is a version, or `next` -> the digest of its manifest now."""
        try:
            tags = self._artifacts.tags(self._source.repository)
        except PublishError as error:
            raise _failure(error) from None
        found = {tag: self.find(tag) for tag in tags if tag == NEXT or parse_version(tag)}
        return {tag: address for tag, address in found.items() if address is not None}

    def find(self, version: str) -> str | None:
        """The digest of a version's manifest now."""
        if _TAG.fullmatch(version) is None:
            return None
        try:
            found = self._artifacts.resolve(self._source.repository, version)
        except PublishError as error:
            raise _failure(error) from None
        return str(found) if found is not None else None

    def read(self, pin: TemplatePin, address: str) -> tuple[TemplateFile, ...]:
        """The files of a manifest's first layer, below the source's path."""
        manifest = Digest.parse(address)
        try:
            tar = self._cached(manifest) or self._fetched(manifest)
            members = self._artifacts.members(tar)
        except PublishError as error:
            raise _failure(error) from None
        prefix = f"{self._source.path}/" if self._source.path else ""
        files = {name.removeprefix(prefix): found for name, found in members.items() if name.startswith(prefix)}
        where = f"{pin}:{self._source.path}".removesuffix(":")
        if not files:
            what = f"the artifact {manifest} has no folder {self._source.path or '/'} with files"
            problem = Problem(Code.TEMPLATE_MISSING, what, hint="correct `path` of the source in fleet.yaml")
            raise TemplateError(what, problems=[problem])
        if problems := list(_problems(files, where)):
            raise TemplateError(f"the template {pin} cannot be used: {problems[0].what}", problems=problems)
        return tuple(_files(files.items()))

    def _cached(self, manifest: Digest) -> bytes | None:
        try:
            data = read_file(self._folder / f"{manifest.hex}.tar")
        except OSError:
            return None
        return data[_SUM:] if sha256(data[_SUM:]).digest() == data[:_SUM] else None

    def _fetched(self, manifest: Digest) -> bytes:
        tar = self._artifacts.layer(self._source.repository, manifest)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(sha256(tar).digest() + tar)
            Path(file.name).replace(self._folder / f"{manifest.hex}.tar")
        except OSError as error:
            what = f"the cache of templates cannot be written: {error.strerror}"
            hint = "set FLEETPRESS_CACHE to a folder that can be written"
            raise SourceFailure(what, problems=[Problem(Code.TEMPLATE_SOURCE, what, hint=hint)]) from None
        return tar


def _files(members: Iterable[tuple[str, tuple[int, bytes]]]) -> Iterator[TemplateFile]:
    for name, (mode, content) in sorted(members):
        yield TemplateFile(name, 0o755 if mode & _OWNER_RUNS else 0o644, content)


def _problems(members: Mapping[str, tuple[int, bytes]], where: str) -> Iterator[Problem]:
    for name in members:
        if flaw := name_flaw(name):
            yield Problem(Code.TEMPLATE_REFUSED, flaw[0], Origin(printable(f"{where}/{name}")), flaw[1])
    if sum(len(content) for _, content in members.values()) > LARGEST:
        yield too_large(where)


def _failure(error: PublishError) -> SourceFailure:
    """A registry's trouble, told as that of a template."""
    problem = error.problems[0] if error.problems else None
    what = f"the registry of the template: {problem.what if problem else error}"
    hint = (problem.hint if problem else "") or "look at the address and the connection, and run again"
    return SourceFailure(what, problems=[Problem(Code.TEMPLATE_SOURCE, what, hint=hint)])

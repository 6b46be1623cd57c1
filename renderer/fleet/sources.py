"""What reading templates from elsewhere needs from this machine: the cache's folder, registries, permissions.

In: the environment. Out: a read.Access. It reaches workers as the environment does, so that they read as their parent.
Never: connects to anything before a template that is not in the cache is asked for.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import publish, read
from renderer.errors import Code, PublishError
from renderer.fleet.cache import cache_folder
from renderer.publish import TargetOptions
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.publish import Target
    from renderer.types import Digest, Reference

_LOCAL_GIT = "FLEETPRESS_LOCAL_GIT"
# The variables of flags that every command with a registry has; here they hold for the registries of templates.
_PLAIN_HTTP, _CA_FILE = "FLEETPRESS_PLAIN_HTTP", "FLEETPRESS_CA_FILE"
_YES = frozenset({"1", "true", "yes", "on"})


def access(environ: Mapping[str, str] = os.environ) -> read.Access:
    """How templates from elsewhere are read here."""
    return read.Access(cache_folder(environ), Registries(environ), local_git=_is_set(environ, _LOCAL_GIT))


class Registries:
    """`read.Artifacts` over the targets of `publish`, each opened when it is first asked, for reading only."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._targets: dict[str, Target] = {}

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """See `read.Artifacts`."""
        return self._of(repository).tags(repository)

    def resolve(self, repository: Reference, tag: str) -> Digest | None:
        """See `read.Artifacts`."""
        manifest = self._of(repository).get_manifest(repository, tag)
        return manifest.digest if manifest is not None else None

    def layer(self, repository: Reference, manifest: Digest) -> bytes:
        """See `read.Artifacts`."""
        target = self._of(repository)
        found = target.get_manifest(repository, manifest)
        if found is None:
            what = f"{repository.name} does not have {manifest} any more"
            hint = "pin a version that it has, and lock that"
            raise PublishError(what, problems=[Problem(Code.REGISTRY_FAILED, what, hint=hint)])
        return publish.read_layer(target, repository, found)

    def members(self, tar: bytes) -> Mapping[str, tuple[int, bytes]]:
        """See `read.Artifacts`."""
        return publish.read_members(tar)

    def _of(self, repository: Reference) -> Target:
        place = f"oci://{repository.host}/{repository.repository.rpartition('/')[0]}"
        if place not in self._targets:
            ca_file = self._environ.get(_CA_FILE)
            options = TargetOptions(
                plain_http=_is_set(self._environ, _PLAIN_HTTP),
                ca_file=Path(ca_file) if ca_file else None,
                read_only=True,
            )
            self._targets[place] = publish.open_target(place, options=options)
        return self._targets[place]


def _is_set(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").lower() in _YES

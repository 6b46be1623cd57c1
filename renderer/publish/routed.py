"""Several targets seen as one: each repository goes to the target that its address begins with.

In: targets by address. Out: a Target. Never: sends anything to a target that the repository does not lie in.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.publish.interface import TargetOptions, failure
from renderer.publish.opening import is_folder, open_target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.publish.interface import Descriptor, Target
    from renderer.types import Blob, Digest, Reference, Signature

_DEFAULTS = TargetOptions()
_REGISTRY = "oci://"


def open_targets(addresses: Sequence[str], *, options: TargetOptions = _DEFAULTS) -> Target:
    """One target for all `addresses`; a layout folder must be the only one."""
    if len(addresses) == 1:
        return open_target(addresses[0], options=options)
    targets = {address: open_target(address, options=options) for address in addresses}
    if any(is_folder(address) for address in addresses):
        what = "several targets of which one is a folder"
        raise failure(Code.TARGET_INVALID, what, "give one folder for all regions: it keeps them apart by itself")
    return RoutedTarget(targets, options)


class RoutedTarget:
    """See the module. Threads may share it as they may share the targets."""

    buffered = False
    # The targets may differ; to ask one that keeps none costs a request, not to ask one that does loses signatures.
    keeps_referrers = True

    def __init__(self, targets: Mapping[str, Target], options: TargetOptions) -> None:
        self.options = options
        self._targets = {address.removeprefix(_REGISTRY): target for address, target in targets.items()}

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """See `Target`."""
        return self._of(repository).tags(repository)

    def resolve(self, repository: Reference, tag: str | Digest) -> Descriptor | None:
        """See `Target`."""
        return self._of(repository).resolve(repository, tag)

    def get_manifest(self, repository: Reference, tag: str | Digest) -> Blob | None:
        """See `Target`."""
        return self._of(repository).get_manifest(repository, tag)

    def has_blob(self, repository: Reference, digest: Digest) -> bool:
        """See `Target`."""
        return self._of(repository).has_blob(repository, digest)

    def get_blob(self, repository: Reference, digest: Digest, *, limit: int) -> bytes:
        """See `Target`."""
        return self._of(repository).get_blob(repository, digest, limit=limit)

    def put_blob(self, repository: Reference, blob: Blob, *, new: bool = False) -> bool:
        """See `Target`."""
        return self._of(repository).put_blob(repository, blob, new=new)

    def put_manifest(self, repository: Reference, manifest: Blob, tag: str | None = None) -> bool:
        """See `Target`."""
        return self._of(repository).put_manifest(repository, manifest, tag)

    def referrers(self, repository: Reference, subject: Digest) -> list[Descriptor]:
        """See `Target`."""
        return self._of(repository).referrers(repository, subject)

    def attach(self, repository: Reference, signature: Signature) -> int:
        """See `Target`."""
        return self._of(repository).attach(repository, signature)

    def flush(self) -> None:
        """Flush all targets; the first failure is raised after all have been tried."""
        with ExitStack() as stack:
            for target in self._targets.values():
                stack.callback(target.flush)

    def close(self) -> None:
        """Close all targets, whatever happens at one of them."""
        with ExitStack() as stack:
            for target in self._targets.values():
                stack.callback(target.close)

    def _of(self, repository: Reference) -> Target:
        for address, target in self._targets.items():
            if repository.name.startswith(f"{address}/"):
                return target
        raise failure(Code.RESIDENCY, f"{repository.name} lies in none of the targets that were opened")

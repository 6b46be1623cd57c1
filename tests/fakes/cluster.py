"""What kustomize-controller does to a cluster's objects, as far as removing them goes.

In: Kustomizations by name, and the files that each applies. Out: the objects that are there, and those that went.
Never: knows more than the controller does. Read from kustomize-controller: it applies, marks objects as its own, and
removes what left its inventory and is still marked so (`deleteObjects`, Inclusions: owner labels); one that is
suspended does nothing, not even when it is deleted (`finalizerShouldDeleteResources`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from renderer.diff import read_objects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types import ObjectKey


@dataclass
class FakeCluster:
    """`owners` has every object with the Kustomization that applied it last; `removed` are those that are gone."""

    owners: dict[ObjectKey, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    inventories: dict[str, set[ObjectKey]] = field(default_factory=dict)

    def reconcile(self, name: str, files: Mapping[str, bytes]) -> None:
        """Apply the files of a Kustomization, and remove what it does not have any more."""
        now = set(read_objects(files))
        before = self.inventories.get(name, set())
        self.owners |= dict.fromkeys(now, name)
        self._remove(before - now, name)
        self.inventories[name] = now

    def delete(self, name: str, *, suspended: bool) -> None:
        """Delete a Kustomization."""
        inventory = self.inventories.pop(name)
        if not suspended:
            self._remove(inventory, name)

    def _remove(self, keys: set[ObjectKey], name: str) -> None:
        for key in sorted(keys):
            if self.owners.get(key) == name:
                del self.owners[key]
                self.removed.append(str(key))

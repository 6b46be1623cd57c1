"""A folder of image layouts in tar files as a target: `oci-archive:DIR`.

In: blobs, manifests, signatures. Out: DIR/<host>/<parents>/_<2 hex>.tar, each what `oci-layout:DIR` has in a folder.
Never: writes a file for a blob, or looks at the disk for each site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.publish.archive import Archive
from renderer.publish.layout import LayoutTarget
from renderer.publish.spool import Spool

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.publish.image_layout import ImageLayout
    from renderer.publish.interface import TargetOptions


class ArchiveTarget(LayoutTarget):
    """`oci-archive:DIR`. Threads may share it; several processes may write to one folder."""

    scheme = "oci-archive"

    def __init__(self, folder: Path, options: TargetOptions) -> None:
        super().__init__(folder, options)
        self._spool = Spool(folder)

    def close(self) -> None:
        """See `Target`."""
        try:
            super().close()
        finally:
            self._spool.close()

    def _open(self, place: str) -> ImageLayout:
        return Archive(self._folder / f"{place}.tar", self.options, self._spool)

    def _sync(self) -> None:
        """Nothing to do: an archive's commit has its blobs with it."""

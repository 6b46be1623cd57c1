"""publish: signed artifacts in, a registry or a folder that clusters can pull from out.

A registry's machinery (oras) is imported when one is opened, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.publish.attached import fetcher, manifest_annotations, signature_manifests
    from renderer.publish.documents import Kept, find_document, get_document, put_document, read_document
    from renderer.publish.fetching import fetch
    from renderer.publish.interface import Descriptor, Target, TargetOptions, serial_of
    from renderer.publish.layout import LayoutTarget
    from renderer.publish.opening import FORMS, absolute, is_folder, open_target
    from renderer.publish.parcel import Parcel
    from renderer.publish.publish import publish_all, publish_release
    from renderer.publish.read import Published, earlier, published, read_artifact, read_layer, read_members, unpack
    from renderer.publish.routed import open_targets
    from renderer.publish.signatures import IsOurs
else:
    __getattr__ = lazily(
        __name__,
        {
            "attached": "fetcher manifest_annotations signature_manifests",
            "documents": "Kept find_document get_document put_document read_document",
            "fetching": "fetch",
            "interface": "Descriptor Target TargetOptions serial_of",
            "layout": "LayoutTarget",
            "opening": "FORMS absolute is_folder open_target",
            "parcel": "Parcel",
            "publish": "publish_all publish_release",
            "read": "Published earlier published read_artifact read_layer read_members unpack",
            "routed": "open_targets",
            "signatures": "IsOurs",
        },
    )

__all__ = [
    "FORMS",
    "Descriptor",
    "IsOurs",
    "Kept",
    "LayoutTarget",
    "Parcel",
    "Published",
    "Target",
    "TargetOptions",
    "absolute",
    "earlier",
    "fetch",
    "fetcher",
    "find_document",
    "get_document",
    "is_folder",
    "manifest_annotations",
    "open_target",
    "open_targets",
    "publish_all",
    "publish_release",
    "published",
    "put_document",
    "read_artifact",
    "read_document",
    "read_layer",
    "read_members",
    "serial_of",
    "signature_manifests",
    "unpack",
]

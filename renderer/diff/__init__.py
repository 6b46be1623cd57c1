"""diff: what changes between two sets of Kubernetes objects, and what many sites' changes have in common.

In: rendered files or parsed objects, and the shapes of kinds. Out: values of renderer.types.
Never: renders, reads files, prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.diff.cover import cover
from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.diff.groups import by_object, in_common, make_groups, ungrouped
    from renderer.diff.interface import Object, Shape, Shapes, shapeless
    from renderer.diff.live import by_key, prepare
    from renderer.diff.objects import Found, Rules, diff_objects, objects_in, read_file, read_objects
    from renderer.diff.placeholders import Words
    from renderer.diff.site import SiteDiffer
else:
    __getattr__ = lazily(
        __name__,
        {
            "groups": "by_object in_common make_groups ungrouped",
            "interface": "Object Shape Shapes shapeless",
            "live": "by_key prepare",
            "objects": "Found Rules diff_objects objects_in read_file read_objects",
            "placeholders": "Words",
            "site": "SiteDiffer",
        },
    )

__all__ = [
    "Found",
    "Object",
    "Rules",
    "Shape",
    "Shapes",
    "SiteDiffer",
    "Words",
    "by_key",
    "by_object",
    "cover",
    "diff_objects",
    "in_common",
    "make_groups",
    "objects_in",
    "prepare",
    "read_file",
    "read_objects",
    "shapeless",
    "ungrouped",
]

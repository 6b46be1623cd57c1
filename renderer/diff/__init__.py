"""diff: what changes between two sets of Kubernetes objects, and what many sites' changes have in common.

In: rendered files or parsed objects, and the shapes of kinds. Out: values of renderer.types.
Never: renders, reads files, prints.
"""

from renderer.diff.interface import Object, Shape, Shapes, shapeless
from renderer.diff.objects import Found, Rules, diff_objects, objects_in, read_file, read_objects

__all__ = [
    "Found",
    "Object",
    "Rules",
    "Shape",
    "Shapes",
    "diff_objects",
    "objects_in",
    "read_file",
    "read_objects",
    "shapeless",
]

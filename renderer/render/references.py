"""Which files a text includes, imports or extends, as far as its syntax tells.

In: a syntax tree. Out: references, each with the names of the files it may mean.
Never: loads a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Reference:
    """One include, import or extends. `names` are the files it may mean; none when they are computed.

    Without `with_context` the file sees no variable of the text that refers to it.
    """

    names: tuple[str, ...]
    line: int
    required: bool
    with_context: bool


def include_path(name: str) -> str:
    """The tree path that an include of `name` means."""
    return "/".join(part for part in name.split("/") if part not in {"", "."})


def references(tree: nodes.Template | None) -> Iterator[Reference]:
    """Every include, import and extends of a text."""
    if tree is None:
        return
    for node in _references(tree):
        names = _names(node.template)
        optional = isinstance(node, nodes.Include) and node.ignore_missing
        with_context = isinstance(node, nodes.Extends) or node.with_context
        yield Reference(names, node.lineno, bool(names) and not optional, with_context)


def _references(tree: nodes.Template) -> Iterator[nodes.Include | nodes.Import | nodes.FromImport | nodes.Extends]:
    yield from tree.find_all(nodes.Include)
    yield from tree.find_all(nodes.Import)
    yield from tree.find_all(nodes.FromImport)
    yield from tree.find_all(nodes.Extends)


def _names(node: nodes.Expr) -> tuple[str, ...]:
    if isinstance(node, nodes.Const):
        values = node.value if isinstance(node.value, (list, tuple)) else [node.value]
        return tuple(values) if all(isinstance(value, str) for value in values) else ()
    if isinstance(node, (nodes.List, nodes.Tuple)):
        found = [_names(item) for item in node.items]
        return tuple(name for names in found for name in names) if all(found) else ()
    return ()

"""Which variables a file can read, found from its syntax alone.

In: compiled texts. Out: for each file the names it mentions, and those of what it includes.
Never: says less than a run could read; where it cannot tell, it says None.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.render.copier_template import SourceFile
    from renderer.render.texts import Text


@dataclass(frozen=True, slots=True)
class Reference:
    """One include, import or extends. `names` are the files it may mean; none when they are computed."""

    names: tuple[str, ...]
    line: int
    required: bool


def references(tree: nodes.Template | None) -> Iterator[Reference]:
    """Every include, import and extends of a text."""
    if tree is None:
        return
    for node in _references(tree):
        names = _names(node.template)
        optional = isinstance(node, nodes.Include) and node.ignore_missing
        yield Reference(names, node.lineno, required=bool(names) and not optional)


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


@dataclass(frozen=True, slots=True)
class Reads:
    """Answers `of` for one template."""

    files: Mapping[str, SourceFile]
    included: Mapping[str, Text]

    def of(self, path: str) -> frozenset[str] | None:
        """The variables that the file `path` and its name can read; None when an include is computed."""
        file = self.files[path]
        return self.of_texts([*file.parts, *([] if file.text is None else [file.text])])

    def of_texts(self, texts: list[Text]) -> frozenset[str] | None:
        """The variables that `texts` can read together."""
        names: set[str] = set()
        seen: set[str] = set()
        todo = list(texts)
        while todo:
            text = todo.pop()
            names |= text.names
            for reference in references(text.tree):
                if not reference.names:
                    return None
                for name in reference.names:
                    key = "/".join(part for part in name.split("/") if part not in {"", "."})
                    if key in self.included and key not in seen:
                        seen.add(key)
                        todo.append(self.included[key])
        return frozenset(names)

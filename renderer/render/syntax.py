"""What the syntax of a text tells: all that rendering needs to know of it, so that nobody has to parse it again.

In: a syntax tree; a shelf. Out: a Syntax. Never: runs anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.meta import find_undeclared_variables

from renderer.render.references import Reference, references

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from renderer.render.shelf import Key

# What goes onto a shelf: a text without template code, or names, references, filters, names that are yielded.
Facts: TypeAlias = "str | tuple[tuple[str, ...], tuple[tuple[object, ...], ...], tuple[str, ...], tuple[str, ...]]"


def facts_of(tree: nodes.Template) -> Facts:
    """The facts of a tree."""
    constant = constant_of(tree)
    if constant is not None:
        return constant
    return (
        tuple(sorted(_undeclared(tree))),
        tuple((one.names, one.line, one.required, one.with_context) for one in references(tree)),
        tuple(sorted({node.name for node in tree.find_all(nodes.Filter)})),
        tuple(_yielded(tree)),
    )


@dataclass(eq=False)
class Syntax:
    """The syntax of a text with template code. `names` are the variables it mentions.

    `key` tells the text from all others of its template; `parse` makes the tree.
    """

    key: Key
    parse: Callable[[], nodes.Template]
    names: frozenset[str]
    references: tuple[Reference, ...]
    filters: frozenset[str]
    yielded: tuple[str, ...]

    @classmethod
    def of(cls, key: Key, facts: Facts, parse: Callable[[], nodes.Template]) -> Syntax:
        """From what is on a shelf."""
        assert not isinstance(facts, str), "a constant text has no syntax"  # noqa: S101
        names, referred, filters, yielded = facts
        found = tuple(Reference(*fields) for fields in referred)  # type: ignore[arg-type]
        return cls(key, parse, frozenset(names), found, frozenset(filters), yielded)

    @cached_property
    def tree(self) -> nodes.Template:
        """The tree as it is written: for who looks at templates, and does not render."""
        return self.parse()


def constant_of(tree: nodes.Template) -> str | None:
    """What a text without any template code renders to, or None."""
    parts: list[str] = []
    for statement in tree.body:
        if not isinstance(statement, nodes.Output):
            return None
        for node in statement.nodes:
            if not isinstance(node, nodes.TemplateData):
                return None
            parts.append(node.data)
    return "".join(parts)


def _undeclared(tree: nodes.Template) -> frozenset[str]:
    try:
        return frozenset(find_undeclared_variables(tree))
    except TemplateSyntaxError:
        # An unknown filter or test: the scan names it, and needs the names only to be many enough.
        return frozenset(node.name for node in tree.find_all(nodes.Name))


def _yielded(tree: nodes.Template) -> Iterator[str]:
    """The names that yield tags set for what comes after them."""
    for call in tree.find_all(nodes.CallBlock):
        if isinstance(call.call.node, nodes.ExtensionAttribute) and isinstance(call.call.args[0], nodes.Const):
            yield str(call.call.args[0].value)

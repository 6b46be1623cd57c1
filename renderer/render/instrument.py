"""Puts the counters of `limits` into a template's syntax tree, where Jinja's own sandbox has no hook.

In: a parsed template. Out: the same tree; loops, `~`, comparisons and long literals pass through internal filters.
Never: changes what a template prints. The internal filters' names contain `#`, so that no template can write them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from jinja2 import nodes, pass_context
from jinja2.visitor import NodeTransformer

from renderer.render.limits import check_text, weigh

if TYPE_CHECKING:
    from collections.abc import Callable

    from jinja2 import Environment
    from jinja2.runtime import Context

    from renderer.render.limits import Budget

LONG_LITERAL = 512


class _Instrument(NodeTransformer):
    def __init__(self, environment: Environment) -> None:
        self.environment = environment

    def _through(self, name: str, node: nodes.Expr) -> nodes.Filter:
        counted = nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)
        counted.set_environment(self.environment)
        return counted

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - Jinja's visitor protocol
        self.generic_visit(node)
        node.iter = self._through("#loop", cast("nodes.Expr", node.iter))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        parts = nodes.List(list(node.nodes), lineno=node.lineno)
        parts.set_environment(self.environment)
        return self._through("#concat", parts)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if not isinstance(node.expr, nodes.Const):
            node.expr = self._through("#operand", node.expr)
        return node

    def visit_TemplateData(self, node: nodes.TemplateData) -> nodes.Node:  # noqa: N802
        if len(node.data) <= LONG_LITERAL:
            return node
        text = nodes.Const(node.data, lineno=node.lineno)
        text.set_environment(self.environment)
        return self._through("#text", text)


def instrument(tree: nodes.Template, environment: Environment) -> nodes.Template:
    """Put the counters into `tree`, in place."""
    _Instrument(environment).visit(tree)
    return tree


def counters(budget: Budget) -> dict[str, Callable[..., Any]]:
    """The internal filters. They take the context so that Jinja never folds them away at compile time."""

    @pass_context
    def loop(_context: Context, items: Any) -> Any:
        if hasattr(type(items), "__next__"):
            return budget.counted(items)
        if hasattr(type(items), "__len__"):
            budget.spend(len(items) + 1)
        return items

    @pass_context
    def concat(_context: Context, parts: list[Any]) -> str:
        check_text(sum(map(weigh, parts)))
        return "".join(map(str, parts))

    @pass_context
    def operand(_context: Context, value: Any) -> Any:
        budget.spend(weigh(value) // 1000 + 1)
        return value

    @pass_context
    def text(_context: Context, value: str) -> str:
        budget.spend(len(value) // LONG_LITERAL)
        return value

    return {"#loop": loop, "#concat": concat, "#operand": operand, "#text": text}

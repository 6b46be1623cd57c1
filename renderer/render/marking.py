"""Makes a template tell, while it renders, which of its places printed what.

In: a parsed template. Out: the same tree; whatever prints, and whatever collects what is printed, tells a recorder.
Never: changes what a template prints. The internal filters' names contain `#`, so that no template can write them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from jinja2 import nodes, pass_context
from jinja2.runtime import Undefined
from jinja2.visitor import NodeTransformer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jinja2 import Environment
    from jinja2.runtime import Context

_PRINT, _ENTER, _LEAVE, _DROP, _CALL = "#print", "#enter", "#leave", "#drop", "#call"


@dataclass(frozen=True, slots=True)
class Point:
    """A place that prints: in the template file `name`, from `line` on; `node` is None for text as it is written.

    `around` are the conditions and loops it stands in, `macro` the macro, if any. `collects` when it may print what a
    macro or block has collected.
    """

    name: str | None
    line: int
    node: nodes.Expr | None
    around: tuple[nodes.Node, ...] = ()
    macro: nodes.Macro | nodes.CallBlock | None = None
    collects: bool = False


class Recorder(Protocol):
    """What marked templates tell. Points are numbers of `Marker.points`."""

    def printed(self, point: int, text: str | None) -> None:
        """`point` prints `text`; None for what has no text yet."""

    def entered(self) -> None:
        """What is printed from now on is collected: a macro, a block that is assigned or filtered."""

    def left(self) -> None:
        """The innermost collection is complete."""

    def dropped(self) -> None:
        """The innermost collection is complete, and printed nowhere: what stands around an imported file's macros."""

    def called(self, point: int) -> None:
        """A call block begins: what it collects is printed at `point`."""


@dataclass(slots=True)
class Marker:
    """Marks trees. `points` grow with each; `trees` are those it has seen, by name."""

    environment: Environment
    points: list[Point] = field(default_factory=list)
    trees: dict[str | None, nodes.Template] = field(default_factory=dict)

    def __call__(self, tree: nodes.Template, name: str | None) -> nodes.Template:
        """Put the marks into `tree`, in place."""
        self.trees[name] = tree
        _Marking(self, name, _collected_names(tree)).visit(tree)
        tree.set_environment(self.environment)
        return tree

    def add(self, point: Point) -> int:
        """The number of a new point."""
        self.points.append(point)
        return len(self.points) - 1


class _Marking(NodeTransformer):
    """One tree's marks."""

    def __init__(self, marker: Marker, name: str | None, collected: frozenset[str]) -> None:
        self.marker = marker
        self.name = name
        self.collected = collected
        self.around: tuple[nodes.Node, ...] = ()
        self.macro: nodes.Macro | nodes.CallBlock | None = None

    def visit_Output(self, node: nodes.Output) -> nodes.Node:  # noqa: N802 - Jinja's visitor protocol
        node.nodes = [self._printing(child) for child in node.nodes]
        return node

    def visit_FilterBlock(self, node: nodes.FilterBlock) -> nodes.Node:  # noqa: N802
        node.body = self._collected(node)
        node.filter = self._through(_PRINT, node.filter, self._point(node.filter, collects=True))
        return node

    def visit_AssignBlock(self, node: nodes.AssignBlock) -> nodes.Node:  # noqa: N802
        node.body = self._collected(node)
        return node

    def visit_Macro(self, node: nodes.Macro) -> nodes.Node:  # noqa: N802
        outer, self.macro = self.macro, node
        node.body = self._collected(node)
        self.macro = outer
        return node

    def visit_CallBlock(self, node: nodes.CallBlock) -> list[nodes.Node]:  # noqa: N802
        call = self._telling(_CALL, node.lineno, self._point(node.call))
        outer, self.macro = self.macro, node
        node.body = self._collected(node)
        self.macro = outer
        return [call, node]

    def visit_Import(self, node: nodes.Import) -> list[nodes.Node]:  # noqa: N802
        return self._dropped(node)

    def visit_FromImport(self, node: nodes.FromImport) -> list[nodes.Node]:  # noqa: N802
        return self._dropped(node)

    def visit_If(self, node: nodes.If) -> nodes.Node:  # noqa: N802
        tests = (node.test, *(other.test for other in node.elif_))
        return self._inside(tests, node)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        tests = (node.iter, *([node.test] if node.test else []))
        self._inside(tests, node)
        if node.recursive:
            # Each level of such a loop is collected, then printed by the level above.
            node.body = self._bracketed(node.body, node.lineno)
        return node

    def _inside(self, tests: tuple[nodes.Node, ...], node: nodes.Node) -> nodes.Node:
        outer, self.around = self.around, (*tests, *self.around)
        self.generic_visit(node)
        self.around = outer
        return node

    def _collected(self, node: Any) -> list[nodes.Node]:
        self.generic_visit(node)
        return self._bracketed(node.body, node.lineno)

    def _dropped(self, node: nodes.Node) -> list[nodes.Node]:
        return [self._telling(_ENTER, node.lineno), node, self._telling(_DROP, node.lineno)]

    def _bracketed(self, body: list[nodes.Node], line: int) -> list[nodes.Node]:
        return [self._telling(_ENTER, line), *body, self._telling(_LEAVE, line)]

    def _printing(self, child: nodes.Expr) -> nodes.Expr:
        if not isinstance(child, nodes.TemplateData):
            return self._through(_PRINT, child, self._point(child))
        point = self.marker.add(Point(self.name, child.lineno, None, self.around, self.macro))
        return self._through(_PRINT, nodes.Const(child.data, lineno=child.lineno), point)

    def _point(self, node: nodes.Expr, *, collects: bool = False) -> int:
        line = min(one.lineno for one in _every(node) if one.lineno)
        collects = collects or any(
            isinstance(one, nodes.Call) or (isinstance(one, nodes.Name) and one.name in self.collected)
            for one in _every(node)
        )
        return self.marker.add(Point(self.name, line, node, self.around, self.macro, collects))

    def _through(self, name: str, node: nodes.Expr | None, point: int = 0) -> nodes.Filter:
        line = node.lineno if node is not None else 1
        return nodes.Filter(node, name, [nodes.Const(point, lineno=line)], [], None, None, lineno=line)

    def _telling(self, name: str, line: int, point: int = 0) -> nodes.Node:
        return nodes.ExprStmt(self._through(name, nodes.Const(None, lineno=line), point), lineno=line)


def telling(recorder: Recorder) -> Mapping[str, Callable[..., Any]]:
    """The internal filters. They take the context so that Jinja never folds them away at compile time."""

    @pass_context
    def printed(_context: Context, value: Any, point: int) -> Any:
        recorder.printed(point, None if isinstance(value, Undefined) else str(value))
        return value

    @pass_context
    def entered(_context: Context, _value: None, _point: int) -> None:
        recorder.entered()

    @pass_context
    def left(_context: Context, _value: None, _point: int) -> None:
        recorder.left()

    @pass_context
    def dropped(_context: Context, _value: None, _point: int) -> None:
        recorder.dropped()

    @pass_context
    def called(_context: Context, _value: None, point: int) -> None:
        recorder.called(point)

    return {_PRINT: printed, _ENTER: entered, _LEAVE: left, _DROP: dropped, _CALL: called}


def names_of(target: nodes.Node) -> Iterator[str]:
    """The names that an assignment's left side sets."""
    for node in _every(target):
        if isinstance(node, (nodes.Name, nodes.NSRef)):
            yield node.name


def _collected_names(tree: nodes.Template) -> frozenset[str]:
    """The variables that may hold what a block or macro has printed."""
    blocks = [name for node in tree.find_all(nodes.AssignBlock) for name in names_of(node.target)]
    calls = [node for node in tree.find_all(nodes.Assign) if node.node.find(nodes.Call) or _is_call(node.node)]
    return frozenset([*blocks, *(name for node in calls for name in names_of(node.target))])


def _is_call(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Call)


def _every(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    yield from node.find_all(nodes.Node)

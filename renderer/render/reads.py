"""What texts can read of a site, found from their syntax alone, down to the members of mappings.

In: compiled texts, and those that they may include. Out: read paths, such as ("cilium", "mtu"), or None where only a
run can tell, or where the result depends on more than the values that are read.
Never: says less than a run could read. What it does not know by name, it does not vouch for.
"""

from __future__ import annotations

from inspect import unwrap
from typing import TYPE_CHECKING, TypeAlias

from jinja2 import nodes
from jinja2.utils import _PassArg

from renderer.render.references import include_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.render.sandbox import TemplateEnvironment
    from renderer.render.texts import Text

ReadPath: TypeAlias = "tuple[str | int, ...]"

# Everything in Jinja's language whose reads are those of its parts. A node of another class, such as what an extension
# adds, may read anything.
_KNOWN: frozenset[type[nodes.Node]] = frozenset(
    {
        *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Extends, nodes.For, nodes.If, nodes.Macro),
        *(nodes.CallBlock, nodes.FilterBlock, nodes.With, nodes.Block, nodes.Include, nodes.Import, nodes.FromImport),
        *(nodes.ExprStmt, nodes.Assign, nodes.AssignBlock, nodes.Name, nodes.NSRef, nodes.Const, nodes.Tuple),
        *(nodes.List, nodes.Dict, nodes.Pair, nodes.Keyword, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Call),
        *(nodes.Getitem, nodes.Getattr, nodes.Slice, nodes.Concat, nodes.Compare, nodes.Operand, nodes.And, nodes.Or),
        *(nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod),
        *(nodes.Pow, nodes.Continue, nodes.Break, nodes.Scope),
    }
)
# Filters that call another filter or a test by name, and where that name stands. They take the context only to do so.
_CALL_BY_NAME: Mapping[str, int] = {"map": 0, "select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}
# Whether two values are one object is no property of the values.
_IDENTITY = "sameas"
_SINGLETONS = (None, True, False)


class ReadSets:
    """Answers `of` for one template. `names` are all that a context can ever hold; other names are never defined."""

    def __init__(self, environment: TemplateEnvironment, included: Mapping[str, Text], names: frozenset[str]) -> None:
        self._environment = environment
        self._included = included
        self._names = names

    def of(self, texts: Iterable[Text]) -> frozenset[ReadPath] | None:
        """What `texts` can read together with all that they include; None when that cannot be told."""
        paths: set[ReadPath] = set()
        for text, sees_context in self._reachable(texts):
            found = None if text is None else self._own(text)
            if found is None:
                return None
            if sees_context:
                paths |= found
        return frozenset(path for path in paths if not any(path[:length] in paths for length in range(1, len(path))))

    def _reachable(self, texts: Iterable[Text]) -> Iterator[tuple[Text | None, bool]]:
        """The texts and what they include, with whether the site's variables reach there; None for a computed name."""
        todo = [(text, True) for text in texts]
        seen = set(todo)
        while todo:
            text, sees_context = todo.pop()
            yield text, sees_context
            for reference in text.references:
                if not reference.names:
                    yield None, sees_context
                for name in reference.names:
                    included = self._included.get(include_path(name))
                    if included is None:
                        continue  # there is no such file, for any site
                    step = (included, sees_context and reference.with_context)
                    if step not in seen:
                        seen.add(step)
                        todo.append(step)

    def _own(self, text: Text) -> frozenset[ReadPath] | None:
        if text.syntax is None:
            return frozenset()
        return self._environment.shelf.get(("reads", *text.syntax.key), lambda: self._analysed(text))

    def _analysed(self, text: Text) -> frozenset[ReadPath] | None:
        assert text.tree is not None, "a text without a tree reads nothing"  # noqa: S101
        if not all(self._vouched(node) for node in _every(text.tree)):
            return None
        # Jinja resolves only undeclared names in the context; a name that is also a global is not counted among them.
        names = self._names & (text.names | self._environment.globals.keys())
        return frozenset(read_paths(text.tree, names))

    def _vouched(self, node: nodes.Node) -> bool:
        """Whether a node gives the same for the same values."""
        if type(node) not in _KNOWN:
            return False
        if isinstance(node, nodes.Name):
            return not _takes_context(self._environment.globals.get(node.name))
        if isinstance(node, nodes.Const):
            return bool(node.value != _IDENTITY)  # it might be the name of the test, as in select("sameas", …)
        if isinstance(node, nodes.Test):
            return self._vouched_test(node)
        return self._vouched_filter(node) if isinstance(node, nodes.Filter) else True

    def _vouched_test(self, node: nodes.Test) -> bool:
        if node.name == _IDENTITY:
            return len(node.args) == 1 and _is_singleton(node.args[0])
        return not _takes_context(self._environment.tests.get(node.name))

    def _vouched_filter(self, node: nodes.Filter) -> bool:
        position = _CALL_BY_NAME.get(node.name)
        if position is None:
            return not _takes_context(self._environment.filters.get(node.name))
        if node.dyn_args is not None:
            return False
        named = node.args[position : position + 1]
        if not all(isinstance(name, nodes.Const) for name in named):
            return False
        called = [name.value for name in named if isinstance(name, nodes.Const)]
        if any(name in _CALL_BY_NAME for name in called):
            # map("select", …): the next name stands further on.
            return all(isinstance(argument, nodes.Const) for argument in node.args)
        return not any(_takes_context(self._environment.filters.get(name)) for name in called)


def _takes_context(function: object) -> bool:
    # A guarded filter takes the context only to be none of Jinja's constants: what it guards tells what is read.
    return callable(function) and _PassArg.from_obj(unwrap(function)) is _PassArg.context


def _is_singleton(node: nodes.Expr) -> bool:
    return isinstance(node, nodes.Const) and any(node.value is single for single in _SINGLETONS)


def _every(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _every(child)


def read_paths(node: nodes.Node, names: frozenset[str]) -> Iterator[ReadPath]:
    """The longest chains of constant members that start at one of `names`; a name by itself is read as a whole."""
    path = _chain(node, names)
    if path is not None:
        yield path
        return
    for child in node.iter_child_nodes():
        yield from read_paths(child, names)


def _chain(node: nodes.Node, names: frozenset[str]) -> ReadPath | None:
    if isinstance(node, nodes.Name):
        return (node.name,) if node.ctx == "load" and node.name in names else None
    member = _member(node)
    if member is None or not isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return None
    parent = _chain(node.node, names)
    return None if parent is None else (*parent, member)


def _member(node: nodes.Node) -> str | int | None:
    """The member that a node reads of a mapping or list, when it is constant."""
    if isinstance(node, nodes.Getattr):
        # Jinja prefers a mapping's methods to its members: `x.items` is about all of x.
        return None if hasattr(dict, node.attr) else node.attr
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        return node.arg.value if type(node.arg.value) in {str, int} else None
    return None

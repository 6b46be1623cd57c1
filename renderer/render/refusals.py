"""Finds in a template's syntax tree what fleetpress does not do, by name and line, before any site is read.

In: the tree of one text. Out: a Problem for each thing found, with what to do instead.
Never: runs anything. What slips through here meets the sandbox, which has the same lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2 import nodes

from renderer.errors import Code
from renderer.render.filters import REFUSED as REFUSED_FILTERS
from renderer.render.suggest import did_you_mean
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.render.sandbox import TemplateEnvironment

_SAME = "an artifact must be the same each time"
REFUSED_NAMES = {
    "now": f"{_SAME}: give the time as a variable",
    "make_secret": f"{_SAME}: refer to a secret store, for instance with an ExternalSecret",
    "lipsum": f"{_SAME}: write the text out",
    "_copier_python": "it is a path of the machine that renders: leave it out",
    "_copier_answers": "it holds paths of the machine that renders: write the variables out that you need",
    "_external_data": "a template sees only its answers: put the data into a layer",
    "_src_path": "it is a path of the machine that renders: leave it out",
    "_commit": "use _copier_conf.vcs_ref, the template's version",
}
COPIER_CONF = frozenset({"answers_file", "sep", "vcs_ref"})
_UNCHANGED = (
    "data cannot be changed: write {% set ns = namespace(items=[]) %} before the loop and "
    "{% set ns.items = ns.items + [item] %} in it"
)
_MUTATING = frozenset(
    "append add clear discard extend insert pop popitem remove reverse setdefault sort update".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class Scan:
    """Looks through one text. `name` is its name among the template's files, or None for other texts."""

    environment: TemplateEnvironment
    tree: nodes.Template
    origin: Origin
    name: str | None
    undeclared: frozenset[str]
    yields: bool = False

    def problems(self) -> Iterator[Problem]:
        """Everything found, each kind in the order of lines."""
        yield from self._names()
        yield from self._functions(nodes.Filter, self.environment.filters, "filter")
        yield from self._functions(nodes.Test, self.environment.tests, "test")
        for name, members in self.environment.dialect.members.items():
            yield from self._members(name, members)
        yield from self._mutations()
        yield from self._tags()

    def _at(self, node: nodes.Node) -> Origin:
        return self.origin if self.name is None else Origin(self.origin.file, node.lineno)

    def _refuse(self, what: str, node: nodes.Node, hint: str) -> Problem:
        return Problem(Code.TEMPLATE_REFUSED, what, self._at(node), hint)

    def _names(self) -> Iterator[Problem]:
        refused = self.environment.dialect.refused_names
        for node in self.tree.find_all(nodes.Name):
            if node.ctx == "load" and node.name in refused and node.name in self.undeclared:
                yield self._refuse(f"{node.name} is not available", node, refused[node.name])

    def _functions(
        self, kind: type[nodes.Filter | nodes.Test], known: Mapping[str, object], word: str
    ) -> Iterator[Problem]:
        for node in self.tree.find_all(kind):
            if word == "filter" and node.name in REFUSED_FILTERS:
                yield self._refuse(f"the filter {node.name} is not supported", node, REFUSED_FILTERS[node.name])
            elif node.name not in known:
                names = [name for name in known if "#" not in name]
                hint = did_you_mean(node.name, names, f"Jinja and {self.environment.dialect.tool} have no such {word}")
                yield Problem(Code.TEMPLATE_SYNTAX, f"no {word} is called {node.name}", self._at(node), hint)

    def _members(self, variable: str, known: frozenset[str]) -> Iterator[Problem]:
        """Uses of `variable` other than of its `known` members."""
        hint = f"available: {', '.join(f'{variable}.{name}' for name in sorted(known))}"
        fine: set[int] = set()
        members: list[nodes.Getattr | nodes.Getitem] = list(self.tree.find_all(nodes.Getattr))
        members += self.tree.find_all(nodes.Getitem)
        for node in members:
            attribute = _member(node)
            if _is_load(node.node, variable) and attribute is not None:
                fine.add(id(node.node))
                if attribute not in known:
                    yield self._refuse(f"{variable}.{attribute} is not available", node, hint)
        for name in self.tree.find_all(nodes.Name):
            if _is_load(name, variable) and id(name) not in fine:
                yield self._refuse(f"{variable} as a whole is not available", name, hint)

    def _mutations(self) -> Iterator[Problem]:
        for node in self.tree.find_all(nodes.Call):
            if isinstance(node.node, nodes.Getattr) and node.node.attr in _MUTATING:
                hint = _UNCHANGED + (", or `combine`" if "combine" in self.environment.filters else "")
                yield self._refuse(f".{node.node.attr}() is not available", node, hint)

    def _tags(self) -> Iterator[Problem]:
        for scoped in self.tree.find_all(nodes.ScopedEvalContextModifier):
            yield self._refuse("{% autoescape %} is not supported", scoped, "manifests are not HTML: use to_json")
        found = [node for node in self.tree.find_all(nodes.CallBlock) if _is_yield(node)]
        for node in found[1:] if self.yields else found:
            what = "{% yield %} is allowed once in a part of a path, and nowhere else"
            yield self._refuse(what, node, "use {% for %} in a file")


def _member(node: nodes.Getattr | nodes.Getitem) -> str | None:
    if isinstance(node, nodes.Getattr):
        return node.attr
    return node.arg.value if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str) else None


def _is_load(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name and node.ctx == "load"


def _is_yield(node: nodes.CallBlock) -> bool:
    function = node.call.node
    return isinstance(function, nodes.ExtensionAttribute) and function.name == "remember"

"""Which variables of a site an expression in a template reads, through the names that the template gives them itself.

In: a printed place and the places around it, syntax trees. Out: read paths that begin with a variable.
Never: runs anything; where a name has several meanings in a template, all of them count.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jinja2 import nodes

from renderer.render.marking import names_of
from renderer.render.reads import read_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from renderer.render.marking import Point
    from renderer.render.reads import ReadPath


@dataclass(slots=True)
class Naming:
    """Answers `reads`. `trees` are the template's files by name, `variables` what its sites give it."""

    trees: Mapping[str | None, nodes.Template]
    variables: frozenset[str]
    _meanings: dict[str | None, dict[str, list[nodes.Node]]] = field(default_factory=dict)

    def reads(self, places: Sequence[Point]) -> list[ReadPath]:
        """What the innermost of `places` reads; the others say what a macro's parameters stand for."""
        found = self._of([places[0].node], places, set()) if places and places[0].node is not None else []
        return list(dict.fromkeys(found))

    def around(self, places: Sequence[Point]) -> list[ReadPath]:
        """What the conditions and loops read in which `places` stand, the nearest that reads anything."""
        for index, place in enumerate(places):
            for expression in place.around:
                found = self._of([expression], places[index:], set())
                if found:
                    return list(dict.fromkeys(found))
        return []

    def _of(
        self, expressions: Iterable[nodes.Node | None], places: Sequence[Point], seen: set[tuple[str | None, str]]
    ) -> list[ReadPath]:
        meanings = self._meanings_in(places[0].name)
        names = self.variables | meanings.keys() | set(_parameters(places[0].macro))
        found: list[ReadPath] = []
        for expression in expressions:
            for path in [] if expression is None else read_paths(expression, frozenset(names)):
                found += self._meant(path, places, seen)
        return found

    def _meant(self, path: ReadPath, places: Sequence[Point], seen: set[tuple[str | None, str]]) -> Iterator[ReadPath]:
        name = str(path[0])
        place = places[0]
        if name in _parameters(place.macro):
            yield from _extended(self._of(_arguments(place.macro, name, places[1:2]), places[1:] or places, seen), path)
            return
        if name in self.variables:
            yield path
        key = (place.name, name)
        if key not in seen:
            yield from _extended(self._of(self._meanings_in(place.name).get(name, ()), places, seen | {key}), path)

    def _meanings_in(self, name: str | None) -> dict[str, list[nodes.Node]]:
        if name not in self._meanings:
            self._meanings[name] = _assigned(self.trees[name]) if name in self.trees else {}
        return self._meanings[name]


def _extended(found: list[ReadPath], path: ReadPath) -> list[ReadPath]:
    """`found`, and below it the members that are read by another name. Which path is too long, its user finds out."""
    return [(*one, *path[1:]) for one in found]


def _assigned(tree: nodes.Template) -> dict[str, list[nodes.Node]]:
    """What each name that a template sets itself is set to."""
    found: dict[str, list[nodes.Node]] = {}
    for target, values in _assignments(tree):
        for name in names_of(target):
            found.setdefault(name, []).extend(values)
    return found


def _assignments(tree: nodes.Template) -> Iterator[tuple[nodes.Node, list[nodes.Node]]]:
    for loop in tree.find_all(nodes.For):
        yield loop.target, [loop.iter]
    for assign in tree.find_all(nodes.Assign):
        yield assign.target, [assign.node]
    for block in tree.find_all(nodes.AssignBlock):
        yield block.target, [node for output in block.find_all(nodes.Output) for node in output.nodes]
    for scope in tree.find_all(nodes.With):
        for target, value in zip(scope.targets, scope.values, strict=True):
            yield target, [value]


def _parameters(macro: nodes.Macro | nodes.CallBlock | None) -> list[str]:
    return [] if macro is None else [argument.name for argument in macro.args]


def _arguments(
    macro: nodes.Macro | nodes.CallBlock | None, name: str, callers: Sequence[Point]
) -> Iterator[nodes.Node | None]:
    """What a parameter may stand for: the arguments of the call that printed the macro, else its default."""
    if macro is None:
        return
    index = _parameters(macro).index(name)
    given = [found for call in _calls(macro, callers) if (found := _argument(call, name, index)) is not None]
    first_default = len(macro.args) - len(macro.defaults)
    yield from given or ([macro.defaults[index - first_default]] if index >= first_default else [])


def _calls(macro: nodes.Macro | nodes.CallBlock, callers: Sequence[Point]) -> list[nodes.Call]:
    """The calls of `macro`; all calls, when it goes by another name there."""
    wanted = macro.name if isinstance(macro, nodes.Macro) else "caller"
    calls = [
        call
        for point in callers
        if point.node is not None
        for call in [*([point.node] if isinstance(point.node, nodes.Call) else []), *point.node.find_all(nodes.Call)]
    ]
    return [call for call in calls if _called(call) == wanted] or calls


def _called(call: nodes.Call) -> str:
    callee = call.node
    return callee.name if isinstance(callee, nodes.Name) else callee.attr if isinstance(callee, nodes.Getattr) else ""


def _argument(call: nodes.Call, name: str, index: int) -> nodes.Node | None:
    named = {keyword.key: keyword.value for keyword in call.kwargs}
    return named.get(name) or (call.args[index] if index < len(call.args) else None)

"""Reads fengine.yaml.

In: its parsed document. Out: the variables, the patterns of files to copy, and every problem found.
Never: accepts a key that FoxOps would ignore: it is a misspelling.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.render.foxops_values import Filling, Kind, Variable
from renderer.render.globs import pattern_fault
from renderer.render.questions import MISSING
from renderer.render.questions import _Missing as Missing
from renderer.render.suggest import did_you_mean
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.types import Document, Json, KeyPath

_CORRECT = "correct it in the template's fengine.yaml"
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_TAKEN = "fengine"
_TYPES: Mapping[str, Kind] = {
    "str": Kind.STRING,
    "string": Kind.STRING,
    "int": Kind.INTEGER,
    "integer": Kind.INTEGER,
    "bool": Kind.BOOLEAN,
    "boolean": Kind.BOOLEAN,
    "object": Kind.OBJECT,
}
_ELEMENTS: Mapping[str, Kind] = {"string": Kind.STRINGS, "object": Kind.OBJECTS}
_FIELDS: Mapping[Kind, frozenset[str]] = {
    Kind.STRING: frozenset({"default"}),
    Kind.INTEGER: frozenset({"default"}),
    Kind.BOOLEAN: frozenset({"default"}),
    Kind.STRINGS: frozenset({"default", "element_type"}),
    Kind.OBJECTS: frozenset({"default", "element_type", "children"}),
    Kind.OBJECT: frozenset({"children"}),
}
_COMMON = frozenset({"description", "type"})


@dataclass(slots=True)
class FoxopsConfig:
    """fengine.yaml of one template. `excluded` are the patterns of files whose content is copied."""

    document: Document
    variables: tuple[Variable, ...] = ()
    excluded: tuple[str, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    def defaults(self) -> dict[str, Json]:
        """Variable -> its default; those without one, and objects, are left out."""
        found = {variable.name: variable.default for variable in self.variables}
        return {name: default for name, default in found.items() if not isinstance(default, Missing)}

    def report(self, what: str, path: KeyPath, hint: str = _CORRECT) -> None:
        """Note a problem at a key of fengine.yaml."""
        self.problems.append(Problem(Code.TEMPLATE_CONFIG, what, self.document.origin(path), hint))


def read_config(document: Document) -> FoxopsConfig:
    """Read variables and patterns; what is wrong goes into `problems`."""
    config = FoxopsConfig(document)
    data = _map(config, {} if document.value is None else document.value, ())
    _refuse_unknown(config, data, ("rendering", "variables"), ())
    rendering = _map(config, data.get("rendering", {}), ("rendering",))
    _refuse_unknown(config, rendering, ("excluded_files",), ("rendering",))
    config.excluded = _patterns(config, rendering.get("excluded_files", []))
    config.variables = _variables(config, data.get("variables", {}), ("variables",))
    if _TAKEN in {variable.name for variable in config.variables}:
        what = f"a variable cannot be called {_TAKEN}: FoxOps puts its own there, and the value is never seen"
        config.report(what, ("variables", _TAKEN), "rename it")
    return config


def _map(config: FoxopsConfig, value: Json, path: KeyPath) -> dict[str, Json]:
    if isinstance(value, dict):
        return value
    config.report(f"{'.'.join(map(str, path)) or 'fengine.yaml'} must be a map", path)
    return {}


def _refuse_unknown(config: FoxopsConfig, data: Mapping[str, Json], known: Iterable[str], path: KeyPath) -> None:
    names = sorted(known)
    for key in data:
        if key not in names:
            hint = did_you_mean(key, names, f"remove it; known here: {', '.join(names)}")
            config.report(f"unknown key {'.'.join(map(str, (*path, key)))}", (*path, key), hint)


def _patterns(config: FoxopsConfig, value: Json) -> tuple[str, ...]:
    path = ("rendering", "excluded_files")
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        config.report("rendering.excluded_files must be a list of texts", path, "write one pattern per line: - '…'")
        return ()
    patterns = tuple(item for item in value if isinstance(item, str))
    for index, pattern in enumerate(patterns):
        if fault := pattern_fault(pattern, "template/", "FoxOps"):
            config.report(f"the pattern {pattern[:80]!r} is not usable: {fault[0]}", (*path, index), fault[1])
    return patterns


def _variables(config: FoxopsConfig, value: Json, path: KeyPath) -> tuple[Variable, ...]:
    found = [_variable(config, name, raw, (*path, name)) for name, raw in _map(config, value, path).items()]
    return tuple(variable for variable in found if variable is not None)


def _variable(config: FoxopsConfig, name: str, raw: Json, path: KeyPath) -> Variable | None:
    if not _NAME.fullmatch(name):
        config.report(f"{name!r} is no name of a variable", path, "letters, digits and underscores, a letter first")
        return None
    if not isinstance(raw, dict):
        config.report(f"the variable {name} must be a map", path, "write at least its type and description")
        return None
    if not isinstance(raw.get("description"), str):
        config.report(f"the variable {name} needs a description, as text", path, "add description: …")
    kind = _kind(config, name, raw, path)
    if kind is None:
        return None
    if kind is Kind.OBJECT and "default" in raw:
        config.report(f"the object {name} cannot have a default", (*path, "default"), "give its children defaults")
        raw = {key: item for key, item in raw.items() if key != "default"}
    _refuse_unknown(config, raw, _FIELDS[kind] | _COMMON, path)
    children = _children(config, name, raw, path) if kind in {Kind.OBJECT, Kind.OBJECTS} else ()
    variable = Variable(name, kind, config.document.origin(path), children=children)
    default = _default(config, variable, raw.get("default"), (*path, "default"))
    return Variable(name, kind, variable.origin, default, children, str(raw.get("description", "")))


def _kind(config: FoxopsConfig, name: str, raw: Mapping[str, Json], path: KeyPath) -> Kind | None:
    given, element = raw.get("type"), raw.get("element_type")
    if given == "list":
        if isinstance(element, str) and element in _ELEMENTS:
            return _ELEMENTS[element]
        what = f"the list {name} needs an element_type, string or object"
        config.report(what, (*path, "element_type"), "add element_type: string")
        return None
    if isinstance(given, str) and given in _TYPES:
        return _TYPES[given]
    known = [*_TYPES, "list"]
    hint = did_you_mean(str(given), known, f"one of {', '.join(sorted(known))}")
    config.report(f"the variable {name} has no type that FoxOps knows: {str(given)[:80]}", (*path, "type"), hint)
    return None


def _children(config: FoxopsConfig, name: str, raw: Mapping[str, Json], path: KeyPath) -> tuple[Variable, ...]:
    if "children" not in raw:
        config.report(f"the object {name} needs children", path, "add children: with a variable for each member")
        return ()
    return _variables(config, raw["children"], (*path, "children"))


def _default(config: FoxopsConfig, variable: Variable, value: Json, path: KeyPath) -> Json | Missing:
    """The default in the variable's type; null means that there is none."""
    if value is None:
        return MISSING
    if variable.kind is Kind.STRING and not isinstance(value, str):
        config.report(f"the default of {variable.name} must be text, got {str(value)[:80]}", path, "quote it")
        return MISSING
    filling = Filling()
    default = filling.cast(variable, value, variable.name)
    for problem in filling.problems:
        config.report(f"the default does not fit: {problem.what}", path)
    return default

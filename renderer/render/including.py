"""copier.yml as Copier reads it: of any number of documents, with what they include from other files of the template.

In: a template's files and its copier.yml. Out: one mapping of settings and questions that knows where each was written.
Never: looks beyond the template's files, or includes without an end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from renderer import strict_yaml
from renderer.errors import Code, ConfigurationError
from renderer.render.globs import matcher, pattern_fault
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from renderer.types import Document, Json, KeyPath, TemplateFile, TemplateTree

_INCLUDE = frozenset({"!include"})
# So many files may be included, counted each time: files that include each other twice would double without an end.
_MOST_FILES = 100
# Of these the lists of all documents are joined; of everything else the last document's value counts.
_JOINED = ("_exclude", "_jinja_extensions", "_secret_questions", "_skip_if_exists")
_ROOT = "the template's folder"


@dataclass(frozen=True, slots=True)
class _Source:
    """A document of one file; `mounts` are the places of `!include` with the values that stand there, one by one."""

    document: Document
    mounts: Mapping[KeyPath, tuple[_Leaf, ...]]

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at `path` was written, which may be another file."""
        for length, key in enumerate(path):
            leaves = self.mounts.get(path[:length], ())
            if isinstance(key, int) and key < len(leaves):
                return leaves[key].origin(path[length + 1 :])
        return self.document.origin(path)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A value of a document that is no list, and its place there."""

    source: _Source
    path: KeyPath
    value: Json

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at `path` below this one was written."""
        return self.source.origin((*self.path, *path))


@dataclass(frozen=True, slots=True)
class CopierConfig:
    """All documents as one mapping; `problems` is what keeps them from being one."""

    file: str
    value: Mapping[str, Json]
    leaves: tuple[_Leaf, ...] = ()
    problems: tuple[Problem, ...] = ()

    def origin(self, path: KeyPath) -> Origin:
        """Where the value at `path`, or its nearest parent with a place, was written."""
        holders = [leaf for leaf in self.leaves if isinstance(leaf.value, dict) and path and path[0] in leaf.value]
        if not holders:
            return Origin(self.file)
        index = path[1] if len(path) > 1 else None
        if path[0] in _JOINED and isinstance(index, int):
            for leaf in holders:
                length = len(_items(leaf.value, str(path[0])))
                if index < length:
                    return leaf.origin((path[0], index))
                index -= length
        return holders[-1].origin(path)


def load_copier_config(tree: TemplateTree, file: TemplateFile) -> CopierConfig:
    """Read `file` and all that it includes."""
    reader = _Reader(tree)
    leaves = tuple(reader.read(file, ()))
    for leaf in leaves:
        if not isinstance(leaf.value, dict):
            what = "expected a mapping of settings and questions"
            reader.report(Code.TEMPLATE_CONFIG, what, leaf.origin(()), "write `name:` and its fields")
    return CopierConfig(f"{tree.file}/{file.path}", _merged(leaves), leaves, tuple(reader.problems))


def _merged(leaves: Sequence[_Leaf]) -> dict[str, Json]:
    """Keys in the order in which they first stand, each with its last value."""
    merged: dict[str, Json] = {}
    for leaf in leaves:
        if isinstance(leaf.value, dict):
            merged |= leaf.value
    for key in _JOINED:
        holders = [leaf.value for leaf in leaves if isinstance(leaf.value, dict) and key in leaf.value]
        if len(holders) > 1 and all(isinstance(value[key], list) for value in holders):
            merged[key] = [item for value in holders for item in _items(value, key)]
    return merged


def _items(value: Json, key: str) -> list[Json]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


@dataclass
class _Reader:
    """Reads the files of one template; problems are gathered, so that all are told at once."""

    tree: TemplateTree
    problems: list[Problem] = field(default_factory=list)
    included: int = 0

    def __post_init__(self) -> None:
        self.files = {file.path: file for file in self.tree.files}

    def report(self, code: Code, what: str, where: Origin, hint: str) -> None:
        self.problems.append(Problem(code, what, where, hint))

    def read(self, file: TemplateFile, chain: tuple[str, ...]) -> Iterator[_Leaf]:
        """The values of a file's documents. `chain` are the files that lead to it."""
        try:
            documents = strict_yaml.load_tagged(file.content, f"{self.tree.file}/{file.path}", _INCLUDE)
        except ConfigurationError as error:
            self.problems += error.problems
            return
        for document in documents:
            mounts: dict[KeyPath, tuple[_Leaf, ...]] = {}
            value = self._resolved(document.value, (), _Place(document, mounts, (*chain, file.path)))
            if value:
                yield from _leaves(_Source(replace(document, value=value), mounts), (), value)

    def _resolved(self, value: Json | strict_yaml.Tagged, path: KeyPath, place: _Place) -> Json:
        """`value` with a list in the place of each `!include`."""
        if isinstance(value, strict_yaml.Tagged):
            place.mounts[path] = tuple(self._included(value.text, place.document.origin(path), place.chain))
            return [leaf.value for leaf in place.mounts[path]]
        if isinstance(value, dict):
            return {key: self._resolved(item, (*path, key), place) for key, item in value.items()}
        if isinstance(value, list):
            return [self._resolved(item, (*path, index), place) for index, item in enumerate(value)]
        return value

    def _included(self, pattern: str, where: Origin, chain: tuple[str, ...]) -> Iterator[_Leaf]:
        for name in self._names(pattern, where):
            self.included += 1
            if name in chain:
                what = f"!include {pattern}: {name} would include itself"
                self.report(Code.TEMPLATE_INCLUDE, what, where, "put what both need into a file of its own")
            elif self.included == _MOST_FILES + 1:
                what = f"more than {_MOST_FILES} files are included, counted each time"
                self.report(Code.TEMPLATE_INCLUDE, what, where, "include each file once")
            elif self.included <= _MOST_FILES:
                yield from self.read(self.files[name], chain)

    def _names(self, pattern: str, where: Origin) -> list[str]:
        """The template's files that `pattern` names, in their order; it must name one."""
        fault = pattern_fault(pattern, _ROOT, "Copier")
        if fault is not None:
            self.report(Code.TEMPLATE_INCLUDE, f"!include {pattern}: {fault[0]}", where, fault[1])
            return []
        matches = matcher([pattern])
        found = sorted(name for name in self.files if matches(name))
        if not found and not self.tree.lenient:
            hint = f"paths start at {_ROOT}, the one with copier.yml, and not at this file"
            self.report(Code.TEMPLATE_INCLUDE, f"!include {pattern}: the template has no such file", where, hint)
        return found


@dataclass(frozen=True, slots=True)
class _Place:
    """The document whose values are resolved, where its includes go, and the files that lead to it, itself last."""

    document: Document
    mounts: dict[KeyPath, tuple[_Leaf, ...]]
    chain: tuple[str, ...]


def _leaves(source: _Source, path: KeyPath, value: Json) -> Iterator[_Leaf]:
    """The values in a list and in the lists in it, one after the other; a value that is no list by itself."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(source, (*path, index), item)
    else:
        yield _Leaf(source, path, value)

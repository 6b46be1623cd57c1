"""Layer files, each read once per run.

In: a fleet and names of layers. Out: Layers with their problems as values, and what layers add up to.
Never: reads a file twice, or raises for what stands in one.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from renderer.errors import Code
from renderer.read.files import parse, read_file, unreadable, walk
from renderer.read.interface import Layer
from renderer.read.merge import merge_maps
from renderer.types import Digest, Document, Json, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.read.interface import Check
    from renderer.types import Fleet

PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_KEPT_MERGES: Final = 10_000


def layer_names(fleet: Fleet, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(pattern, name) of each layer that a site with these labels has, general to specific.

    A pattern with a label that is not in `labels` is passed over: the missing label is a problem of its own.
    """
    for pattern in fleet.layers:
        if all(label in labels for label in PLACEHOLDER.findall(pattern)):
            yield pattern, PLACEHOLDER.sub(lambda match: labels[match[1]], pattern)


def layer_files(fleet: Fleet) -> list[str]:
    """Every YAML file in layers/, whether a site has it or not, relative to layers/, sorted."""
    try:
        found = [path for path, _ in walk(str(fleet.root / "layers"), hidden=False)]
    except OSError:
        return []
    return sorted(path for path in found if path.endswith((".yaml", ".yml")))


def sections(document: Document | None) -> dict[str, Json]:
    """The mergeable part of a layer or site: its `templates` and `values`."""
    value = document.value if document is not None else None
    if not isinstance(value, dict):
        return {}
    return {name: value[name] for name in ("templates", "values") if isinstance(value.get(name), dict)}


class Layers:
    """The fleet's layers, read when first asked for; `check` judges the shape of each."""

    def __init__(self, fleet: Fleet, check: Check) -> None:
        self._folder = fleet.root / "layers"
        self._prefix = self._folder.relative_to(fleet.repository).as_posix()
        self._check = check
        self._contents: dict[str, bytes | Problem | None] = {}
        self._layers: dict[str, Layer] = {}
        self._merged: dict[tuple[str, ...], dict[str, Json]] = {}

    def get(self, name: str) -> Layer:
        """The layer `name`, a path relative to layers/."""
        if name not in self._layers:
            self._layers[name] = self._read(name)
        return self._layers[name]

    def digest(self, name: str) -> Digest | None:
        """Digest of the layer's bytes, None when there is no such file; the file is not parsed."""
        content = self._content(name)
        return Digest.of(content) if isinstance(content, bytes) else None

    def merged(self, names: tuple[str, ...]) -> dict[str, Json]:
        """What these layers add up to, `templates` and `values`; shared between calls, so not to be changed."""
        if not names:
            return {}
        if names not in self._merged:
            if len(self._merged) >= _KEPT_MERGES:
                self._merged.clear()
            self._merged[names] = merge_maps(self.merged(names[:-1]), sections(self.get(names[-1]).document))
        return self._merged[names]

    def _content(self, name: str) -> bytes | Problem | None:
        """Bytes of the layer file, None when there is none."""
        if name not in self._contents:
            self._contents[name] = self._fetch(name)
        return self._contents[name]

    def _fetch(self, name: str) -> bytes | Problem | None:
        path = self._folder / name
        file = f"{self._prefix}/{name}"
        try:
            # A link could lead out of the repository, where git neither shows nor reviews what it stands for.
            if os.path.realpath(path) != str(path):
                what = "the layer is, or lies below, a symbolic link"
                return Problem(Code.FILE_UNREADABLE, what, Origin(file), "replace the link by the file itself")
            return read_file(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            return unreadable(file, error)

    def _read(self, name: str) -> Layer:
        file = f"{self._prefix}/{name}"
        content = self._content(name)
        if content is None:
            return Layer(name, file)
        if isinstance(content, Problem):
            return Layer(name, file, problems=(content,))
        found = parse(content, file, "layer", self._check)
        if isinstance(found, Document):
            return Layer(name, file, Digest.of(content), found)
        return Layer(name, file, Digest.of(content), problems=found)

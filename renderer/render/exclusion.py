"""Copier's `_exclude`: which output paths are left out.

In: patterns in gitignore's language, each of which may be templated. Out: a test for paths.
Never: looks at a disk.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from renderer.render.texts import Text, render_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.render.sandbox import TemplateEnvironment

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def excluded_lines(
    environment: TemplateEnvironment, patterns: tuple[Text, ...], context: Mapping[str, Any]
) -> tuple[str, ...]:
    """The patterns as they come out for one site."""
    view = {**context, "_copier_operation": "copy"}
    lines = [line for text in patterns for line in _LINE_BREAK.split(render_text(environment, text, view))]
    return tuple(normalize("NFD", line) for line in lines)


# A pure function of the patterns: what it remembers changes no result, only how often patterns are compiled.
@lru_cache(maxsize=256)
def matcher(lines: tuple[str, ...]) -> Callable[[str], bool]:
    """The test for paths."""
    if not any(lines):
        return lambda _path: False
    from pathspec import PathSpec

    spec = PathSpec.from_lines("gitignore", lines)
    return lru_cache(maxsize=10_000)(spec.match_file)

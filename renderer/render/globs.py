"""Patterns in the language of Python's `Path.glob`: FoxOps' `rendering.excluded_files`, Copier's `!include`.

In: patterns. Out: a test for paths below a template's folder; why a pattern will not do. Never: looks at a disk.
"""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_ANY_DEPTH = "**"


def pattern_fault(pattern: str, root: str, tool: str) -> tuple[str, str] | None:
    """(what, hint) for a pattern that `tool` does not take, or takes differently from one Python to the next.

    `root` is how a message calls the folder that patterns start from.
    """
    parts = _parts(pattern)
    if pattern.startswith("/"):
        return "it is absolute", f"write it relative to {root}"
    if not parts:
        return "it is empty", "remove it"
    if ".." in parts:
        return f"it leaves {root} with `..`", f"write it relative to {root}"
    if parts[-1] == _ANY_DEPTH:
        # Path.glob finds folders only before Python 3.13, and files too from then on.
        return f"what a trailing `**` means depends on the Python that runs {tool}", f"write {pattern.rstrip('/')}/*"
    if any(_ANY_DEPTH in part and part != _ANY_DEPTH for part in parts):
        return "`**` must stand alone between slashes", "use `*` within a name"
    return None


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a file's path is matched by any of `patterns`, as a whole; a folder's name does not cover its files."""
    # With a slash at its end a pattern names folders, of which there are none among the files.
    compiled = [tuple(map(_compiled, _parts(pattern))) for pattern in patterns if not pattern.endswith("/")]
    return lambda path: any(_matches(tuple(path.split("/")), pattern) for pattern in compiled)


def _parts(pattern: str) -> list[str]:
    return [part for part in pattern.split("/") if part not in {"", "."}]


def _compiled(part: str) -> re.Pattern[str] | None:
    return None if part == _ANY_DEPTH else re.compile(translate(part))


def _matches(names: tuple[str, ...], pattern: tuple[re.Pattern[str] | None, ...]) -> bool:
    # Each pair of positions is tried once, so that many `**` do not multiply.
    @cache
    def tail(name: int, step: int) -> bool:
        if step == len(pattern):
            return name == len(names)
        expected = pattern[step]
        if expected is None:
            return tail(name, step + 1) or (name < len(names) and tail(name + 1, step))
        return name < len(names) and expected.match(names[name]) is not None and tail(name + 1, step + 1)

    return tail(0, 0)

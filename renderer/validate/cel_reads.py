"""What an expression looks at of a variable.

In: expressions as text. Out: the paths below a variable that they can reach, and values cut down to those.
Never: guesses: where the text leaves a doubt, the whole value counts as read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

LITERAL = r"""[rR]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
"""A text in CEL, as the source of a regular expression for DOTALL."""
_TEXT = re.compile(rf"{LITERAL}|//[^\n]*", re.DOTALL)
# A field whose name is followed by "(" is a function.
_CHAIN = r"(?<![.\w]){}((?:\s*\.\s*\??\s*[A-Za-z_]\w*(?!\w*\s*\())*)"


def bare(text: str) -> str:
    """An expression without its texts and comments, so that words in it are names."""
    return _TEXT.sub("''", text)


@dataclass(frozen=True, slots=True)
class Reads:
    """Paths below a variable; the empty path is the whole of it, no path at all says that nothing asks for it."""

    paths: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, texts: Iterable[str], name: str) -> Reads:
        """What all of `texts` together read of the variable `name`."""
        chain = re.compile(_CHAIN.format(re.escape(name)))
        found = {tuple(re.findall(r"\w+", part[1])) for text in texts for part in chain.finditer(bare(text))}
        return cls(frozenset(path for path in found if not any(path[:end] in found for end in range(len(path)))))

    def __bool__(self) -> bool:
        return bool(self.paths)

    def pruned(self, value: Any) -> Any:
        """`value` with nothing but what is read; a missing field stays missing."""
        return _cut(value, sorted(self.paths))


def _cut(value: Any, paths: list[tuple[str, ...]]) -> Any:
    if () in paths or not isinstance(value, dict):
        return value
    below: dict[str, list[tuple[str, ...]]] = {}
    for head, *tail in paths:
        below.setdefault(head, []).append(tuple(tail))
    return {key: _cut(value[key], rest) for key, rest in below.items() if key in value}

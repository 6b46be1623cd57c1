"""The quick way to read YAML: data without positions, or nothing when a text leaves the least doubt.

In: the bytes of a file. Out: its documents' data, exactly what the strict reader gives for a text in which it finds no
problem; None for every text in which it may find one.
Never: words a problem, guesses, or is asked a second time: whatever it declines, the strict reader decides.

The library is a translation of the very scanner and parser that PyYAML uses (docs/adr/0024-quick-yaml.md), so that both
agree on where a value begins and ends. What they make of a plain scalar, a key or a tag may differ: `_DOUBT` finds more
than all of those.
"""

from __future__ import annotations

import importlib
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from renderer.strict_yaml.scalars import AMBIGUOUS, UNPRINTABLE, WORDS

if TYPE_CHECKING:
    from renderer.strict_yaml.limits import Limits
    from renderer.types import Json

# A byte gives less than two events: `[a:,` is the densest text there is.
_EVENTS_PER_BYTE: Final = 2
# The library ends with an error at deeper nesting.
_DEPTH: Final = 128

# A value begins in a new line, after an indicator, or in a flow collection …
_START: Final = r"""(?:^|[:?-][ \t]|[\[{,]|["'\]}][ \t]*:)[ \t]*"""
# … and ends with its line, at a comment, or at what separates it from the next.
_END: Final = r"[ \t]*(?:$|[,?#:\[\]{}])"
# What resolve() calls ambiguous, and more: it may be long, for it is one automaton, and what it hits is read strictly.
_NUMBERS: Final = (
    r"[-+]?[0-9][0-9_]*(?:\.[0-9_]*)?[eE][-+]?[0-9_]+",  # 1e3
    r"-?0[0-9_xXoObB][0-9a-fA-F_]*(?:\.[0-9_]*)?",  # 0644, 0x1f, 00.5
    r"-0(?:\.0*)?",
    r"[-.0-9][0-9a-zA-Z.:+-]*_[0-9a-zA-Z.:_+-]*",  # 1_000
    r"-?[1-9][0-9]{17,}",
    r"-?[0-9]+\.(?:|[0-9]*[0-9]0|[0-9]{8,})",  # 1., 1.20, and more digits than surely survive
    r"-?[0-9]{9,}\.[0-9]*",
    r"-?\.(?:[iI][nN][fF]|[nN][aA][nN])",
    r"-?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?",  # 12:30:45
)
_WORDS: Final = tuple(re.escape(word) for word, value in WORDS.items() if value is AMBIGUOUS)
_NO_TEXT: Final = (
    r"-?[0-9]+(?:\.[0-9]+)?",
    *(re.escape(word) for word, value in WORDS.items() if word and value is not AMBIGUOUS),
)
_DOUBT: Final = "|".join(
    (
        r"[\x00-\x08\x0b-\x1f\x7f]",
        "^%",
        rf"{_START}(?:{'|'.join((*_NUMBERS, *_WORDS))}){_END}",
        rf"{_START}[0-9]{{4}}-[0-9]{{1,2}}-[0-9]{{1,2}}(?:[Tt \t]|{_END})",  # dates
        rf"{_START}(?:{'|'.join(_NO_TEXT)})[ \t]*:",  # as keys
        rf"{_START}(?:[!&*?:+]|-?\.[0-9_])",  # tags, anchors, aliases, `? `, no key at all, +1, .5
    )
)


def quick(data: bytes, limits: Limits) -> list[Json] | None:
    """The documents in `data`, empty ones left out; None when only the strict reader can tell."""
    if len(data) > limits.size or _EVENTS_PER_BYTE * len(data) > limits.nodes or _doubt().search(data):
        return None
    parse, failures = _library()
    try:
        text = data.decode()
        if not (text.isascii() or UNPRINTABLE.search(text) is None):
            return None
        found = [value for value in parse(text) or () if value is not None]
    except failures:
        return None
    # A number is a key in a flow mapping without any colon: {1, 2}.
    if (limits.depth < _DEPTH or b"{" in data) and not all(_is_plain(value, limits.depth) for value in found):
        return None
    return found


def _is_plain(value: Json, depth: int) -> bool:
    """Whether all keys are text, and nothing is nested deeper than `depth`."""
    level: list[Any] = [value]
    while level := [one for one in level if isinstance(one, dict | list)]:
        depth -= 1
        if depth < 0 or not all(isinstance(key, str) for one in level if isinstance(one, dict) for key in one):
            return False
        level = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]
    return True


@lru_cache(maxsize=1)
def _doubt() -> Any:
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    return re2.compile(f"(?m){_DOUBT}".encode(), options)


@lru_cache(maxsize=1)
def _library() -> tuple[Any, tuple[type[BaseException], ...]]:
    """The parser, and what it raises for a text that it does not read; nothing is read without it."""
    ryaml: Any = importlib.import_module("ryaml")  # its types do not export what its documentation does
    return ryaml.loads_all, (ryaml.InvalidYamlError, ValueError, TypeError)

"""Which rules can match at all: those of which a keyword is in the text.

In: the keywords of each rule, and text. Out: rules by number, and whether base64 may be in it.
Never: misses a keyword: what the automaton cannot tell, it leaves to the rules themselves.

RE2's set of literals is the automaton of Aho and Corasick made into a DFA while it runs: one pass over the bytes,
whatever the number of keywords (docs/adr/0022-secrets.md).
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# The states of all keywords at once take a tenth of it.
_MEMORY: Final = 64 << 20


# Combinations of keywords; a fleet has some hundreds.
_KEPT: Final = 10_000
_BASE64: Final = "[A-Za-z0-9+/]{24}"


class Possible(NamedTuple):
    """What may be in a text: matches of these rules, in their order; base64 that is long enough to hold a secret."""

    rules: tuple[int, ...]
    base64: bool


_NOTHING: Final = Possible((), base64=False)


class Keywords:
    """The keywords of rules, by the number of the rule; compiled when the first text comes."""

    def __init__(self, keywords: Iterable[tuple[str, ...]]) -> None:
        self._masks: dict[str, int] = {}
        self._count = 0
        for number, words in enumerate(keywords):
            self._count += 1
            for word in words:
                self._masks[word] = self._masks.get(word, 0) | 1 << number
        self._known: dict[tuple[int, ...], Possible] = {}

    def in_text(self, data: bytes) -> Possible:
        """What may be in `data`."""
        found = self._set.Match(data)
        # The empty word is in every text: without it, the automaton had no room, and nothing is known.
        if found is None:
            return Possible(tuple(range(self._count)), base64=True)
        if len(found) == 1:
            return _NOTHING
        key = tuple(sorted(found))
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = self._possible(key)
        return self._known[key]

    def _possible(self, found: tuple[int, ...]) -> Possible:
        masks = list(self._masks.values())
        mask = 0
        for word in found:
            mask |= masks[word] if word < len(masks) else 0
        rules = tuple(number for number in range(self._count) if mask >> number & 1)
        return Possible(rules, base64=len(masks) in found)

    @cached_property
    def _set(self) -> Any:
        import re2

        options = re2.Options()
        options.case_sensitive, options.max_mem = False, _MEMORY
        keywords = re2.Set.SearchSet(options)
        for word in (*map(re2.escape, self._masks), _BASE64, ""):
            keywords.Add(word)
        keywords.Compile()
        return keywords


def compiled(pattern: str) -> Any:
    """The RE2 pattern; raises re2.error for one that is none."""
    import re2

    options = re2.Options()
    options.log_errors = False  # they are raised; RE2 would print them as well
    return re2.compile(pattern, options)


def compiled_set(patterns: Iterable[str]) -> Any:
    """RE2 patterns as one: `Match` gives those that are in a text, None for none."""
    import re2

    found = re2.Set.SearchSet(re2.Options())
    for pattern in patterns:
        found.Add(pattern)
    found.Compile()
    return found


def pattern_flaw(pattern: str) -> str:
    """Why RE2 refuses a pattern; empty for one that it takes."""
    import re2

    try:
        compiled(pattern)
    except re2.error as error:
        return str(error.args[0].decode() if isinstance(error.args[0], bytes) else error)
    return ""

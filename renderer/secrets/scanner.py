"""Finds secrets in text.

In: the bytes of a file, or of values. Out: hits, by place; of two that overlap, that of the earlier rule.
Never: backtracks: RE2 takes time linear in the text, whatever text and pattern are.

One pass over the text tells which keywords are in it, and with that the few rules that can match (keywords.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.secrets.judging import CHECKS, READING, entropy, quotes
from renderer.secrets.keywords import Keywords, compiled, compiled_set
from renderer.secrets.unwrapping import unwrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.secrets.rules import Allowed, Rule, RuleSet

_GROUPS = ("value", "plain")
# Base64 in base64: the auth of a Docker configuration in a Secret. Deeper nests nobody has.
_DEEPEST = 2


class Span(NamedTuple):
    """Where a pattern saw a secret: its rule by number, where it begins and ends, and what it is."""

    rule: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A secret: the rule that knows it, and the bytes where it stands. `length` is in characters, once decoded."""

    rule: Rule
    start: int
    end: int
    length: int


class Scanner:
    """Finds the secrets of a rule set. Build one per process: what it compiles, it compiles when first needed."""

    def __init__(self, rules: RuleSet) -> None:
        self.rules = rules
        self.keywords = Keywords(rule.keywords for rule in rules.rules)
        self._patterns: dict[int, Any] = {}
        self._allowed: dict[str, Any] = {}

    def scan(self, data: bytes) -> tuple[Hit, ...]:
        """All secrets in `data`; whatever is base64 in it is looked into as well."""
        return tuple(Hit(self.rules.rules[one.rule], one.start, one.end, len(one.text)) for one in self._spans(data, 0))

    def secrets(self, data: bytes) -> Iterator[tuple[Hit, str]]:
        """The same with the secrets themselves, for whoever decides or hides by them."""
        for one in self._spans(data, 0):
            yield Hit(self.rules.rules[one.rule], one.start, one.end, len(one.text)), one.text

    def is_allowed(self, hit: Hit, text: str, file: str, key: str) -> bool:
        """Whether the fleet says that this is no secret."""
        return any(one.covers(hit.rule.id, file, key) and self._fits(one, text) for one in self.rules.allowed)

    def _spans(self, data: bytes, depth: int) -> list[Span]:
        possible = self.keywords.in_text(data)
        found = [one for number in possible.rules for one in self._of_rule(number, data)]
        if possible.base64 and depth < _DEEPEST:
            for start, end, inner in unwrapped(data):
                found += [Span(one.rule, start, end, one.text) for one in self._spans(inner, depth + 1)]
        return _apart(found) if found else found

    def _of_rule(self, number: int, data: bytes) -> Iterator[Span]:
        rule = self.rules.rules[number]
        for match in self._pattern(number).finditer(data):
            start, end = _place(match)
            quoted = data[start:end].decode("utf-8", "replace")
            head, tail = quotes(quoted)
            text = quoted[head : len(quoted) - tail]
            if self._is_secret(rule, text):
                yield Span(number, start + head, end - tail, text)

    def _is_secret(self, rule: Rule, text: str) -> bool:
        data = text.encode()
        if not CHECKS[rule.check](text) or (rule.entropy and entropy(text) < rule.entropy):
            return False
        return not (self._examples.Match(data) or (rule.check in READING and self._references.Match(data)))

    def _fits(self, allowed: Allowed, text: str) -> bool:
        if not allowed.value:
            return True
        if allowed.value not in self._allowed:
            self._allowed[allowed.value] = compiled(allowed.value)
        return self._allowed[allowed.value].fullmatch(text) is not None

    def _pattern(self, number: int) -> Any:
        if number not in self._patterns:
            self._patterns[number] = compiled(self.rules.rules[number].pattern)
        return self._patterns[number]

    @cached_property
    def _examples(self) -> Any:
        return compiled_set(self.rules.examples)

    @cached_property
    def _references(self) -> Any:
        return compiled_set(self.rules.references)


def _place(match: Any) -> tuple[int, int]:
    named = match.re.groupindex
    spans: Iterator[tuple[int, int]] = (match.span(named[group]) for group in _GROUPS if group in named)
    whole: tuple[int, int] = match.span()
    return next((span for span in spans if span[0] >= 0), whole)


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Those that do not overlap with one of an earlier rule, by place."""
    kept: list[Span] = []
    for one in sorted(spans):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)

"""Hides secrets in what is about to be shown.

In: text or values on their way out. Out: the same, with (hidden: RULE, N characters) where a secret was.
Never: shows a part of one, or a mark that tells two of them apart: with a mark, guesses could be tried.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from renderer.secrets.rules import shipped_rules
from renderer.secrets.scanner import Scanner
from renderer.secrets.values import scan_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.secrets.scanner import Hit
    from renderer.types import Json, KeyPath, Problem

# In a message: a dotted key, and what is shown of its value, in quotes or behind "got".
_KEY: Final = re.compile(r"[\w.-]*[\w-]+")
_SHOWN: Final = re.compile(
    r"""(?<![\w])"(?P<double>[^"\n]*)["…]|(?<!\w)'(?P<single>[^'\n]*)['…]|\bgot (?:an? [a-z]+: )?(?P<bare>[^\s"',;]+)"""
)


def mask(text: str) -> str:
    """`text` with every secret in it hidden."""
    data = text.encode("utf-8", "surrogatepass")
    hits = _scanner().scan(data)
    for hit in reversed(hits):
        data = data[: hit.start] + hidden(hit.rule.id, hit.length).encode() + data[hit.end :]
    return data.decode("utf-8", "surrogatepass") if hits else text


def mask_message(text: str) -> str:
    """`mask` for a sentence that may name a key in one place and show its value, perhaps cut, in another."""
    masked = mask(text)
    keys = {word for word in _KEY.findall(masked) if _names_secret(word)}
    if not keys:
        return masked

    def judged(match: re.Match[str]) -> str:
        group = match.lastgroup or ""
        for key in sorted(keys):
            for found in scan_value(_scanner(), {key: match[group].rstrip("…")}):
                start, end = match.span(group)
                label = hidden(found.hit.rule.id, len(match[group]))
                return match[0][: start - match.start()] + label + match[0][end - match.start() :]
        return match[0]

    return _SHOWN.sub(judged, masked)


def mask_value(value: Json, key: str = "") -> Json:
    """`value`, that of `key`, with every leaf hidden that is a secret; of a file in a leaf, only the secret."""
    found = {one.path[1:]: one.hit for one in scan_value(_scanner(), {key: value})}
    return _masked(value, (), found) if found else value


def hidden(rule: str, length: int) -> str:
    """What stands where a secret was."""
    return f"(hidden: {rule}, {length} characters)"


def _masked(value: Json, path: KeyPath, hits: Mapping[KeyPath, Hit]) -> Json:
    if path in hits:
        inside = mask(value) if isinstance(value, str) and "\n" in value else value
        return inside if inside != value else hidden(hits[path].rule.id, hits[path].length)
    if isinstance(value, dict):
        return {name: _masked(inner, (*path, name), hits) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, (*path, number), hits) for number, inner in enumerate(value)]
    return value


def mask_lines(problems: Iterable[Problem], content: bytes) -> tuple[Problem, ...]:
    """Problems of a file; those that stand in a line with a secret say no more than their code.

    What no parser could read has no keys to go by: a message may quote `0123456` without the `password:` before it.
    """
    lines: set[int] = set()
    for hit in _scanner().scan(content):
        first = content.count(b"\n", 0, hit.start) + 1
        lines.update(range(first, first + content.count(b"\n", hit.start, hit.end) + 1))
    return tuple(_silent(one) if one.where and one.where.line in lines else one for one in problems)


def _silent(problem: Problem) -> Problem:
    what = f"not strict YAML ({problem.code}); no more is shown, for the line looks like it holds a secret"
    return replace(problem, what=what, hint="quote it; see docs/reference/errors.md")


@lru_cache(maxsize=4096)
def _names_secret(word: str) -> bool:
    # What the rules take for one under this name: nothing that could be taken for a name itself.
    return bool(scan_value(_scanner(), {word: "Kq7vT2mXz9LfR4wB"}))


@cache
def _scanner() -> Scanner:
    return Scanner(shipped_rules())

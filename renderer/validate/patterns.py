r"""Regular expressions of schemas, read as Go reads them.

In: an RE2 pattern, as CRDs have it. Out: the same in the dialect of the engine that validates, or None where there is
none.
Never: passes on a pattern that our engine takes but reads otherwise than Go.

jsonschema-rs reads patterns as ECMA-262 and runs them on Rust's `regex`, which is close to RE2 and as linear. What
differs is rewritten here: white space is ASCII only, `[:alpha:]` is a class, stray braces and \Q...\E are literal.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Iterator

LINEAR = jsonschema_rs.RegexOptions()
"""The engine without backtracking."""

_SPACE = r"\t\n\f\r "
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\t ",
    "digit": "0-9",
    "lower": "a-z",
    "punct": r"!-\/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": r"0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_TOKEN = re.compile(
    r"""
    \\Q(?P<literal>.*?)(?:\\E|$)
  | (?P<escape>\\[pPx]\{[^}]*\} | \\.)
  | (?P<repeat>\{\d+(?:,\d*)?\})
  | (?P<brace>[{}])
  | (?P<class>\[\^?\]?(?:\[:\^?\w+:\] | \\[pPx]\{[^}]*\} | \\. | [^\]\\])*\])
    """,
    re.VERBOSE | re.DOTALL,
)
_INSIDE = re.compile(r"\[:(?P<not>\^?)(?P<name>\w+):\]|\\(?P<letter>.)", re.DOTALL)


class _UnusableError(ValueError):
    """Part of a pattern has no equal in our engine."""


@lru_cache(maxsize=4096)
def usable_pattern(pattern: str) -> str | None:
    """`pattern` in a form that our engine compiles and reads as Go does, or None."""
    try:
        form = _TOKEN.sub(_rewritten, pattern)
    except _UnusableError:
        return None
    return form if _matcher(form) is not None else None


def matches(form: str, text: str) -> bool:
    """Whether `text` holds a match of a usable form; an unusable one matches nothing."""
    matcher = _matcher(form)
    return matcher is not None and matcher.is_valid(text)


@lru_cache(maxsize=4096)
def _matcher(form: str) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": form}, pattern_options=LINEAR)
    except (ValueError, jsonschema_rs.ValidationError):
        return None


def _rewritten(token: re.Match[str]) -> str:
    if token["literal"] is not None:
        return "".join(_quoted(token["literal"]))
    if token["class"] is not None:
        return _INSIDE.sub(_member, token["class"])
    if token["brace"] is not None:
        return "\\" + token["brace"]
    return {r"\s": f"[{_SPACE}]", r"\S": f"[^{_SPACE}]"}.get(token[0], token[0])


def _member(part: re.Match[str]) -> str:
    if part["letter"] is not None:
        if part["letter"] == "S":
            raise _UnusableError
        return _SPACE if part["letter"] == "s" else part[0]
    if part["not"] or part["name"] not in _POSIX:
        raise _UnusableError
    return _POSIX[part["name"]]


def _quoted(text: str) -> Iterator[str]:
    for letter in text:
        yield "\\" + letter if letter in r"\^$.|?*+()[]{}/" else letter

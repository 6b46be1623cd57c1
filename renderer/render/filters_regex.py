"""Ansible's filters over regular expressions.

In: texts and patterns. Out: what the Ansible filter package gives for them.
Never: makes a text longer than the limit; how long a pattern may take is the business of `allowance`.
"""

from __future__ import annotations

import re
from typing import Any

from renderer.render.limits import check_searched, check_text


class FilterError(Exception):
    """A filter was given what it cannot work with."""


def as_text(value: Any) -> str:
    """`value` as text."""
    return value if isinstance(value, str) else str(value)


def regex_replace(value: Any = "", pattern: str = "", replacement: str = "", ignorecase: bool = False) -> str:  # noqa: FBT001, FBT002 - a template calls it by position
    r"""Replace every match; the replacement may say \1 and \g<name>."""
    made = 0

    def expand(match: re.Match[str]) -> str:
        nonlocal made
        text = match.expand(replacement)
        made += len(text)
        check_text(made)
        return text

    return re.compile(pattern, re.IGNORECASE if ignorecase else 0).sub(expand, check_searched(as_text(value)))


def _flags(*, multiline: Any, ignorecase: Any) -> int:
    return (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)


def regex_search(value: str, regex: str, *args: str, **kwargs: Any) -> Any:
    r"""The first match, or the groups that `args` name as \1 and \g<name>."""
    flags = _flags(multiline=kwargs.get("multiline"), ignorecase=kwargs.get("ignorecase"))
    groups: list[str | int] = []
    for argument in args:
        named, numbered = re.match(r"\\g<(\S+)>", argument), re.match(r"\\(\d+)", argument)
        if named is None and numbered is None:
            raise FilterError(f"regex_search expects \\1 or \\g<name>, got {argument!r}")
        groups.append(named[1] if named else int(numbered[1]) if numbered else 0)
    match = re.compile(regex, flags).search(check_searched(value))
    if match is None:
        return None
    return [match.group(group) for group in groups] if groups else match.group()


def regex_findall(value: str, regex: str, multiline: bool = False, ignorecase: bool = False) -> list[Any]:  # noqa: FBT001, FBT002
    """Every match."""
    return re.compile(regex, _flags(multiline=multiline, ignorecase=ignorecase)).findall(check_searched(value))


def regex_escape(string: str, re_type: str = "python") -> str:
    """The text with the characters escaped that mean something in a regular expression."""
    if not isinstance(string, str):
        raise FilterError(f"regex_escape expects a text, got {type(string).__name__}")
    if re_type == "python":
        return re.escape(string)
    if re_type == "posix_basic":
        return re.sub(r"([].[^$*\\])", r"\\\1", string)
    raise FilterError(f"regex_escape knows 'python' and 'posix_basic', got {re_type!r}")

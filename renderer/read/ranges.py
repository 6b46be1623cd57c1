"""Versions and ranges of versions, as semantic versioning orders them (semver.org 2.0.0).

In: texts such as `1.4.0`, `^1.4`, `>=1.4 <2`. Out: an order, and which versions a range allows.
Never: asks where versions come from.
"""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from semver import Version

# The unreleased working version of a template.
NEXT: Final = "next"
# What a version may be called, whatever its source: one part of a path, never an option of another program.
VERSION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")
_RANGE: Final = re.compile(r"[\^~<>!*]")
_TERM: Final = re.compile(r"(\^|~|>=|<=|>|<|!=) ?([0-9][0-9A-Za-z.+-]*)")
_COMPARE: Final[Mapping[str, Callable[[Version, Version], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "!=": operator.ne,
}


class _Term(NamedTuple):
    """One comparison; `given` is how many of the three numbers were written."""

    operator: str
    version: Version
    given: int


def is_range(pin: str) -> bool:
    """Whether a pin is a range, which only a lock can resolve."""
    return _RANGE.match(pin) is not None


def parse_version(text: str) -> Version | None:
    """A version with one, two or three numbers; None for any other text, such as `next`."""
    if not text[:1].isdecimal() or VERSION.fullmatch(text) is None:
        return None
    from semver import Version

    try:
        return Version.parse(text, optional_minor_and_patch=True)
    except ValueError:
        return None


def order(version: str) -> tuple[bool, Version | str, str]:
    """Sort key: versions by precedence, a pre-release before its release, names such as `next` after all."""
    parsed = parse_version(version)
    return (True, version, version) if parsed is None else (False, parsed, version)


def newest(versions: Iterable[str], allowed: str) -> str | None:
    """The highest of `versions` that the range `allowed` has; raises ValueError when `allowed` is no range.

    A pre-release is allowed only by a comparison that names a pre-release of the same three numbers.
    """
    terms = _parse(allowed)
    found = [version for version in versions if _matches(terms, version)]
    return max(found, key=order, default=None)


def allows(pin: str, version: str) -> bool:
    """Whether `version` is the version `pin`, where 1.4 is 1.4.0, or within the range `pin`; raises ValueError.

    Unlike `newest`, which must not choose one unasked, this counts pre-releases by their place in the order.
    """
    exact, parsed = parse_version(pin), parse_version(version)
    if not is_range(pin):
        return pin == version if exact is None else exact == parsed
    return parsed is not None and all(_holds(term, parsed) for term in _parse(pin))


def _parse(text: str) -> list[_Term]:
    if text == "*":
        return []
    terms = []
    for part in re.split(r"[ ,]+(?=[\^~<>!])", text):
        match = _TERM.fullmatch(part)
        version = parse_version(match[2]) if match else None
        if match is None or version is None:
            raise ValueError(f"expected a range such as ^1.4 or '>=1.4 <2', got {text[:60]!r}")
        terms.append(_Term(match[1], version, match[2].partition("-")[0].count(".") + 1))
    return terms


def _matches(terms: list[_Term], text: str) -> bool:
    version = parse_version(text)
    if version is None or not all(_holds(term, version) for term in terms):
        return False
    release = version.finalize_version()
    named = any(term.version.prerelease and term.version.finalize_version() == release for term in terms)
    return version.prerelease is None or named


def _holds(term: _Term, version: Version) -> bool:
    if term.operator in _COMPARE:
        return _COMPARE[term.operator](version, term.version)
    return bool(term.version <= version < _ceiling(term))


def _ceiling(term: _Term) -> Version:
    """The first version above `^` (the leftmost number that is not 0 stays) or `~` (the second number stays)."""
    major, minor = term.version.major, term.version.minor
    release = term.version.replace(prerelease=None, build=None)
    if term.given == 1 or (term.operator == "^" and major > 0):
        return release.bump_major()
    if term.operator == "~" or minor > 0 or term.given == 2:  # noqa: PLR2004 - numbers of a version
        return release.bump_minor()
    return release.bump_patch()

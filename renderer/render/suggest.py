"""Did you mean …?

In: a misspelled name, and the right ones. Out: a hint, or an empty text.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """Name the closest of `known`, or return `otherwise`."""
    matches = get_close_matches(name, sorted(set(known)), n=1, cutoff=0.6)
    return f"did you mean {matches[0]!r}?" if matches else otherwise

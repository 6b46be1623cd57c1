"""How much a template may do: steps, text, numbers; counted and never timed, so that a limit falls alike everywhere.

In: values that a template is about to work with. Out: nothing, or LimitExceeded.
Never: looks at a clock or at the machine's memory; those are the engine's limits.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

MAX_STEPS = 500_000
MAX_TEXT = 1 << 20
MAX_EMITTED = 16 << 20
MAX_FILE_BYTES = 4 << 20
# What is rendered in no time is looked at for longer: this much takes validation about two seconds.
MAX_SITE_BYTES = 8 << 20
MAX_SITE_OBJECTS = 10_000
MAX_ITEMS = 100_000
MAX_WEIGHT = 4 << 20
MAX_BITS = 4096
MAX_WIDTH = 10_000
CALL_STEPS = 4
MAX_INDENT = 64
MAX_PATTERN = 1000
# Between two looks at the time a search goes through all of its text: this much takes well below a second.
MAX_SEARCHED = 1 << 17
MAX_OUTPUTS = 5000

_SCALARS = frozenset({int, float, bool, type(None)})
_LONG_NUMBER = re.compile(r"\d{5,}")
_NESTED_WIDTH = re.compile(r"\{[^{}]*\{|%[^a-zA-Z%]*\*")


class LimitExceeded(Exception):
    """A template asked for more than a limit allows."""


class Budget:
    """What one rendered text may still spend; reset before each."""

    __slots__ = ("emitted", "steps")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start afresh, so that rendering one file never depends on another."""
        self.steps = MAX_STEPS
        self.emitted = MAX_EMITTED

    def spend(self, steps: int) -> None:
        """Take `steps`; raises LimitExceeded when none are left."""
        self.steps -= steps
        if self.steps < 0:
            raise LimitExceeded(f"more than {MAX_STEPS:,} loop turns and calls")

    def emit(self, characters: int) -> None:
        """Count text that is printed, into a variable or into the file."""
        self.emitted -= characters
        if self.emitted < 0:
            raise LimitExceeded(f"more than {MAX_EMITTED:,} characters printed")

    def counted(self, items: Iterable[Any]) -> Iterator[Any]:
        """Pass a lazy sequence on, paying for each item."""
        for item in items:
            self.spend(1)
            self.emit(weigh(item))
            yield item


def weigh(value: Any) -> int:
    """Characters and items inside `value`, shared parts counted each time; raises LimitExceeded above MAX_WEIGHT."""
    kind = type(value)
    if kind in _SCALARS:
        return 1
    if issubclass(kind, str):
        return len(value)
    total = 0
    stack = [value]
    while stack:
        item = stack.pop()
        kind = type(item)
        total += len(item) + 1 if issubclass(kind, (str, bytes)) else 1
        if issubclass(kind, dict):
            stack.extend(item)
            stack.extend(item.values())
        elif issubclass(kind, (list, tuple)):
            stack.extend(item)
        if total > MAX_WEIGHT:
            raise LimitExceeded(f"a value of more than {MAX_WEIGHT:,} characters and items")
    return total


def check_text(length: int) -> None:
    """Refuse a string of `length` characters before it is made."""
    if length > MAX_TEXT:
        raise LimitExceeded(f"a text of more than {MAX_TEXT:,} characters")


def check_searched(text: str) -> str:
    """`text` itself, unless it is too long to look through it with a regular expression."""
    if len(text) > MAX_SEARCHED:
        raise LimitExceeded(f"a regular expression over a text of more than {MAX_SEARCHED:,} characters")
    return text


def check_items(count: int) -> None:
    """Refuse a list of `count` items before it is made."""
    if count > MAX_ITEMS:
        raise LimitExceeded(f"a list of more than {MAX_ITEMS:,} items")


def check_width(value: Any, most: int = MAX_WIDTH) -> None:
    """Refuse a width, precision or indent above `most`."""
    if isinstance(value, int) and abs(value) > most:
        raise LimitExceeded(f"a width of {most:,} is the most, asked for {value:,}")


def check_format(pattern: str, values: Sequence[Any], named: Mapping[str, Any] | None = None) -> None:
    """Refuse a format string that asks for a huge width, in its text or through a value."""
    if _LONG_NUMBER.search(pattern):
        raise LimitExceeded(f"a width above {MAX_WIDTH:,} in a format")
    everything = [*values, *(named or {}).values()]
    weight = sum(map(weigh, everything))
    if _NESTED_WIDTH.search(pattern):
        for value in everything:
            for inner in value if isinstance(value, (list, tuple)) else (value,):
                check_width(inner)
    # Each field may show all there is; the result itself is measured when it is made.
    if weight * (pattern.count("{") + pattern.count("%") + 1) > MAX_EMITTED:
        raise LimitExceeded(f"a format that could make more than {MAX_EMITTED:,} characters")


def check_binop(operator: str, left: Any, right: Any) -> None:
    """Refuse an operation whose result would be too large to make."""
    if operator == "+":
        _check_add(left, right)
    elif operator == "*":
        _check_multiply(left, right)
    elif operator == "**":
        _check_power(left, right)
    elif isinstance(left, str):
        check_format(left, right if isinstance(right, tuple) else (right,))


def _check_add(left: Any, right: Any) -> None:
    if isinstance(left, str) and isinstance(right, str):
        check_text(len(left) + len(right))
    elif isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        check_items(len(left) + len(right))


def _check_multiply(left: Any, right: Any) -> None:
    if isinstance(left, int) and not isinstance(right, (int, float)):
        left, right = right, left
    if not isinstance(right, int):
        return
    if isinstance(left, str):
        check_text(len(left) * right)
    elif isinstance(left, (list, tuple)):
        check_items(len(left) * right)
    elif isinstance(left, int) and left.bit_length() + right.bit_length() > MAX_BITS:
        raise LimitExceeded(f"a number of more than {MAX_BITS} bits")


def _check_power(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int) and left.bit_length() * right > MAX_BITS:
        raise LimitExceeded(f"a number of more than {MAX_BITS} bits")


def check_method(text: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    """Refuse a call of a text's method whose result would be too long to make."""
    if name in {"center", "ljust", "rjust", "zfill"}:
        for value in (*args, *kwargs.values()):
            check_width(value)
    elif name == "expandtabs":
        size = next((value for value in (*args, *kwargs.values()) if isinstance(value, int)), 8)
        check_text(len(text) + text.count("\t") * max(size, 0))
    elif name == "replace":
        check_replace(text, args)
    elif name == "join" and args:
        check_join(text, args[0])


def check_replace(text: str, args: Sequence[Any]) -> None:
    """Refuse a replacement that would make `text` too long."""
    if len(args) > 1:
        old, new = str(args[0]), str(args[1])
        check_text(len(text) + (text.count(old) if old else len(text) + 1) * len(new))


def check_join(separator: str, items: Any) -> None:
    """Refuse joining what would be too long."""
    if isinstance(items, (list, tuple, dict, str)):
        check_text(weigh(items) + len(separator) * len(items))

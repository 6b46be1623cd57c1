"""Wraps Jinja's filters and tests so that their arguments are weighed and their results counted.

In: a table of filters. Out: the same names, each refusing what would take too much memory or time before it starts.
Never: changes a result.
"""

from __future__ import annotations

from functools import wraps
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from jinja2 import pass_context
from jinja2.utils import _PassArg

from renderer.render.limits import (
    MAX_INDENT,
    MAX_PATTERN,
    LimitExceeded,
    check_format,
    check_items,
    check_join,
    check_replace,
    check_text,
    check_width,
    weigh,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jinja2.runtime import Context

    from renderer.render.limits import Budget

    Function = Callable[..., Any]

MAX_PRECISION = 300
MAX_SUMMED = 10_000


def guard_filters(filters: Mapping[str, Function], budget: Budget) -> dict[str, Function]:
    """Every filter, guarded."""
    return {name: _guard(name, function, budget) for name, function in filters.items()}


def _guard(name: str, function: Function, budget: Budget) -> Function:
    first = _first_argument(function)
    check = _CHECKS.get(name)

    # What takes the context is never run by Jinja while it compiles, where nothing is bounded.
    @pass_context
    @wraps(function)
    def guarded(context: Context, *args: Any, **kwargs: Any) -> Any:
        budget.spend(1)
        value: Any = args[0] if args else None
        if hasattr(type(value), "__next__"):
            value = budget.counted(value)
            # The join filter's check needs to know the sum; other filters pay item by item.
            value = list(value) if name == "join" else value
            args = (value, *args[1:])
        for argument in (*args, *kwargs.values()):
            weigh(argument)
        if check is not None:
            check(value, args[1:], kwargs)
        result = function(*args, **kwargs) if first is None else function(first(context), *args, **kwargs)
        if isinstance(result, str):
            check_text(len(result))
        elif isinstance(result, list):
            check_items(len(result))
        return result

    return guarded


def _first_argument(function: Function) -> Function | None:
    """How to get what a filter asks for before its value; None when it asks for nothing."""
    asked = _PassArg.from_obj(function)
    if asked is None:
        return None
    if asked is _PassArg.context:
        return lambda context: context
    return attrgetter("environment" if asked is _PassArg.environment else "eval_ctx")


def guard_tests(tests: Mapping[str, Function]) -> dict[str, Function]:
    """Every test, its arguments weighed."""
    return {name: _guard_test(function) for name, function in tests.items()}


def _guard_test(function: Function) -> Function:
    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        for argument in args:
            weigh(argument)
        return function(*args, **kwargs)

    return guarded


def _numbers(most: int) -> Function:
    def check(_value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        for argument in (*args, *kwargs.values()):
            check_width(argument, most)

    return check


def _check_indent(value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    width = kwargs.get("width", args[0] if args else 4)
    check_width(width)
    size = len(width) if isinstance(width, str) else width
    check_text((str(value).count("\n") + 1) * size + len(str(value)))


def _check_wordwrap(value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    separators = [item for item in (*args, *kwargs.values()) if isinstance(item, str)]
    check_text((len(str(value)) + 1) * max(1, *map(len, separators), 1))


def _check_join_filter(value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    check_join(str(kwargs.get("d", args[0] if args else "")), value)


def _check_sum(value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    start = kwargs.get("start", args[1] if len(args) > 1 else 0)
    if isinstance(start, (list, tuple)) and weigh(value) > MAX_SUMMED:
        # Each addition copies all that came before.
        raise LimitExceeded(f"a sum of lists with more than {MAX_SUMMED:,} items")


def _check_replace_filter(value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    check_replace(str(value), (*args, *(kwargs[name] for name in ("old", "new") if name in kwargs)))


def _check_format_filter(value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    check_format(str(value), args, kwargs)


def _check_pattern(_value: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    pattern = str(kwargs.get("pattern", kwargs.get("regex", args[0] if args else "")))
    if len(pattern) > MAX_PATTERN:
        raise LimitExceeded(f"a regular expression of more than {MAX_PATTERN:,} characters")


_CHECKS: Mapping[str, Function] = {
    "center": _numbers(10_000),
    "batch": _numbers(100_000),
    "slice": _numbers(100_000),
    "round": _numbers(MAX_PRECISION),
    "indent": _check_indent,
    "wordwrap": _check_wordwrap,
    "join": _check_join_filter,
    "replace": _check_replace_filter,
    "sum": _check_sum,
    "format": _check_format_filter,
    "tojson": _numbers(MAX_INDENT),
    "to_json": _numbers(MAX_INDENT),
    "to_nice_json": _numbers(MAX_INDENT),
    "to_yaml": _numbers(10_000),
    "to_nice_yaml": _numbers(10_000),
    "comment": _numbers(1000),
    "regex_replace": _check_pattern,
    "regex_search": _check_pattern,
    "regex_findall": _check_pattern,
}

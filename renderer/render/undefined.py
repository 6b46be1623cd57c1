"""What a template sees in place of a variable that nobody gave: an error that knows the name.

In: a name, and the object it was looked up in. Out: UndefinedVariable at any use but `is defined` and `default`.
Never: renders as an empty text.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from jinja2 import StrictUndefined
from jinja2.exceptions import SecurityError, UndefinedError
from jinja2.utils import missing


class UndefinedVariable(UndefinedError):
    """Use of an undefined variable `name`, or of a missing member of a mapping with the keys `known`."""

    def __init__(self, message: str | None = None, *, name: str = "", known: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.known = known


class UnsetError(UndefinedError):
    """A default said `UNSET`: the question has no default."""


class AnswerUndefined(StrictUndefined):
    """Jinja's strict undefined, whose error carries the name and the names that would have been right."""

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: type[Exception] = UndefinedError,
    ) -> None:
        super().__init__(hint, obj, name, exc)  # type: ignore[arg-type]
        if exc is UndefinedError:
            known = tuple(map(str, obj)) if type(obj) is dict else None if obj is missing else ()
            # Called by Jinja with the message only, like the class that stands here otherwise.
            self._undefined_exception = partial(  # type: ignore[assignment]
                UndefinedVariable, name=str(name), known=known
            )


UNSET = StrictUndefined("UNSET", exc=UnsetError)

__all__ = ["UNSET", "AnswerUndefined", "SecurityError", "UndefinedVariable", "UnsetError"]

"""Translates what goes wrong inside a template into a Fault: a code, words, and the line of the template.

In: an exception of Jinja, Python or `limits`. Out: a Fault.
Never: repeats a long value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jinja2.exceptions import (
    SecurityError,
    TemplateNotFound,
    TemplateRuntimeError,
    TemplateSyntaxError,
    UndefinedError,
)

from renderer.errors import Code
from renderer.render.allowance import TimeUsedUp
from renderer.render.limits import LimitExceeded
from renderer.render.undefined import UndefinedVariable
from renderer.types import Origin

if TYPE_CHECKING:
    from types import TracebackType

    from renderer.render.sandbox import TemplateEnvironment

_SHOWN = 300
# A template can make Python raise nearly anything; KeyboardInterrupt and SystemExit are not caught.
RENDER_FAULTS = (Exception,)


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong. `name` is an undefined name, `known` the keys of the mapping it was looked up in, if any."""

    code: Code
    what: str
    where: Origin
    hint: str = ""
    name: str | None = None
    known: tuple[str, ...] | None = None


def explain(error: Exception, environment: TemplateEnvironment, origin: Origin) -> Fault:
    """Find the template line that `error` came from, and say what happened. `origin` is where to point otherwise."""
    where = _locate(error.__traceback__, environment, origin)
    if isinstance(error, UndefinedVariable):
        hint = environment.dialect.declare
        return Fault(Code.TEMPLATE_UNDEFINED, str(error)[:_SHOWN], where, hint, error.name, error.known)
    if isinstance(error, SecurityError):
        return Fault(Code.RENDER_FORBIDDEN, str(error)[:_SHOWN], where, "templates may use plain data only")
    if isinstance(error, (LimitExceeded, RecursionError, MemoryError, OverflowError)):
        return Fault(Code.RENDER_LIMIT, f"the template asks for too much: {_words(error)}", where, _limit_hint(error))
    if isinstance(error, TemplateSyntaxError):
        found = _syntax_origin(error, environment, origin)
        return Fault(Code.TEMPLATE_SYNTAX, str(error.message)[:_SHOWN], found, "correct the template at this line")
    if isinstance(error, TemplateNotFound):
        what = f"the template has no file {error.message!r} to include"
        return Fault(Code.RENDER_FAILED, what, where, "paths start at the template's folder, not at this file")
    kind = "" if isinstance(error, (TemplateRuntimeError, UndefinedError)) else f"{type(error).__name__}: "
    hint = "correct the template at this line, or the value that it does not expect"
    return Fault(Code.RENDER_FAILED, f"{kind}{_words(error)}", where, hint)


def _limit_hint(error: Exception) -> str:
    if isinstance(error, TimeUsedUp):
        return "look for a regular expression that backtracks, such as (a+)+$, and for loops over loops"
    return "make it do less"


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "calls nested too deep"
    return str(error)[:_SHOWN] or type(error).__name__


def _syntax_origin(error: TemplateSyntaxError, environment: TemplateEnvironment, origin: Origin) -> Origin:
    if error.name is None:
        return origin
    return Origin(environment.file_of(error.name), error.lineno)


def _locate(trace: TracebackType | None, environment: TemplateEnvironment, origin: Origin) -> Origin:
    """The innermost line of a template on the way to where the exception was raised."""
    where = origin
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            # A text of copier.yml or of a path has no name: its own origin is as exact as it gets.
            if template.name is None:
                where = origin
            else:
                where = Origin(environment.file_of(template.name), template.get_corresponding_lineno(trace.tb_lineno))
        trace = trace.tb_next
    return where

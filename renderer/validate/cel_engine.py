"""The one adapter over the CEL library (cel-expr-python, Google's C++ implementation).

In: expressions, typed variables, plain JSON values. Out: plain values, or CelError with one line of why not.
Never: lets a foreign exception or a foreign value out, or gives the library a value that it would read wrongly.
See docs/adr/0017-cel-library.md for the choice and the library's defects that are worked around here.
"""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cel_expr_python import cel

from renderer.validate.cel_functions import FUNCTIONS
from renderer.validate.cel_reads import LITERAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# What Kubernetes has of cel-go's own extensions (apiserver pkg/cel/environment/base.go); the rest is cel_functions.
_EXTENSIONS = ("optional", "strings", "sets", "lists", "cel.lib.ext.comprev2")
_VERSIONS = {"strings": ", version: 2"}
_PRIVATE = ("optional", "regex")
_TYPES: Mapping[str, Any] = {
    "bool": cel.Type.BOOL,
    "bytes": cel.Type.BYTES,
    "double": cel.Type.DOUBLE,
    "dyn": cel.Type.DYN,
    "duration": cel.Type.DURATION,
    "int": cel.Type.INT,
    "list": cel.Type.List(cel.Type.DYN),
    "map": cel.Type.Map(cel.Type.STRING, cel.Type.DYN),
    "string": cel.Type.STRING,
    "strings": cel.Type.List(cel.Type.STRING),
    "timestamp": cel.Type.TIMESTAMP,
}
_STATUS = re.compile(r"^(?:[A-Z_]+: )?(?:ERROR: )?(?:<input>:-?\d+:-?\d+: )?(?:ERROR: )?")
# The library counts a duration's milliseconds beyond its last second; cel-go, and so Kubernetes, counts all of them.
_MILLISECONDS = "millisecondsAsKubernetes"
_RENAMED = re.compile(rf"({LITERAL}|//[^\n]*)|\bgetMilliseconds\b", re.DOTALL)
_NO_KEY = re.compile(r'Key not found in map : "(.*)"')
# Limits and gaps of the library, not faults of the expression: Kubernetes may well evaluate what stops here.
_OURS = re.compile(
    r"budget exceeded|recursion|codepoint limit|reference resolve step|Unimplemented|bad_alloc|: orValue|Python type"
    r"|Non-CEL|returned a result with"
)
# Opening brackets of groups, after what only looks like one.
_GROUP = re.compile(r"(\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])|\((?:\?P?<\w+>|(?!\?))", re.DOTALL)


class CelError(Exception):
    """An expression that cannot be compiled or evaluated; `limited` when this engine and not the expression is why."""

    def __init__(self, message: str, *, limited: bool = False) -> None:
        super().__init__(message)
        self.limited = limited


class Scope:
    """Values for expressions; converted once, however many expressions look at them."""

    __slots__ = ("activation",)

    def __init__(self, activation: Any) -> None:
        self.activation = activation


class Expression:
    """A compiled, type-checked expression."""

    __slots__ = ("_compiled", "text")

    def __init__(self, text: str, compiled: Any) -> None:
        self.text = text
        self._compiled = compiled

    @property
    def type(self) -> Any:
        """What it yields, in the form that Environment takes for a variable."""
        return self._compiled.return_type()

    def truth(self, scope: Scope) -> bool:
        """Its value, which must be a bool."""
        found = self.value(scope)
        if not isinstance(found, bool):
            raise CelError("yields no bool")
        return found

    def value(self, scope: Scope) -> Any:
        """Its value as plain data, bytes as bytearray; CelError for optionals and types, which are no data."""
        try:
            result = self._compiled.eval(scope.activation)
            kind = result.type()
            if kind == cel.Type.NULL:  # read no further: the library hands None out without a reference of its own
                return None
            found = result.plain_value()
        except (RuntimeError, SystemError, TypeError, MemoryError) as error:
            raise _translated(error) from None
        if kind == cel.Type.ERROR:
            raise _translated(found)
        return found


class Environment:
    """What expressions may refer to: variables by name and type (bool, dyn, int, list, map, string, …).

    `bindings` adds cel.bind, which Kubernetes does not have.
    """

    def __init__(self, variables: Mapping[str, Any], *, bindings: bool = False) -> None:
        extensions = (*_EXTENSIONS, "bindings") if bindings else _EXTENSIONS
        types = {name: _TYPES.get(kind, kind) if isinstance(kind, str) else kind for name, kind in variables.items()}
        self._env = cel.NewEnv(config=_config(extensions), variables=types, extensions=[_library()])

    def compile(self, text: str) -> Expression:
        """Compile and type-check `text`; raises CelError."""
        try:
            return Expression(text, self._env.compile(_RENAMED.sub(lambda part: part[1] or _MILLISECONDS, text)))
        except (RuntimeError, MemoryError, TypeError, ValueError) as error:
            raise _translated(error) from None

    def scope(self, values: Mapping[str, Any], *, checked: bool = False) -> Scope:
        """Values of variables: JSON data, or bytearray for bytes, which the library cuts at a zero otherwise.

        Raises CelError for what cannot be carried, unless the values are known to have been `checked`.
        """
        if not checked and "\\x00" in repr(values) and any(_zeros(values)):
            raise CelError("a text with a NUL character, which the CEL library cannot carry", limited=True)
        return Scope(self._env.Activation(dict(values)))


@lru_cache(maxsize=64)
def environment(*variables: tuple[str, str], bindings: bool = False) -> Environment:
    """The shared environment for (name, type) pairs: making one takes a millisecond."""
    return Environment(dict(variables), bindings=bindings)


@lru_cache(maxsize=2)
def _reader(kind: str) -> tuple[Environment, Expression]:
    env = environment(("text", "string"))
    return env, env.compile(f"{kind}(text)")


def read(kind: str, text: str) -> Any:
    """The value of a "duration" or "timestamp"; raises CelError when the library does not take `text` for one."""
    env, expression = _reader(kind)
    return expression.value(env.scope({"text": text}))


def _config(extensions: tuple[str, ...]) -> Any:
    names = "".join(f"  - {{name: {name}{_VERSIONS.get(name, '')}}}\n" for name in extensions)
    return cel.NewEnvConfigFromYaml(f"extensions:\n{names}")


@lru_cache(maxsize=1)
def _library() -> Any:
    declared: dict[str, list[Any]] = {}
    for number, (name, member, result, parameters, function) in enumerate((*FUNCTIONS, *_OWN)):
        overload = cel.Overload(
            f"fleetpress_{number}",
            return_type=_TYPES[result],
            parameters=[_TYPES[one] for one in parameters],
            is_member=member,
            impl=function,
        )
        declared.setdefault(name, []).append(overload)
    return cel.CelExtension("fleetpress", [cel.FunctionDecl(name, ways) for name, ways in declared.items()])


def _zeros(value: Any) -> Iterator[bool]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield "\0" in key
            yield from _zeros(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _zeros(inner)
    else:
        yield isinstance(value, str) and "\0" in value


def _translated(error: object) -> CelError:
    text = str(error) or type(error).__name__
    lines = text.splitlines()
    words = _STATUS.sub("", lines[0]).replace(" (in container '')", "")
    words = _NO_KEY.sub(r"no such key: \1", words)  # as Kubernetes says it
    return CelError(words or text[:200], limited=_OURS.search(text) is not None or isinstance(error, MemoryError))


@lru_cache(maxsize=1)
def _finder() -> tuple[Any, Expression]:
    env = cel.NewEnv(config=_config(_PRIVATE), variables={"text": cel.Type.STRING, "form": cel.Type.STRING})
    return env, Expression("", env.compile("regex.extractAll(text, form)"))


def _found(text: str, pattern: str) -> list[str]:
    """All matches, by the library's own RE2. Groups do not count: Kubernetes' find has none, extractAll obeys them."""
    env, expression = _finder()
    form = _GROUP.sub(lambda part: part[1] or "(?:", pattern)
    found: list[str] = expression.value(Scope(env.Activation({"text": text, "form": form})))
    return found


def _first(text: str, pattern: str) -> str:
    return next(iter(_found(text, pattern)), "")


def _some(text: str, pattern: str, count: int) -> list[str]:
    found = _found(text, pattern)
    return found if count < 0 else found[:count]


_OWN: tuple[tuple[str, bool, str, tuple[str, ...], Callable[..., Any]], ...] = (
    ("find", True, "string", ("string", "string"), _first),
    ("findAll", True, "strings", ("string", "string"), _found),
    ("findAll", True, "strings", ("string", "string", "int"), _some),
    (_MILLISECONDS, True, "int", ("duration",), lambda span: span // dt.timedelta(milliseconds=1)),
    (_MILLISECONDS, True, "int", ("timestamp",), lambda time: time.microsecond // 1000),
    (_MILLISECONDS, True, "int", ("timestamp", "string"), lambda time, _zone: time.microsecond // 1000),
)

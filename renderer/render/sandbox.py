"""The Jinja environment that templates run in: the immutable sandbox, closed further by allow-lists, and counted.

In: a loader over a template's files, Copier's `_envops`. Out: an environment whose templates reach plain data and named
functions only.
Never: gives a template the clock, randomness, the machine's environment, a file, or an object that another site could
see changed.
"""

from __future__ import annotations

from types import BuiltinMethodType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, StrictUndefined, Template, nodes
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.runtime import BlockReference, Context, LoopContext, Macro, TemplateReference, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.tests import TESTS
from jinja2.utils import Cycler, Joiner, Namespace
from markupsafe import Markup

from renderer.render.dialect import COPIER, Dialect
from renderer.render.guard import guard_filters, guard_tests
from renderer.render.instrument import LONG_LITERAL, counters, instrument
from renderer.render.limits import (
    CALL_STEPS,
    Budget,
    LimitExceeded,
    check_binop,
    check_format,
    check_items,
    check_method,
    check_text,
    weigh,
)
from renderer.render.shelf import Shelf
from renderer.render.undefined import AnswerUndefined
from renderer.render.yielding import YieldExtension

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping
    from types import CodeType

# All public methods but `translate` and `maketrans`, which can grow a text without a bound.
_TEXT_METHODS = frozenset(name for name in dir(str) if name[0] != "_") - {"translate", "maketrans"}
METHODS: Mapping[type, frozenset[str]] = {
    str: _TEXT_METHODS,
    Markup: _TEXT_METHODS | {"striptags", "unescape"},
    bytes: frozenset({"decode", "hex"}),
    int: frozenset({"bit_length", "real", "imag", "numerator", "denominator"}),
    bool: frozenset({"bit_length", "real", "imag", "numerator", "denominator"}),
    float: frozenset({"is_integer", "hex", "real", "imag", "as_integer_ratio"}),
    list: frozenset({"copy", "count", "index"}),
    tuple: frozenset({"count", "index"}),
    dict: frozenset({"copy", "get", "items", "keys", "values"}),
}
_JINJA_OBJECTS = (LoopContext, Cycler, Joiner, Namespace, Macro, BlockReference, TemplateReference, TemplateModule)
_CALLABLE_OBJECTS = (Macro, BlockReference, LoopContext, Joiner)


class _FreshModuleTemplate(Template):
    """A template whose module is made anew for each import: a kept one would carry state from site to site.

    Only a module of nothing but macros is kept. It has no state, and sees nothing of a site.
    """

    environment: TemplateEnvironment
    _kept: TemplateModule | None = None

    def _get_default_module(self, ctx: Context | None = None) -> TemplateModule:
        if self._kept is not None:
            return self._kept
        keys = ctx.globals_keys - self.globals.keys() if ctx is not None else set()
        module = self.make_module({key: ctx.parent[key] for key in keys} if ctx is not None else None)
        if not keys and self.environment.has_only_macros(self.name):
            self._kept = module
        return module


class TemplateEnvironment(ImmutableSandboxedEnvironment):
    """One template version's environment. `budget` counts what the text being rendered has spent."""

    template_class = _FreshModuleTemplate
    intercepted_binops = frozenset({"*", "**", "%", "+"})

    def __init__(
        self,
        loader: BaseLoader | None,
        options: Mapping[str, Any],
        extensions: tuple[str, ...] = (),
        folder: str = "",
        dialect: Dialect = COPIER,
        shelf: Shelf | None = None,
    ) -> None:
        self.budget = Budget()
        self.folder = folder
        self.dialect = dialect
        self.shelf = shelf or Shelf()
        self.mark: Callable[[nodes.Template, str | None], nodes.Template] | None = None
        super().__init__(
            loader=loader,
            undefined=dialect.undefined,
            finalize=self._printed,
            cache_size=-1,
            auto_reload=False,
            extensions=[*dialect.extensions, *extensions],
            **{"keep_trailing_newline": True, **options},
        )
        self.filters = guard_filters(dialect.filters(), self.budget) | counters(self.budget)
        self.tests = guard_tests(TESTS)  # type: ignore[assignment,arg-type]
        self.globals = {**_allowed_globals(), **dialect.functions}
        self._functions = frozenset(map(id, self.globals.values()))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        return instrument(tree if self.mark is None else self.mark(tree, name), self)

    def marked(
        self, mark: Callable[[nodes.Template, str | None], nodes.Template], filters: Mapping[str, Callable[..., Any]]
    ) -> TemplateEnvironment:
        """The same environment, which shares nothing compiled with this one, passes each tree through `mark`."""
        other = self.overlay()
        assert isinstance(other, TemplateEnvironment), "an overlay is of the same class"  # noqa: S101
        other.mark, other.filters = mark, {**self.filters, **filters}
        return other

    def syntax(self, source: str, name: str | None = None) -> nodes.Template:
        """The syntax tree as it was written, without counters; raises TemplateSyntaxError."""
        return super()._parse(source, name, name)

    def code_of(self, source: str, name: str | None, filename: str) -> CodeType:
        """What a text compiles to: the code on the shelf, unless this environment marks what it parses.

        Raises TemplateSyntaxError.
        """
        if self.mark is not None:
            return self.compile(source, name, filename)
        return self.shelf.get(("code", source, name or "", filename), lambda: self.compile(source, name, filename))

    def has_only_macros(self, name: str | None) -> bool:
        """Whether the template file `name` holds nothing but macros and a little text."""
        if name is None or self.loader is None:
            return False
        source = self.loader.get_source(self, name)[0]
        return self.shelf.get(("only macros", source), lambda: all(map(_is_stateless, self.syntax(source).body)))

    def file_of(self, name: str) -> str:
        """Where the template file `name` stands in the fleet repository."""
        return f"{self.folder}/{name}" if self.folder else name

    def _load_template(self, name: str, globals: MutableMapping[str, Any] | None) -> Template:  # noqa: A002 - Jinja's
        self.budget.spend(1)
        return super()._load_template(name, globals)

    def _printed(self, value: Any) -> Any:
        """Every `{{ … }}` passes here before it becomes text."""
        if type(value) is str:  # nearly all of them: the quick way to what follows
            budget = self.budget
            budget.emitted -= len(value)
            if budget.emitted < 0:
                budget.emit(0)  # which raises
            return value
        if isinstance(value, Undefined):
            return value
        self.budget.emit(weigh(value))
        if isinstance(value, (list, tuple, dict)):
            _refuse_undefined(value)
        return value

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only what the allow-list names, on plain data and on Jinja's own objects."""
        if not super().is_safe_attribute(obj, attr, value):
            return False
        methods = METHODS.get(type(obj))
        return attr in methods if methods is not None else isinstance(obj, _JINJA_OBJECTS)

    def unsafe_undefined(self, obj: Any, attribute: str) -> Undefined:
        """What stands for a refused attribute: its use is an error, in a lenient template too."""
        hint = f"access to attribute {attribute!r} of {type(obj).__name__!r} object is unsafe."
        return AnswerUndefined(hint, name=attribute, obj=obj, exc=SecurityError)

    def is_safe_callable(self, obj: Any) -> bool:
        """Macros, blocks, the functions in `globals`, and allowed methods of plain data."""
        if isinstance(obj, _CALLABLE_OBJECTS) or id(obj) in self._functions:
            return True
        if isinstance(obj, (BuiltinMethodType, MethodType)):
            owner = obj.__self__
            allowed = obj.__name__ in METHODS.get(type(owner), frozenset())
            return allowed or isinstance(owner, (LoopContext, Cycler, YieldExtension))
        return isinstance(obj, FunctionType) and getattr(obj, "_formats", False)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Jinja's safe `str.format`, with a limit on widths."""
        safe = super().wrap_str_format(value)
        if safe is None:
            return None
        pattern = str(value.__self__)

        def checked(*args: Any, **kwargs: Any) -> str:
            check_format(pattern, args, kwargs)
            return safe(*args, **kwargs)

        checked._formats = True  # type: ignore[attr-defined]  # noqa: SLF001 - read in is_safe_callable
        return checked

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`*`, `**`, `%` and `+`, refused before their result grows too large."""
        self.budget.spend(1)
        check_binop(operator, left, right)
        return super().call_binop(context, operator, left, right)

    # The underscores are Jinja's, so that no keyword of a template collides.
    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805, PYI063
        """Every call in a template."""
        __self.budget.spend(CALL_STEPS + sum(len(value) for value in args if isinstance(value, list)))
        owner = getattr(__obj, "__self__", None) if isinstance(__obj, (BuiltinMethodType, MethodType)) else None
        if isinstance(owner, str):
            # A lazy sequence would hide how much `join` makes of it.
            args = tuple(list(__self.budget.counted(arg)) if hasattr(type(arg), "__next__") else arg for arg in args)
            check_method(owner, __obj.__name__, args, kwargs)
        if not __self.is_safe_callable(__obj):
            raise SecurityError(f"calling {type(__obj).__name__} {getattr(__obj, '__name__', '')!r} is not allowed")
        result = super().call(__context, __obj, *args, **kwargs)
        if isinstance(result, str):
            check_text(len(result))
        return result


def _refuse_undefined(value: Any) -> None:
    """Printed inside a list, Jinja's undefined would show as the word Undefined, as it does in a lenient template."""
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, (list, tuple)):
            stack.extend(item)
        elif isinstance(item, StrictUndefined):
            str(item)  # raises its own error, which knows the name


def _is_stateless(statement: nodes.Node) -> bool:
    if isinstance(statement, nodes.Output):
        return all(isinstance(node, nodes.TemplateData) and len(node.data) <= LONG_LITERAL for node in statement.nodes)
    return isinstance(statement, nodes.Macro)


def _allowed_globals() -> MutableMapping[str, Any]:
    def limited_range(*args: int) -> range:
        numbers = range(*args)
        try:
            check_items(len(numbers))
        except OverflowError:
            raise LimitExceeded("a range of that length") from None
        return numbers

    return {
        "range": limited_range,
        "dict": dict,
        "cycler": Cycler,
        "joiner": Joiner,
        "namespace": Namespace,
    }

"""Copier's `{% yield item from items %}…{% endyield %}`, which makes several files from one file name.

In: a part of a path. Out: the yielded name and items in `found`, next to the rendered text.
Never: is allowed in a file's content or in a question; the compile step refuses it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import nodes
from jinja2.exceptions import UndefinedError
from jinja2.ext import Extension

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jinja2 import Environment
    from jinja2.parser import Parser


class YieldedTwiceError(Exception):
    """A part of a path has two yield tags."""


class YieldExtension(Extension):
    """The tag. `found` is what the part rendered last yields: (name, items), or None."""

    tags = {"yield"}  # noqa: RUF012 - as Jinja declares it

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.found: tuple[str, Iterable[Any]] | None = None

    def parse(self, parser: Parser) -> nodes.Node:
        """Read `yield NAME from EXPRESSION`, a body, and `endyield`."""
        line = next(parser.stream).lineno
        target = parser.parse_assign_target(name_only=True)
        parser.stream.expect("name:from")
        arguments = [nodes.Const(target.name), parser.parse_expression()]
        body = parser.parse_statements(("name:endyield",), drop_needle=True)
        return nodes.CallBlock(self.call_method("remember", arguments), [], [], body, lineno=line)

    def remember(self, name: str, items: Iterable[Any], caller: Callable[[], str]) -> str:
        """Note what is yielded. The first time round the name has no value yet, so that the body may not render."""
        if self.found is not None:
            raise YieldedTwiceError("two yield tags in one part of a path: only one is allowed")
        self.found = (name, items)
        try:
            return caller()
        except UndefinedError:
            return ""

"""Templated texts, compiled once: files, parts of paths, and the strings of copier.yml.

In: a source text and where it stands. Out: a Text that renders for a context, and every problem found in it.
Never: keeps anything of a rendering.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from jinja2.exceptions import TemplateSyntaxError

from renderer.errors import Code
from renderer.render.allowance import OutOfTime, allowance, is_bounded
from renderer.render.limits import MAX_FILE_BYTES, LimitExceeded
from renderer.render.syntax import Syntax, facts_of
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template, nodes

    from renderer.render.references import Reference
    from renderer.render.sandbox import TemplateEnvironment
    from renderer.render.syntax import Facts

# So many pieces of output are looked at together; what is printed is counted before it becomes a piece.
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A compiled text.

    `constant` is its result when it has no template code in it; then there is no `template`, and no `syntax`.
    """

    source: str
    origin: Origin
    constant: str | None = None
    template: Template | None = None
    syntax: Syntax | None = None

    @property
    def names(self) -> frozenset[str]:
        """The variables it mentions."""
        return frozenset() if self.syntax is None else self.syntax.names

    @property
    def references(self) -> tuple[Reference, ...]:
        """What it includes, imports and extends."""
        return () if self.syntax is None else self.syntax.references

    @property
    def filters(self) -> frozenset[str]:
        """The names of the filters that it uses."""
        return frozenset() if self.syntax is None else self.syntax.filters

    @property
    def yielded(self) -> tuple[str, ...]:
        """The names that its yield tags set for what comes after them."""
        return () if self.syntax is None else self.syntax.yielded

    @property
    def tree(self) -> nodes.Template | None:
        """Its syntax as it is written, parsed when it is asked for."""
        return None if self.syntax is None else self.syntax.tree


@dataclass(slots=True)
class TextCompiler:
    """Compiles the texts of one template version; what is wrong with them goes into `problems`."""

    environment: TemplateEnvironment
    problems: list[Problem] = field(default_factory=list)

    def compile(self, source: str, origin: Origin, *, name: str | None = None, yields: bool = False) -> Text:
        """Compile `source`. `name` is its name among the template's files; `yields` allows a yield tag.

        Gives an empty text when there is a problem.
        """
        try:
            return self._compile(source, origin, name, yields=yields)
        except TemplateSyntaxError as error:
            where = origin if name is None else Origin(origin.file, error.lineno)
            self.problems.append(
                Problem(Code.TEMPLATE_SYNTAX, str(error.message), where, "correct the template at this line")
            )
        except (SyntaxError, RecursionError, MemoryError) as error:
            # Python itself gives up, for instance at loops nested more than twenty deep.
            what = f"nested too deeply: {type(error).__name__}"
            self.problems.append(Problem(Code.TEMPLATE_SYNTAX, what, origin, "split it with macros or includes"))
        return Text(source, origin, "")

    def _compile(self, source: str, origin: Origin, name: str | None, *, yields: bool) -> Text:
        environment = self.environment
        key = ("text", source, name or "", str(origin), "yields" if yields else "")
        try:
            facts = environment.shelf.get(key, partial(self._facts, source, origin, name, yields=yields))
        except _RefusedError as error:
            self.problems += error.problems
            return Text(source, origin, "")
        if isinstance(facts, str):
            return Text(source, origin, facts)
        code = environment.code_of(source, name, name or str(origin))
        template = environment.template_class.from_code(environment, code, environment.globals)
        return Text(source, origin, None, template, Syntax.of(key, facts, partial(environment.syntax, source, name)))

    def _facts(self, source: str, origin: Origin, name: str | None, *, yields: bool) -> Facts:
        """What the syntax tells; raises _RefusedError for what fleetpress does not do."""
        from renderer.render.refusals import Scan

        tree = self.environment.syntax(source, name)
        facts = facts_of(tree)
        if not isinstance(facts, str):
            found = list(Scan(self.environment, tree, origin, name, frozenset(facts[0]), yields).problems())
            if found:
                raise _RefusedError(found)
        return facts


class _RefusedError(Exception):
    """A text with something in it that is refused."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("refused")
        self.problems = problems


def render_text(environment: TemplateEnvironment, text: Text, context: Mapping[str, Any]) -> str:
    """Render `text`; raises what the template raises, and LimitExceeded."""
    if text.template is None:
        return text.constant or ""
    if is_bounded():  # a site's rendering, nearly always
        return _rendered(environment, text, text.template, context)
    with allowance():
        return _rendered(environment, text, text.template, context)


def _rendered(environment: TemplateEnvironment, text: Text, template: Template, context: Mapping[str, Any]) -> str:
    environment.budget.reset()
    stream = template.root_render_func(template.new_context(cast("dict[str, Any]", context)))
    chunks: list[str] = []
    length = 0
    try:
        while batch := list(islice(stream, _BATCH)):
            length += sum(map(len, batch))
            if length > MAX_FILE_BYTES:
                raise LimitExceeded(f"a file of more than {MAX_FILE_BYTES:,} characters")
            chunks += batch
    except OutOfTime as end:
        end.where = end.where or text.origin
        raise
    return "".join(chunks)

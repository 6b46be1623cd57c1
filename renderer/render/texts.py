"""Templated texts, compiled once: files, parts of paths, and the strings of copier.yml.

In: a source text and where it stands. Out: a Text that renders for a context, and every problem found in it.
Never: keeps anything of a rendering.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, cast

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.meta import find_undeclared_variables

from renderer.errors import Code
from renderer.render.allowance import OutOfTime, allowance, is_bounded
from renderer.render.limits import MAX_FILE_BYTES, LimitExceeded
from renderer.render.refusals import Scan
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template

    from renderer.render.sandbox import TemplateEnvironment

# So many pieces of output are looked at together; what is printed is counted before it becomes a piece.
_BATCH = 64


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """A compiled text.

    `constant` is its result when it has no template code in it. `names` are the variables it mentions, `tree` is its
    syntax as written.
    """

    source: str
    origin: Origin
    constant: str | None = None
    template: Template | None = None
    tree: nodes.Template | None = None
    names: frozenset[str] = frozenset()


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
        tree = environment.syntax(source, name)
        constant = constant_of(tree)
        if constant is not None:
            return Text(source, origin, constant)
        names = _undeclared(tree)
        found = list(Scan(environment, tree, origin, name, names, yields).problems())
        if found:
            self.problems += found
            return Text(source, origin, "")
        code = environment.compile(source, name, name or str(origin))
        template = environment.template_class.from_code(environment, code, environment.globals)
        return Text(source, origin, None, template, tree, names)


def _undeclared(tree: nodes.Template) -> frozenset[str]:
    try:
        return frozenset(find_undeclared_variables(tree))
    except TemplateSyntaxError:
        # An unknown filter or test: the scan names it, and needs the names only to be many enough.
        return frozenset(node.name for node in tree.find_all(nodes.Name))


def constant_of(tree: nodes.Template) -> str | None:
    """What a text without any template code renders to, or None."""
    parts: list[str] = []
    for statement in tree.body:
        if not isinstance(statement, nodes.Output):
            return None
        for node in statement.nodes:
            if not isinstance(node, nodes.TemplateData):
                return None
            parts.append(node.data)
    return "".join(parts)


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

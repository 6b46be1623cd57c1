"""What every reader of a format begins with: its configuration, its files as text, and what they include.

In: a TemplateTree. Out: the parsed configuration, sources by name, the compiled text of every included file.
Never: does I/O, or knows a format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import BaseLoader, TemplateNotFound

from renderer import strict_yaml
from renderer.errors import Code, ConfigurationError, TemplateError
from renderer.render.digests import FOXOPS_CONFIG_FILE
from renderer.render.references import include_path
from renderer.render.sandbox import TemplateEnvironment
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping

    from jinja2 import Environment, Template

    from renderer.render.outline import SourceFile
    from renderer.render.reads import ReadPath, ReadSets
    from renderer.render.texts import Text, TextCompiler
    from renderer.types import Document, TemplateFile, TemplateTree

_CONFIG_FILES = ("copier.yml", "copier.yaml", FOXOPS_CONFIG_FILE)


def template_error(tree: TemplateTree, problems: list[Problem]) -> TemplateError:
    """The error of a template with `problems`, at least one."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return TemplateError(f"template {tree.pin}: {problems[0].what}{more}", problems=problems)


def config_file(tree: TemplateTree) -> TemplateFile:
    """The file that tells the format; raises TemplateError unless there is exactly one."""
    found = sorted((file for file in tree.files if file.path in _CONFIG_FILES), key=_preference)
    if len(found) != 1:
        raise template_error(tree, [_undecided(tree, [file.path for file in found])])
    return found[0]


def _preference(file: TemplateFile) -> int:
    return _CONFIG_FILES.index(file.path)


def _undecided(tree: TemplateTree, found: list[str]) -> Problem:
    """Which of several formats, or of none, a template has."""
    if found:
        what, hint = f"the template has both {' and '.join(found)}", "keep one of them"
    else:
        what = "the template has no copier.yml, and no fengine.yaml"
        hint = "a template is a folder with one of them; see docs/reference/templates.md"
    return Problem(Code.TEMPLATE_CONFIG, what, Origin(tree.file), hint)


def load_config(tree: TemplateTree, file: TemplateFile) -> Document:
    """The template's configuration file as data; raises TemplateError when it is not strict YAML."""
    try:
        return strict_yaml.load(file.content, f"{tree.file}/{file.path}")
    except ConfigurationError as error:
        raise template_error(tree, list(error.problems)) from None


def decoded(files: Iterable[TemplateFile]) -> Iterator[tuple[str, str]]:
    """(path, text) of the files that are UTF-8."""
    for file in files:
        try:
            yield file.path, file.content.decode()
        except UnicodeDecodeError:
            continue


class TreeLoader(BaseLoader):
    """Includes and imports, by path from the folder that `sources` are named from."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self.sources = sources

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:  # noqa: ARG002 - Jinja's protocol
        """The source of an included file, under the name that messages find it by."""
        path = include_path(template)
        if path not in self.sources:
            raise TemplateNotFound(template)
        return self.sources[path], path, lambda: True

    def load(
        self,
        environment: Environment,
        name: str,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's
    ) -> Template:
        """The compiled file, as Jinja's own loaders do it, but for where the code is from."""
        assert isinstance(environment, TemplateEnvironment), "there is no other"  # noqa: S101
        source, filename, is_current = self.get_source(environment, name)
        code = environment.code_of(source, name, filename)
        return environment.template_class.from_code(environment, code, {} if globals is None else globals, is_current)


def compile_included(
    compiler: TextCompiler, sources: Mapping[str, str], known: Mapping[str, Text], others: Iterable[Text], root: str
) -> dict[str, Text]:
    """`known` texts by name, with every file that one of them or of `others` includes, found from file to file.

    `root` is how a message calls the folder that names start from.
    """
    found = dict(known)
    todo = [*known.values(), *others]
    while todo:
        text = todo.pop()
        for reference in text.references:
            for name in reference.names:
                path = include_path(name)
                if path in sources and path not in found:
                    origin = Origin(compiler.environment.file_of(path))
                    found[path] = compiler.compile(sources[path], origin, name=path)
                    todo.append(found[path])
                if path in found and found[path].template is not None:
                    compiler.environment.has_only_macros(path)  # so that it is on the shelf when sites are rendered
            if reference.required and not any(include_path(name) in sources for name in reference.names):
                what = f"the template has no file {reference.names[0]!r} to include"
                where = Origin(text.origin.file, reference.line)
                compiler.problems.append(Problem(Code.TEMPLATE_SYNTAX, what, where, f"paths start at {root}"))
    return found


def reads_of(reads: ReadSets, file: SourceFile) -> frozenset[ReadPath] | None:
    """What a file and its name can read."""
    return reads.of([*file.parts, *([] if file.text is None else [file.text])])

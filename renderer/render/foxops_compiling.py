"""Compiles a template in FoxOps' format, once, for all sites.

In: a TemplateTree with a fengine.yaml. Out: a FoxopsTemplate, or TemplateError with every problem found.
Never: does I/O, or runs template code that depends on a site.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.render.contents import settle
from renderer.render.dialect import Dialect
from renderer.render.foxops_config import read_config
from renderer.render.foxops_filters import foxops_filters
from renderer.render.foxops_template import OWN_NAMES, FoxopsTemplate
from renderer.render.globs import matcher
from renderer.render.loading import (
    TreeLoader,
    compile_included,
    decoded,
    load_config,
    reads_of,
    template_error,
)
from renderer.render.outline import SourceFile
from renderer.render.reads import ReadSets
from renderer.render.refusals import REFUSED_NAMES
from renderer.render.sandbox import TemplateEnvironment
from renderer.render.steps import Parts, all_reads, make_steps
from renderer.render.texts import TextCompiler
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from renderer.render.memo import Memo
    from renderer.render.shelf import Shelf
    from renderer.render.texts import Text
    from renderer.types import TemplateFile, TemplateTree

_FOLDER = "template/"
_ROOT = "the folder template/"
_DECLARE = "declare it under variables in fengine.yaml, or use `default`"
_REFUSED = ("lipsum",)


class FoxopsCompiler:
    """The reader of FoxOps' format."""

    def __init__(self, tree: TemplateTree, config_file: TemplateFile, shelf: Shelf | None = None) -> None:
        self.tree = tree
        self.config = read_config(load_config(tree, config_file))
        files = [file for file in tree.files if file.path.startswith(_FOLDER)]
        self.files = [replace(file, path=file.path.removeprefix(_FOLDER)) for file in files]
        self.sources = dict(decoded(self.files))
        self.copied = matcher(self.config.excluded)
        self.names = frozenset(variable.name for variable in self.config.variables)
        refused = {name: REFUSED_NAMES[name] for name in _REFUSED if name not in self.names}
        dialect = Dialect("FoxOps", _DECLARE, foxops_filters, refused)
        folder = f"{tree.file}/{_FOLDER.rstrip('/')}"
        self.environment = TemplateEnvironment(TreeLoader(self.sources), {}, (), folder, dialect, shelf)
        self.compiler = TextCompiler(self.environment, self.config.problems)

    def compile(self, memo: Memo | None) -> FoxopsTemplate:
        """Compile everything, then say all that is wrong at once."""
        if not self.files:
            self.config.report("the template has no files in template/", (), "put what is rendered there")
        files = {file.path: self._file(file) for file in self.files}
        known = {path: file.text for path, file in files.items() if file.text is not None}
        paths = [part for file in files.values() for part in file.parts]
        included = compile_included(self.compiler, self.sources, known, paths, _ROOT)
        if self.config.problems:
            raise template_error(self.tree, self.config.problems)
        reads = ReadSets(self.environment, included, self.names | OWN_NAMES)
        settled = settle(self.environment, {file.path: file for file in files.values()}, reads)
        return FoxopsTemplate(
            self.tree.pin,
            self.tree.repository or self.tree.pin.name,
            self.environment,
            self.config.variables,
            tuple(settled.values()),
            lambda path: reads_of(reads, files[path.removeprefix(_FOLDER)]),
            lambda: all_reads(reads, Parts((), (), files)),
            make_steps(self.tree, Parts((), (), settled), reads, memo),
        )

    def _file(self, file: TemplateFile) -> SourceFile:
        origin = Origin(self.environment.file_of(file.path))
        # The whole path is one text: a variable set in a folder's name is known in the file's.
        parts = (self.compiler.compile(file.path, origin),)
        text = None if self.copied(file.path) else self._text(file, origin)
        path = f"{_FOLDER}{file.path}"
        return SourceFile(path, parts, file.mode, file.content, text, text is not None, origin)

    def _text(self, file: TemplateFile, origin: Origin) -> Text | None:
        if file.path in self.sources:
            return self.compiler.compile(self.sources[file.path], origin, name=file.path)
        what = f"{file.path} is a template, as every file is, but not UTF-8 text"
        hint = "add it to rendering.excluded_files to copy it as it is"
        self.config.problems.append(Problem(Code.TEMPLATE_SYNTAX, what, origin, hint))
        return None

"""Compiles a template version, once, for all sites.

In: a TemplateTree, which holds all bytes. Out: a Template, or TemplateError with every problem found.
Never: does I/O, or runs template code that depends on a site.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.render.config import read_config
from renderer.render.contents import settle
from renderer.render.copier_template import CopierTemplate
from renderer.render.dialect import COPIER, LENIENT_COPIER
from renderer.render.digests import FOXOPS_CONFIG_FILE
from renderer.render.given import given_reads
from renderer.render.including import load_copier_config
from renderer.render.loading import (
    TreeLoader,
    compile_included,
    config_file,
    decoded,
    reads_of,
    template_error,
)
from renderer.render.outline import Outliner, SourceFile
from renderer.render.questions import Question, QuestionReader
from renderer.render.references import include_path
from renderer.render.sandbox import TemplateEnvironment
from renderer.render.shelf import Shelf, shelf_key
from renderer.render.steps import Parts, all_reads, make_steps, read_sets
from renderer.render.texts import Text, TextCompiler
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.render.foxops_compiling import FoxopsCompiler
    from renderer.render.foxops_values import Variable
    from renderer.render.interface import Template
    from renderer.render.memo import Memo
    from renderer.render.shelf import Kept
    from renderer.types import Json, TemplateFile, TemplateTree

# It tells how variables change, and is never part of an artifact.
_MIGRATIONS = "migrations.yml"
_ANSWERS_FILE_NAME = "_copier_conf.answers_file"
_ROOT = "the template's folder, the one with copier.yml"


def compile_template(tree: TemplateTree, memo: Memo | None = None, kept: Kept | None = None) -> Template:
    """Compile `tree` with the reader for its format; raises TemplateError with all problems.

    With a `memo`, which several templates may share, it remembers from site to site what it rendered. What compiling
    gives is looked up in `kept`, and put there. The template is the same without either.
    """
    file = config_file(tree)
    key = shelf_key(tree)
    shelf = Shelf(None if kept is None else kept.find([key]).get(key))
    template = _compiler(tree, file, shelf).compile(memo)
    if kept is not None and (news := shelf.dump()) is not None:
        kept.put(key, news)
    return template


def draft_template(tree: TemplateTree) -> Draft:
    """`tree` as it is written, for those who look at templates; raises TemplateError with all problems."""
    file = config_file(tree)
    if file.path == FOXOPS_CONFIG_FILE:
        what = "a template in FoxOps' format can be rendered, and not looked at like this"
        where, hint = Origin(f"{tree.file}/{file.path}"), "`fleetpress validate` checks it with every site that pins it"
        raise template_error(tree, [Problem(Code.TEMPLATE_REFUSED, what, where, hint)])
    return CopierCompiler(tree, file).draft()


def question_defaults(tree: TemplateTree) -> Mapping[str, Json]:
    """Question -> its default as it is written; one without a default is left out. Raises TemplateError."""
    file = config_file(tree)
    if file.path == FOXOPS_CONFIG_FILE:
        return _foxops(tree, file).config.defaults()
    questions = CopierCompiler(tree, file).config.questions
    return {name: raw["default"] for name, raw in questions.items() if "default" in raw}


def foxops_variables(tree: TemplateTree) -> tuple[Variable, ...] | None:
    """The variables of a template in FoxOps' format, None for another; raises TemplateError with all problems."""
    file = config_file(tree)
    if file.path != FOXOPS_CONFIG_FILE:
        return None
    return _foxops(tree, file).compile(None).asked


def question_config(tree: TemplateTree) -> Mapping[str, Json] | None:
    """The settings and questions of copier.yml, as they are written; None for another format. Raises TemplateError."""
    file = config_file(tree)
    if file.path == FOXOPS_CONFIG_FILE:
        return None
    config = load_copier_config(tree, file)
    if config.problems:
        raise template_error(tree, list(config.problems))
    return config.value


def _compiler(tree: TemplateTree, file: TemplateFile, shelf: Shelf) -> CopierCompiler | FoxopsCompiler:
    """The reader for the format of a configuration file."""
    return _foxops(tree, file, shelf) if file.path == FOXOPS_CONFIG_FILE else CopierCompiler(tree, file, shelf)


def _foxops(tree: TemplateTree, file: TemplateFile, shelf: Shelf | None = None) -> FoxopsCompiler:
    from renderer.render.foxops_compiling import FoxopsCompiler

    return FoxopsCompiler(tree, file, shelf)


@dataclass(frozen=True, slots=True)
class Draft:
    """A template as it is written: its texts with their syntax.

    `included` holds the contents of files by path, of those too that only others refer to.
    """

    environment: TemplateEnvironment
    questions: tuple[Question, ...]
    subdirectory: Text
    answers_path: Text
    exclude: tuple[Text, ...]
    files: Mapping[str, SourceFile]
    included: Mapping[str, Text]

    @property
    def referred(self) -> frozenset[str]:
        """The paths of files that others include, import or extend."""
        parts = [part for file in self.files.values() for part in file.parts]
        found = (reference for text in (*self.included.values(), *parts) for reference in text.references)
        return frozenset(include_path(name) for reference in found for name in reference.names)


class CopierCompiler:
    """The reader of Copier's format."""

    def __init__(self, tree: TemplateTree, file: TemplateFile, shelf: Shelf | None = None) -> None:
        self.tree = tree
        self.shelf = shelf
        self.config_file = f"{tree.file}/{file.path}"
        self.config = read_config(load_copier_config(tree, file), lenient=tree.lenient)
        self.contents = {file.path: file for file in tree.files if file.path != _MIGRATIONS}
        self.sources = dict(decoded(tree.files))
        self.folders = {str(parent) for path in self.contents for parent in PurePosixPath(path).parents} - {"."}
        config = self.config
        self.environment = self._environment()
        self.compiler = TextCompiler(self.environment, config.problems)
        self.parts: dict[str, Text] = {}

    def _environment(self) -> TemplateEnvironment:
        config, loader = self.config, TreeLoader(self.sources)
        dialect = COPIER if config.strict_names else LENIENT_COPIER
        try:
            return TemplateEnvironment(loader, config.options, config.extensions, self.tree.file, dialect, self.shelf)
        except (AssertionError, TypeError, ValueError) as error:
            config.report(f"_envops: {error}", ("_envops",), "start strings must differ from each other")
            return TemplateEnvironment(loader, {}, config.extensions, self.tree.file, dialect, self.shelf)

    def compile(self, memo: Memo | None) -> CopierTemplate:
        """Compile everything, then say all that is wrong at once."""
        draft = self.draft()
        parts = Parts(draft.questions, (draft.answers_path, draft.subdirectory, *draft.exclude), draft.files)
        reads = read_sets(self.environment, draft.included, parts)
        settled = settle(self.environment, draft.files, reads)
        outliner = Outliner(lambda root: self._files_under(settled, root), self._has_template_for)
        return CopierTemplate(
            self.tree.pin,
            self.config_file,
            self.environment,
            draft.questions,
            draft.subdirectory,
            draft.answers_path,
            draft.exclude,
            outliner.cached(),
            lambda path: reads_of(reads, draft.files[path]),
            lambda: all_reads(reads, parts),
            lambda: given_reads(reads, parts),
            make_steps(self.tree, replace(parts, files=settled), reads, memo),
        )

    def draft(self) -> Draft:
        """Everything that is written in the template, compiled; raises TemplateError with all problems."""
        config = self.config
        questions = QuestionReader(self.compiler, config).read()
        subdirectory = self._setting("_subdirectory", config.subdirectory)
        answers_path = self._setting("_answers_file", config.answers_file)
        exclude = tuple(self._setting("_exclude", pattern) for pattern in config.exclusions)
        files = {path: self._file(file) for path, file in self.contents.items() if self._concerned(path, subdirectory)}
        # The answers file has an empty text of its own, but an include of it means what it really says.
        known = {
            path: file.text
            for path, file in files.items()
            if file.text is not None and file.text.source == self.sources.get(path)
        }
        included = compile_included(self.compiler, self.sources, known, self.parts.values(), _ROOT)
        self._check_secrets(questions, [*self.parts.values(), subdirectory, *exclude, *included.values()])
        self._check_subdirectory(subdirectory)
        if config.problems:
            raise template_error(self.tree, config.problems)
        return Draft(self.environment, questions, subdirectory, answers_path, exclude, files, included)

    def _setting(self, key: str, value: str) -> Text:
        return self.compiler.compile(value, self.config.document.origin((key,)))

    def _concerned(self, path: str, subdirectory: Text) -> bool:
        """Whether a file can be rendered on its own: not when it stands outside a subdirectory that is fixed."""
        if subdirectory.constant is None:
            return True
        root = include_path(subdirectory.constant)
        return not root or path.startswith(f"{root}/")

    def _file(self, file: TemplateFile) -> SourceFile:
        path, suffix = PurePosixPath(file.path), self.config.suffix
        is_template = path.name.endswith(suffix)
        shown = path.with_suffix("") if suffix and is_template else path
        parts = tuple(self._part(part, file.path) for part in shown.parts)
        text = self._content(file, shown.name) if is_template else None
        origin = Origin(self.environment.file_of(file.path))
        return SourceFile(file.path, parts, file.mode, file.content, text, is_template, origin)

    def _part(self, part: str, path: str) -> Text:
        if part not in self.parts:
            origin = Origin(self.environment.file_of(path))
            self.parts[part] = self.compiler.compile(part, origin, yields=True)
        return self.parts[part]

    def _content(self, file: TemplateFile, name: str) -> Text | None:
        origin = Origin(self.environment.file_of(file.path))
        if _ANSWERS_FILE_NAME in name or name == self.config.answers_file:
            return Text("", origin, "")  # never part of an artifact, so that it may use what others may not
        if file.path in self.sources:
            return self.compiler.compile(self.sources[file.path], origin, name=file.path)
        if self.config.suffix:
            what = f"{file.path} has the suffix of a template, but is not UTF-8 text"
            self.config.problems.append(Problem(Code.TEMPLATE_SYNTAX, what, origin, "drop the suffix to copy the file"))
        return None

    def _check_secrets(self, questions: tuple[Question, ...], texts: list[Text]) -> None:
        secrets = {question.name for question in questions if question.secret}
        if not secrets:
            return
        others = [text for question in questions if not question.secret for text in question.texts()]
        for text in (*texts, *others):
            for name in sorted(secrets & text.names):
                what = f"the secret question {name} is used where it reaches the output"
                hint = "refer to a secret store instead, for instance with an ExternalSecret"
                self.config.problems.append(Problem(Code.TEMPLATE_REFUSED, what, text.origin, hint))

    def _check_subdirectory(self, subdirectory: Text) -> None:
        if subdirectory.constant is not None and self._root(subdirectory.constant) is None:
            what = f"_subdirectory {subdirectory.constant!r} is no folder of the template"
            self.config.report(what, ("_subdirectory",))

    def _root(self, value: str) -> str | None:
        """The folder that `_subdirectory` names, empty for the template's own; None when there is no such folder."""
        root = include_path(value)
        outside = value.startswith("/") or ".." in value.split("/")
        return None if outside or (root and root not in self.folders) else root

    def _files_under(self, files: dict[str, SourceFile], value: str) -> tuple[SourceFile, ...] | None:
        root = self._root(value)
        if root is None:
            return None
        depth = len(root.split("/")) if root else 0
        prefix = f"{root}/" if root else ""
        return tuple(
            replace(file, parts=file.parts[depth:])
            for path, file in files.items()
            if path.startswith(prefix) and not self._shadowed(path)
        )

    def _exists(self, path: str) -> bool:
        return path in self.contents or path in self.folders

    def _shadowed(self, path: str) -> bool:
        """Whether the same file stands there as a template too, which then wins."""
        return bool(self.config.suffix) and self._exists(f"{path}{self.config.suffix}")

    def _has_template_for(self, path: str) -> bool:
        # Copier looks from the template's folder, not from the subdirectory.
        return self._exists(f"{path}{self.config.suffix}")

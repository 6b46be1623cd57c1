"""Reads copier.yml.

In: its documents, as one. Out: a Config of settings and raw questions, and every problem found in them.
Never: renders anything; what is templated stays text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.render.suggest import did_you_mean
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.render.including import CopierConfig
    from renderer.types import Json, KeyPath

COPIER_VERSION = (9, 19, 1)
# Copier's own list: what a template without a subdirectory does not hand out.
DEFAULT_EXCLUDE = ("copier.yaml", "copier.yml", "~*", "*.py[co]", "__pycache__", ".git", ".DS_Store", ".svn")

_IGNORED = frozenset({"message_after_copy", "message_after_update", "message_before_copy", "message_before_update"})
_CORRECT = "correct it in the template's copier.yml"
_REFUSED = {
    "tasks": "it runs programs: render the result of the task from a template file instead",
    "migrations": "it runs programs: change the variables in the layers and site files instead",
    "skip_if_exists": "artifacts are always rendered whole: leave the file out with _exclude instead",
    "external_data": "a template sees only its answers: put the data into a layer instead",
    "preserve_symlinks": "symbolic links are not followed or packed: copy the file instead",
}
_EXTENSIONS = {
    "jinja2.ext.do": "jinja2.ext.do",
    "jinja2.ext.ExprStmtExtension": "jinja2.ext.do",
    "jinja2.ext.loopcontrols": "jinja2.ext.loopcontrols",
    "jinja2.ext.LoopControlExtension": "jinja2.ext.loopcontrols",
}
_TEXT_OPTIONS = frozenset(
    {f"{kind}_{end}_string" for kind in ("block", "variable", "comment") for end in ("start", "end")}
    | {"line_statement_prefix", "line_comment_prefix", "newline_sequence"}
)
_STRICT = "jinja2.StrictUndefined"
_UNDEFINED = frozenset({_STRICT, "jinja2.Undefined"})
_SWITCHES = frozenset({"trim_blocks", "lstrip_blocks", "keep_trailing_newline"})


@dataclass(slots=True)
class Config:
    """The settings of one template, and its questions as they were written."""

    document: CopierConfig
    lenient: bool = False
    undefined: str | None = None
    subdirectory: str = ""
    suffix: str = ".jinja"
    exclude: tuple[str, ...] | None = None
    answers_file: str = ".copier-answers.yml"
    options: dict[str, Any] = field(default_factory=dict)
    extensions: tuple[str, ...] = ()
    secret_questions: frozenset[str] = frozenset()
    questions: dict[str, dict[str, Json]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def exclusions(self) -> tuple[str, ...]:
        """The patterns that apply: the template's, or Copier's defaults when the template is its own root."""
        if self.exclude is not None:
            return self.exclude
        return () if self.subdirectory.strip("./") else DEFAULT_EXCLUDE

    @property
    def strict_names(self) -> bool:
        """Whether the use of an undefined variable is an error."""
        return not self.lenient or self.undefined == _STRICT

    def report(self, what: str, path: KeyPath, hint: str = _CORRECT, code: Code = Code.TEMPLATE_CONFIG) -> None:
        """Note a problem at a key of copier.yml."""
        self.problems.append(Problem(code, what, self.document.origin(path), hint))


def read_config(document: CopierConfig, *, lenient: bool = False) -> Config:
    """Sort the document into settings and questions; a lenient reader ignores what Copier ignores."""
    config = Config(document, lenient, problems=list(document.problems))
    for key, value in document.value.items():
        if key.startswith("_"):
            _read_setting(config, key, value)
        else:
            config.questions[key] = value if isinstance(value, dict) else {"default": value}
    for name in config.secret_questions:
        if name in config.questions:
            config.questions[name]["secret"] = True
    return config


def _read_setting(config: Config, key: str, value: Json) -> None:
    name = key[1:]
    if name in _IGNORED:
        return
    if name in _REFUSED:
        if value:
            config.report(f"{key} is not supported", (key,), _REFUSED[name], Code.TEMPLATE_REFUSED)
        return
    reader = _READERS.get(name)
    if reader is None and config.lenient:
        return
    if reader is None:
        known = [f"_{known}" for known in (*_READERS, *_REFUSED, *_IGNORED)]
        config.report(f"unknown setting {key}", (key,), did_you_mean(key, known, "remove it"))
        return
    reader(config, key, value)


def _read_subdirectory(config: Config, key: str, value: Json) -> None:
    config.subdirectory = _expect_text(config, key, value)


def _read_suffix(config: Config, key: str, value: Json) -> None:
    if value is not None:
        config.suffix = _expect_text(config, key, value)


def _read_answers_file(config: Config, key: str, value: Json) -> None:
    config.answers_file = _expect_text(config, key, value)
    if config.answers_file.startswith("/"):
        config.report(f"{key} must be a relative path", (key,))


def _read_exclude(config: Config, key: str, value: Json) -> None:
    config.exclude = _expect_texts(config, key, value)


def _read_secrets(config: Config, key: str, value: Json) -> None:
    config.secret_questions = frozenset(_expect_texts(config, key, value))


def _read_extensions(config: Config, key: str, value: Json) -> None:
    for index, name in enumerate(_expect_texts(config, key, value)):
        if name in _EXTENSIONS:
            config.extensions += (_EXTENSIONS[name],)
        else:
            hint = "an extension runs code of its own: use macros, or one of jinja2.ext.do and jinja2.ext.loopcontrols"
            config.report(f"the Jinja extension {name} is not supported", (key, index), hint, Code.TEMPLATE_REFUSED)


def _read_min_version(config: Config, key: str, value: Json) -> None:
    match = re.match(r"v?(\d+(?:\.\d+)*)", str(value))
    if match is None:
        config.report(f'{key} must be a version such as "9.3.0"', (key,))
    elif tuple(map(int, match[1].split("."))) > COPIER_VERSION:
        shown = ".".join(map(str, COPIER_VERSION))
        hint = "use the template's version for an older Copier, or a newer fleetpress"
        config.report(f"the template needs Copier {match[1]}, this reads the format of {shown}", (key,), hint)


def _read_envops(config: Config, key: str, value: Json) -> None:
    if not isinstance(value, dict):
        config.report(f"{key} must be a mapping", (key,))
        return
    for name, option in value.items():
        if (name in _TEXT_OPTIONS and isinstance(option, str)) or (name in _SWITCHES and isinstance(option, bool)):
            config.options[name] = option
        elif name == "undefined" and config.lenient and option in _UNDEFINED:
            config.undefined = str(option)
        elif not _is_default(name, option):
            _report_option(config, (key, name), name)


def _is_default(name: str, option: Json) -> bool:
    defaults: dict[str, Json] = {"autoescape": False, "undefined": _STRICT, "optimized": True}
    if name in _TEXT_OPTIONS:
        return option is None and name.startswith("line_")
    return name in defaults and option == defaults[name]


def _report_option(config: Config, path: KeyPath, name: str) -> None:
    if name == "undefined":
        hint = "undefined variables are always errors: write {{ name | default('') }} where a variable may be missing"
        config.report("_envops.undefined must be jinja2.StrictUndefined", path, hint, Code.TEMPLATE_REFUSED)
    elif name in _TEXT_OPTIONS | _SWITCHES:
        config.report(f"_envops.{name} must be {'text' if name in _TEXT_OPTIONS else 'true or false'}", path)
    else:
        known = sorted(_TEXT_OPTIONS | _SWITCHES)
        hint = did_you_mean(name, known, f"supported: {', '.join(known)}")
        config.report(f"_envops.{name} is not supported", path, hint, Code.TEMPLATE_REFUSED)


def _expect_text(config: Config, key: str, value: Json) -> str:
    if isinstance(value, str):
        return value
    config.report(f"{key} must be text", (key,), "quote it")
    return ""


def _expect_texts(config: Config, key: str, value: Json) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(map(str, value))
    config.report(f"{key} must be a list of texts", (key,), "write one item per line: - '…'")
    return ()


_READERS: Mapping[str, Callable[[Config, str, Json], None]] = {
    "answers_file": _read_answers_file,
    "envops": _read_envops,
    "exclude": _read_exclude,
    "jinja_extensions": _read_extensions,
    "min_copier_version": _read_min_version,
    "secret_questions": _read_secrets,
    "subdirectory": _read_subdirectory,
    "templates_suffix": _read_suffix,
}

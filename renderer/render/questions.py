"""The questions of copier.yml, compiled once.

In: their raw data. Out: Question values whose templated parts are compiled texts, and every problem found.
Never: answers anything; that is `answers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from renderer.render.casting import CASTS
from renderer.render.suggest import did_you_mean
from renderer.render.texts import Text, TextCompiler

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.render.config import Config
    from renderer.types import Json, KeyPath, Origin


class _Missing:
    """The question has no default."""


MISSING: Final = _Missing()

# A value whose texts are compiled, and whose lists are so item by item; anything else is taken as it is.
Prepared: TypeAlias = "Text | list[Prepared] | bool | int | float | str | dict[str, Json] | None"

_FIELDS = frozenset(
    "type default choices multiselect validator when ask secret help multiline placeholder qmark".split()  # noqa: SIM905
)
# Names that Copier itself puts into every context.
_TAKEN = frozenset({"now", "make_secret"})


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: what is shown, its value, and a text that renders to why it cannot be chosen."""

    name: Prepared
    value: Prepared
    disabled: Prepared = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One question. `choices` is a Text when the whole list is templated."""

    name: str
    origin: Origin
    type: Prepared
    default: Prepared | _Missing
    choices: Text | tuple[Choice, ...] = ()
    multiselect: bool = False
    validator: Prepared = ""
    when: Prepared = True
    ask: Prepared = True
    secret: bool = False
    help: str = ""

    def texts(self) -> Iterator[Text]:
        """Every compiled text of this question."""
        parts: list[Any] = [self.type, self.default, self.validator, self.when, self.ask]
        if isinstance(self.choices, Text):
            parts.append(self.choices)
        else:
            parts += [part for choice in self.choices for part in (choice.name, choice.value, choice.disabled)]
        for part in parts:
            yield from _texts(part)


def _texts(part: Any) -> Iterator[Text]:
    if isinstance(part, Text):
        yield part
    elif isinstance(part, list):
        for item in part:
            yield from _texts(item)


class QuestionReader:
    """Compiles the questions of one template; problems go into `config.problems`."""

    def __init__(self, compiler: TextCompiler, config: Config) -> None:
        self.compiler = compiler
        self.config = config

    def read(self) -> tuple[Question, ...]:
        """All questions in the order they are asked."""
        questions = (self._question(name, raw) for name, raw in self.config.questions.items())
        return tuple(question for question in questions if question is not None)

    def text(self, value: str, path: KeyPath) -> Text:
        """Compile a text of copier.yml."""
        return self.compiler.compile(value, self.config.document.origin(path))

    def prepare(self, value: Json, path: KeyPath) -> Prepared:
        """Compile every text of `value` that Copier would render."""
        if isinstance(value, str):
            return self.text(value, path)
        if isinstance(value, list):
            return [self.prepare(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def _question(self, name: str, raw: dict[str, Json]) -> Question | None:
        before = len(self.config.problems)
        self._check(name, raw)
        if len(self.config.problems) > before:
            return None
        default: Json | _Missing = raw.get("default", MISSING)
        return Question(
            name,
            self.config.document.origin((name,)),
            self.prepare(_type_name(raw), (name, "type")),
            MISSING if isinstance(default, _Missing) else self.prepare(default, (name, "default")),
            self._choices(name, raw.get("choices", [])),
            bool(raw.get("multiselect", False)),
            self.prepare(raw.get("validator", ""), (name, "validator")),
            self.prepare(raw.get("when", True), (name, "when")),
            self.prepare(raw.get("ask", True), (name, "ask")),
            bool(raw.get("secret", False)),
            str(raw.get("help", "")),
        )

    def _check(self, name: str, raw: dict[str, Json]) -> None:
        report = self.config.report
        if name in _TAKEN:
            report(f"a question cannot be called {name}: Copier uses the name itself", (name,), "rename it")
        for key in raw:
            if key not in _FIELDS:
                report(
                    f"unknown field {key!r} in question {name}", (name, key), did_you_mean(key, _FIELDS, "remove it")
                )
        for key in ("multiselect", "secret"):
            if not isinstance(raw.get(key, False), bool):
                report(f"{key} of question {name} must be true or false", (name, key))
        for key in ("when", "ask"):
            if not isinstance(raw.get(key, True), (bool, str)):
                report(f"{key} of question {name} must be true, false or a template", (name, key))
        for key in ("type", "validator", "help"):
            if not isinstance(raw.get(key, ""), str):
                report(f"{key} of question {name} must be text", (name, key), "quote it")
        self._check_type(name, raw)

    def _check_type(self, name: str, raw: dict[str, Json]) -> None:
        type_name = raw.get("type", "")
        if isinstance(type_name, str) and type_name.isalpha() and type_name not in CASTS:
            hint = did_you_mean(type_name, CASTS, f"one of {', '.join(sorted(CASTS))}")
            self.config.report(f"unknown type {type_name!r} in question {name}", (name, "type"), hint)
        if raw.get("secret") is True and "default" not in raw:
            self.config.report(f"the secret question {name} needs a default", (name,), "add default: ''")

    def _choices(self, name: str, raw: Json) -> Text | tuple[Choice, ...]:
        path: KeyPath = (name, "choices")
        if isinstance(raw, str):
            return self.text(raw, path)
        if isinstance(raw, dict):
            return tuple(self._choice(key, value, (*path, key)) for key, value in raw.items())
        if isinstance(raw, list):
            return tuple(self._listed(item, (*path, index)) for index, item in enumerate(raw))
        self.config.report(f"choices of question {name} must be a list, a mapping or a template", path)
        return ()

    def _listed(self, item: Json, path: KeyPath) -> Choice:
        if not isinstance(item, list):
            value = self.prepare(item, path)
            return Choice(value, value)
        if len(item) == 2:  # noqa: PLR2004 - a pair of name and value
            return self._choice(item[0], item[1], path)
        self.config.report(f"a choice given as a list must be a pair of name and value, got {len(item)} items", path)
        return Choice("", "")

    def _choice(self, name: Json, value: Json, path: KeyPath) -> Choice:
        if not isinstance(value, dict):
            return Choice(self.prepare(name, path), self.prepare(value, path))
        disabled = value.get("validator", "")
        if "value" not in value or not isinstance(disabled, str):
            self.config.report("a choice needs a `value`, and its `validator` must be text", path)
            return Choice("", "")
        return Choice(
            self.prepare(name, path), self.prepare(value["value"], path), self.prepare(disabled, (*path, "validator"))
        )


def _type_name(raw: dict[str, Json]) -> str:
    given = raw.get("type", "")
    if isinstance(given, str) and given:
        return given
    kind = type(raw["default"]).__name__ if "default" in raw else ""
    return kind if kind in CASTS else "yaml"

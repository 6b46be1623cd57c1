"""Answers a template's questions for one site, the way `copier copy --defaults --data …` does.

In: compiled questions, and what the site gives. Out: the answers, and every problem found.
Never: asks a person, or lets one site's values reach another: every answer is a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from marshal import dumps, loads
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.render.casting import CASTS, cast, plain, to_bool, yaml_list
from renderer.render.faults import RENDER_FAULTS, Fault, explain
from renderer.render.filters_text import parse_yaml
from renderer.render.keys import MARSHAL_VERSION
from renderer.render.questions import MISSING, Choice, Prepared, Question
from renderer.render.suggest import did_you_mean
from renderer.render.texts import Text, render_text
from renderer.render.undefined import UNSET, UnsetError
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.render.memo import Recall, Step
    from renderer.render.sandbox import TemplateEnvironment
    from renderer.types import Json, Origin

_CAST_FAULTS = (ValueError, TypeError, AttributeError, OverflowError, RecursionError, LookupError)
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class _Offer:
    """A choice, rendered."""

    value: Json
    disabled: str


class AnswerRefused(Exception):
    """An answer that will not do; `code` says in which way."""

    def __init__(self, code: Code, what: str, where: Origin | None = None) -> None:
        super().__init__(what)
        self.code, self.what, self.where = code, what, where


@dataclass(slots=True)
class Interview:
    """One site's answers to one template. `context` is what its texts see besides the answers."""

    environment: TemplateEnvironment
    given: Mapping[str, Json]
    context: Mapping[str, Any]
    steps: Mapping[str, Step]
    recall: Recall
    answers: dict[str, Json] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    view: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.view = {**self.given, **self.context}

    def ask(self, questions: Sequence[Question]) -> None:
        """Answer every question, in order."""
        for question in questions:
            try:
                self._enter(question.name, self._recalled(question))
            except AnswerRefused as rejected:
                self._report(question, rejected.code, rejected.what, rejected.where)
            except RENDER_FAULTS as error:
                self._fault(question, error)

    def _report(self, question: Question, code: Code, what: str, where: Origin | None) -> None:
        self.failed.add(question.name)
        if where is None:
            hint = "change the value where it is set, or what the question in copier.yml allows"
        else:
            hint = "give it a value in a layer or the site file"
        self.problems.append(Problem(code, what, where, hint, key=question.name))

    def _fault(self, question: Question, error: Exception) -> None:
        fault = explain(error, self.environment, question.origin)
        # An answer that depends on one that failed is no news.
        if fault.name not in self.failed:
            self.problems.append(
                Problem(fault.code, fault.what, fault.where, undefined_hint(fault, self._names()), key=question.name)
            )
        self.failed.add(question.name)

    def _names(self) -> set[str]:
        return {*self.given, *self.answers, *self.context}

    def _enter(self, name: str, answer: Any) -> None:
        if answer is not MISSING:
            self.answers[name] = self.view[name] = answer

    def _recalled(self, question: Question) -> Any:
        step = self.steps.get(question.name)
        if step is None:
            return self._answer(question)
        # What a memo holds is bytes where the answer has parts, so that each site gets parts of its own.
        packed = self.recall(step, self.view, partial(self._packed, question), self.given.get(question.name, ...))
        if type(packed) is bytes:
            return loads(packed)  # noqa: S302 - bytes that this worker made
        return packed[0] if packed else MISSING

    def _packed(self, question: Question) -> Any:
        answer = self._answer(question)
        if answer is MISSING:
            return ()
        return dumps(answer, MARSHAL_VERSION) if isinstance(answer, (list, dict)) else (answer,)

    def _answer(self, question: Question) -> Any:
        """The answer, or MISSING when the question needs none."""
        asker = Asker(self.environment, question, self.view)
        asked = to_bool(asker.value(question.ask))
        if not to_bool(asker.value(question.when)) and self._default(question, asker) is MISSING:
            return MISSING
        if question.name in self.given:
            answer = asker.parse(self.given[question.name])
            asker.validate(answer)
            return answer
        default = self._default(question, asker)
        if default is MISSING and asked:
            what = f"the template asks for {question.name}, and it has no value and no default"
            raise AnswerRefused(Code.ANSWER_MISSING, what, question.origin)
        return default

    def _default(self, question: Question, asker: Asker) -> Any:
        if question.name in self.given:
            value: Any = self.given[question.name]
        else:
            try:
                value = MISSING if question.default is MISSING else asker.value(question.default, {"UNSET": UNSET})
            except UnsetError:
                value = MISSING
            if value is MISSING:
                return MISSING
        answer = asker.parse(value)
        if to_bool(asker.value(question.when)) and not question.secret:
            asker.validate(answer)
        return answer


def undefined_hint(fault: Fault, names: set[str]) -> str:
    """Did you mean …, for an undefined name; the fault's own hint otherwise."""
    if fault.name is None:
        return fault.hint
    known = fault.known if fault.known is not None else names
    return did_you_mean(fault.name, known, fault.hint)


class Asker:
    """One question for one site: renders its parts, and casts and checks an answer."""

    def __init__(self, environment: TemplateEnvironment, question: Question, view: dict[str, Any]) -> None:
        self.environment = environment
        self.question = question
        self.view = view
        self.type = str(self.value(question.type))
        if self.type not in CASTS:
            raise AnswerRefused(Code.ANSWER_INVALID, f"the type of {question.name} came out as {self.type[:_SHOWN]!r}")
        self._offers: list[_Offer] | None = None

    def value(self, part: Prepared | Any, extra: Mapping[str, Any] | None = None) -> Any:
        """Render a prepared value."""
        if isinstance(part, Text):
            if part.constant is not None:
                return part.constant
            return render_text(self.environment, part, {**self.view, **extra} if extra else self.view)
        if isinstance(part, list):
            return [self.value(item, extra) for item in part]
        return part

    def parse(self, answer: Any) -> Json:
        """Cast `answer` and check it against the choices."""
        if not self.question.multiselect:
            return self._parse_one(answer)
        items = self._cast_with(yaml_list, answer) if isinstance(answer, str) else answer
        if not isinstance(items, (list, dict)):
            raise self._invalid(f"expected a list, got {_show(answer)}", answer)
        chosen = [self._parse_one(item) for item in items]
        return [offer.value for offer in self.offers if offer.value in chosen]

    def validate(self, answer: Json) -> None:
        """Render the validator; what it prints is why the answer is not accepted."""
        name = self.question.name
        message = str(self.value(self.question.validator, {name: answer})).strip()
        if message:
            raise AnswerRefused(Code.ANSWER_REJECTED, f"{name} is not accepted: {message[:500]}")

    @property
    def offers(self) -> list[_Offer]:
        """The choices, rendered and cast."""
        if self._offers is None:
            choices = self.question.choices
            if isinstance(choices, Text):
                choices = self._templated_choices(choices)
            self._offers = [self.offer(choice) for choice in choices]
        return self._offers

    def offer(self, choice: Choice) -> _Offer:
        """One choice, rendered and cast."""
        value = self.value(choice.value)
        # A null value stands for the name, as in the library that Copier asks its questions with.
        value = str(self.value(choice.name)) if value is None else value
        return _Offer(self._cast(value), str(self.value(choice.disabled)))

    def _templated_choices(self, text: Text) -> tuple[Choice, ...]:
        raw = self._cast_with(parse_yaml, self.value(text))
        pairs = list(raw.items()) if isinstance(raw, dict) else raw
        if not isinstance(pairs, list):
            raise self._invalid(f"expected a list of choices, got {_show(raw)}", raw)
        return tuple(self._dynamic_choice(pair) for pair in pairs)

    def _dynamic_choice(self, item: Any) -> Choice:
        if not isinstance(item, (list, tuple)):
            return Choice(self._literal(item), self._literal(item))
        if len(item) != 2:  # noqa: PLR2004 - a pair of name and value
            raise self._invalid("a choice given as a list must be a pair of name and value", item)
        name, value = item
        disabled = ""
        if isinstance(value, dict):
            if "value" not in value:
                raise self._invalid("a choice given as a mapping needs a `value`", value)
            disabled, value = str(value.get("validator", "")), value["value"]
        return Choice(self._literal(name), self._literal(value), self._literal(disabled))

    def _literal(self, value: Any) -> Any:
        """What Copier would render a second time: text that came out of a template must not be one again."""
        env = self.environment
        marks = (env.variable_start_string, env.block_start_string, env.comment_start_string)
        if isinstance(value, str) and any(mark in value for mark in marks):
            raise self._invalid("a choice that came out of a template contains template code", value)
        return value

    def _parse_one(self, answer: Any) -> Json:
        value = self._cast(answer)
        if not self.offers:
            return value
        reason = ""
        for offer in self.offers:
            if value == offer.value:
                if not offer.disabled:
                    return value
                reason = reason or offer.disabled
        valid = ", ".join(_show(offer.value) for offer in self.offers if not offer.disabled)
        raise self._invalid(reason or f"expected one of {valid[:500]}, got {_show(value)}", value)

    def _cast(self, value: Any) -> Json:
        return plain(self._cast_with(lambda raw: cast(raw, self.type, each=self.question.multiselect), value))

    def _cast_with(self, function: Any, value: Any) -> Any:
        try:
            return function(value)
        except _CAST_FAULTS as error:
            raise self._invalid(f"expected {self.type}, got {_show(value)}: {str(error)[:200]}", value) from None

    def _invalid(self, what: str, _value: Any) -> AnswerRefused:
        name = self.question.name
        # The value of a secret must not reach a message.
        shown = f"{name}: {what}" if not self.question.secret else f"{name} has a value that does not fit its type"
        return AnswerRefused(Code.ANSWER_INVALID, shown)


def _show(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"

"""Every way in which a few questions can be answered, where their answers are few.

In: the questions of a template, and the values that labels may have. Out: contexts to try, or None where nobody can
list them. Never: guesses; an answer that is free is not listed.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from renderer.render.answers import AnswerRefused, Asker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from renderer.render.compiling import Draft
    from renderer.render.questions import Question
    from renderer.render.texts import Text
    from renderer.types import Json

_MOST = 4096
# What a context holds besides answers; of these, a template cannot tell one site from another.
OWN = {
    "_folder_name": "site",
    "_copier_conf": {"answers_file": "", "sep": "/", "vcs_ref": "1.0.0"},
    "_copier_phase": "prompt",
    "_copier_operation": "copy",
}


class Domains:
    """The answers of the questions that have few. `labels` are the values that each label may have."""

    def __init__(self, draft: Draft, labels: Mapping[str, Sequence[str]]) -> None:
        self._globals = frozenset(draft.environment.globals)
        self._few: dict[str, tuple[Json, ...]] = {}
        for question in draft.questions:
            few = self._answers(draft, question, labels)
            if few is not None:
                self._few[question.name] = few

    @staticmethod
    def _answers(draft: Draft, question: Question, labels: Mapping[str, Sequence[str]]) -> tuple[Json, ...] | None:
        offers = None if question.multiselect else static_offers(draft, question)
        if offers:
            given = labels.get(question.name)
            return tuple(value for value in offers if given is None or value in given) or None
        if question.name in labels:
            return tuple(labels[question.name])
        kind = question.type
        is_switch = not isinstance(kind, str) and getattr(kind, "constant", None) == "bool"
        return (True, False) if is_switch else None

    def contexts(self, texts: Iterable[Text], known: Iterable[str] = ()) -> Iterator[dict[str, Any]] | None:
        """A context for every combination of what `texts` read, apart from `known` names; None for too many."""
        names: set[str] = set()
        for text in texts:
            if text.references:
                return None
            names |= text.names
        free = sorted(names - set(known) - self._globals - OWN.keys())
        if not set(free) <= self._few.keys() or prod(len(self._few[name]) for name in free) > _MOST:
            return None
        return ({**OWN, **dict(zip(free, values, strict=True))} for values in product(*(self._few[n] for n in free)))


def static_offers(draft: Draft, question: Question) -> tuple[Json, ...] | None:
    """The values of choices that do not depend on other answers, and that can be chosen; None where they may."""
    texts = list(question.texts()) if isinstance(question.choices, tuple) else []
    of_choices = {id(part) for choice in _choices(question) for part in (choice.name, choice.value, choice.disabled)}
    if not isinstance(question.choices, tuple) or not question.choices:
        return None
    if any(text.constant is None for text in texts if id(text) in of_choices) or _computed(question.type):
        return None
    try:
        offers = Asker(draft.environment, question, dict(OWN)).offers
    except AnswerRefused:
        return None
    return tuple(offer.value for offer in offers if not offer.disabled)


def _choices(question: Question) -> tuple[Any, ...]:
    return question.choices if isinstance(question.choices, tuple) else ()


def _computed(part: Any) -> bool:
    return getattr(part, "constant", "") is None

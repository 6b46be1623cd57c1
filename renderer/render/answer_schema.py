"""JSON Schemas (draft-07) of a template's questions: what the engine takes as an answer, as far as that is static.

In: a template tree. Out: for each question the schema of its answers. It accepts exactly what is no ANSWER_INVALID,
with the exceptions that JSON Schema cannot tell: 1.0 is 1 to it, and texts that are read as JSON, YAML or a number (in
`yaml` and `json`, the choices of `float` and `bool`, a multiselect given as text) are not looked into.
Never: runs a validator; it is mentioned in the description.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from renderer.render.compiling import draft_template, foxops_variables
from renderer.render.domains import static_offers
from renderer.render.foxops_schema import required_variables, variable_schemas
from renderer.render.questions import MISSING
from renderer.render.texts import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.render.compiling import Draft
    from renderer.render.questions import Question
    from renderer.types import Json, TemplateTree

    Schema = dict[str, Json]

# What Python's int() and float() read, in the language that JSON Schema and Python share.
_DIGITS: Final = "[0-9](?:_?[0-9])*"
_SPACE: Final = "[ \\t\\n\\r\\f\\v]*"
_INT: Final = f"^{_SPACE}[+-]?{_DIGITS}{_SPACE}$"
_NUMBER: Final = f"(?:{_DIGITS}\\.?(?:{_DIGITS})?|\\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?"
_WORDS: Final = "[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]"
_FLOAT: Final = f"^{_SPACE}[+-]?(?:{_NUMBER}|{_WORDS}){_SPACE}$"
_NOT_NULL: Final[list[Json]] = ["array", "boolean", "number", "object", "string"]
_TYPES: Final[Mapping[str, Schema]] = {
    "bool": {"type": _NOT_NULL},
    "float": {"anyOf": [{"type": ["number", "boolean"]}, {"type": "string", "pattern": _FLOAT}]},
    "int": {"anyOf": [{"type": ["number", "boolean"]}, {"type": "string", "pattern": _INT}]},
    "json": {},
    "path": {"type": _NOT_NULL},
    "str": {"type": ["string", "number", "boolean"]},
    "yaml": {},
}


def answer_schemas(tree: TemplateTree, *, partial: bool = False) -> dict[str, Schema]:
    """Question -> schema of its answers, in the order they are asked. Raises TemplateError.

    With `partial`, of what a layer may say: the members of an object may be elsewhere.
    """
    if (variables := foxops_variables(tree)) is not None:
        return variable_schemas(variables, partial=partial)
    draft = draft_template(tree)
    return {question.name: _question(draft, question) for question in draft.questions}


def required_answers(tree: TemplateTree) -> list[str]:
    """The questions that every site must answer: without default, and asked whatever the other answers are."""
    if (variables := foxops_variables(tree)) is not None:
        return required_variables(variables)
    questions = draft_template(tree).questions
    return [
        question.name
        for question in questions
        if question.default is MISSING and _always(question.when) and _always(question.ask)
    ]


def _always(part: Any) -> bool:
    return part is True


def _question(draft: Draft, question: Question) -> Schema:
    schema: Schema = {"description": _description(question)}
    default = _static(question.default)
    if default is not MISSING and not question.secret:
        schema["default"] = default
    offers = static_offers(draft, question)
    kind = _kind(question)
    item: Schema = {} if kind is None else dict(_TYPES[kind])
    if offers is not None and kind is not None:
        item = _one_of(kind, offers)
    if question.multiselect:
        names: Schema = {"type": "object", "propertyNames": item}
        return {**schema, "anyOf": [{"type": "array", "items": item}, names, {"type": "string"}]}
    return {**schema, **item}


def _kind(question: Question) -> str | None:
    """The name of the type, None when it is computed."""
    kind = question.type
    name = kind.constant if isinstance(kind, Text) else str(kind)
    return name if name in _TYPES else None


def _description(question: Question) -> str:
    parts = [question.help.strip()]
    if isinstance(question.validator, Text) and question.validator.source.strip():
        parts.append(f"Checked by a validator: {_clipped(question.validator)}")
    if question.when is False:
        parts.append("Computed; a value given here replaces it.")
    elif isinstance(question.when, Text):
        parts.append(f"Asked when: {_clipped(question.when)}")
    if isinstance(question.choices, Text):
        parts.append("The choices depend on other answers.")
    if isinstance(question.default, Text) and question.default.constant is None:
        parts.append(f"Default: {_clipped(question.default)}")
    return "\n".join(part for part in parts if part)


def _clipped(text: Text, most: int = 300) -> str:
    source = " ".join(text.source.split())
    return source if len(source) <= most else f"{source[:most]}…"


def _static(part: Any) -> Any:
    """A default as an editor may insert it; MISSING when it is computed, or there is none."""
    if isinstance(part, Text):
        return MISSING if part.constant is None else part.constant
    if isinstance(part, list):
        items = [_static(item) for item in part]
        return MISSING if any(item is MISSING for item in items) else items
    return part


def _one_of(kind: str, offers: Sequence[Json]) -> Schema:
    """What is cast to one of `offers`. The first of the alternatives is what editors offer."""
    plain: list[Json] = [*offers]
    others: list[Json] = [schema for offer in offers for schema in _spellings(kind, offer)]
    return {"anyOf": [{"enum": plain}, *others]} if others else {"enum": plain}


def _spellings(kind: str, offer: Json) -> list[Schema]:
    """What else than the value itself is cast to it."""
    if kind in {"str", "path"}:
        return _as_text(offer)
    if kind == "int" and isinstance(offer, int):
        return _as_int(int(offer))
    if kind == "float" and isinstance(offer, int | float):
        written: list[Json] = [
            f"{offer}",
            f"{offer:g}",
            *([True] if offer == 1 else []),
            *([False] if not offer else []),
        ]
        return [{"enum": [*dict.fromkeys(written)]}]
    if kind == "bool":
        return [
            {
                "enum": [1, "true", "True", "yes", "on", "y", "t"]
                if offer
                else [0, "false", "False", "no", "off", "n", "f", ""]
            }
        ]
    if isinstance(offer, bool | int | float):
        # To Python, true is 1.
        same: list[Json] = [True] if offer == 1 else [False] if offer == 0 else []
        return [{"enum": [json.dumps(offer), *same, *([int(offer)] if same else [])]}]
    return [] if isinstance(offer, str) else [{"enum": [json.dumps(offer)]}]


def _as_text(offer: Json) -> list[Schema]:
    text = str(offer)
    if text in {"True", "False"}:
        return [{"enum": [text == "True"]}]
    try:
        number = json.loads(text)
    except ValueError:
        return []
    same = type(number) in {int, float} and str(number) == text
    return [{"enum": [number]}] if same else []


def _as_int(offer: int) -> list[Schema]:
    """The numbers that are cut down to `offer`, the switch that equals it, the texts that spell it."""
    if offer > 0:
        numbers: Schema = {"type": "number", "minimum": offer, "exclusiveMaximum": offer + 1}
    elif offer < 0:
        numbers = {"type": "number", "exclusiveMinimum": offer - 1, "maximum": offer}
    else:
        numbers = {"type": "number", "exclusiveMinimum": -1, "exclusiveMaximum": 1}
    digits = "_?".join(str(abs(offer)))
    sign = "-" if offer < 0 else "\\+?" if offer > 0 else "[+-]?"
    texts: Schema = {"type": "string", "pattern": f"^{_SPACE}{sign}(?:0_?)*{digits}{_SPACE}$"}
    switch: list[Schema] = [{"enum": [bool(offer)]}] if offer in {0, 1} else []
    return [numbers, texts, *switch]

"""One compiled JSON Schema: jsonschema-rs decides, `jsonschema` words.

In: a schema, and JSON values. Out: violations, all at once, in a fixed order.
Never: passes a value that jsonschema-rs refuses, even when `jsonschema` finds nothing to say about it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from renderer.validate.formats import FORMATS
from renderer.validate.wording import Violation, worded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# Rust's `regex` has RE2's syntax and linear time, as Go has: patterns of CRDs mean the same here and in the API server.
_LINEAR = jsonschema_rs.RegexOptions()


def _literal_braces(pattern: str) -> str:
    """Escape braces that are no repetition, as in `{{.*}}`: Go takes them as they stand, Rust does not."""
    token = re.compile(r"\\[pPx]\{[^}]*\}|\\.|\{\d+(?:,\d*)?\}|[{}]", re.DOTALL)
    return token.sub(lambda found: "\\" + found[0] if found[0] in "{}" else found[0], pattern)


@lru_cache(maxsize=4096)
def usable_pattern(pattern: str) -> str | None:
    """`pattern` in a form our engine compiles, or None where there is none."""
    for form in (pattern, _literal_braces(pattern)):
        if _matcher(form) is not None:
            return form
    return None


@lru_cache(maxsize=4096)
def _matcher(pattern: str) -> jsonschema_rs.Draft202012Validator | None:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=_LINEAR)
    except (ValueError, jsonschema_rs.ValidationError):
        return None


def matches(pattern: str, text: str) -> bool:
    """Whether `text` holds a match of `pattern`, by the engine that validates; an unusable pattern matches nothing."""
    matcher = _matcher(pattern)
    return matcher is not None and matcher.is_valid(text)


class Schema:
    """A schema ready for use. Raises ValueError when it is no schema.

    `validator` is the underlying fast validator; patterns must have passed `usable_pattern`.
    """

    __slots__ = ("_document", "validator")

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        try:
            self.validator = jsonschema_rs.Draft202012Validator(
                dict(document), formats=dict(FORMATS), validate_formats=True, pattern_options=_LINEAR
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            raise ValueError(str(error).splitlines()[0]) from None

    def violations(self, value: object, *, quiet: bool = False) -> list[Violation]:
        """All that the schema refuses in `value`, sorted by path; `quiet` keeps values out of the words."""
        if self.validator.is_valid(value):
            return []
        found = {found: None for error in self._errors(value) for found in worded(error, quiet=quiet)}
        return sorted(found or self._bare(value), key=lambda one: ([str(part) for part in one.path], one.what))

    def _errors(self, value: object) -> Iterator[Any]:
        wording = _wording_class()(self._document, format_checker=_format_checker())
        yield from wording.iter_errors(value)

    def _bare(self, value: object) -> list[Violation]:
        """What jsonschema-rs says, without any value: for the case that `jsonschema` finds nothing."""
        errors = self.validator.iter_errors(value)
        return [
            Violation(tuple(error.instance_path), f"breaks {'/'.join(map(str, error.schema_path))}") for error in errors
        ]


@lru_cache(maxsize=1)
def _wording_class() -> Any:
    """Draft 2020-12 of `jsonschema`, with patterns left to the engine that decides."""
    from jsonschema import ValidationError, validators

    def pattern(_validator: object, rule: str, instance: object, _schema: object) -> Iterator[ValidationError]:
        if isinstance(instance, str) and not matches(rule, instance):
            yield ValidationError("does not match")

    extend: Any = validators.extend
    return extend(validators.Draft202012Validator, {"pattern": pattern})


@lru_cache(maxsize=1)
def _format_checker() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checkers = {name: (_on_strings(holds), ()) for name, holds in FORMATS.items()}
    return checker


def _on_strings(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or holds(value)

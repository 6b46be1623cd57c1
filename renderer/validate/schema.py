"""One compiled JSON Schema: jsonschema-rs decides, `jsonschema` words.

In: a schema, and JSON values. Out: violations, all at once, in a fixed order.
Never: passes a value that jsonschema-rs refuses, even when `jsonschema` finds nothing to say about it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from renderer.validate.formats import FORMATS
from renderer.validate.patterns import LINEAR, matches
from renderer.validate.wording import Violation, worded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Schema:
    """A schema ready for use. Raises ValueError when it is no schema.

    `validator` is the underlying fast validator; patterns must be forms of `usable_pattern`.
    """

    __slots__ = ("_document", "validator")

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        try:
            self.validator = jsonschema_rs.Draft202012Validator(
                dict(document), formats=dict(FORMATS), validate_formats=True, pattern_options=LINEAR
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            raise ValueError(str(error).splitlines()[0]) from None

    def violations(self, value: object, *, quiet: bool = False) -> list[Violation]:
        """All that the schema refuses in `value`, sorted by path; `quiet` keeps values out of the words."""
        if self.validator.is_valid(value):
            return []
        found = {found: None for error in self.errors(value) for found in worded(error, quiet=quiet)}
        return sorted(found or self._bare(value), key=lambda one: ([str(part) for part in one.path], one.what))

    def errors(self, value: object) -> Iterator[Any]:
        """What `jsonschema` finds, as its own error objects."""
        yield from self.words().iter_errors(value)

    def words(self) -> Any:
        """A validator of `jsonschema` for this schema: slow, for wording and for comparison."""
        return _wording_class()(self._document, format_checker=_format_checker())

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

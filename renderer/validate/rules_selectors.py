"""Rules about label selectors, wherever they stand.

In: a selector, labels. Out: breaches; whether the one matches the other.
Never: matches what the API server would refuse to read.
Source: apimachinery pkg/apis/meta/v1/validation ValidateLabelSelector; core validation ValidateNodeSelector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.validate.names import is_label_key, is_label_value
from renderer.validate.rules import mapping, records
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from renderer.validate.rules import Breach

_WITH_VALUES = ("In", "NotIn")
_WITHOUT_VALUES = ("Exists", "DoesNotExist")
_OPERATORS_OF_LABELS = (*_WITH_VALUES, *_WITHOUT_VALUES)
_COMPARING = ("Gt", "Lt")


def selector_breaches(got: Any) -> Iterator[Breach]:
    """What is wrong with the form of a LabelSelector."""
    for path, what in label_breaches(mapping(got, "matchLabels")):
        yield ("matchLabels", *path), what
    for index, one in records(got, "matchExpressions"):
        for path, what in _requirement(one, _OPERATORS_OF_LABELS):
            yield ("matchExpressions", index, *path), what


def node_selector_breaches(got: Any) -> Iterator[Breach]:
    """What is wrong with one term of a NodeSelector."""
    for index, one in records(got, "matchExpressions"):
        for path, what in _requirement(one, (*_OPERATORS_OF_LABELS, *_COMPARING)):
            yield ("matchExpressions", index, *path), what
    for index, one in records(got, "matchFields"):
        if one.get("key") != "metadata.name":
            yield ("matchFields", index, "key"), f"expected metadata.name, got {shown(one.get('key'))}"
        if one.get("operator") not in _WITH_VALUES or len(one.get("values") or ()) != 1:
            yield ("matchFields", index), "expected operator In or NotIn with exactly one value"


def uncounted(got: Any) -> Iterator[Breach]:
    """What one term of a NodeSelector compares with, and is no number: no node has less or more."""
    for index, one in records(got, "matchExpressions"):
        values = list(one.get("values") or ())
        if one.get("operator") in _COMPARING and len(values) == 1 and not str(values[0]).lstrip("+-").isdigit():
            yield ("matchExpressions", index, "values", 0), f"expected an integer, got {shown(values[0])}"


def label_breaches(got: Mapping[str, Any]) -> Iterator[Breach]:
    """Malformed keys and values of labels that something is selected by."""
    for key, value in got.items():
        if not is_label_key(key):
            yield (key,), f"expected a label key, got {shown(key)}"
        if isinstance(value, str) and not is_label_value(value):
            yield (key,), f"expected a label value, got {shown(value)}"


def _requirement(one: Mapping[str, Any], operators: tuple[str, ...]) -> Iterator[Breach]:
    operator, values = one.get("operator"), list(one.get("values") or ())
    if not is_label_key(str(one.get("key") or "")):
        yield ("key",), f"expected a label key, got {shown(one.get('key'))}"
    if operator not in operators:
        yield ("operator",), f"expected one of {', '.join(operators)}, got {shown(operator)}"
    elif operator in _WITH_VALUES and not values:
        yield (), f"expected values with operator {operator}, got none"
    elif operator in _WITHOUT_VALUES and values:
        yield ("values",), f"expected no values with operator {operator}, got {len(values)}"
    elif operator in _COMPARING and len(values) != 1:
        yield ("values",), f"expected exactly one value with operator {operator}, got {len(values)}"
    for index, value in enumerate(values):
        if isinstance(value, str) and not is_label_value(value):
            yield ("values", index), f"expected a label value, got {shown(value)}"


def is_empty(selector: Any) -> bool:
    """Whether a selector selects everything."""
    return not mapping(selector, "matchLabels") and not records(selector, "matchExpressions")


def matches(selector: Any, labels: Mapping[str, Any]) -> bool:
    """Whether a well-formed LabelSelector selects `labels`."""
    for key, value in mapping(selector, "matchLabels").items():
        if labels.get(key) != value:
            return False
    return all(_met(one, labels) for _, one in records(selector, "matchExpressions"))


def _met(one: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    test = _OPERATORS.get(str(one.get("operator")))
    return test is None or test(labels.get(str(one.get("key"))), one.get("values") or ())


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "In": lambda label, values: label in values,
    "NotIn": lambda label, values: label not in values,
    "Exists": lambda label, _: label is not None,
    "DoesNotExist": lambda label, _: label is None,
}

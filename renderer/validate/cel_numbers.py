"""Quantities and semantic versions in CEL, as Kubernetes has them.

In: texts and marked mappings. Out: the same; ValueError for what is neither.
Never: rounds. Source: apiserver pkg/cel/library/quantity.go and semverlib.go.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from semver import Version

from renderer.validate.rules_quantity import quantity as parsed

if TYPE_CHECKING:
    from collections.abc import Callable

_QUANTITY = "kubernetes.Quantity"
_SEMVER = "kubernetes.Semver"
_INT64 = 2**63
_PARTS = 3


def _quantity(text: str) -> dict[str, str]:
    found = parsed(text)
    if found is None:
        raise ValueError("quantities must match the form of 100m, 1.5 or 2Gi")
    return {_QUANTITY: str(found)}


def _amount(value: dict[str, Any]) -> Fraction:
    if not isinstance(value.get(_QUANTITY), str):
        raise ValueError("no such overload: expected a quantity")  # noqa: TRY004 - one kind of refusal
    return Fraction(value[_QUANTITY])


def _integer(value: dict[str, Any]) -> int:
    amount = _amount(value)
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(amount)


def _is_integer(value: dict[str, Any]) -> bool:
    amount = _amount(value)
    return amount.denominator == 1 and -_INT64 <= amount < _INT64


def _sign(value: dict[str, Any]) -> int:
    amount = _amount(value)
    return (amount > 0) - (amount < 0)


def _plus(sign: int) -> Callable[[dict[str, Any], Any], dict[str, str]]:
    def added(value: dict[str, Any], other: Any) -> dict[str, str]:
        return {_QUANTITY: str(_amount(value) + sign * (other if isinstance(other, int) else _amount(other)))}

    return added


def _version(text: str, normalize: bool = False) -> dict[str, str]:  # noqa: FBT001, FBT002 - CEL passes it by place
    return {_SEMVER: str(Version.parse(_normalized(text) if normalize else text))}


def _normalized(text: str) -> str:
    """`v1.02` as 1.2.0, as semverlib.go does it."""
    parts = text.removeprefix("v").split(".", _PARTS - 1)
    for index, part in enumerate(parts):
        short = part.lstrip("0")
        if len(part) > 1:
            parts[index] = short if short[:1].isdigit() else f"0{short}"
    if len(parts) < _PARTS and set("+-") & set(parts[-1]):
        raise ValueError("a short version cannot have a pre-release or build")
    return ".".join([*parts, "0", "0"][:_PARTS])


def _read(value: dict[str, Any]) -> Version:
    if not isinstance(value.get(_SEMVER), str):
        raise ValueError("no such overload: expected a semantic version")  # noqa: TRY004 - one kind of refusal
    return Version.parse(value[_SEMVER])


def _succeeds(function: Callable[..., object]) -> Callable[..., bool]:
    def tried(*arguments: Any) -> bool:
        try:
            function(*arguments)
        except ValueError:
            return False
        return True

    return tried


def _compare(one: dict[str, Any], other: dict[str, Any]) -> int:
    if _SEMVER in one:
        return int(_read(one).compare(_read(other)))
    left, right = _amount(one), _amount(other)
    return (left > right) - (left < right)


FUNCTIONS: tuple[tuple[str, bool, str, tuple[str, ...], Callable[..., Any]], ...] = (
    ("quantity", False, "map", ("string",), _quantity),
    ("isQuantity", False, "bool", ("string",), _succeeds(_quantity)),
    ("sign", False, "int", ("map",), _sign),
    ("isInteger", True, "bool", ("map",), _is_integer),
    ("asInteger", True, "int", ("map",), _integer),
    ("asApproximateFloat", True, "double", ("map",), lambda value: float(_amount(value))),
    ("add", True, "map", ("map", "map"), _plus(1)),
    ("add", True, "map", ("map", "int"), _plus(1)),
    ("sub", True, "map", ("map", "map"), _plus(-1)),
    ("sub", True, "map", ("map", "int"), _plus(-1)),
    ("isGreaterThan", True, "bool", ("map", "map"), lambda one, other: _compare(one, other) > 0),
    ("isLessThan", True, "bool", ("map", "map"), lambda one, other: _compare(one, other) < 0),
    ("compareTo", True, "int", ("map", "map"), _compare),
    ("semver", False, "map", ("string",), _version),
    ("semver", False, "map", ("string", "bool"), _version),
    ("isSemver", False, "bool", ("string",), _succeeds(_version)),
    ("isSemver", False, "bool", ("string", "bool"), _succeeds(_version)),
    ("major", True, "int", ("map",), lambda value: _read(value).major),
    ("minor", True, "int", ("map",), lambda value: _read(value).minor),
    ("patch", True, "int", ("map",), lambda value: _read(value).patch),
)

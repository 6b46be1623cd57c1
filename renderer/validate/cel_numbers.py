"""Quantities and semantic versions in CEL, as Kubernetes has them.

In: texts, and bytes that stand for a quantity or version. Out: the same; ValueError for what is neither.
Never: rounds. Source: apiserver pkg/cel/library/quantity.go and semverlib.go.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from semver import Version

from renderer.validate.rules_quantity import quantity as parsed

if TYPE_CHECKING:
    from collections.abc import Callable

_QUANTITY = b"quantity:"
_SEMVER = b"semver:"
_INT64 = 2**63
_PARTS = 3


@lru_cache(maxsize=4096)
def _quantity(text: str) -> bytes:
    found = parsed(text)
    if found is None:
        raise ValueError("quantities must match the form of 100m, 1.5 or 2Gi")
    return _QUANTITY + str(found).encode()


def _amount(value: bytes) -> Fraction:
    if not value.startswith(_QUANTITY):
        raise ValueError("no such overload: expected a quantity")
    return Fraction(value.removeprefix(_QUANTITY).decode())


def _integer(value: bytes) -> int:
    amount = _amount(value)
    if not _is_integer(value):
        raise ValueError("cannot convert value to integer")
    return int(amount)


def _is_integer(value: bytes) -> bool:
    amount = _amount(value)
    return amount.denominator == 1 and -_INT64 <= amount < _INT64


def _sign(value: bytes) -> int:
    amount = _amount(value)
    return (amount > 0) - (amount < 0)


def _plus(sign: int) -> Callable[[bytes, Any], bytes]:
    def added(value: bytes, other: Any) -> bytes:
        return _QUANTITY + str(_amount(value) + sign * (other if isinstance(other, int) else _amount(other))).encode()

    return added


@lru_cache(maxsize=4096)
def _version(text: str, normalize: bool = False) -> bytes:  # noqa: FBT001, FBT002 - CEL passes it by place
    return _SEMVER + str(Version.parse(_normalized(text) if normalize else text)).encode()


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


def _read(value: bytes) -> Version:
    if not value.startswith(_SEMVER):
        raise ValueError("no such overload: expected a semantic version")
    return Version.parse(value.removeprefix(_SEMVER).decode())


def _succeeds(function: Callable[..., object]) -> Callable[..., bool]:
    def tried(*arguments: Any) -> bool:
        try:
            function(*arguments)
        except ValueError:
            return False
        return True

    return tried


def _compare(one: bytes, other: bytes) -> int:
    if one.startswith(_SEMVER):
        return int(_read(one).compare(_read(other)))
    left, right = _amount(one), _amount(other)
    return (left > right) - (left < right)


FUNCTIONS: tuple[tuple[str, bool, str, tuple[str, ...], Callable[..., Any]], ...] = (
    ("quantity", False, "bytes", ("string",), _quantity),
    ("isQuantity", False, "bool", ("string",), _succeeds(_quantity)),
    ("sign", False, "int", ("bytes",), _sign),
    ("isInteger", True, "bool", ("bytes",), _is_integer),
    ("asInteger", True, "int", ("bytes",), _integer),
    ("asApproximateFloat", True, "double", ("bytes",), lambda value: float(_amount(value))),
    ("add", True, "bytes", ("bytes", "bytes"), _plus(1)),
    ("add", True, "bytes", ("bytes", "int"), _plus(1)),
    ("sub", True, "bytes", ("bytes", "bytes"), _plus(-1)),
    ("sub", True, "bytes", ("bytes", "int"), _plus(-1)),
    ("isGreaterThan", True, "bool", ("bytes", "bytes"), lambda one, other: _compare(one, other) > 0),
    ("isLessThan", True, "bool", ("bytes", "bytes"), lambda one, other: _compare(one, other) < 0),
    ("compareTo", True, "int", ("bytes", "bytes"), _compare),
    ("semver", False, "bytes", ("string",), _version),
    ("semver", False, "bytes", ("string", "bool"), _version),
    ("isSemver", False, "bool", ("string",), _succeeds(_version)),
    ("isSemver", False, "bool", ("string", "bool"), _succeeds(_version)),
    ("major", True, "int", ("bytes",), lambda value: _read(value).major),
    ("minor", True, "int", ("bytes",), lambda value: _read(value).minor),
    ("patch", True, "int", ("bytes",), lambda value: _read(value).patch),
)

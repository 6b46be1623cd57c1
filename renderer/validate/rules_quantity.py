"""Quantities such as 100m, 1.5 or 2Gi as numbers that can be compared.

In: a quantity as it stands in an object. Out: its exact value; rules about whole resource lists.
Never: rounds. Source: apimachinery pkg/api/resource/quantity.go.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from renderer.validate.names import is_label_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_FORM = re.compile(r"([+-]?[0-9]*\.?[0-9]*)(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E|[eE][+-]?[0-9]{1,3})?")
_LONGEST = 64  # beyond any sense, and well below what Python refuses to read as a number
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_STANDARD = frozenset(("cpu", "memory", "ephemeral-storage"))
HUGE_PAGES = "hugepages-"


@lru_cache(maxsize=4096)
def quantity(got: Any) -> Fraction | None:
    """The exact value, None for what is no quantity, or one too long to make sense."""
    text = str(got)
    match = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or not match[1].strip("+-."):
        return None
    suffix = match[2] or ""
    if suffix in _BINARY:
        return Fraction(match[1]) * (1 << _BINARY[suffix])
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    scale = Fraction(10 ** abs(exponent))
    return Fraction(match[1]) * (scale if exponent >= 0 else 1 / scale)


def is_not_negative(got: Any) -> bool:
    """ValidateNonnegativeQuantity."""
    found = quantity(got)
    return found is None or found >= 0


def is_positive(got: Any) -> bool:
    """ValidatePositiveQuantityValue."""
    found = quantity(got)
    return found is None or found > 0


def is_container_resource(name: str) -> bool:
    """ValidateContainerResourceName: a standard resource, or an extended one with its domain."""
    return name in _STANDARD or name.startswith(HUGE_PAGES) or is_extended(name)


def is_extended(name: str) -> bool:
    """IsExtendedResourceName."""
    domain, slash, _ = name.rpartition("/")
    native = domain == "kubernetes.io" or domain.endswith(".kubernetes.io")
    return bool(slash) and not native and not name.startswith("requests.") and is_label_key(f"requests.{name}")


def above(lower: dict[str, Any], upper: dict[str, Any], words: str) -> Iterator[Breach]:
    """Entries of `lower` that exceed the entry of `upper` with the same name."""
    for name, got in lower.items():
        low, high = quantity(got), quantity(upper.get(name))
        if low is not None and high is not None and low > high:
            yield (name,), f"expected at most {words} {upper[name]}, got {got}"

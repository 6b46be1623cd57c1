"""The functions that Kubernetes adds to CEL, as a table.

In: plain values from the CEL library. Out: plain values; ValueError for an argument that Kubernetes refuses too.
Never: imports the CEL library. What Kubernetes has as an opaque type (a quantity, an address) is bytes here: the
library carries no opaque values of ours, and it never frees what it hands to Python, so that small values matter.
Source: apiserver pkg/cel/library of Kubernetes 1.37.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from renderer.validate import cel_network, cel_numbers
from renderer.validate.formats import FORMATS
from renderer.validate.names import is_dns_1035, is_dns_label, is_dns_subdomain, is_label_key, is_label_value

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Function = tuple[str, bool, str, tuple[str, ...], "Callable[..., Any]"]
"""Name, whether it is called on its first parameter, result type, parameter types, implementation."""

_FORMAT = b"format:"


def _prefixed(check: Callable[[str], bool]) -> Callable[[str], bool]:
    """A name that something is appended to may end in '-'."""
    return lambda text: check(text[:-1] + "a" if text.endswith("-") else text)


_FORMS: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "dns1123Label": (is_dns_label, "a DNS-1123 label"),
    "dns1123Subdomain": (is_dns_subdomain, "a DNS-1123 subdomain"),
    "dns1035Label": (is_dns_1035, "a DNS-1035 label"),
    "qualifiedName": (is_label_key, "a qualified name"),
    "dns1123LabelPrefix": (_prefixed(is_dns_label), "the beginning of a DNS-1123 label"),
    "dns1123SubdomainPrefix": (_prefixed(is_dns_subdomain), "the beginning of a DNS-1123 subdomain"),
    "dns1035LabelPrefix": (_prefixed(is_dns_1035), "the beginning of a DNS-1035 label"),
    "labelValue": (is_label_value, "a label value"),
    "uri": (cel_network.is_url, "a URI"),
    "uuid": (FORMATS["uuid"], "a UUID"),
    "byte": (FORMATS["byte"], "base64"),
    "date": (FORMATS["date"], "a date"),
    "datetime": (FORMATS["datetime"], "a date and time"),
}


def _named(name: str) -> bytes:
    return _FORMAT + name.encode() if name in _FORMS else b""


def _validate(form: bytes, text: str) -> list[str]:
    name = form.removeprefix(_FORMAT).decode()
    if name not in _FORMS:
        raise ValueError("validate: expected a format such as format.dns1123Label()")
    check, words = _FORMS[name]
    return [] if check(text) else [f"must be {words}"]


# A format's result is an optional in Kubernetes: empty stands for "none" here, in lists of errors and in formats.
def _present(found: Any) -> Any:
    if not found:
        raise ValueError("optional.none() dereference")
    return found


def _alike(one: Any, other: Any) -> bool:
    """CEL's equality: true is not 1."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _index(items: list[Any], wanted: Any) -> int:
    return next((index for index, item in enumerate(items) if _alike(item, wanted)), -1)


def _last_index(items: list[Any], wanted: Any) -> int:
    found = [index for index, item in enumerate(items) if _alike(item, wanted)]
    return found[-1] if found else -1


def _comparable(items: list[Any]) -> list[Any]:
    kinds = {type(item) for item in items}
    if len(kinds) > 1 and not kinds <= {int, float}:
        raise ValueError("expected a list whose items have one type")
    if kinds & {dict, list, type(None)}:
        raise ValueError("expected a list whose items can be compared")
    return items


def _is_sorted(items: list[Any]) -> bool:
    return all(left <= right for left, right in zip(_comparable(items), items[1:], strict=False))


def _sum(items: list[Any]) -> Any:
    if any(isinstance(item, bool) or not isinstance(item, int | float | dt.timedelta) for item in items):
        raise ValueError("sum: expected a list of numbers or durations")
    return sum(_comparable(items), type(items[0])()) if items else 0


def _min(items: list[Any]) -> Any:
    if not items:
        raise ValueError("min called on empty list")
    return min(_comparable(items))


def _max(items: list[Any]) -> Any:
    if not items:
        raise ValueError("max called on empty list")
    return max(_comparable(items))


_LISTS: tuple[Function, ...] = (
    ("isSorted", True, "bool", ("list",), _is_sorted),
    ("sum", True, "dyn", ("list",), _sum),
    ("min", True, "dyn", ("list",), _min),
    ("max", True, "dyn", ("list",), _max),
    ("indexOf", True, "int", ("list", "dyn"), _index),
    ("lastIndexOf", True, "int", ("list", "dyn"), _last_index),
)
_FORMAT_FUNCTIONS: tuple[Function, ...] = (
    *((f"format.{name}", False, "bytes", (), lambda name=name: _named(name)) for name in _FORMS),
    ("format.named", False, "bytes", ("string",), _named),
    ("validate", True, "strings", ("bytes", "string"), _validate),
    *(
        row
        for kind in ("strings", "bytes")
        for row in (
            ("hasValue", True, "bool", (kind,), bool),
            ("value", True, kind, (kind,), _present),
        )
    ),
)
FUNCTIONS: tuple[Function, ...] = (
    *_LISTS,
    *_FORMAT_FUNCTIONS,
    *cel_numbers.FUNCTIONS,
    *cel_network.FUNCTIONS,
)
"""All but those that need the library's own RE2."""

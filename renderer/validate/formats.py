"""The string formats that the Kubernetes API server enforces, as predicates.

In: a string. Out: whether the API server would take it for that format.
Never: is stricter or laxer than Go for a format that a known CRD uses (byte, cidr, date-time, duration); `email`, `uri`
and `mac` are close to Go's parsers, not equal. Formats that Kubernetes ignores are not here, and so ignored.
Source: apiextensions-apiserver pkg/apiserver/validation/formats.go and kube-openapi pkg/validation/strfmt.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import ipaddress
import re
import unicodedata
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.\d+)?([Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_GO_DURATION = re.compile(r"[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_COUNTED = re.compile(r"\d+\s*([A-Za-zµ]+)", re.ASCII)
_UNITS = frozenset(("ns", "us", "µs", "ms", "s", "m", "h", "hr", "d", "w", "wk"))
_UNIT_WORDS = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_MAC = re.compile(
    r"(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1){4}(?:(?:[0-9A-Fa-f]{2}\1){2})?[0-9A-Fa-f]{2}"
    r"|(?:[0-9A-Fa-f]{4}\.){2}(?:[0-9A-Fa-f]{4}\.)?[0-9A-Fa-f]{4}|[0-9A-Fa-f]{12}"
)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+|[^<>]*<[^@\s<>]+@[^@\s<>]+>")


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda text: compiled.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """RFC 3339 full-date."""
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == len("2006-01-02")


def is_date_time(text: str) -> bool:
    """RFC 3339 date-time, zone included."""
    match = _DATE_TIME.fullmatch(text)
    return match is not None and is_date(match[1])


def is_duration(text: str) -> bool:
    """What Go's time.ParseDuration takes (`1h30m`), or any text with a count and a unit (`3 days`), as strfmt does."""
    if _GO_DURATION.fullmatch(text):
        return True
    units = [unit.lower() for unit in _COUNTED.findall(text)]
    return any(unit in _UNITS or unit.startswith(_UNIT_WORDS) for unit in units)


def is_cidr(text: str) -> bool:
    """`address/bits`: host bits may be set, the mask is a number, no zone."""
    address, slash, bits = text.partition("/")
    if not (slash and bits.isascii() and bits.isdigit()):
        return False
    try:
        return int(bits) <= _address(address).max_prefixlen
    except ValueError:
        return False


def is_ipv4(text: str) -> bool:
    """Dotted IPv4 address, also one mapped into IPv6."""
    try:
        address = _address(text)
    except ValueError:
        return False
    return isinstance(address, ipaddress.IPv4Address) or address.ipv4_mapped is not None


def is_ipv6(text: str) -> bool:
    """IPv6 address without a zone."""
    try:
        return isinstance(_address(text), ipaddress.IPv6Address)
    except ValueError:
        return False


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Kubernetes still reads IPv4 with leading zeros, as decimal; raises ValueError for what is no address."""
    if "%" in text:
        raise ValueError(text)
    return ipaddress.ip_address(text if ":" in text else _LEADING_ZEROS.sub("", text))


def is_hostname(text: str) -> bool:
    """A name of one label, or several whose last has letters only; letters and symbols of any script count."""
    labels = text.split(".")
    if len(text.encode()) > 255 or not all(_is_label(label) for label in labels):  # noqa: PLR2004 - RFC 1034
        return False
    return len(labels) == 1 or (len(labels[-1]) > 1 and labels[-1].isalpha())


def _is_label(label: str) -> bool:
    ends = label[:1] + label[-1:]
    letters = all(_is_letter(letter) or letter == "-" for letter in label)
    return 0 < len(label.encode()) < 64 and letters and all(map(_is_letter, ends))  # noqa: PLR2004 - RFC 1034


def _is_letter(letter: str) -> bool:
    return letter.isalnum() or unicodedata.category(letter).startswith("S")


def is_uri(text: str) -> bool:
    """Absolute URI or absolute path, about as Go's url.ParseRequestURI takes it."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    absolute = bool(parts.scheme) or text.startswith("/")
    return absolute and " " not in parts.netloc and _BAD_ESCAPE.search(text) is None


def is_bytes(text: str) -> bool:
    """What Go decodes into []byte: standard base64 with padding, line breaks skipped, empty too."""
    try:
        base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


_HEX = "[0-9A-Fa-f]"
FORMATS: Mapping[str, Callable[[str], bool]] = {
    "bsonobjectid": _matches(_HEX + "{24}"),
    "base64": is_bytes,  # ours: `byte` of Kubernetes' own kinds, which are decoded, not matched
    "byte": lambda text: _BASE64.fullmatch(text) is not None,
    "cidr": is_cidr,
    "date": is_date,
    "date-time": is_date_time,
    "datetime": is_date_time,
    "duration": is_duration,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hexcolor": _matches(f"#?(?:{_HEX}{{3}}|{_HEX}{{6}})"),
    "hostname": is_hostname,
    "ipv4": is_ipv4,
    "ipv6": is_ipv6,
    "mac": lambda text: _MAC.fullmatch(text) is not None,
    "uri": is_uri,
    "uuid": _matches(f"{_HEX}{{8}}-?(?:{_HEX}{{4}}-?){{3}}{_HEX}{{12}}"),
    "uuid3": _matches(f"{_HEX}{{8}}-?{_HEX}{{4}}-?3{_HEX}{{3}}-?{_HEX}{{4}}-?{_HEX}{{12}}"),
    "uuid4": _matches(f"{_HEX}{{8}}-?{_HEX}{{4}}-?4{_HEX}{{3}}-?[89abAB]{_HEX}{{3}}-?{_HEX}{{12}}"),
    "uuid5": _matches(f"{_HEX}{{8}}-?{_HEX}{{4}}-?5{_HEX}{{3}}-?[89abAB]{_HEX}{{3}}-?{_HEX}{{12}}"),
}
"""Format name -> predicate. `password` takes any string; no known CRD has isbn, creditcard, ssn or rgbcolor."""

BOUNDS: Mapping[str, tuple[int, int]] = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
}
"""Number formats that Kubernetes enforces, as the range they stand for."""

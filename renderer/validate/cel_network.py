"""Addresses, networks and URLs in CEL, as Kubernetes has them.

In: texts, and bytes that stand for an address, network or URL. Out: the same; ValueError for what is none.
Never: takes a zone or an IPv4 address mapped into IPv6. Source: apiserver pkg/cel/library/{ip,cidr,urls}.go.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_interface, ip_network
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable
    from urllib.parse import SplitResult

    _Address = IPv4Address | IPv6Address
    _Network = IPv4Network | IPv6Network

_URL = b"url:"
_BITS = re.compile(r"0|[1-9][0-9]{0,2}")
_LINK_LOCAL_V4 = ip_network("224.0.0.0/24")
_LINK_LOCAL_V6 = re.compile(r"ff.2")
_BROADCAST = IPv4Address("255.255.255.255")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BAD_HOST = re.compile(r"[ \"<>\\^`{|}]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# What Go's EscapedPath leaves as it is when it has to escape a path itself.
_PATH_SAFE = "/$&+,:;=@!'()*[]~"


def _address(text: str) -> _Address:
    found = ip_address(text)
    if isinstance(found, IPv6Address) and (found.scope_id or found.ipv4_mapped):
        raise ValueError("zones and IPv4-mapped addresses are not allowed")
    return found


@lru_cache(maxsize=4096)
def _ip(text: str) -> bytes:
    return str(_address(text)).encode()


@lru_cache(maxsize=4096)
def _cidr(text: str) -> bytes:
    address, slash, bits = text.partition("/")
    if not slash or not _BITS.fullmatch(bits):
        raise ValueError("expected ADDRESS/BITS")
    return str(ip_interface(f"{_address(address)}/{bits}")).encode()


def _read(value: bytes) -> _Address:
    """Bytes are an address, or with a slash a network: so string() of them is what Kubernetes makes of them."""
    return ip_address(value.decode())


def _network(value: bytes) -> _Network:
    if b"/" not in value:
        raise ValueError("no such overload: expected a CIDR")
    return ip_network(value.decode(), strict=False)


def _is_link_local_multicast(value: bytes) -> bool:
    found = _read(value)
    return found in _LINK_LOCAL_V4 if found.version == 4 else bool(_LINK_LOCAL_V6.match(found.exploded))  # noqa: PLR2004


def _is_global_unicast(value: bytes) -> bool:
    found = _read(value)
    special = found.is_unspecified or found.is_loopback or found.is_multicast or found.is_link_local
    return not special and found != _BROADCAST


def _contains_ip(value: bytes, other: Any) -> bool:
    return (_address(other) if isinstance(other, str) else _read(other)) in _network(value)


def _contains_cidr(value: bytes, other: Any) -> bool:
    outer, inner = _network(value), _network(_cidr(other) if isinstance(other, str) else other)
    return outer.version == inner.version and outer.overlaps(inner) and outer.prefixlen <= inner.prefixlen


def _split(text: str) -> SplitResult:
    """Go's url.ParseRequestURI, about: an absolute URL, or an absolute path."""
    if _CONTROL.search(text) or _BAD_ESCAPE.search(text.partition("?")[0]):
        raise ValueError("invalid URL")
    if not (text.startswith("/") or _SCHEME.match(text)):
        raise ValueError("invalid URI for request")
    parts = urlsplit(text)
    _ = parts.port  # raises ValueError when it is no number
    if _BAD_HOST.search(parts.netloc):
        raise ValueError("invalid character in host name")
    if not text.startswith("/") and not text.partition(":")[2].startswith("/"):
        return parts._replace(path="")  # opaque, such as mailto:
    return parts


def is_url(text: str) -> bool:
    """Whether url() takes it."""
    return bool(text) and _succeeds(_split)(text)


@lru_cache(maxsize=4096)
def _url(text: str) -> bytes:
    if not text:
        raise ValueError("empty url")
    _split(text)
    return _URL + text.encode()


def _parts(value: bytes) -> SplitResult:
    if not value.startswith(_URL):
        raise ValueError("no such overload: expected a URL")
    return _split(value.removeprefix(_URL).decode())


def _host(value: bytes) -> str:
    return unquote(_parts(value).netloc.rpartition("@")[2])


def _hostname(value: bytes) -> str:
    host = _host(value)
    return host[1 : host.index("]")] if host.startswith("[") else host.partition(":")[0]


def _port(value: bytes) -> str:
    host = _host(value)
    return (host.partition("]:") if host.startswith("[") else host.partition(":"))[2]


def _path(value: bytes) -> str:
    return quote(_parts(value).path, safe=_PATH_SAFE + "%")


def _query(value: bytes) -> dict[str, list[str]]:
    return parse_qs(_parts(value).query, keep_blank_values=True)


def _succeeds(function: Callable[[str], object]) -> Callable[[str], bool]:
    def tried(text: str) -> bool:
        try:
            function(text)
        except ValueError:
            return False
        return True

    return tried


FUNCTIONS: tuple[tuple[str, bool, str, tuple[str, ...], Callable[..., Any]], ...] = (
    ("ip", False, "bytes", ("string",), _ip),
    ("isIP", False, "bool", ("string",), _succeeds(_ip)),
    ("ip.isCanonical", False, "bool", ("string",), lambda text: str(_address(text)) == text),
    ("family", True, "int", ("bytes",), lambda value: _read(value).version),
    ("isUnspecified", True, "bool", ("bytes",), lambda value: _read(value).is_unspecified),
    ("isLoopback", True, "bool", ("bytes",), lambda value: _read(value).is_loopback),
    ("isLinkLocalMulticast", True, "bool", ("bytes",), _is_link_local_multicast),
    ("isLinkLocalUnicast", True, "bool", ("bytes",), lambda value: _read(value).is_link_local),
    ("isGlobalUnicast", True, "bool", ("bytes",), _is_global_unicast),
    ("cidr", False, "bytes", ("string",), _cidr),
    ("isCIDR", False, "bool", ("string",), _succeeds(_cidr)),
    ("containsIP", True, "bool", ("bytes", "string"), _contains_ip),
    ("containsIP", True, "bool", ("bytes", "bytes"), _contains_ip),
    ("containsCIDR", True, "bool", ("bytes", "string"), _contains_cidr),
    ("containsCIDR", True, "bool", ("bytes", "bytes"), _contains_cidr),
    ("ip", True, "bytes", ("bytes",), lambda value: bytes(value.partition(b"/")[0])),
    ("prefixLength", True, "int", ("bytes",), lambda value: _network(value).prefixlen),
    ("masked", True, "bytes", ("bytes",), lambda value: str(_network(value)).encode()),
    ("url", False, "bytes", ("string",), _url),
    ("isURL", False, "bool", ("string",), is_url),
    ("getScheme", True, "string", ("bytes",), lambda value: _parts(value).scheme),
    ("getHost", True, "string", ("bytes",), _host),
    ("getHostname", True, "string", ("bytes",), _hostname),
    ("getPort", True, "string", ("bytes",), _port),
    ("getEscapedPath", True, "string", ("bytes",), _path),
    ("getQuery", True, "map", ("bytes",), _query),
)

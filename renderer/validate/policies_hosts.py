"""Hosts as clients understand them, and patterns over them.

In: what stands between `://` and the path of a URL, or a host with or without port. Out: one Host, or why it cannot be
told which one is meant.
Never: guesses. A text that two clients read as two hosts is Unreadable: what is checked must be what is asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Address: TypeAlias = "IPv4Address | IPv6Address"
Network: TypeAlias = "IPv4Network | IPv6Network"

CLUSTER, LOOPBACK, PRIVATE, LINK_LOCAL, VARIABLE = "cluster", "loopback", "private", "link-local", "variable"
WORDS = (CLUSTER, LOOPBACK, PRIVATE, LINK_LOCAL, VARIABLE)
_NETWORKS = {
    # 0.0.0.0 and :: are where a server listens; a client that asks them asks its own machine.
    LOOPBACK: ("127.0.0.0/8", "::1/128", "0.0.0.0/32", "::/128"),
    PRIVATE: ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
    LINK_LOCAL: ("169.254.0.0/16", "fe80::/10"),
}
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443, "oci": 443}
_LABEL = re.compile(r"[a-z0-9_*]([a-z0-9_*-]{0,61}[a-z0-9_*])?")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
# What a shell, Kubernetes, a template or a person puts in place of something that is known later.
_PLACEHOLDER = re.compile(r"[${}<>]")
_LONGEST_NAME, _HIGHEST_PORT = 253, 65535


@dataclass(frozen=True, slots=True)
class Host:
    """Where a client connects to: a name in lower case without final dot, or an address.

    `port` is the one that is written, or the usual one of the scheme. `absolute`: the name was written with a final
    dot. `variable`: a part is known only in the cluster.
    """

    name: str = ""
    address: Address | None = None
    port: int | None = None
    absolute: bool = False
    variable: bool = False

    def __str__(self) -> str:
        return self.name or str(self.address)


class Unreadable(NamedTuple):
    """Why it cannot be told which host is meant, and what to write instead."""

    why: str
    hint: str


def read_host(text: str, scheme: str = "") -> Host | Unreadable:
    """The host in `[user@]host[:port]`. Source: RFC 3986; WHATWG URL and inet_aton for what clients take beside it."""
    userinfo, _, rest = text.rpartition("@")
    if "@" in userinfo:
        return Unreadable("more than one @ before the path", "write a user name as %40, or leave it out")
    if _PLACEHOLDER.search(rest):
        return Host(rest, variable=True)
    if not rest.isascii():
        return Unreadable("characters outside ASCII", "write the name in its ASCII form, xn--…")
    if "%" in rest or "\\" in rest:
        return Unreadable("an escape in the host", "write the host in plain characters")
    host, port, flaw = _split(rest)
    if flaw:
        return flaw
    return _named(host, port or _PORTS.get(scheme.lower().rpartition("+")[2]))


def _split(text: str) -> tuple[str, int | None, Unreadable | None]:
    """Host and port; brackets around an IPv6 address stay."""
    head, colon, tail = text.rpartition(":")
    if not colon or "]" in tail:
        return text, None, None
    if not tail:
        return head, None, None
    if not (tail.isdecimal() and 0 < int(tail[:6]) <= _HIGHEST_PORT):
        return text, None, Unreadable("no port after the colon", "write a port from 1 to 65535, or none")
    return head, int(tail), None


def _named(text: str, port: int | None) -> Host | Unreadable:
    if text.startswith("["):
        return _ipv6(text, port)
    name = text.lower().removesuffix(".")
    labels = name.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        address = _ipv4(labels)
        if address is None:
            return Unreadable("a number where the name should end", "write the address as four numbers, or the name")
        return Host(address=address, port=port)
    if len(name) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        return Unreadable("no DNS name and no address", "write a name, or an address")
    return Host(name, port=port, absolute=text.endswith("."))


def _ipv6(text: str, port: int | None) -> Host | Unreadable:
    inner = text.removeprefix("[").removesuffix("]")
    try:
        address = ip_address(inner)
    except ValueError:
        return Unreadable("no address in the brackets", "write an IPv6 address without zone, as in [fd00::1]")
    return Host(address=_unmapped(address), port=port)


def _unmapped(address: Address) -> Address:
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _ipv4(labels: list[str]) -> IPv4Address | None:
    """As inet_aton reads it: 1 to 4 numbers, decimal, octal or hexadecimal, the last of them filling up."""
    if len(labels) > 4 or not all(map(_NUMBER.fullmatch, labels)):  # noqa: PLR2004 - an address has four parts
        return None
    try:
        *first, last = (_number(label) for label in labels)
    except ValueError:
        return None
    room = 256 ** (4 - len(first))
    if any(part > 255 for part in first) or last >= room:  # noqa: PLR2004 - a part is a byte
        return None
    value = 0
    for part in first:
        value = value * 256 + part
    return IPv4Address(value * room + last)


def _number(text: str) -> int:
    if text.lower().startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text)


def networks_of(host: Host) -> frozenset[str]:
    """Which of WORDS apply to a host."""
    if host.variable:
        return frozenset([VARIABLE])
    if host.address is not None:
        return frozenset(word for word, nets in _networks() if any(host.address in net for net in nets))
    if host.name == "localhost" or host.name.endswith(".localhost"):
        return frozenset([LOOPBACK])
    return frozenset([CLUSTER]) if _is_in_cluster(host) else frozenset()


def _is_in_cluster(host: Host) -> bool:
    """Whether the name is one of cluster DNS. With a final dot, the search domains of the pod do not apply."""
    if host.name.endswith(".cluster.local"):
        return True
    if host.absolute or host.name.endswith("*"):
        return False
    return "." not in host.name or host.name.endswith(".svc")


@lru_cache(maxsize=1)
def _networks() -> tuple[tuple[str, tuple[Network, ...]], ...]:
    return tuple((word, tuple(map(ip_network, nets))) for word, nets in _NETWORKS.items())


@dataclass(frozen=True, slots=True)
class HostPattern:
    """`name`, or `*.name` for every name below it; with `port`, only there."""

    name: str
    below: bool
    port: int | None

    @classmethod
    def parse(cls, text: str) -> HostPattern:
        """Read `[*.]NAME[:PORT]`; raises ValueError with what is wrong."""
        host = read_host(text.removeprefix("*."))
        if isinstance(host, Unreadable):
            raise ValueError(host.why)  # noqa: TRY004 - the text is wrong, not its type
        if host.address is not None:
            raise ValueError("an address")
        if host.variable or "*" in host.name:
            raise ValueError("a placeholder or a star that is not the whole first label")
        if "." not in host.name and text.startswith("*."):
            raise ValueError("a whole top-level domain")
        return cls(host.name, text.startswith("*."), host.port)

    def matches(self, host: Host) -> bool:
        """Whether all that `host` stands for is meant; a host with a star stands for many."""
        if host.variable or host.address is not None or (self.port is not None and host.port != self.port):
            return False
        return host.name.endswith(f".{self.name}") if self.below else host.name == self.name


@dataclass(frozen=True, slots=True)
class Allowed:
    """A list of hosts: patterns of names, words of WORDS, networks."""

    hosts: tuple[HostPattern, ...] = ()
    words: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    @classmethod
    def parse(cls, hosts: Iterable[str], networks: Iterable[str]) -> Allowed:
        """Read a list; raises ValueError with what is wrong."""
        listed = list(networks)
        nets = tuple(ip_network(text) for text in listed if text not in WORDS)
        return cls(tuple(map(HostPattern.parse, hosts)), frozenset(listed) & frozenset(WORDS), nets)

    def has(self, host: Host) -> bool:
        """Whether the host is in the list."""
        if self.words & networks_of(host) or any(pattern.matches(host) for pattern in self.hosts):
            return True
        return host.address is not None and any(host.address in net for net in self.networks)

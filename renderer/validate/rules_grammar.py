"""The small grammars that rules speak of: ports, addresses, paths, images, cron expressions, percentages.

In: one value of an object. Out: whether the API server takes it.
Never: needs a network, a clock or the machine's own tables.
Source: apimachinery pkg/util/validation, k8s.io/utils/net, distribution/reference, robfig/cron v3.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Any

from renderer.validate.formats import is_cidr
from renderer.validate.names import is_dns_subdomain

MOST_PORT = 65535
_SERVICE_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
_SERVICE_NAME_LIMIT = 15
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_CONFIG_KEY_LIMIT = 253
_ENVIRONMENT = re.compile(r"[ -<>-~]+")
_HEADER = re.compile(r"[-A-Za-z0-9]+")
_PERCENT = re.compile(r"[0-9]{1,9}%")
_SYSCTL = re.compile(r"[a-z0-9]([-_a-z0-9]*[a-z0-9])?([./][a-z0-9]([-_a-z0-9]*[a-z0-9])?)*")
_IMAGE_LIMIT = 1024
# distribution/reference: domain[:port]/path[:tag][@digest], path in lower case.
_PATH_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN_PART = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_IMAGE = re.compile(
    rf"(?:(?:{_DOMAIN_PART}(?:\.{_DOMAIN_PART})*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?/)?"
    rf"{_PATH_PART}(?:/{_PATH_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)


def is_port(got: Any) -> bool:
    """IsValidPortNum."""
    return isinstance(got, int) and 1 <= got <= MOST_PORT


def is_service_name(got: str) -> bool:
    """IsValidPortName, an IANA_SVC_NAME: it needs a letter, and no two dashes follow each other."""
    return len(got) <= _SERVICE_NAME_LIMIT and _SERVICE_NAME.fullmatch(got) is not None


def is_port_or_name(got: Any) -> bool:
    """ValidatePortNumOrName."""
    return is_service_name(got) if isinstance(got, str) else is_port(got)


# Sites share their keys.
@lru_cache(maxsize=8_192)
def is_config_key(got: str) -> bool:
    """IsConfigMapKey."""
    return len(got) <= _CONFIG_KEY_LIMIT and _CONFIG_KEY.fullmatch(got) is not None and got != "." and got[:2] != ".."


def is_environment_name(got: str) -> bool:
    """IsRelaxedEnvVarName: printable ASCII without '='."""
    return _ENVIRONMENT.fullmatch(got) is not None


def is_header_name(got: str) -> bool:
    """IsHTTPHeaderName."""
    return _HEADER.fullmatch(got) is not None


def is_sysctl(got: str) -> bool:
    """IsValidSysctlName."""
    return len(got) <= _CONFIG_KEY_LIMIT and _SYSCTL.fullmatch(got) is not None


def is_ip(got: str) -> bool:
    """IsValidIP, without leading zeros and zones."""
    return address(got) is not None


def address(got: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """`got` as an address, None when it is not one."""
    try:
        return None if "%" in got else ipaddress.ip_address(got)
    except ValueError:
        return None


def network(got: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """`got` as a network, host bits forgiven; None when it is not one."""
    try:
        return ipaddress.ip_network(got, strict=False) if is_cidr(got) else None
    except ValueError:
        return None


def is_network(got: str) -> bool:
    """IsValidCIDR: address/bits with a number of bits."""
    return network(got) is not None


def is_canonical_network(got: str) -> bool:
    """Whether no bit behind the prefix is set: such a CIDR means less than it seems to say."""
    found = network(got)
    return found is None or found.network_address == address(got.partition("/")[0])


def is_relative_path(got: str) -> bool:
    """ValidateLocalDescendingPath: no leading slash, no '..'."""
    return not got.startswith("/") and ".." not in got.split("/")


def has_no_backsteps(got: str) -> bool:
    """ValidatePathNoBacksteps."""
    return ".." not in got.split("/")


def is_image(got: str) -> bool:
    """What a container runtime can pull."""
    return len(got) <= _IMAGE_LIMIT and _IMAGE.fullmatch(got) is not None


def is_amount(got: Any) -> bool:
    """ValidatePositiveIntOrPercent: a number that is not negative, or a percentage."""
    return _PERCENT.fullmatch(got) is not None if isinstance(got, str) else got >= 0


def is_at_most_all(got: Any) -> bool:
    """IsNotMoreThan100Percent."""
    return not (isinstance(got, str) and _PERCENT.fullmatch(got)) or int(got[:-1]) <= 100  # noqa: PLR2004


def is_none(got: Any) -> bool:
    """Whether an amount comes to nothing: 0, "0" or "0%"."""
    return got == 0 or (isinstance(got, str) and got.rstrip("%").strip("0") == "" and got != "")


def is_host(got: str) -> bool:
    """A host name of an Ingress: a DNS name, a wildcard in front allowed, no address."""
    name = got.removeprefix("*.")
    return is_dns_subdomain(name) and address(name) is None


@lru_cache(maxsize=1)
def time_zones() -> frozenset[str]:
    """The names of the time zone database, as the package tzdata has them."""
    from importlib.resources import files

    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())

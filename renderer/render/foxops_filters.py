"""The two filters that FoxOps adds to Jinja's.

In: plain data. Out: text. Never: reads anything but its arguments.
"""

from __future__ import annotations

import base64
import ipaddress
from typing import TYPE_CHECKING, Any

from jinja2.filters import FILTERS

from renderer.render.filters import REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable


def ip_add_integer(ip: Any, n: int = 1) -> str:
    """The address `n` after `ip`; raises ValueError where there is none."""
    return str(ipaddress.ip_address(ip) + n)


def base64encode(data: str | bytes) -> str:
    """Base64 of a text's UTF-8 bytes."""
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def foxops_filters() -> dict[str, Callable[..., Any]]:
    """Jinja's filters without the refused ones, and FoxOps' two."""
    builtin = {name: function for name, function in FILTERS.items() if name not in REFUSED}
    return {**builtin, "base64encode": base64encode, "ip_add_integer": ip_add_integer}

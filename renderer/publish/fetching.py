"""One document from an https address that is no registry.

In: an address. Out: its body. Never: follows a redirect, or sends a credential.
"""

from __future__ import annotations

from renderer.errors import Code
from renderer.publish.interface import TargetOptions, failure

_OK = 200


def fetch(url: str, limit: int) -> bytes:
    """The body at an https `url`, at most `limit` bytes. Raises PublishError, whose text has no more than the host."""
    # Workers import this module with its package, and never ask anybody.
    from renderer.publish.transport import Transport, Unreachable

    transport = Transport(TargetOptions())
    host = url.split("/")[2].rpartition("@")[2]
    try:
        reply = transport.send("GET", url, {"Accept": "application/json"}, None, limit)
    except Unreachable as error:
        raise failure(Code.HEALTH_UNREADABLE, f"{host} cannot be reached: {error}", "run the command again") from None
    finally:
        transport.close()
    if reply.status_code != _OK:
        what = f"{host} answers {reply.status_code}, expected {_OK}"
        raise failure(Code.HEALTH_UNREADABLE, what, "correct the address; redirects are not followed")
    return reply.content

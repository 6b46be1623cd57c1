"""One HTTP request and its answer over pooled connections, with a bound on time and on size.

In: method, absolute URL, headers, body, size limit. Out: a `Reply` whose body is complete.
Never: retries, follows a redirect, adds credentials of its own, or hangs: every answer has a deadline, dripped ones
too.
"""

from __future__ import annotations

import http.client
import io
import json
import logging
import ssl
import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, LocationParseError, ProxySchemeUnknown, SSLError

from renderer.errors import Code
from renderer.publish.interface import failure

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import TypeAlias

    from renderer.publish.interface import TargetOptions

    _Response: TypeAlias = urllib3.BaseHTTPResponse
    _Open: TypeAlias = Callable[..., _Response]

_DEADLINE_FACTOR = 10
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Unreachable(Exception):
    """No complete answer came; asking again may help. The text holds no URL."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete answer; the names are those of `requests.Response`, which oras expects."""

    status_code: int
    headers: urllib3.HTTPHeaderDict
    content: bytes
    url: str
    reason: str = ""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON; raises ValueError."""
        return json.loads(self.content)


class _DeadlineStream(io.RawIOBase):
    """Reads a socket; each read gets the socket's own timeout, all of them together ten times that."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._patience = sock.gettimeout() or 0.0
        self._deadline = time.monotonic() + _DEADLINE_FACTOR * self._patience

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._patience:
            remaining = self._deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError("the answer took too long")
            self._sock.settimeout(min(self._patience, remaining))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """An answer whose status line, headers and body all stand under one deadline: http.client alone has none."""

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineStream(sock))


class _Connection(HTTPConnection):
    response_class = _DeadlineResponse


class _SecureConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class Transport:
    """Connections to any number of hosts; threads may share it."""

    def __init__(self, options: TargetOptions) -> None:
        # At DEBUG, urllib3 logs whole request lines: signed URLs of redirects are secrets.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        _check_authority(options.ca_file)
        self._agent = options.user_agent
        self._settings: dict[str, Any] = {
            "maxsize": max(1, options.threads),
            "timeout": urllib3.Timeout(connect=options.connect_timeout, read=options.read_timeout),
            "cert_reqs": "CERT_REQUIRED",
            "ca_certs": str(options.ca_file) if options.ca_file else None,
        }
        self._managers: dict[str | None, urllib3.PoolManager] = {}
        self._openers: dict[str, _Open] = {}
        self._lock = threading.Lock()

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limit: int) -> Reply:
        """Do one request; raises Unreachable, or PublishError when asking again cannot help."""
        origin, target = split_url(url)
        try:
            response = self._opener(origin)(
                method,
                target,
                body=body,
                headers={"User-Agent": self._agent, "Accept-Encoding": "identity", **headers},
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            content = response.read(limit + 1)
        except (HTTPError, OSError, http.client.HTTPException, ValueError) as error:
            raise _translate(error, origin) from None
        if len(content) > limit:
            response.close()  # and with it the connection: the rest of this answer must not begin the next one
            raise failure(Code.REGISTRY_CORRUPT, f"{origin} sent more than the {limit} bytes that were expected")
        response.release_conn()
        return _whole(Reply(response.status, response.headers, content, url, response.reason or ""), method)

    def close(self) -> None:
        """Close all connections."""
        for manager in self._managers.values():
            manager.clear()

    def _opener(self, origin: str) -> _Open:
        """What sends requests to `origin`: a pool of its own, or its proxy's, which wants to be told the whole URL."""
        opener = self._openers.get(origin)
        if opener is None:
            proxy = _proxy_of(origin)
            manager = self._manager(proxy)
            opener = partial(_through_proxy, manager, origin) if proxy else manager.connection_from_url(origin).urlopen
            self._openers[origin] = opener
        return opener

    def _manager(self, proxy: str | None) -> urllib3.PoolManager:
        with self._lock:
            if proxy not in self._managers:
                manager = _proxied(proxy, self._settings) if proxy else urllib3.PoolManager(**self._settings)
                manager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
                self._managers[proxy] = manager
            return self._managers[proxy]


def _through_proxy(manager: urllib3.PoolManager, origin: str, method: str, target: str, **rest: Any) -> _Response:
    return manager.urlopen(method, origin + target, **rest)


def split_url(url: str) -> tuple[str, str]:
    """Split an absolute URL into its origin (`scheme://host:port`) and the request target."""
    parts = urlsplit(url)
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return f"{parts.scheme}://{parts.netloc}", target


def is_loopback(origin: str) -> bool:
    """Whether a URL points at this machine."""
    return (urlsplit(origin).hostname or "") in LOOPBACK


def _proxy_of(origin: str) -> str | None:
    """The proxy that the environment names for `origin`; never one for this machine itself."""
    parts = urlsplit(origin)
    if is_loopback(origin) or proxy_bypass(parts.netloc):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    return proxy if proxy is None or "://" in proxy else f"http://{proxy}"


def _proxied(proxy: str, settings: dict[str, Any]) -> urllib3.PoolManager:
    parts = urlsplit(proxy)
    login = f"{parts.username}:{parts.password or ''}" if parts.username else None
    headers = urllib3.make_headers(proxy_basic_auth=login) if login else None
    address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
    return urllib3.ProxyManager(address, proxy_headers=headers, **settings)


def _translate(error: Exception, origin: str) -> Exception:
    """A certificate or an address that is wrong stays wrong.

    All else may pass. Texts of urllib3 can hold URLs: left out.
    """
    if isinstance(error, SSLError) and "CERTIFICATE" in str(error).upper():
        hint = "give its authority's certificate as the CA file, or check the host name"
        return failure(Code.REGISTRY_FAILED, f"{origin}: the TLS certificate was refused", hint)
    if isinstance(error, ProxySchemeUnknown):
        hint = "set http_proxy and https_proxy to http:// or https:// addresses, or no_proxy to this host"
        return failure(Code.REGISTRY_FAILED, f"{origin}: the environment names a proxy of a kind we cannot use", hint)
    if isinstance(error, (LocationParseError, UnicodeError)):
        return failure(Code.TARGET_INVALID, f"{origin} is not an address")
    return Unreachable(type(error).__name__)


def _check_authority(path: Path | None) -> None:
    """Say early what urllib3 would say at each request."""
    try:
        if path:
            ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        what = f"{path} cannot be used as CA file: {type(error).__name__}"
        raise failure(Code.TARGET_INVALID, what, "name a PEM file with certificates") from None


def _whole(reply: Reply, method: str) -> Reply:
    """Refuse a body that is shorter than announced."""
    length = reply.headers.get("Content-Length")
    if method != "HEAD" and length and length.isdigit() and int(length) != len(reply.content):
        raise Unreachable("TruncatedAnswer")
    return reply

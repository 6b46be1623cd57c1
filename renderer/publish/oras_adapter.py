"""oras-py's registry client with its request function replaced.

In: requests to one registry. Out: its answers, whatever their status. Kept of oras-py: the client class, its URLs and
its paging of tags. Replaced: everything between a request and its answer, because oras-py 0.2.43 has no timeouts,
retries only 500, ignores Retry-After, reuses a pull token for pushes, sends its token to foreign hosts and takes any
200 for success.
Never: sends an Authorization to another host than the one it is for, goes from https to http, asks without end,
or lets a token or a query string into a text.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import oras.provider

from renderer.errors import Code, PublishError
from renderer.publish.auth import Authenticator
from renderer.publish.credentials import find_credentials
from renderer.publish.interface import MANIFEST_LIMIT, failure, load_object
from renderer.publish.retry import Backoff, Pause, is_retried
from renderer.publish.transport import Reply, Transport, Unreachable, split_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.publish.interface import TargetOptions

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})
_MAX_REDIRECTS = 5
_MAX_PAGES = 1000
_UNAUTHORISED, _FORBIDDEN, _THROTTLED, _UNAVAILABLE = 401, 403, 429, 503
_REPOSITORY = re.compile(r"/v2/(.+)/(?:manifests|blobs|tags|referrers)/")


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the registry. `repository` decides the rights of the token.

    `limit` bounds the answer, in bytes.
    """

    method: str
    url: str
    repository: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    limit: int = MANIFEST_LIMIT


class OrasAdapter(oras.provider.Registry):  # type: ignore[misc]  # oras-py has no annotations
    """A client of the registry at `host`; threads may share it. Every answer that comes back is complete."""

    def __init__(self, host: str, options: TargetOptions) -> None:
        super().__init__(hostname=host, insecure=options.plain_http)
        self.origin = f"{self.prefix}://{self.hostname}"
        self._options = options
        self._transport = Transport(options)
        self._backoff = Backoff(options.backoff, options.backoff_limit, options.retry_after_limit)
        self._pause = Pause()
        self._silent = 0  # requests in a row that got no answer at all
        self._entry = Authenticator(
            host,
            lambda: find_credentials(host, options.docker_config),
            self._fetch_token,
            actions="pull" if options.read_only else "pull,push",
            plain_http=options.plain_http,
        )

    def do_request(
        self,
        url: str,
        method: str = "GET",
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
        json: None = None,  # noqa: ARG002 - we encode JSON ourselves: its digest matters
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002 - bodies are read whole, up to a limit
    ) -> Reply:
        """Replace oras-py's request function: what its own methods ask goes the same way as everything else."""
        match = _REPOSITORY.search(urlsplit(url).path)
        return self.ask(Request(method, url, match[1] if match else "", headers or {}, data))

    def ask(self, request: Request) -> Reply:
        """Do a request until an answer is final. Raises PublishError when none comes."""
        return self._persist(lambda: self._authorised(request), request.method)

    def list_tags(self, repository: str) -> list[str] | None:
        """All tags of a repository by oras-py's own paging; None if there is no such repository."""
        try:
            tags: list[str] = self.get_tags(self.get_container(f"{self.hostname}/{repository}"))
        except _NoSuchRepositoryError:
            return None
        return tags

    def _do_paginated_request(self, url: str, callable: Callable[[Any], object]) -> None:  # noqa: A002 - oras-py's name
        """Follow `Link: …; rel="next"`; oras-py's own follows it to any host, and in circles."""
        for _ in range(_MAX_PAGES):
            reply = self.do_request(url)
            if reply.status_code == 404:  # noqa: PLR2004 - HTTP's own number
                raise _NoSuchRepositoryError
            if reply.status_code != 200:  # noqa: PLR2004 - HTTP's own number
                raise self.unexpected(reply, "listing tags")
            _check_tags(reply)
            following = next_page(reply)
            if not callable(reply) or following is None:
                return
            url = self.locate(url, following)
        raise failure(Code.REGISTRY_CORRUPT, f"{self.hostname} lists tags on more than {_MAX_PAGES} pages")

    def locate(self, url: str, location: str) -> str:
        """Make a Location absolute, and refuse the unsafe ones."""
        found = urljoin(url, location)
        old, new = urlsplit(url), urlsplit(found)
        if new.scheme not in ("http", "https") or not new.hostname or new.username is not None:
            raise failure(Code.REGISTRY_CORRUPT, f"{self.hostname} points to an address that is not http(s)")
        if old.scheme == "https" and new.scheme == "http":
            what = f"{self.hostname} points from https to http, at {new.hostname}"
            raise failure(Code.REGISTRY_FAILED, what, "let its proxy set X-Forwarded-Proto: https")
        return found

    def unexpected(self, reply: Reply, doing: str) -> PublishError:
        """Build the exception for an answer that we did not ask for, with what the registry says about it."""
        what = f"{self.hostname}: {doing}: HTTP {reply.status_code}{self._registry_text(reply)}"
        if reply.status_code in (_UNAUTHORISED, _FORBIDDEN):
            return failure(Code.REGISTRY_AUTH, what, f"check the rights of your account: docker login {self.hostname}")
        return failure(Code.REGISTRY_FAILED, what, "running again is safe")

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()
        self.session.close()

    def _persist(self, attempt: Callable[[], Reply], method: str) -> Reply:
        """Try up to 1 + retries times; a registry that has been silent for long gets one try only."""
        tries = 1 if self._silent > self._options.threads else 1 + self._options.retries
        for number in range(tries):
            self._pause.wait()
            last = number == tries - 1
            try:
                reply = attempt()
            except Unreachable as error:
                if last:
                    self._silent += 1
                    what = f"{self.hostname}: no answer to {method} ({error})"
                    raise failure(
                        Code.REGISTRY_FAILED, what, "check address and network; running again is safe"
                    ) from None
                time.sleep(self._backoff.wait(number))
                continue
            self._silent = 0
            if last or not is_retried(reply.status_code, reply.headers.get("Retry-After")):
                return reply
            self._rest(number, reply)
        raise AssertionError("the last try returns or raises")

    def _rest(self, number: int, reply: Reply) -> None:
        """Wait; a registry that is overloaded gets a rest from all threads."""
        seconds = self._backoff.wait(number, reply.headers.get("Retry-After"))
        if reply.status_code in (_FORBIDDEN, _THROTTLED, _UNAVAILABLE):
            self._pause.extend(seconds)
        else:
            time.sleep(seconds)

    def _authorised(self, request: Request) -> Reply:
        """Ask, and once more with new credentials after a 401 of this registry (not of one it redirected to)."""
        offer = self._entry.header(request.repository)
        reply = self._follow(request, offer)
        if reply.status_code != _UNAUTHORISED or split_url(reply.url)[0] != self.origin:
            return reply
        challenge = ", ".join(reply.headers.getlist("WWW-Authenticate"))
        offer = self._entry.renewed(challenge, request.repository, offer)
        return reply if offer is None else self._follow(request, offer)

    def _follow(self, request: Request, authorization: str | None) -> Reply:
        """Ask and follow redirects; the Authorization stays with this registry."""
        url = request.url
        for _ in range(_MAX_REDIRECTS + 1):
            secret = {"Authorization": authorization} if authorization and split_url(url)[0] == self.origin else {}
            reply = self._transport.send(
                request.method, url, {**request.headers, **secret}, request.body, request.limit
            )
            location = reply.headers.get("Location")
            if reply.status_code not in _REDIRECTS or not location:
                return reply
            if request.method not in ("GET", "HEAD") and reply.status_code not in _SAME_METHOD:
                return reply
            url = self.locate(url, location)
        raise failure(Code.REGISTRY_FAILED, f"{self.hostname} redirects more than {_MAX_REDIRECTS} times")

    def _fetch_token(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> Reply:
        """Ask a token server; it has no business redirecting a password elsewhere, so redirects are not followed."""
        return self._persist(lambda: self._transport.send(method, url, headers, body, MANIFEST_LIMIT), method)

    def _registry_text(self, reply: Reply) -> str:
        """Take code and message out of a registry's error, short and without what must not be seen."""
        try:
            error = load_object(reply.content, "")["errors"][0]
            text = f"{error.get('code', '')}: {error.get('message', '')}"
        except (PublishError, KeyError, IndexError, TypeError, AttributeError):
            return ""
        for secret in self._entry.secrets():
            text = text.replace(secret, "…")
        text = re.sub(r"\?\S*", "?…", text)  # the query of a signed URL
        return " " + "".join(letter for letter in text[:200] if letter.isprintable())


class _NoSuchRepositoryError(Exception):
    """The tags of a repository that does not exist were asked for."""


def _check_tags(reply: Reply) -> None:
    """Refuse what is not a list of tags before oras-py makes something of it."""
    tags = load_object(reply.content, "the list of tags").get("tags")
    if tags is not None and not (isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise failure(Code.REGISTRY_CORRUPT, "the list of tags: expected a list of texts, got something else")


def next_page(reply: Reply) -> str | None:
    """The address of the next page of a list (RFC 8288), None on the last one."""
    match = re.search(r'<([^>]*)>\s*;\s*rel="?next"?', reply.headers.get("Link") or "")
    return match[1] if match else None

"""Answers a registry's 401: Basic, or a bearer token fetched for one repository and the rights we need there.

In: the challenge, the credentials of this registry. Out: Authorization headers for this registry alone.
Never: offers a token that was refused, uses a token of one repository for another, or keeps more than a few hundred
tokens.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from renderer.errors import Code
from renderer.publish.interface import failure, load_object

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.publish.credentials import Credentials
    from renderer.publish.transport import Reply

_SCHEME = re.compile(r"(?:^|,)\s*(bearer|basic)\s+", re.IGNORECASE)
_PARAMETER = re.compile(r'([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_KEPT = 512
_LIFETIME = 60.0  # seconds; what a token without expires_in is worth (distribution's token specification)
_MARGIN = 10.0  # seconds before its end at which a token is no longer used

_OK, _UNAUTHORISED, _FORBIDDEN, _BAD_REQUEST = 200, 401, 403, 400


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way in that a registry offers; `scheme` is `bearer` or `basic`."""

    scheme: str
    realm: str = ""
    service: str = ""


def parse_challenges(header: str) -> list[Challenge]:
    """Read a WWW-Authenticate header, strongest scheme first; what cannot be read is left out."""
    found = list(_SCHEME.finditer(header))
    ends = [match.start() for match in found[1:]] + [len(header)]
    challenges = []
    for match, end in zip(found, ends, strict=False):
        pairs = _PARAMETER.findall(header[match.end() : end])
        values = {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or plain for name, quoted, plain in pairs}
        challenges.append(Challenge(match[1].lower(), values.get("realm", ""), values.get("service", "")))
    return sorted(challenges, key=lambda challenge: challenge.scheme != "bearer")


class Authenticator:
    """The way into one registry; threads may share it.

    `credentials` is asked at the first 401 only: helpers cost a process. `fetch(method, url, headers, body)` does a
    request.
    """

    def __init__(
        self,
        host: str,
        credentials: Callable[[], Credentials | None],
        fetch: Callable[[str, str, dict[str, str], bytes | None], Reply],
        *,
        actions: str,
        plain_http: bool,
    ) -> None:
        self._host = host
        self._plain_http = plain_http
        self._find = credentials
        self._fetch = fetch
        self._actions = actions
        self._lock = threading.Lock()
        self._known: tuple[Credentials | None] | None = None
        self._challenge: Challenge | None = None
        self._tokens: OrderedDict[str, tuple[str, float]] = OrderedDict()

    def header(self, repository: str) -> str | None:
        """The Authorization to send at first.

        None before the first challenge, a fresh token for a new repository after.
        """
        if self._challenge is None:
            return None
        return self._basic() if self._challenge.scheme == "basic" else self._token(repository, self._challenge)

    def renewed(self, header: str, repository: str, refused: str | None) -> str | None:
        """The Authorization that answers a 401, None when there is nothing (else) to offer."""
        challenge = next(iter(parse_challenges(header)), None)
        if challenge is None:
            return None
        self._challenge = challenge
        if challenge.scheme == "bearer":
            self._forget(repository, refused)
            return self._token(repository, challenge)
        offer = self._basic()
        return None if offer == refused else offer

    def secrets(self) -> tuple[str, ...]:
        """Every secret held, for taking them out of texts."""
        found = self._known[0] if self._known else None
        known = (found.password, found.basic[6:], found.identity_token, found.registry_token) if found else ()
        with self._lock:
            return tuple(secret for secret in (*known, *(token for token, _ in self._tokens.values())) if secret)

    def _credentials(self) -> Credentials | None:
        with self._lock:
            if self._known is None:
                self._known = (self._find(),)
            return self._known[0]

    def _basic(self) -> str | None:
        found = self._credentials()
        return found.basic if found and found.username else None

    def _forget(self, repository: str, refused: str | None) -> None:
        with self._lock:
            held = self._tokens.get(repository)
            if held and f"Bearer {held[0]}" == refused:
                del self._tokens[repository]

    def _token(self, repository: str, challenge: Challenge) -> str:
        found = self._credentials()
        if found and found.registry_token:
            return f"Bearer {found.registry_token}"
        with self._lock:
            held = self._tokens.get(repository)
        if held is None or held[1] < time.monotonic():
            held = self._request(repository, challenge)
            with self._lock:
                self._tokens[repository] = held
                while len(self._tokens) > _KEPT:
                    self._tokens.popitem(last=False)
        return f"Bearer {held[0]}"

    def _request(self, repository: str, challenge: Challenge) -> tuple[str, float]:
        """Ask the token server; returns the token and the monotonic time up to which it is used."""
        self._check_realm(challenge.realm)
        asked = time.monotonic()
        reply = self._fetch(*self._question(repository, challenge))
        if reply.status_code in (_UNAUTHORISED, _FORBIDDEN, _BAD_REQUEST):
            raise failure(
                Code.REGISTRY_AUTH,
                f"the token server of {self._host} refused access to {repository} (HTTP {reply.status_code})",
                f"check the credentials: docker login {self._host}",
            )
        if reply.status_code != _OK:
            what = f"the token server of {self._host} answered HTTP {reply.status_code}"
            raise failure(Code.REGISTRY_FAILED, what, "run again later")
        answer = load_object(reply.content, f"the token server of {self._host}")
        token, lifetime = answer.get("token") or answer.get("access_token"), answer.get("expires_in")
        # a token goes into a header: what could end that header is refused
        if not isinstance(token, str) or not re.fullmatch(r"[\x21-\x7e]+", token):
            raise failure(Code.REGISTRY_CORRUPT, f"the token server of {self._host} sent no usable token")
        seconds = float(lifetime) if isinstance(lifetime, int) and lifetime > 0 else _LIFETIME
        return token, asked + max(seconds - _MARGIN, seconds / 2)

    def _question(self, repository: str, challenge: Challenge) -> tuple[str, str, dict[str, str], bytes | None]:
        fields = {"service": challenge.service, "scope": f"repository:{repository}:{self._actions}"}
        fields = {name: value for name, value in fields.items() if value}
        found = self._credentials()
        if found and found.identity_token:  # OAuth 2 refresh, as docker does it
            fields |= {"grant_type": "refresh_token", "client_id": "fleetpress", "refresh_token": found.identity_token}
            return (
                "POST",
                challenge.realm,
                {"Content-Type": "application/x-www-form-urlencoded"},
                urlencode(fields).encode(),
            )
        headers = {"Authorization": found.basic} if found and found.username else {}
        mark = "&" if urlsplit(challenge.realm).query else "?"
        return "GET", f"{challenge.realm}{mark}{urlencode(fields, safe=':,/', quote_via=quote)}", headers, None

    def _check_realm(self, realm: str) -> None:
        """A password goes to the realm: only over TLS, unless the registry itself is talked to without."""
        parts = urlsplit(realm)
        schemes = ("https", "http") if self._plain_http else ("https",)
        if not parts.hostname or parts.username or parts.scheme not in schemes:
            raise failure(Code.REGISTRY_AUTH, f"{self._host} names a token server that is not https")

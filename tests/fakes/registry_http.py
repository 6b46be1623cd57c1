"""How the fake registry speaks HTTP: distribution-spec 1.1, token authentication, and the faults.

In: requests. Out: answers, or what a broken network makes of them. Never: holds state; that is FakeRegistry's.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from tests.fakes.registry import FakeRegistry, Fault

_ROUTE = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs/uploads|blobs|tags|referrers)/(?P<rest>[^/]*)")
_INDEX = "application/vnd.oci.image.index.v1+json"
_KINDS = {"tags": "tags", "referrers": "referrers", "blobs/uploads": "upload", "manifests": "manifest", "blobs": "blob"}

Answer: TypeAlias = "tuple[int, dict[str, str], bytes]"


class _Dropped(Exception):
    pass


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    @property
    def registry(self) -> FakeRegistry:
        """What this connection talks to."""
        found: FakeRegistry = self.server.registry  # type: ignore[attr-defined]
        return found

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Serve until the connection ends, by plan or not."""
        try:
            super().handle()
        except (_Dropped, ConnectionError):
            self.close_connection = True

    def do_GET(self) -> None:
        """Serve any method."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        match = _ROUTE.fullmatch(urlsplit(self.path).path)
        kind = self._kind(match)
        self._note(kind)
        fault = self.registry.fault_for(kind)
        if fault is None:
            self._send(*self._answer(match, kind, body))
        else:
            self._misbehave(fault, match, kind, body)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_GET  # noqa: N815 - names of http.server

    def _kind(self, match: re.Match[str] | None) -> str:
        if match is None:
            return "token" if self.path.startswith("/token") else "other"
        kind = _KINDS[match["kind"]]
        tagged = kind == "manifest" and self.command == "PUT" and re.fullmatch(r"1\.\d+\.0", match["rest"])
        return kind if kind in ("tags", "referrers") else f"{kind}-{self.command.lower()}{'-tag' if tagged else ''}"

    def _note(self, kind: str) -> None:
        from tests.fakes.registry import Seen

        registry = self.registry
        headers = {name.lower(): value for name, value in self.headers.items()}
        with registry.lock:
            registry.seen.append(Seen(kind, self.command, self.path, headers))
            killed = registry.kill_after is not None and len(registry.seen) > registry.kill_after
        if registry.on_request:
            registry.on_request(kind)
        if killed:
            self._reset()

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _reset(self) -> None:
        """End the connection with a RST, as a crashed machine does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise _Dropped

    def _misbehave(self, fault: Fault, match: re.Match[str] | None, kind: str, body: bytes) -> None:
        if fault.action == "status":
            self._send(fault.status, fault.headers, fault.body)
        elif fault.action == "html":
            self._send(200, {"Content-Type": "text/html"}, b"<html>Please accept our terms</html>")
        elif fault.action == "reset":
            self._reset()
        elif fault.action == "reset-after":
            self._answer(match, kind, body)
            self._reset()
        elif fault.action == "redirect":
            self._send(fault.status, {"Location": fault.headers.get("Location", self.path)}, b"")
        elif fault.action in ("hang", "drip", "drip-head"):
            self._stall(fault.action)
        else:
            self._distort(fault, self._answer(match, kind, body))

    def _stall(self, action: str) -> None:
        """Answer with nothing, or with a byte now and then, until the client has had enough."""
        if action == "drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(400):
            if action != "hang":
                self.wfile.write(b"H")
                self.wfile.flush()
            time.sleep(0.02)
        self._reset()

    def _distort(self, fault: Fault, answer: Answer) -> None:
        """Change one thing of a good answer."""
        status, headers, body = answer
        if fault.action == "truncate":
            self._send(status, {**headers, "Content-Length": str(len(body) + 10)}, body[: len(body) // 2])
            self.wfile.flush()
            self._reset()
        elif fault.action == "wrong-digest":
            wrong = {"Docker-Content-Digest": "sha256:" + "0" * 64} if "Docker-Content-Digest" in headers else {}
            self._send(status, headers | wrong, body)
        elif fault.action == "no-digest":
            kept = {name: value for name, value in headers.items() if name != "Docker-Content-Digest"}
            self._send(status, kept, body)
        elif fault.action == "wrong-bytes":
            self._send(status, headers, bytes(byte ^ 1 for byte in body))
        elif fault.action == "location":
            self._send(status, {**headers, "Location": fault.headers["Location"]}, body)
        elif fault.action == "no-location":
            self._send(status, {name: value for name, value in headers.items() if name != "Location"}, body)
        else:
            raise AssertionError(fault.action)

    def _answer(self, match: re.Match[str] | None, kind: str, body: bytes) -> Answer:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if kind == "token":
            return self._token(query, body)
        if match is None:
            return _error(404, "NOT_FOUND")
        with self.registry.lock:
            refused = self._refuse(match["name"])
            if refused:
                return refused
            answers = {"tags": self._tags, "referrers": self._referrers, "upload": self._upload}
            answers |= {"manifest": self._manifest, "blob": self._blob}
            return answers[_KINDS[match["kind"]]](match["name"], match["rest"], query, body)

    def _refuse(self, name: str) -> Answer | None:
        """The 401 that is due, if any."""
        registry, sent = self.registry, self.headers.get("Authorization", "")
        if registry.bearer:
            scopes, end = registry.tokens.get(sent.removeprefix("Bearer "), (set(), 0.0))
            need = "pull" if self.command in ("GET", "HEAD") else "push"
            if f"{name}:{need}" in scopes and time.monotonic() < end:
                return None
            realm = f'Bearer realm="http://{registry.host}/token",service="fake",scope="repository:{name}:{need}"'
            return _error(401, "UNAUTHORIZED", {"WWW-Authenticate": realm})
        if not registry.users or self._user():
            return None
        return _error(401, "UNAUTHORIZED", {"WWW-Authenticate": 'Basic realm="fake"'})

    def _user(self) -> str | None:
        encoded = self.headers.get("Authorization", "").removeprefix("Basic ")
        user, _, password = base64.b64decode(encoded).decode().partition(":")
        return user if user and self.registry.users.get(user) == password else None

    def _token(self, query: dict[str, str], body: bytes) -> Answer:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        known = (
            self._user()
            if self.headers.get("Authorization")
            else self.registry.users.get(form.get("refresh_token", ""))
        )
        if self.registry.users and not known:
            return _error(401, "UNAUTHORIZED")
        scope = (query | form).get("scope", "")
        _, name, actions = scope.split(":")
        token = secrets.token_hex(16)
        end = time.monotonic() + self.registry.token_lifetime
        self.registry.tokens[token] = ({f"{name}:{action}" for action in actions.split(",")}, end)
        return 200, {}, json.dumps({"token": token, "expires_in": 300}).encode()

    def _tags(self, name: str, _: str, query: dict[str, str], __: bytes) -> Answer:
        if name not in self.registry.manifests:
            return _error(404, "NAME_UNKNOWN")
        tags = sorted(self.registry.names[name])
        start = int(query.get("last", 0))
        size = self.registry.page or len(tags) or 1
        more = start + size < len(tags)
        headers = {"Link": f'</v2/{name}/tags/list?last={start + size}>; rel="next"'} if more else {}
        return 200, headers, json.dumps({"name": name, "tags": tags[start : start + size]}).encode()

    def _referrers(self, name: str, subject: str, _: dict[str, str], __: bytes) -> Answer:
        if not self.registry.referrers_api:
            return _error(404, "NOT_FOUND")
        found = self.registry.referrers(name, subject)
        return 200, {"Content-Type": _INDEX}, json.dumps({"schemaVersion": 2, "manifests": found}).encode()

    def _upload(self, name: str, session: str, query: dict[str, str], body: bytes) -> Answer:
        registry = self.registry
        if self.command == "POST" and not ("digest" in query and registry.single_post):
            session = secrets.token_hex(8)
            registry.sessions.add(session)
            path = f"/v2/{name}/blobs/uploads/{session}"
            location = path if registry.relative else f"http://{registry.host}{path}?_state=a%2Fb%3D"
            return 202, {"Location": location}, b""
        if self.command == "PUT" and session not in registry.sessions:
            return _error(404, "BLOB_UPLOAD_UNKNOWN")
        if query.get("digest") != _digest(body):
            return _error(400, "DIGEST_INVALID")
        registry.sessions.discard(session)
        registry.blobs[name][_digest(body)] = body
        return 201, {"Docker-Content-Digest": _digest(body), "Location": f"/v2/{name}/blobs/{_digest(body)}"}, b""

    def _manifest(self, name: str, target: str, _: dict[str, str], body: bytes) -> Answer:
        registry = self.registry
        if self.command == "PUT":
            return self._put_manifest(name, target, body)
        digest = target if target.startswith("sha256:") else registry.names[name].get(target, "")
        if digest not in registry.manifests.get(name, {}) or "Accept" not in self.headers:
            return _error(404, "MANIFEST_UNKNOWN")
        media_type, data = registry.manifests[name][digest]
        return (
            200,
            {"Content-Type": media_type, "Docker-Content-Digest": digest, "Content-Length": str(len(data))},
            data,
        )

    def _put_manifest(self, name: str, target: str, body: bytes) -> Answer:
        registry, digest, value = self.registry, _digest(body), json.loads(body)
        blobs = [value["config"], *value["layers"]] if "layers" in value else []
        if any(blob["digest"] not in registry.blobs[name] for blob in blobs):
            return _error(400, "MANIFEST_BLOB_UNKNOWN")
        if target.startswith("sha256:") and target != digest:
            return _error(400, "DIGEST_INVALID")
        registry.manifests[name][digest] = self.headers["Content-Type"], body
        if not target.startswith("sha256:"):
            registry.names[name][target] = digest
        subject = value.get("subject")
        extra = {"OCI-Subject": subject["digest"]} if subject and registry.referrers_api else {}
        return 201, {"Docker-Content-Digest": digest, **extra}, b""

    def _blob(self, name: str, digest: str, _: dict[str, str], __: bytes) -> Answer:
        data = self.registry.blobs.get(name, {}).get(digest)
        if data is None:
            return _error(404, "BLOB_UNKNOWN")
        return 200, {"Docker-Content-Digest": digest, "Content-Length": str(len(data))}, data


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def _error(status: int, code: str, headers: dict[str, Any] | None = None) -> Answer:
    return status, headers or {}, json.dumps({"errors": [{"code": code, "message": code.lower()}]}).encode()

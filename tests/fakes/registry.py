"""A real little OCI registry on 127.0.0.1 that counts requests, asks for tokens, and misbehaves on demand.

In: options and faults. Out: `host`, everything it stores, every request it saw.
Never: leaves this machine. It checks what real registries check: digests, missing blobs, upload sessions.
"""

from __future__ import annotations

import json
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.fakes.registry_http import Handler

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self


@dataclass
class Fault:
    """Misbehaviour at requests of one kind (`*`: any): let `skip` of them pass, then act `times` times."""

    kind: str
    action: str
    times: int = 1
    skip: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Seen:
    """One request: its kind (`manifest-put`, …), path with query, and headers in lower case."""

    kind: str
    method: str
    path: str
    headers: dict[str, str]


class FakeRegistry:
    """Use in a `with` block. `referrers_api`, `single_post`, `relative` choose between what registries really do."""

    def __init__(
        self,
        *,
        referrers_api: bool = True,
        single_post: bool = True,
        relative: bool = True,
        users: dict[str, str] | None = None,
        bearer: bool = False,
        page: int = 0,
    ) -> None:
        self.referrers_api = referrers_api
        self.single_post = single_post
        self.relative = relative
        self.users = users or {}
        self.bearer = bearer
        self.page = page
        self.blobs: dict[str, dict[str, bytes]] = defaultdict(dict)
        self.manifests: dict[str, dict[str, tuple[str, bytes]]] = defaultdict(dict)
        self.names: dict[str, dict[str, str]] = defaultdict(dict)
        self.sessions: set[str] = set()
        self.tokens: dict[str, tuple[set[str], float]] = {}
        self.token_lifetime = 300
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.kill_after: int | None = None
        self.on_request: Callable[[str], None] | None = None
        self.lock = threading.RLock()
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.registry = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    def counts(self) -> Counter[str]:
        """How many requests of each kind came."""
        return Counter(seen.kind for seen in self.seen)

    def visible(self) -> dict[str, list[str]]:
        """Every version tag by repository."""
        with self.lock:
            return {name: [tag for tag in tags if tag.startswith("1.")] for name, tags in self.names.items()}

    def referrers(self, name: str, subject: str) -> list[dict[str, Any]]:
        """Descriptors of what refers to `subject`, as the API lists them."""
        found = []
        for digest, (media_type, data) in self.manifests[name].items():
            value = json.loads(data)
            if (value.get("subject") or {}).get("digest") == subject:
                kind = value.get("artifactType")
                found.append({"mediaType": media_type, "digest": digest, "size": len(data), "artifactType": kind})
        return found

    def is_signed(self, name: str, digest: str) -> bool:
        """Whether a verifier finds a signature of this manifest, with all its blobs."""
        if self.referrers_api:
            found = [entry["digest"] for entry in self.referrers(name, digest)]
        else:
            index = self.names[name].get(digest.replace(":", "-"))
            data = self.manifests[name][index][1] if index else b'{"manifests":[]}'
            found = [entry["digest"] for entry in json.loads(data)["manifests"]]
        return any(self._complete(name, each) for each in found)

    def _complete(self, name: str, digest: str) -> bool:
        if digest not in self.manifests[name]:
            return False
        value = json.loads(self.manifests[name][digest][1])
        return all(layer["digest"] in self.blobs[name] for layer in value["layers"])

    def unsigned_tags(self) -> list[str]:
        """Every version tag whose artifact is incomplete or unsigned; must always be empty."""
        with self.lock:
            return [
                f"{name}:{tag}"
                for name, tags in self.names.items()
                for tag, digest in tags.items()
                if tag.startswith("1.") and not (self._complete(name, digest) and self.is_signed(name, digest))
            ]

    def fault_for(self, kind: str) -> Fault | None:
        """The fault that is due for a request of this kind."""
        with self.lock:
            for fault in self.faults:
                if fault.kind not in ("*", kind):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times > 0:
                    fault.times -= 1
                    return fault
            return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    registry: FakeRegistry

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet: faults break connections on purpose."""

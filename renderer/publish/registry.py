"""An OCI registry as a target (distribution-spec 1.1, and what registries before it do).

In: blobs, manifests and signatures. Out: True or a count where something was sent; bytes with a checked digest.
Never: believes a status alone. A push counts when the registry repeated its digest, or when reading it back proved it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from renderer.errors import Code
from renderer.publish.interface import (
    MANIFEST_LIMIT,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    failure,
    list_descriptors,
    load_object,
)
from renderer.publish.oras_adapter import OrasAdapter, Request, next_page
from renderer.publish.referrers import FallbackIndex, descriptor_of
from renderer.types import Blob, Digest, SignatureFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.publish.interface import TargetOptions
    from renderer.publish.transport import Reply
    from renderer.types import Reference, Signature

_DOCKER = "application/vnd.docker.distribution.manifest"
_ACCEPT = f"{OCI_MANIFEST}, {OCI_INDEX}, {_DOCKER}.v2+json, {_DOCKER}.list.v2+json"
_OCTETS = {"Content-Type": "application/octet-stream"}
_OK, _CREATED, _ACCEPTED, _NOT_FOUND = 200, 201, 202, 404
_SUCCESS = range(200, 300)
_MAX_PAGES = 100
_NO_REFERRERS = frozenset({400, 404, 405, 501})
_NO_SINGLE_POST = frozenset({400, 404, 405, 411, 415, 501})
_SESSION_LOST = frozenset({400, 404, 416})
_REMEMBERED = 8192  # blobs; sites repeat their own config digest, nobody else's


class RegistryTarget:
    """`oci://HOST/PREFIX`: only repositories below that prefix, so that no site leaves its region.

    Threads may share it.
    """

    buffered = False

    def __init__(self, host: str, prefix: str, options: TargetOptions) -> None:
        self.options = options
        self._host = host
        self._prefix = prefix
        self._oras = OrasAdapter(host, options)
        self._single_post: bool | None = None
        self._referrers_api: bool | None = None
        self._lock = threading.Lock()
        self._present: OrderedDict[tuple[str, Digest], None] = OrderedDict()

    @property
    def keeps_referrers(self) -> bool:
        """False once it is known that only the fallback tag lists referrers here."""
        return self._referrers_api is not False

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """All tags; empty when there is no such repository."""
        return tuple(self._oras.list_tags(self._name(repository)) or ())

    def resolve(self, repository: Reference, tag: str | Digest) -> Descriptor | None:
        """Descriptor of a manifest, None if there is none; one HEAD where the registry tells the digest."""
        reply = self._ask("HEAD", repository, f"manifests/{tag}", {"Accept": _ACCEPT})
        if reply.status_code == _NOT_FOUND:
            return None
        length = reply.headers.get("Content-Length", "")
        digest = _told_digest(reply)
        if (
            reply.status_code != _OK
            or digest is None
            or not length.isdigit()
            or (isinstance(tag, Digest) and digest != tag)
        ):
            manifest = self.get_manifest(repository, tag)
            return manifest.descriptor if manifest else None
        return {"mediaType": _media_type(reply), "digest": str(digest), "size": int(length)}

    def get_manifest(self, repository: Reference, tag: str | Digest) -> Blob | None:
        """The manifest's bytes, None if there is none."""
        reply = self._ask("GET", repository, f"manifests/{tag}", {"Accept": _ACCEPT})
        if reply.status_code == _NOT_FOUND:
            return None
        if reply.status_code != _OK:
            raise self._oras.unexpected(reply, f"reading manifest {tag} of {repository.repository}")
        expected = tag if isinstance(tag, Digest) else _told_digest(reply)
        manifest = Blob.of(reply.content, _media_type(reply))
        if expected not in (None, manifest.digest):
            raise self._corrupt(f"manifest {tag} of {repository.repository} does not have the digest it was asked by")
        load_object(manifest.data, f"manifest {tag} of {repository.repository}")
        return manifest

    def has_blob(self, repository: Reference, digest: Digest) -> bool:
        """Whether a blob is there; an answer that does not speak of this digest counts as no."""
        reply = self._ask("HEAD", repository, f"blobs/{digest}", {})
        if reply.status_code == _NOT_FOUND:
            return False
        if reply.status_code != _OK:
            raise self._oras.unexpected(reply, f"looking for blob {digest} of {repository.repository}")
        return _told_digest(reply) == digest

    def get_blob(self, repository: Reference, digest: Digest, *, limit: int) -> bytes:
        """A blob's bytes."""
        reply = self._ask("GET", repository, f"blobs/{digest}", {}, limit=limit)
        if reply.status_code != _OK:
            raise self._oras.unexpected(reply, f"reading blob {digest} of {repository.repository}")
        if Digest.of(reply.content) != digest:
            raise self._corrupt(f"blob {digest} of {repository.repository} has other content")
        return reply.content

    def put_blob(self, repository: Reference, blob: Blob, *, new: bool = False) -> bool:
        """Store a blob; True if it was really sent."""
        key = (self._name(repository), blob.digest)
        if key in self._present or (not new and self.has_blob(repository, blob.digest)):
            self._remember(key)
            return False
        self._check_writable()
        # twice: an upload session can be lost, or can have ended well with its answer lost
        if not (
            self._upload(repository, blob) or self.has_blob(repository, blob.digest) or self._upload(repository, blob)
        ):
            raise self._corrupt(f"blob {blob.digest} was accepted for {repository.repository} but is not there", "sent")
        self._remember(key)
        return True

    def put_manifest(self, repository: Reference, manifest: Blob, tag: str | None = None) -> bool:
        """Store a manifest under its digest, or under `tag`; always sends, as asking costs the same."""
        self._put(repository, manifest, tag)
        return True

    def referrers(self, repository: Reference, subject: Digest) -> list[Descriptor]:
        """Descriptors of the manifests whose `subject` is this digest: by the API, else by the fallback tag."""
        found = self._ask_referrers(repository, subject) if self._referrers_api is not False else None
        return FallbackIndex(self, repository, subject).read() if found is None else found

    def _ask_referrers(self, repository: Reference, subject: Digest) -> list[Descriptor] | None:
        """Ask the referrers API, all pages; None where there is no such API."""
        name, found = self._name(repository), []
        url = f"{self._oras.origin}/v2/{name}/referrers/{subject}"
        for _ in range(_MAX_PAGES):
            reply = self._oras.ask(Request("GET", url, name, {"Accept": OCI_INDEX}))
            if reply.status_code in _NO_REFERRERS:
                self._referrers_api = bool(self._referrers_api)
                return None
            if reply.status_code != _OK:
                raise self._oras.unexpected(reply, f"listing the signatures of {repository.repository}")
            self._referrers_api = True
            found += list_descriptors(reply.content, f"the referrers of {subject}")
            following = next_page(reply)
            if following is None:
                return found
            url = self._oras.locate(url, following)
        raise self._corrupt(f"{subject} has more than {_MAX_PAGES} pages of referrers")

    def attach(self, repository: Reference, signature: Signature) -> int:
        """Store a signature: its blobs, its manifest, then whatever makes it findable."""
        sent = sum(self.put_blob(repository, blob, new=True) for blob in signature.blobs)
        if signature.format is SignatureFormat.LEGACY and signature.tag:
            return sent + self.put_manifest(repository, signature.manifest, signature.tag)
        reply = self._put(repository, signature.manifest, None)
        # distribution-spec 1.1: a registry that keeps referrers itself repeats the subject's digest
        self._referrers_api = reply.headers.get("OCI-Subject") == str(signature.subject)
        if self._referrers_api:
            return sent + 1
        return sent + 1 + FallbackIndex(self, repository, signature.subject).add(descriptor_of(signature))

    def flush(self) -> None:
        """Do nothing: every push is visible at once."""

    def close(self) -> None:
        """Close all connections."""
        self._oras.close()

    def _name(self, repository: Reference) -> str:
        """The repository's name in this registry; anything outside the prefix is refused, whoever asks."""
        inside = repository.repository.startswith(f"{self._prefix}/") or not self._prefix
        if repository.host != self._host or not inside:
            what = f"{repository.name} does not lie in oci://{self._host}/{self._prefix}"
            raise failure(Code.RESIDENCY, what, "a site goes to its own region's registry and to no other")
        return repository.repository

    def _ask(
        self, method: str, repository: Reference, path: str, headers: Mapping[str, str], *, limit: int = MANIFEST_LIMIT
    ) -> Reply:
        name = self._name(repository)
        return self._oras.ask(Request(method, f"{self._oras.origin}/v2/{name}/{path}", name, headers, None, limit))

    def _put(self, repository: Reference, manifest: Blob, tag: str | None) -> Reply:
        """PUT a manifest. A registry that does not repeat the digest is asked what it now has."""
        self._check_writable()
        name, target = self._name(repository), tag or str(manifest.digest)
        url = f"{self._oras.origin}/v2/{name}/manifests/{target}"
        reply = self._oras.ask(Request("PUT", url, name, {"Content-Type": manifest.media_type}, manifest.data))
        if reply.status_code not in _SUCCESS:
            raise self._oras.unexpected(reply, f"storing manifest {target} of {name}")
        if reply.status_code != _CREATED or _told_digest(reply) != manifest.digest:
            stored = self.get_manifest(repository, tag or manifest.digest)
            if stored is None or stored.digest != manifest.digest:
                raise self._corrupt(f"manifest {target} was accepted for {name} but is not there")
        return reply

    def _upload(self, repository: Reference, blob: Blob) -> bool:
        """Send a blob; False when it may or may not have arrived."""
        name = self._name(repository)
        url = f"{self._oras.origin}/v2/{name}/blobs/uploads/"
        reply = self._start(name, url, blob)
        if reply.status_code == _CREATED:
            return _told_digest(reply) == blob.digest
        return self._finish(name, blob, url, reply)

    def _start(self, name: str, url: str, blob: Blob) -> Reply:
        """POST, with the blob where the registry takes it at once.

        The first blob finds out. A 202 goes on with a PUT.
        """
        if self._single_post is not False:
            reply = self._oras.ask(Request("POST", f"{url}?digest={blob.digest}", name, _OCTETS, blob.data))
            self._single_post = reply.status_code == _CREATED
            if reply.status_code not in _NO_SINGLE_POST:
                return reply
        return self._oras.ask(Request("POST", url, name, _OCTETS, b""))

    def _finish(self, name: str, blob: Blob, url: str, reply: Reply) -> bool:
        location = reply.headers.get("Location")
        if reply.status_code != _ACCEPTED or not location:
            raise self._oras.unexpected(reply, f"starting an upload to {name}")
        address = self._oras.locate(url, location)
        address += f"{'&' if urlsplit(address).query else '?'}digest={blob.digest}"
        reply = self._oras.ask(Request("PUT", address, name, _OCTETS, blob.data))
        if reply.status_code in _SESSION_LOST:
            return False
        if reply.status_code not in _SUCCESS:
            raise self._oras.unexpected(reply, f"uploading blob {blob.digest} to {name}")
        return reply.status_code == _CREATED and _told_digest(reply) == blob.digest

    def _remember(self, key: tuple[str, Digest]) -> None:
        with self._lock:
            self._present[key] = None
            while len(self._present) > _REMEMBERED:
                self._present.popitem(last=False)

    def _check_writable(self) -> None:
        if self.options.read_only:
            raise failure(Code.TARGET_INVALID, f"oci://{self._host}/{self._prefix} was opened for reading only")

    def _corrupt(self, what: str, hint: str = "") -> Exception:
        return failure(Code.REGISTRY_CORRUPT, f"{self._host}: {what}", hint or "look at the registry's storage")


def _told_digest(reply: Reply) -> Digest | None:
    try:
        return Digest.parse(reply.headers.get("Docker-Content-Digest", ""))
    except ValueError:
        return None


def _media_type(reply: Reply) -> str:
    return reply.headers.get("Content-Type", "").partition(";")[0].strip() or OCI_MANIFEST

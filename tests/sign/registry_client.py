"""The requests that publishing a signed artifact needs, for one docker-registry over HTTP.

In: an artifact and its signatures. Out: their bytes in a registry, where a verifier that is not ours finds them.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from renderer.types import Blob, Digest, compact_json

if TYPE_CHECKING:
    from renderer.types import Artifact, Signature

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Repository:
    """`name` is `host/repository`."""

    name: str

    @property
    def _base(self) -> str:
        host, _, repository = self.name.partition("/")
        return f"http://{host}/v2/{repository}"

    def push(self, artifact: Artifact, *signatures: Signature) -> str:
        """Push all of it and return the reference by digest."""
        for blob in (artifact.config, artifact.layer):
            self.put_blob(blob)
        self.put_manifest(artifact.manifest, str(artifact.manifest.digest))
        for signature in signatures:
            self.attach(signature)
        self.put_manifest(artifact.manifest, "1.1.0")
        return f"{self.name}@{artifact.manifest.digest}"

    def attach(self, signature: Signature) -> None:
        """Push a signature: under its tag, or as a referrer in the index at the fallback tag."""
        for blob in signature.blobs:
            self.put_blob(blob)
        self.put_manifest(signature.manifest, signature.tag or str(signature.manifest.digest))
        if signature.tag is None:
            self._refer(signature)

    def _refer(self, signature: Signature) -> None:
        tag = f"sha256-{signature.subject.hex}"
        index: dict[str, Any] = json.loads(self.get_manifest(tag, INDEX) or compact_json(_EMPTY_INDEX))
        notes = {"artifactType": signature.artifact_type, "annotations": dict(signature.annotations)}
        index["manifests"].append({**signature.manifest.descriptor, **notes})
        self.put_manifest(Blob.of(compact_json(index), INDEX), tag)

    def referrers(self, subject: Digest) -> list[bytes]:
        """The manifests that the fallback index names."""
        index = json.loads(self.get_manifest(f"sha256-{subject.hex}", INDEX) or b"{}")
        return [self.get_manifest(entry["digest"], MANIFEST) or b"" for entry in index.get("manifests", [])]

    def put_blob(self, blob: Blob) -> None:
        _, location = self._request("POST", f"{self._base}/blobs/uploads/", b"")
        address = urljoin(self._base, location)
        address += f"{'&' if '?' in address else '?'}digest={blob.digest}"
        self._request("PUT", address, blob.data, **{"Content-Type": "application/octet-stream"})

    def put_manifest(self, manifest: Blob, reference: str) -> None:
        kind = {"Content-Type": manifest.media_type}
        self._request("PUT", f"{self._base}/manifests/{reference}", manifest.data, **kind)

    def get_manifest(self, reference: str, media_type: str) -> bytes | None:
        try:
            return self._request("GET", f"{self._base}/manifests/{reference}", None, Accept=media_type)[0]
        except urllib.error.HTTPError as error:
            error.close()
            return None

    def get_blob(self, digest: Digest) -> bytes:
        return self._request("GET", f"{self._base}/blobs/{digest}", None)[0]

    def _request(self, method: str, address: str, body: bytes | None, **headers: str) -> tuple[bytes, str]:
        request = urllib.request.Request(address, body, headers, method=method)
        with _OPENER.open(request, timeout=10) as answer:
            return answer.read(), answer.headers.get("Location", "")


_EMPTY_INDEX = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}

"""A signed artifact made by hand, request by request: shows that the judges accept good bytes and refuse others.

In: a registry, a repository, a private key. Out: what was pushed. Never: a line of the code under test.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Self
from urllib.parse import urljoin

import urllib3
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .programs import COSIGN_PREDICATE
from .registry import PASSWORD, USER, Registry

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"
NOTES = {"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": COSIGN_PREDICATE}


class Repository:
    """The requests that publishing needs, against one repository."""

    def __init__(self, registry: Registry, name: str) -> None:
        self.registry, self.ref = registry, f"{registry.host}/{name}"
        self._base = f"{registry.url}/v2/{name}"
        login = urllib3.make_headers(basic_auth=f"{USER}:{PASSWORD}") if registry.auth else {}
        self._pool = urllib3.PoolManager(ca_certs=str(registry.ca) if registry.ca else None, headers=login)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.clear()

    def put_blob(self, data: bytes, media_type: str) -> dict[str, object]:
        """Upload a blob and return its descriptor."""
        location = self._request("POST", f"{self._base}/blobs/uploads/", b"", {}).headers["Location"]
        address = urljoin(self._base, location)
        address += f"{'&' if '?' in address else '?'}digest={digest(data)}"
        self._request("PUT", address, data, {"Content-Type": "application/octet-stream"})
        return descriptor(data, media_type)

    def put_manifest(self, manifest: dict[str, object], reference: str | None = None) -> bytes:
        """Upload a manifest, by its digest unless a tag is given, and return its bytes."""
        data = compact({"schemaVersion": 2, **manifest})
        address = f"{self._base}/manifests/{reference or digest(data)}"
        self._request("PUT", address, data, {"Content-Type": str(manifest["mediaType"])})
        return data

    def _request(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        answer = self._pool.request(method, address, body=body, headers={**self._pool.headers, **headers})
        if answer.status not in {201, 202}:
            raise RuntimeError(f"{method} {address}: {answer.status} {answer.data[:300]!r}")
        return answer


def push_artifact(repository: Repository, content: bytes = b"not really a tar") -> bytes:
    """Push an artifact without a tag and return its manifest."""
    config = repository.put_blob(b"{}", "application/vnd.cncf.flux.config.v1+json")
    layer = repository.put_blob(content, "application/vnd.cncf.flux.content.v1.tar+gzip")
    return repository.put_manifest({"mediaType": MANIFEST, "config": config, "layers": [layer]})


def attach_bundle(repository: Repository, manifest: bytes, key: Path) -> None:
    """Sign by a sigstore bundle: a referrer, found through the index at the fallback tag."""
    subject = [{"name": repository.ref, "digest": {"sha256": digest(manifest).removeprefix("sha256:")}}]
    kind = {"_type": "https://in-toto.io/Statement/v1", "predicateType": COSIGN_PREDICATE, "predicate": {}}
    bundle = compact(_bundle(compact({**kind, "subject": subject}), key))
    referrer = repository.put_manifest(
        {
            "mediaType": MANIFEST,
            "artifactType": BUNDLE,
            "config": repository.put_blob(b"{}", "application/vnd.oci.empty.v1+json"),
            "layers": [repository.put_blob(bundle, BUNDLE)],
            "subject": descriptor(manifest, MANIFEST),
            "annotations": NOTES,
        }
    )
    entry = descriptor(referrer, MANIFEST) | {"artifactType": BUNDLE, "annotations": NOTES}
    repository.put_manifest({"mediaType": INDEX, "manifests": [entry]}, digest(manifest).replace(":", "-"))


def attach_legacy(repository: Repository, manifest: bytes, key: Path) -> None:
    """Sign by the tag ``sha256-<hex>.sig``."""
    image = {"docker-manifest-digest": digest(manifest)}
    identity = {"docker-reference": repository.ref}
    critical = {"identity": identity, "image": image, "type": "cosign container image signature"}
    payload = compact({"critical": critical, "optional": None})
    layer = repository.put_blob(payload, "application/vnd.dev.cosign.simplesigning.v1+json")
    layer["annotations"] = {"dev.cosignproject.cosign/signature": _sign(payload, key)}
    config = repository.put_blob(b"{}", "application/vnd.oci.image.config.v1+json")
    tag = digest(manifest).replace(":", "-") + ".sig"
    repository.put_manifest({"mediaType": MANIFEST, "config": config, "layers": [layer]}, tag)


def compact(value: object) -> bytes:
    """JSON without spaces."""
    return json.dumps(value, separators=(",", ":")).encode()


def digest(data: bytes) -> str:
    """``sha256:<hex>``."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def descriptor(data: bytes, media_type: str) -> dict[str, object]:
    """An OCI descriptor of the bytes."""
    return {"mediaType": media_type, "digest": digest(data), "size": len(data)}


def _bundle(statement: bytes, key: Path) -> dict[str, object]:
    pae = b"DSSEv1 %d %s %d %s" % (len(IN_TOTO), IN_TOTO.encode(), len(statement), statement)
    envelope = {
        "payload": base64.b64encode(statement).decode(),
        "payloadType": IN_TOTO,
        "signatures": [{"sig": _sign(pae, key)}],
    }
    material = {"publicKey": {"hint": _hint(key)}, "tlogEntries": []}
    return {"mediaType": BUNDLE, "verificationMaterial": material, "dsseEnvelope": envelope}


def _load(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _hint(path: Path) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = _load(path).public_key().public_bytes(serialization.Encoding.DER, form)
    return base64.b64encode(hashlib.sha256(public).digest()).decode()


def _sign(message: bytes, path: Path) -> str:
    return base64.b64encode(_load(path).sign(message, ec.ECDSA(hashes.SHA256()))).decode()

"""What a cluster needs once, to pull and trust its own artifact: three Flux objects as one YAML stream.

In: a site's repository, the public key, the fleet's cluster settings. Out: YAML text for `kubectl apply -f -`.
Never: contains a secret; the "key secret" holds the public half of the signing key.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from renderer.types import ClusterSettings, Json, Reference


class _Dumper(yaml.SafeDumper):
    """Writes a key over several lines as people do, as a literal block."""

    def represent_str(self, text: str) -> yaml.ScalarNode:
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


def bootstrap(
    site: str, repository: Reference, public_key: str, settings: ClusterSettings, *, insecure: bool = False
) -> str:
    """OCIRepository with verification, Kustomization and key secret for `site`.

    `public_key` is a PEM public key; `insecure` lets Flux speak http to the registry.
    """
    # One secret per key: a rotation adds the new secret before the OCIRepository starts to refer to it.
    secret = f"fleetpress-key-{hashlib.sha256(public_key.encode()).hexdigest()[:8]}"
    metadata: dict[str, Json] = {"namespace": settings.namespace}
    documents: list[Json] = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": secret, **metadata},
            "type": "Opaque",
            "stringData": {"cosign.pub": public_key},
        },
        {
            "apiVersion": "source.toolkit.fluxcd.io/v1",
            "kind": "OCIRepository",
            "metadata": {"name": site, **metadata},
            "spec": _source(repository, secret, settings, insecure=insecure),
        },
        {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": site, **metadata},
            "spec": {
                "interval": settings.interval,
                "retryInterval": "2m",
                "timeout": "10m",
                "path": "./",
                "prune": settings.prune,
                "wait": True,
                "sourceRef": {"kind": "OCIRepository", "name": site},
            },
        },
    ]
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, explicit_start=True)


def _source(repository: Reference, secret: str, settings: ClusterSettings, *, insecure: bool) -> Json:
    spec: dict[str, Json] = {
        "interval": settings.interval,
        "timeout": "5m",
        "url": f"oci://{repository.name}",
        # Tags only ever rise, so the newest is right; a registry that offers an older one cannot roll a cluster back
        # below what it has already applied without taking tags away.
        "ref": {"semver": ">=1.0.0"},
        "verify": {"provider": "cosign", "secretRef": {"name": secret}},
    }
    return {**spec, "insecure": True} if insecure else spec

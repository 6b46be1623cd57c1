"""What a cluster needs once, to pull and trust its own artifacts: a few Flux objects as one YAML stream.

In: a site's repository, the public key, the fleet's cluster settings. Out: YAML text for `kubectl apply -f -`.
Never: contains a secret; the "key secret" holds the public half of the signing key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import yaml

from renderer.types import BASES, BASES_VARIABLE, PART_FOLDER, PARTS, POINTER_FOLDER, base_object

if TYPE_CHECKING:
    from renderer.types import ClusterSettings, Json, Reference


# Tags only ever rise, so the newest is right; a registry that offers an older one cannot roll a cluster back below what
# it has already applied without taking tags away.
_ANY: Final = ">=1.0.0"


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
    trust = _Trust(public_key, settings, insecure)
    source: dict[str, Json] = {"url": f"oci://{repository.name}", "ref": {"semver": _ANY}, **trust.terms}
    return _written(
        [
            trust.secret,
            _source(site, trust, {"interval": settings.interval, "timeout": "5m", **source}),
            _kustomization(site, site, trust, {"path": "./"}),
        ]
    )


def bootstrap_shared(
    site: str, repository: Reference, public_key: str, settings: ClusterSettings, *, insecure: bool = False
) -> str:
    """The same for a site that shares a base; `repository` is that of its part.

    The part tells where the base is. One Kustomization applies only that, and waits for nothing: so a site can come to
    another base although the present one fails. The base's own source is not among the objects: it comes from the part.
    """
    trust = _Trust(public_key, settings, insecure)
    base, pointer, part = base_object(site), f"{site}-pointer", f"{site}-part"
    terms: dict[str, Json] = {"interval": settings.interval, "timeout": "5m", **trust.terms}
    patch: Json = [{"op": "add", "path": f"/spec/{name}", "value": value} for name, value in terms.items()]
    bases = f"{repository.host}/{repository.repository.removesuffix(f'{PARTS}{site}')}{BASES.rstrip('/')}"
    return _written(
        [
            trust.secret,
            _source(part, trust, {**terms, "url": f"oci://{repository.name}", "ref": {"semver": _ANY}}),
            _kustomization(
                pointer,
                part,
                trust,
                {
                    "path": f"./{POINTER_FOLDER}",
                    "targetNamespace": settings.namespace,
                    "patches": [
                        {
                            "target": {"kind": "OCIRepository"},
                            "patch": yaml.dump(patch, Dumper=_Dumper, sort_keys=False),
                        }
                    ],
                    "postBuild": {"substitute": {BASES_VARIABLE: bases}},
                },
            ),
            _kustomization(base, base, trust, {"path": "./"}),
            # Last in line, and with the name that the only Kustomization has where nothing is shared: what it lets go
            # of has another owner by then, and Flux removes only what is still its own. Of one source, it goes on when
            # the pointer has come to the same revision; so at a change of cohorts the base's source is there before.
            _kustomization(
                site, part, trust, {"path": f"./{PART_FOLDER}", "dependsOn": [{"name": pointer}, {"name": base}]}
            ),
        ]
    )


@dataclass(frozen=True, slots=True)
class _Trust:
    """Whom the cluster believes, and how it speaks to the registry."""

    public_key: str
    settings: ClusterSettings
    insecure: bool

    @property
    def name(self) -> str:
        # One secret per key: a rotation adds the new secret before the OCIRepository starts to refer to it.
        return f"fleetpress-key-{hashlib.sha256(self.public_key.encode()).hexdigest()[:8]}"

    @property
    def secret(self) -> dict[str, Json]:
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.name, "namespace": self.settings.namespace},
            "type": "Opaque",
            "stringData": {"cosign.pub": self.public_key},
        }

    @property
    def terms(self) -> dict[str, Json]:
        """What every source of the cluster has."""
        verify: dict[str, Json] = {"verify": {"provider": "cosign", "secretRef": {"name": self.name}}}
        return {**verify, "insecure": True} if self.insecure else verify


def _source(name: str, trust: _Trust, spec: dict[str, Json]) -> dict[str, Json]:
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": name, "namespace": trust.settings.namespace},
        "spec": spec,
    }


def _kustomization(name: str, source: str, trust: _Trust, more: dict[str, Json]) -> dict[str, Json]:
    settings = trust.settings
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": name, "namespace": settings.namespace},
        "spec": {
            "interval": settings.interval,
            "retryInterval": "2m",
            "timeout": "10m",
            **more,
            "prune": settings.prune,
            "wait": True,
            "sourceRef": {"kind": "OCIRepository", "name": source},
        },
    }


def _written(documents: list[dict[str, Json]]) -> str:
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, explicit_start=True)

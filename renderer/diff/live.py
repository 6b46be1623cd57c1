"""Prepares objects that a cluster gave out for a comparison with what was rendered for it.

In: rendered objects and live ones, by key. Out: pairs that can be compared, and the live ones that should not be there.
Never: takes for a difference what only the server, its controllers or Flux write, where the rendered object is silent.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from renderer.diff.objects import Found
from renderer.diff.secrets import CIPHER, is_secret
from renderer.types import ObjectKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.diff.interface import Object
    from renderer.types import Json

_OWNER: Final = ("kustomize.toolkit.fluxcd.io/name", "kustomize.toolkit.fluxcd.io/namespace")
_SERVER_METADATA: Final = (
    "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "ownerReferences",
    "deletionTimestamp", "deletionGracePeriodSeconds", "finalizers",
)  # fmt: skip
# Prefixes of labels and annotations that nobody writes by hand.
_SERVER_NOTES: Final = (
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "reconcile.fluxcd.io/",
    "kubernetes.io/metadata.name",
    "batch.kubernetes.io/",
    "deprecated.daemonset.template.generation",
)
_ADMISSION: Final = "admissionregistration.k8s.io"
_BUNDLE: Final = ("clientConfig", "caBundle")
# What the server or a controller allots: (group, kind) -> paths; `*` is every item of a list.
_ALLOTTED: Final[Mapping[tuple[str, str], tuple[tuple[str, ...], ...]]] = {
    ("", "Service"): (
        ("spec", "clusterIP"),
        ("spec", "clusterIPs"),
        ("spec", "ipFamilies"),
        ("spec", "healthCheckNodePort"),
        ("spec", "ports", "*", "nodePort"),
    ),
    ("", "PersistentVolumeClaim"): (("spec", "volumeName"), ("spec", "storageClassName")),
    ("", "PersistentVolume"): (("spec", "claimRef"),),
    ("", "ServiceAccount"): (("secrets",), ("imagePullSecrets",)),
    ("batch", "Job"): (
        ("spec", "selector"),
        ("spec", "template", "metadata", "labels", "controller-uid"),
        ("spec", "template", "metadata", "labels", "job-name"),
    ),
    (_ADMISSION, "ValidatingWebhookConfiguration"): (("webhooks", "*", *_BUNDLE),),
    (_ADMISSION, "MutatingWebhookConfiguration"): (("webhooks", "*", *_BUNDLE),),
    ("apiextensions.k8s.io", "CustomResourceDefinition"): (("spec", "conversion", "webhook", *_BUNDLE),),
    ("apiregistration.k8s.io", "APIService"): (("spec", "caBundle"),),
}  # fmt: skip
# Rendered for kustomize-controller, which reads them and applies none.
_NOT_APPLIED: Final = "kustomize.config.k8s.io"


def prepare(
    rendered: Mapping[ObjectKey, Found], live: Mapping[ObjectKey, Found], site: str, *, all_live: bool = False
) -> tuple[dict[ObjectKey, Found], dict[ObjectKey, Found]]:
    """Live and rendered objects by the same keys, each without what does not count.

    Of the objects that are only live, those stay that Flux applied for the site: for whoever applied its other objects,
    or a Kustomization of the site's name. `all_live` keeps them all.
    """
    wanted = {key: found for key, found in rendered.items() if not _is_local(key)}
    places = {key: _place(key, live) for key in wanted}
    owners = {(site,)} | {_owner(live[place].document) for place in places.values() if place is not None}
    before: dict[ObjectKey, Found] = {}
    after: dict[ObjectKey, Found] = {}
    for key, place in places.items():
        mine = _cleaned(wanted[key].document)
        if place is not None:
            theirs = live[place].document
            mine = _opened(mine, theirs)
            before[place] = replace(live[place], document=_as_live(key, theirs, mine), file="")
        after[place or key] = Found(_placed(mine, place))
    for key in live.keys() - {place for place in places.values() if place is not None}:
        owner = _owner(live[key].document)
        if all_live or (owner and (owner in owners or owner[:1] in owners)):
            before[key] = replace(live[key], file="")
    return before, after


def _is_local(key: ObjectKey) -> bool:
    return key.group == _NOT_APPLIED or key.kind == "File"


def _place(key: ObjectKey, live: Mapping[ObjectKey, Found]) -> ObjectKey | None:
    """The key that an object has in the cluster, where it always has a namespace if it can have one."""
    if key in live or key.namespace:
        return key if key in live else None
    found = [one for one in live if (one.group, one.kind, one.name) == (key.group, key.kind, key.name)]
    return found[0] if len(found) == 1 else None


def _placed(document: Object, place: ObjectKey | None) -> Object:
    if place is None or not place.namespace:
        return document
    metadata = document.get("metadata")
    return {**document, "metadata": {**(metadata if isinstance(metadata, dict) else {}), "namespace": place.namespace}}


def _owner(document: Object) -> tuple[str, ...]:
    metadata = document.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    if not isinstance(labels, dict) or _OWNER[0] not in labels:
        return ()
    return tuple(str(labels.get(label, "")) for label in _OWNER)


def _as_live(key: ObjectKey, live: Object, rendered: Object) -> Object:
    """The live object without what the rendered one leaves to the server."""
    kept = {name: value for name, value in live.items() if name != "status"}
    kept["metadata"] = _metadata(live.get("metadata"), rendered.get("metadata"))
    for path in _ALLOTTED.get((key.group, key.kind), ()):
        kept = _without(kept, rendered, path)
    api_version = rendered.get("apiVersion")
    # The server answers in the version that it prefers.
    if str(api_version).rpartition("/")[0] == str(live.get("apiVersion")).rpartition("/")[0]:
        kept["apiVersion"] = api_version
    return _cleaned(kept)


def _metadata(live: Json, rendered: Json) -> Json:
    if not isinstance(live, dict):
        return live
    mine = rendered if isinstance(rendered, dict) else {}
    kept = {name: value for name, value in live.items() if name not in _SERVER_METADATA or name in mine}
    for part in ("labels", "annotations"):
        notes, own = kept.get(part), mine.get(part)
        if isinstance(notes, dict):
            stays = own.keys() if isinstance(own, dict) else frozenset()
            kept[part] = {k: v for k, v in notes.items() if k in stays or not k.startswith(_SERVER_NOTES)}
    return kept


def _without(live: Json, rendered: Json, path: tuple[str, ...]) -> Object:
    """`live` without what stands at `path`, where `rendered` has nothing there."""
    made = _dropped(live, rendered, path)
    assert isinstance(made, dict), "a map stays a map"  # noqa: S101
    return made


def _dropped(live: Json, rendered: Json, path: tuple[str, ...]) -> Json:
    step, *rest = path
    if step == "*" and isinstance(live, list):
        others = rendered if isinstance(rendered, list) else []
        paired = [*others, *[None] * max(0, len(live) - len(others))]
        return [_dropped(one, other, tuple(rest)) for one, other in zip(live, paired, strict=False)]
    if not isinstance(live, dict) or step not in live:
        return live
    other = rendered.get(step) if isinstance(rendered, dict) else None
    if not rest:
        return live if other is not None else {name: value for name, value in live.items() if name != step}
    return {**live, step: _dropped(live[step], other, tuple(rest))}


def _cleaned(document: Object) -> Object:
    """Without nulls, which the server drops, without empty labels and annotations, and a Secret's data in one form."""
    kept = _no_nulls({name: value for name, value in document.items() if name not in ("sops", "status")})
    metadata = kept.get("metadata")
    if isinstance(metadata, dict):
        kept["metadata"] = {k: v for k, v in metadata.items() if v or k not in ("labels", "annotations")}
    texts, key = kept.get("stringData"), ObjectKey.of(kept)
    if is_secret(key) and isinstance(texts, dict):
        data = kept.pop("data", None)
        del kept["stringData"]
        kept["data"] = {**(data if isinstance(data, dict) else {}), **{k: _encoded(v) for k, v in texts.items()}}
    return kept


def _encoded(value: Json) -> Json:
    if not isinstance(value, str) or value.startswith(CIPHER):
        return value
    return base64.b64encode(value.encode()).decode()


def _no_nulls(value: Object) -> Object:
    return {name: _inside(inner) for name, inner in value.items() if inner is not None}


def _inside(value: Json) -> Json:
    if isinstance(value, dict):
        return _no_nulls(value)
    return [_inside(item) for item in value] if isinstance(value, list) else value


def _opened(rendered: Object, live: Object) -> Object:
    """`rendered` with the live values where SOPS encrypted it: only Flux can tell whether they are the same."""
    return {name: _decrypted(value, live.get(name)) for name, value in rendered.items()}


def _decrypted(value: Json, live: Json) -> Json:
    if isinstance(value, str) and value.startswith(CIPHER) and live is not None:
        return live
    if isinstance(value, dict) and isinstance(live, dict):
        return {name: _decrypted(inner, live.get(name)) for name, inner in value.items()}
    if isinstance(value, list) and isinstance(live, list) and len(value) == len(live):
        return [_decrypted(one, other) for one, other in zip(value, live, strict=True)]
    return value


def by_key(objects: Iterable[Object]) -> dict[ObjectKey, Found]:
    """Live objects by key."""
    return {ObjectKey.of(document): Found(document) for document in objects}

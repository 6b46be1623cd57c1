"""Where objects name images and hosts beside the fields that speak for themselves.

In: an object. Out: images and hosts with their key paths.
Never: follows a chart: images that it names by itself stand in no object.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from renderer.strict_yaml import YamlError, load_all
from renderer.validate.policies_hosts import Host, Unreadable, read_host
from renderer.validate.policies_images import Image, read_image, read_parts
from renderer.validate.policies_walk import Node, walk
from renderer.validate.rules import mapping, records
from renderer.validate.rules_pods import PODS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import KeyPath

_OCI = "oci://"
_SOURCES, _HELM, _K3S = "source.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "helm.cattle.io"
_AUTOMATION = "image.toolkit.fluxcd.io"
_CILIUM = "cilium.io"
# Kinds in which a field called image holds a reference, whatever stands in it.
_MONITORING = ("Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler")
_SURE = frozenset(
    (*PODS, ("opentelemetry.io", "OpenTelemetryCollector"), *(("monitoring.coreos.com", kind) for kind in _MONITORING))
)
_IMAGE_KEY = re.compile(r"(?:^image|[a-z]Image|[_-]image|_IMAGE)$|^RELATED_IMAGE_")
_IMAGE_FLAG = re.compile(r"--?[\w.-]*image=(\S+)$")
_IMAGE_PARTS = frozenset(("digest", "pullPolicy", "registry", "sha", "tag"))


class ImageAt(NamedTuple):
    """An image as a field names it, None where no runtime would take the text.

    `located`: the field says which registry is asked; `pinned`: it says which version.
    """

    image: Image | None
    located: bool = True
    pinned: bool = True


ImageIn: TypeAlias = "tuple[KeyPath, ImageAt]"


def images_at(group: str, kind: str, value: Mapping[str, Any], nodes: Iterable[Node]) -> Iterator[ImageIn]:
    """Every image that an object names; `nodes` are all its nodes."""
    if (group, kind) in _CHARTS:
        yield from _charts(group, kind, value)
    if group == _K3S:
        yield from _values_text(mapping(value, "spec").get("valuesContent"))
    shared = _shared_registry(mapping(value, "spec", "values")) if group == _HELM else None
    for path, image in _found(nodes, shared, sure=(group, kind) in _SURE):
        # Automation looks for versions itself: it names a repository.
        yield path, image._replace(pinned=False) if group == _AUTOMATION else image


def _found(nodes: Iterable[Node], shared: str | None, *, sure: bool) -> Iterator[ImageIn]:
    """`shared` is the registry that a chart's values have for all its images, None outside of such."""
    for node in nodes:
        if isinstance(node.value, str):
            if "mage" in node.key or "IMAGE" in node.key or node.key == "reference":
                yield from _named(node.path, node.key, node.value, sure=sure)
            elif node.value.startswith("-") and (match := _IMAGE_FLAG.match(node.value)):
                yield node.path, ImageAt(read_image(match[1]))
        else:
            if shared is not None and "repository" in node.value:
                parts = _parts(node.path, node.value, shared)
                if parts is not None:
                    yield node.path, parts
            if "newName" in node.value or ("newTag" in node.value and "name" in node.value):
                yield node.path, _replaced(node.value)


def _named(path: KeyPath, key: str, text: str, *, sure: bool) -> Iterator[ImageIn]:
    in_volume = key == "reference" and path[-2:-1] == ("image",)
    if not text or not (_IMAGE_KEY.search(key) or in_volume):
        return
    image = read_image(text)
    # Elsewhere the field may hold something else, such as a picture or a choice.
    if image is not None or sure or ("/" in text and "://" not in text and not re.search(r"\s", text)):
        yield path, ImageAt(image)


def _parts(path: KeyPath, value: Mapping[str, Any], shared: str) -> ImageAt | None:
    """The image of a mapping such as {registry, repository, tag} in the values of a chart."""
    whole = value.get("override")
    if isinstance(whole, str) and whole and "repository" in value:
        return ImageAt(read_image(whole))
    repository = value.get("repository")
    imagelike = bool(_IMAGE_KEY.search(str(path[-1]))) or bool(_IMAGE_PARTS & value.keys()) if path else False
    if not isinstance(repository, str) or not repository or not imagelike or "://" in repository:
        return None
    given = {key: str(value[key]) for key in ("registry", "tag", "digest", "sha") if value.get(key) not in (None, "")}
    digest = given.get("digest") or (f"sha256:{given['sha']}" if "sha" in given else "")
    return ImageAt(read_parts(given.get("registry", shared), repository, given.get("tag", ""), digest))


def _shared_registry(values: Mapping[str, Any]) -> str:
    general = mapping(values, "global")
    found = (general.get("imageRegistry"), mapping(general, "image").get("registry"), general.get("registry"))
    return next((one for one in found if isinstance(one, str) and one), "")


def _replaced(value: Mapping[str, Any]) -> ImageAt:
    """An image that kustomize puts in place of another one."""
    name, tag, digest = (str(value.get(key) or "") for key in ("newName", "newTag", "digest"))
    text = (name or str(value.get("name"))) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    return ImageAt(read_image(text), located=bool(name), pinned=bool(tag or digest))


def _charts(group: str, kind: str, value: Mapping[str, Any]) -> Iterator[ImageIn]:
    """Charts and artifacts: they come from registries as images do."""
    path: KeyPath = ("spec",)
    spec = mapping(value, "spec")
    url = spec.get("url")
    if group == _SOURCES and isinstance(url, str) and url.startswith(_OCI):
        pin = _reference(mapping(spec, "ref")) if kind == "OCIRepository" else {}
        yield ("spec", "url"), _artifact(url, pinned=kind == "OCIRepository", **pin)
    if group == _HELM:
        path, spec = ("spec", "chart", "spec"), mapping(spec, "chart", "spec")
    chart = spec.get("chart")
    if isinstance(chart, str) and mapping(spec, "sourceRef").get("kind") not in ("Bucket", "GitRepository"):
        version = str(spec.get("version") or "")
        if chart.startswith(_OCI):
            yield (*path, "chart"), _artifact(chart, tag=version, ranged=_is_range(version))
        elif "://" not in chart:
            found = Image(None, chart, version, chart=bool(version), ranged=_is_range(version))
            yield (*path, "version" if version else "chart"), ImageAt(found, located=False)


_CHARTS = frozenset((
    (_SOURCES, "OCIRepository"),
    (_SOURCES, "HelmRepository"),
    (_SOURCES, "HelmChart"),
    (_HELM, "HelmRelease"),
    (_K3S, "HelmChart"),
))  # fmt: skip


def _reference(ref: Mapping[str, Any]) -> dict[str, Any]:
    semver = ref.get("semver")
    tag = str(semver or ref.get("tag") or "")
    return {"tag": tag, "digest": str(ref.get("digest") or ""), "ranged": bool(semver) and _is_range(tag)}


def _artifact(url: str, *, tag: str = "", digest: str = "", ranged: bool = False, pinned: bool = True) -> ImageAt:
    found = read_image(url.removeprefix(_OCI).rstrip("/"))
    if found is None or found.registry is None:
        host = read_host(url.removeprefix(_OCI).rstrip("/"), "oci")
        found = Image(host, "") if isinstance(host, Host) else None
    if found is None:
        return ImageAt(None)
    full = Image(found.registry, found.path, tag or found.tag, digest or found.digest, ranged=ranged)
    return ImageAt(full, pinned=pinned)


def _is_range(version: str) -> bool:
    return bool(re.search(r"[<>=~^*|, ]|(?:^|\.)[xX](?:\.|$)", version))


def _values_text(text: object) -> Iterator[ImageIn]:
    """The values that k3s' HelmChart has as a text."""
    try:
        documents = load_all(text, "values") if isinstance(text, str) else []
    except YamlError:
        return
    for document in documents:
        values = document.value if isinstance(document.value, dict) else {}
        for _, image in _found(walk(values), _shared_registry(values), sure=False):
            yield ("spec", "valuesContent"), image


def hosts_at(group: str, kind: str, value: Mapping[str, Any]) -> Iterator[tuple[KeyPath, Host | Unreadable]]:
    """Hosts in fields that hold nothing but a host, with neither a scheme nor a port to know them by."""
    spec = mapping(value, "spec")
    name = spec.get("externalName")
    if (group, kind) == ("", "Service") and isinstance(name, str) and name:
        yield ("spec", "externalName"), _absolute(name)
    if group == _CILIUM:
        yield from _cilium_names(spec)
    start = PODS.get((group, kind))
    if start is not None:
        keys = (*(part for part in start.split(".") if part), "spec")
        yield from _pod_hosts(mapping(value, *keys), keys)


def _absolute(name: str) -> Host | Unreadable:
    """A CNAME is looked up as it is: no search domain makes it a Service."""
    return read_host(f"{name.removesuffix('.')}.")


def _cilium_names(spec: dict[str, Any]) -> Iterator[tuple[KeyPath, Host | Unreadable]]:
    for index, rule in records(spec, "egress"):
        for number, one in records(rule, "toFQDNs"):
            for key in ("matchName", "matchPattern"):
                if isinstance(one.get(key), str):
                    yield ("spec", "egress", index, "toFQDNs", number, key), _absolute(one[key])


def _pod_hosts(pod: dict[str, Any], keys: KeyPath) -> Iterator[tuple[KeyPath, Host | Unreadable]]:
    """An alias sends a name to an address of its own; a name server answers for all names."""
    for index, alias in records(pod, "hostAliases"):
        if isinstance(alias.get("ip"), str):
            yield (*keys, "hostAliases", index, "ip"), _address(alias["ip"])
    servers = mapping(pod, "dnsConfig").get("nameservers")
    for index, server in enumerate(servers if isinstance(servers, list) else ()):
        if isinstance(server, str):
            yield (*keys, "dnsConfig", "nameservers", index), _address(server)


def _address(text: str) -> Host | Unreadable:
    return read_host(f"[{text}]" if ":" in text else text)

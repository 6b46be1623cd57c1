"""Rules about the volumes of a pod, and the mounts that use them.

In: pods, and claims in StatefulSets. Out: rules.
Never: asks whether a ConfigMap or claim exists; references.py does. Source: kubernetes pkg/apis/core/validation
ValidateVolumes and below.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_dns_label, is_dns_subdomain
from renderer.validate.rules import Rule, below, given, mapping, one_of, records, value, within
from renderer.validate.rules_grammar import has_no_backsteps, is_config_key, is_relative_path
from renderer.validate.rules_pods import PODS
from renderer.validate.rules_quantity import is_not_negative
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_STATEFUL = {("apps", "StatefulSet"): "spec"}
_OTHERS = {kind: start for kind, start in PODS.items() if kind not in _STATEFUL}
_LISTS = ("containers", "initContainers", "ephemeralContainers")
_PROJECTIONS = ("configMap", "secret", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate")
_HOST_PATH = ("DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", "CharDevice", "BlockDevice")
_MEDIUM = re.compile(r"(Memory|HugePages(-[0-9]+(\.[0-9]+)?[KMGTPE]?i?)?)?")
_ITEMS = "spec.volumes[].configMap|secret.items[]"
_PROJECTED = "spec.volumes[].projected.sources[]"
_MODE = (0, 0o777)
_LEAST_TOKEN_SECONDS = 600
_REQUIRED = {
    "awsElasticBlockStore": "volumeID",
    "configMap": "name",
    "csi": "driver",
    "hostPath": "path",
    "persistentVolumeClaim": "claimName",
    "secret": "secretName",
}


def _sources(got: Any) -> Iterator[Breach]:
    """No source at all means emptyDir by default, which nobody who forgets the source expects: told apart."""
    found = sorted(key for key, one in got.items() if key != "name" and one is not None)
    if len(found) > 1:
        yield (), f"expected exactly one source, got {', '.join(found)}"
    for kind in found:
        field = _REQUIRED.get(kind)
        if field and not mapping(got, kind).get(field):
            yield (kind,), f"{field} is missing or empty"


def _projected(got: Any) -> Iterator[Breach]:
    found = given(got, _PROJECTIONS)
    if len(found) != 1:
        yield (), f"expected exactly one source, got {', '.join(found) or 'none'}"
    token = mapping(got, "serviceAccountToken")
    seconds = token.get("expirationSeconds")
    if isinstance(seconds, int) and seconds < _LEAST_TOKEN_SECONDS:
        yield ("serviceAccountToken", "expirationSeconds"), f"expected at least {_LEAST_TOKEN_SECONDS}, got {seconds}"


def _item(got: Any) -> Iterator[Breach]:
    key, path = got.get("key") or "", got.get("path") or ""
    if not is_config_key(key):
        yield ("key",), f"expected letters, digits, '-', '_' or '.', got {shown(key)}"
    if not path or not is_relative_path(path) or path.startswith(".."):
        yield ("path",), f"expected a relative path without '..', got {shown(path)}"


def _missing(spec: Any, claims: set[Any]) -> Iterator[Breach]:
    names = claims | {volume.get("name") for _, volume in records(spec, "volumes")}
    for key in _LISTS:
        for number, container in records(spec, key):
            for kind in ("volumeMounts", "volumeDevices"):
                for index, mount in records(container, kind):
                    if mount.get("name") not in names:
                        yield (key, number, kind, index, "name"), f"the pod has no volume {shown(mount.get('name'))}"


def _mounted(got: Any) -> Iterator[Breach]:
    return _missing(mapping(got, "spec"), set())


def _mounted_with_claims(got: Any) -> Iterator[Breach]:
    claims = {mapping(one, "metadata").get("name") for _, one in records(got, "volumeClaimTemplates")}
    for path, what in _missing(mapping(got, "template", "spec"), claims):
        yield ("template", "spec", *path), what


def _devices(got: Any) -> Iterator[Breach]:
    claims = {volume.get("name") for _, volume in records(got, "volumes")
              if volume.get("persistentVolumeClaim") is not None or volume.get("ephemeral") is not None}  # fmt: skip
    files = {volume.get("name") for _, volume in records(got, "volumes")} - claims
    for key in ("containers", "initContainers"):
        for number, container in records(got, key):
            for index, device in records(container, "volumeDevices"):
                if device.get("name") in files:
                    yield (key, number, "volumeDevices", index, "name"), "only a claim can be a block device"


def _unused(got: Any) -> Iterator[Breach]:
    used = {
        mount.get("name")
        for key in _LISTS
        for _, container in records(got, key)
        for kind in ("volumeMounts", "volumeDevices")
        for _, mount in records(container, kind)
    }
    for index, volume in records(got, "volumes"):
        if volume.get("name") not in used:
            yield ("volumes", index), f"no container mounts {shown(volume.get('name'))}"


RULES = (
    value("volume-name", PODS, "spec.volumes[].name", is_dns_label, "a DNS-1123 label", "ValidateVolumes"),
    value("volume-no-source", PODS, "spec.volumes[]", lambda got: len(given(got, got)) > 1,
          "a source such as emptyDir, configMap or hostPath", "SetDefaults_Volume: it becomes an emptyDir",
          "write emptyDir: {} if that is meant", severity=Severity.WARNING),
    Rule("volume-source", PODS, "spec.volumes[]", "one source with what it needs", _sources, "validateVolumeSource"),
    one_of("volume-host-path-type", PODS, "spec.volumes[].hostPath.type", _HOST_PATH, "validateHostPathType"),
    value("volume-host-path", PODS, "spec.volumes[].hostPath.path", has_no_backsteps, "a path without '..'",
          "validateHostPathVolumeSource"),
    value("volume-medium", PODS, "spec.volumes[].emptyDir.medium", lambda got: _MEDIUM.fullmatch(got) is not None,
          "Memory, HugePages or HugePages-<size>", "kubelet: emptyDir with an unknown medium"),
    value("volume-size-limit", PODS, "spec.volumes[].emptyDir.sizeLimit", is_not_negative,
          "a quantity that is not negative", "validateVolumeSource"),
    within("volume-mode", PODS, "spec.volumes[].configMap|secret|downwardAPI|projected.defaultMode", _MODE,
           "validateConfigMapVolumeSource"),
    within("volume-item-mode", PODS, f"{_ITEMS}.mode", _MODE, "validateKeyToPath"),
    Rule("volume-item", PODS, _ITEMS, "a key, and a relative path without '..'", _item, "validateKeyToPath"),
    Rule("volume-projection", PODS, _PROJECTED, "exactly one source; tokens of at least 600 seconds", _projected,
         "validateProjectionSources"),
    Rule("volume-projection-item", PODS, f"{_PROJECTED}.configMap|secret.items[]",
         "a key, and a relative path without '..'", _item, "validateKeyToPath"),
    value("volume-nfs-path", PODS, "spec.volumes[].nfs.path", lambda got: got.startswith("/"), "an absolute path",
          "validateNFSVolumeSource"),
    value("volume-claim-name", PODS, "spec.volumes[].persistentVolumeClaim.claimName",
          lambda got: not got or is_dns_subdomain(got), "the name of a claim", "kubelet: no claim can have this name",
          severity=Severity.WARNING),
    one_of("volume-image-pull-policy", PODS, "spec.volumes[].image.pullPolicy", ("Always", "IfNotPresent", "Never"),
           "validateImageVolumeSource"),
    Rule("mount-without-volume", _OTHERS, "", "a volume for each mount", _mounted, "ValidateVolumeMounts",
         "add the volume, or correct the name"),
    Rule("mount-without-volume", _STATEFUL, "", "a volume for each mount", _mounted_with_claims,
         "ValidateVolumeMounts", "add the volume or volumeClaimTemplate, or correct the name"),
    Rule("device-of-claim", PODS, "spec", "a claim behind each volume device", _devices, "ValidateVolumeDevices"),
    Rule("volume-unused", {**_OTHERS, ("apps", "StatefulSet"): "spec.template"}, "spec", "a mount for each volume",
         _unused, "fleetpress: a volume without mount does nothing", "remove it, or mount it",
         Severity.WARNING),
    value("volume-claim-template-name", below(_STATEFUL, "volumeClaimTemplates[]"), "metadata.name", is_dns_label,
          "a DNS-1123 label, for it becomes a volume of the pod", "ValidateVolumes"),
)  # fmt: skip
"""Volumes and mounts. mount-without-volume stands twice: a StatefulSet's claims are volumes too."""

"""Rules about claims, volumes and storage classes.

In: PersistentVolumeClaims, also those in StatefulSets, PersistentVolumes, StorageClasses, CSIDrivers. Out: rules.
Never: knows what a provisioner can do. Source: kubernetes pkg/apis/core/validation ValidatePersistentVolumeClaimSpec,
ValidatePersistentVolumeSpec; pkg/apis/storage/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.validate.names import is_dns_subdomain
from renderer.validate.rules import Rule, given, mapping, one_of, value
from renderer.validate.rules_grammar import has_no_backsteps
from renderer.validate.rules_quantity import is_positive
from renderer.validate.rules_selectors import selector_breaches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_CLAIMS = {("", "PersistentVolumeClaim"): "spec", ("apps", "StatefulSet"): "spec.volumeClaimTemplates[].spec"}
_VOLUME = {("", "PersistentVolume"): "spec"}
_CLASS = {("storage.k8s.io", "StorageClass"): ""}
_DRIVER = {("storage.k8s.io", "CSIDriver"): "spec"}
_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
_NOT_SOURCES = frozenset((
    "accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy",
    "storageClassName", "volumeAttributesClassName", "volumeMode",
))  # fmt: skip
_MOST_PARAMETERS = 512


def _claim(got: Any) -> Iterator[Breach]:
    yield from _access(got)
    if "storage" not in mapping(got, "resources", "requests"):
        yield ("resources",), "requests.storage is missing"


def _access(got: Any) -> Iterator[Breach]:
    modes = got.get("accessModes") or []
    if not modes:
        yield ("accessModes",), "expected at least one access mode, got none"
    if "ReadWriteOncePod" in modes and len(modes) > 1:
        yield ("accessModes",), "ReadWriteOncePod cannot stand beside another mode"


def _volume(got: Any) -> Iterator[Breach]:
    yield from _access(got)
    if "storage" not in mapping(got, "capacity"):
        yield ("capacity",), "storage is missing"
    sources = sorted(key for key in given(got, got) if key not in _NOT_SOURCES)
    if len(sources) != 1:
        yield (), f"expected exactly one source, got {', '.join(sources) or 'none'}"
    if "local" in sources and not mapping(got, "nodeAffinity"):
        yield ("nodeAffinity",), "is missing, which a local volume needs"
    recycled = got.get("persistentVolumeReclaimPolicy") == "Recycle"
    if recycled and mapping(got, "hostPath").get("path") == "/":
        yield ("persistentVolumeReclaimPolicy",), "cannot be Recycle for a hostPath of /"


def _is_provisioner(got: str) -> bool:
    domain, slash, name = got.lower().rpartition("/")
    return bool(name) and (not slash or is_dns_subdomain(domain)) and is_dns_subdomain(name.replace("_", "-"))


def _parameters(got: Any) -> Iterator[Breach]:
    if len(got) > _MOST_PARAMETERS:
        yield (), f"expected at most {_MOST_PARAMETERS} parameters, got {len(got)}"
    if "" in got:
        yield ("",), "a parameter has no name"


RULES = (
    Rule("claim", _CLAIMS, "", "access modes and requests.storage", _claim, "ValidatePersistentVolumeClaimSpec"),
    one_of("claim-access-mode", {**_CLAIMS, **_VOLUME}, "accessModes[]", _MODES,
           "ValidatePersistentVolumeClaimSpec", empty=False),
    one_of("claim-volume-mode", {**_CLAIMS, **_VOLUME}, "volumeMode", ("Filesystem", "Block"),
           "ValidatePersistentVolumeClaimSpec", empty=False),
    value("claim-size", _CLAIMS, "resources.requests|limits.storage", is_positive, "a quantity above 0",
          "ValidatePositiveQuantityValue"),
    value("claim-class", {**_CLAIMS, **_VOLUME}, "storageClassName", lambda got: not got or is_dns_subdomain(got),
          "the name of a StorageClass", "ValidateClassName"),
    Rule("claim-selector", _CLAIMS, "selector", "label keys and values, known operators", selector_breaches,
         "ValidateLabelSelector"),
    Rule("persistent-volume", _VOLUME, "", "capacity, access modes and exactly one source", _volume,
         "ValidatePersistentVolumeSpec"),
    value("persistent-volume-size", _VOLUME, "capacity.storage", is_positive, "a quantity above 0",
          "ValidatePositiveQuantityValue"),
    one_of("persistent-volume-reclaim", _VOLUME, "persistentVolumeReclaimPolicy", ("Retain", "Recycle", "Delete"),
           "ValidatePersistentVolumeSpec"),
    value("persistent-volume-path", _VOLUME, "hostPath|local.path", lambda got: bool(got) and has_no_backsteps(got),
          "a path without '..'", "validateLocalVolumeSource"),
    value("storageclass-provisioner", _CLASS, "provisioner", _is_provisioner,
          "a qualified name such as example.com/driver", "validateProvisioner"),
    one_of("storageclass-reclaim", _CLASS, "reclaimPolicy", ("Delete", "Retain"), "validateReclaimPolicy"),
    one_of("storageclass-binding", _CLASS, "volumeBindingMode", ("Immediate", "WaitForFirstConsumer"),
           "validateVolumeBindingMode"),
    Rule("storageclass-parameters", _CLASS, "parameters", "at most 512 parameters with names", _parameters,
         "validateParameters"),
    one_of("csidriver-fs-group", _DRIVER, "fsGroupPolicy", ("ReadWriteOnceWithFSType", "File", "None"),
           "validateFSGroupPolicy"),
    one_of("csidriver-lifecycle", _DRIVER, "volumeLifecycleModes[]", ("Persistent", "Ephemeral"),
           "validateVolumeLifecycleModes", empty=False),
)  # fmt: skip
"""Storage."""

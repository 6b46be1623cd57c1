"""Names, labels and annotations as the API server takes them.

In: a kind and its metadata. Out: violations, paths relative to the object or its metadata.
Never: a rule that the API server of a carried minor does not have. Source: apimachinery pkg/util/validation and
pkg/api/validation, kubernetes pkg/apis/*/validation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from renderer.validate.wording import Violation, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LABEL_1123 = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_LABEL_1035 = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?")
_SEGMENT = re.compile(r"(?!\.{1,2}$)[^/%]+")
_ANNOTATIONS_LIMIT = 256 * 1024

_Rule = tuple["re.Pattern[str]", int, str]
_DNS_SUBDOMAIN: _Rule = (_SUBDOMAIN, 253, "a DNS-1123 subdomain: lower-case letters, digits, '-' and '.', at most 253")
_DNS_LABEL: _Rule = (_LABEL_1123, 63, "a DNS-1123 label: lower-case letters, digits and '-', at most 63")
_DNS_1035: _Rule = (_LABEL_1035, 63, "a DNS-1035 label: a lower-case letter, then letters, digits and '-', at most 63")
_PATH: _Rule = (_SEGMENT, 253, "a path segment: no '/' or '%', not '.' or '..'")
_RULES: Mapping[tuple[str, str], _Rule] = {
    ("", "Namespace"): _DNS_LABEL,
    ("", "Service"): _DNS_1035,
    ("batch", "CronJob"): (_SUBDOMAIN, 52, "a DNS-1123 subdomain of at most 52, for its jobs get 11 more"),
    ("batch", "Job"): (_SUBDOMAIN, 63, "a DNS-1123 subdomain of at most 63, for it becomes a label of its pods"),
    ("certificates.k8s.io", "ClusterTrustBundle"): _PATH,  # signer:name
    ("networking.k8s.io", "IPAddress"): _PATH,  # IPv6 addresses
    ("rbac.authorization.k8s.io", "ClusterRole"): _PATH,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): _PATH,
    ("rbac.authorization.k8s.io", "Role"): _PATH,
    ("rbac.authorization.k8s.io", "RoleBinding"): _PATH,
}
# RelaxedServiceNameValidation: on by default from 1.36, where a Service's name may begin with a digit.
_RELAXED = frozenset(("", "Service", f"1.{minor}") for minor in range(36, 100))


def is_dns_label(text: str) -> bool:
    """IsDNS1123Label."""
    return len(text) <= _DNS_LABEL[1] and _LABEL_1123.fullmatch(text) is not None


def is_dns_1035(text: str) -> bool:
    """IsDNS1035Label."""
    return len(text) <= _DNS_1035[1] and _LABEL_1035.fullmatch(text) is not None


def is_dns_subdomain(text: str) -> bool:
    """IsDNS1123Subdomain."""
    return len(text) <= _DNS_SUBDOMAIN[1] and _SUBDOMAIN.fullmatch(text) is not None


def is_path_segment(text: str) -> bool:
    """IsValidPathSegmentName."""
    return _SEGMENT.fullmatch(text) is not None


def is_label_key(text: str) -> bool:
    """IsQualifiedName: a name, a DNS subdomain and '/' in front of it allowed."""
    return not any(_key_problems("labels", text))


def is_label_value(text: str) -> bool:
    """IsValidLabelValue."""
    return not text or (len(text) <= _DNS_LABEL[1] and _QUALIFIED.fullmatch(text) is not None)


def name_problems(group: str, kind: str, metadata: Mapping[str, Any], minor: str = "") -> Iterator[Violation]:
    """Whether metadata.name and .namespace are legal for the kind, and the labels and annotations well-formed."""
    name, namespace = metadata.get("name"), metadata.get("namespace")
    if isinstance(name, str) and name:
        rule = _DNS_LABEL if (group, kind, minor) in _RELAXED else _RULES.get((group, kind), _DNS_SUBDOMAIN)
        yield from _against(("metadata", "name"), name, rule)
    if isinstance(namespace, str):
        yield from _against(("metadata", "namespace"), namespace, _DNS_LABEL)
    for found in metadata_problems(metadata):
        yield Violation(("metadata", *found.path), found.what, found.hint)


def crd_name_problems(value: Mapping[str, Any]) -> Iterator[Violation]:
    """A CustomResourceDefinition must be named after its plural and group."""
    spec = value.get("spec")
    names = spec.get("names") if isinstance(spec, dict) else None
    if isinstance(spec, dict) and isinstance(names, dict):
        expected, got = f"{names.get('plural')}.{spec.get('group')}", value["metadata"].get("name")
        if isinstance(got, str) and got != expected:
            yield Violation(("metadata", "name"), f"expected {expected} (<plural>.<group>), got {shown(got)}")


def metadata_problems(metadata: Mapping[str, Any]) -> Iterator[Violation]:
    """Malformed labels and annotations; paths begin with either word. Wrong types are the schema's affair."""
    for field in ("labels", "annotations"):
        entries = metadata.get(field)
        if not isinstance(entries, dict):
            continue
        for key, value in entries.items():
            yield from _key_findings(field, key)
            if field == "labels" and isinstance(value, str):
                yield from _value_problems(key, value)
    if "annotations" in metadata:
        yield from _size_problems(metadata["annotations"])


# All sites of a fleet have the same few keys.
@lru_cache(maxsize=4_096)
def _key_findings(field: str, key: str) -> tuple[Violation, ...]:
    return tuple(_key_problems(field, key))


def _key_problems(field: str, key: str) -> Iterator[Violation]:
    prefix, slash, name = key.rpartition("/")
    # Annotation keys are compared in lower case, so an upper-case prefix is legal there.
    prefix = prefix.lower() if field == "annotations" else prefix
    if slash and not (_SUBDOMAIN.fullmatch(prefix) and len(prefix) <= _DNS_SUBDOMAIN[1]):
        yield Violation((field, key), f"expected a DNS-1123 subdomain before '/' in the key, got {shown(prefix)}")
    if not (_QUALIFIED.fullmatch(name) and len(name) <= _DNS_LABEL[1]):
        rule = "at most 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends,"
        yield Violation((field, key), f"expected {rule} as the key's name, got {shown(name)}")


def _value_problems(key: str, value: str) -> Iterator[Violation]:
    if not is_label_value(value):
        rule = "a label value: at most 63 letters, digits, '-', '_' or '.', with a letter or digit at both ends"
        yield Violation(("labels", key), f"expected {rule}, got {shown(value)}", "annotations may hold any text")


def _size_problems(annotations: object) -> Iterator[Violation]:
    if isinstance(annotations, dict):
        size = sum(len(str(part).encode()) for entry in annotations.items() for part in entry)
        if size > _ANNOTATIONS_LIMIT:
            yield Violation(("annotations",), f"expected at most {_ANNOTATIONS_LIMIT} bytes of annotations, got {size}")


def _against(path: tuple[str, ...], text: str, rule: _Rule) -> tuple[Violation, ...]:
    pattern, limit, words = rule
    if len(text) > limit:
        return (Violation(path, f"expected {words}, got {len(text)} characters: {shown(text)}", "shorten it"),)
    return () if pattern.fullmatch(text) else (Violation(path, f"expected {words}, got {shown(text)}"),)

"""Which objects an admission policy is about: resource rules, selectors.

In: `matchConstraints` of a policy or `matchResources` of a binding; an object's kind, name and labels. Out: yes or no.
Never: looks at fields that CEL looks at. Source: apiserver pkg/admission/plugin/policy/matching.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ANY = "*"
_CREATE = "CREATE"
NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Resource:
    """What the API server calls a kind: its plural, and whether its objects stand in namespaces."""

    plural: str
    namespaced: bool


@dataclass(frozen=True, slots=True)
class Creation:
    """An object that is to be created; `namespace` is empty for one outside any."""

    group: str
    version: str
    kind: str
    resource: Resource
    name: str
    namespace: str
    labels: Mapping[str, Any]
    value: Mapping[str, Any] = field(repr=False)

    @property
    def is_namespace(self) -> bool:
        """Whether it is a namespace itself."""
        return not self.group and self.kind == "Namespace"


class Match:
    """A `matchConstraints` or `matchResources`, as the schema has it; what it leaves out, matches."""

    __slots__ = ("_exact", "_excluded", "_namespaces", "_objects", "_rules")

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._rules = list(given.get("resourceRules") or ())
        self._excluded = list(given.get("excludeResourceRules") or ())
        self._namespaces = given.get("namespaceSelector") or {}
        self._objects = given.get("objectSelector") or {}
        self._exact = given.get("matchPolicy") == "Exact"

    @property
    def by_namespace(self) -> bool:
        """Whether labels of namespaces decide."""
        return bool(self._namespaces)

    def could(self, creation: Creation) -> bool:
        """Whether the object itself is one: its kind, name and labels, not yet its namespace."""
        if any(self._applies(rule, creation) for rule in self._excluded):
            return False
        if self._rules and not any(self._applies(rule, creation) for rule in self._rules):
            return False
        return selects(self._objects, creation.labels)

    def suits(self, creation: Creation, namespace: Mapping[str, Any] | None) -> bool:
        """Whether its namespace is one. What stands outside any namespace passes, but for namespaces themselves."""
        if creation.is_namespace and self._namespaces:
            return selects(self._namespaces, {**creation.labels, NAME_LABEL: creation.name})
        return self.chooses(namespace)

    def chooses(self, namespace: Mapping[str, Any] | None) -> bool:
        """Whether objects of a namespace are meant; None stands for none."""
        return namespace is None or not self._namespaces or selects(self._namespaces, namespace["metadata"]["labels"])

    def _applies(self, rule: Mapping[str, Any], creation: Creation) -> bool:
        scope = rule.get("scope", _ANY)
        return (
            _has(rule.get("operations"), _CREATE)
            and _has(rule.get("apiGroups"), creation.group)
            # An Equivalent match finds an object under any version of its resource.
            and (not self._exact or _has(rule.get("apiVersions"), creation.version))
            and any(one in (_ANY, "*/*", creation.resource.plural) for one in rule.get("resources") or ())
            and (scope == _ANY or (scope == "Namespaced") == creation.resource.namespaced)
            and (not rule.get("resourceNames") or creation.name in rule["resourceNames"])
        )


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether a label selector selects `labels`; an empty one selects all."""
    if any(labels.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    return all(_fits(one, labels) for one in selector.get("matchExpressions") or ())


def _fits(expression: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or ()
    if operator == "In":
        return key in labels and labels[key] in values
    if operator == "NotIn":
        return key not in labels or labels[key] not in values
    exists: bool = operator == "Exists"
    return (key in labels) is exists


def _has(listed: Iterable[str] | None, wanted: str) -> bool:
    return any(one in (_ANY, wanted) for one in listed or ())


def guessed_plural(kind: str) -> str:
    """The resource of one of Kubernetes' own kinds: apimachinery's UnsafeGuessKindToResource, right for all of them."""
    lower = kind.lower()
    if lower == "endpoints":
        return lower
    if lower.endswith("s"):
        return lower + "es"
    return f"{lower[:-1]}ies" if lower.endswith("y") else lower + "s"

"""Rules about roles and their bindings.

In: Roles, ClusterRoles, RoleBindings, ClusterRoleBindings, ServiceAccounts. Out: rules.
Never: judges whether a right is too wide. Source: kubernetes pkg/apis/rbac/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_dns_subdomain, is_path_segment
from renderer.validate.rules import Rule, records, value
from renderer.validate.rules_selectors import is_empty, selector_breaches
from renderer.validate.wording import meant, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_GROUP = "rbac.authorization.k8s.io"
_ROLE, _CLUSTER_ROLE = {(_GROUP, "Role"): ""}, {(_GROUP, "ClusterRole"): ""}
_ROLES = {**_ROLE, **_CLUSTER_ROLE}
_CLUSTER_BINDING = {(_GROUP, "ClusterRoleBinding"): ""}
_BINDINGS = {(_GROUP, "RoleBinding"): "", **_CLUSTER_BINDING}
_ACCOUNT = {("", "ServiceAccount"): ""}
_VERBS = (
    "*", "approve", "attest", "bind", "create", "delete", "deletecollection", "escalate", "get", "head", "impersonate",
    "list", "options", "patch", "post", "proxy", "put", "sign", "update", "use", "watch",
)  # fmt: skip


def _policy_rule(got: Any) -> Iterator[Breach]:
    if not got.get("verbs"):
        yield ("verbs",), "expected at least one verb, got none"
    if got.get("nonResourceURLs"):
        if got.get("resources") or got.get("apiGroups") or got.get("resourceNames"):
            yield ("nonResourceURLs",), "cannot stand beside apiGroups, resources or resourceNames"
    else:
        for key, example in (("apiGroups", '"" for the core group'), ("resources", "pods")):
            if not got.get(key):
                yield (key,), f"expected at least one, such as {example}, got none"


def _role_ref(got: Any) -> Iterator[Breach]:
    if got.get("apiGroup") not in (None, "", _GROUP):
        yield ("apiGroup",), f"expected {_GROUP}, got {shown(got.get('apiGroup'))}"
    if got.get("kind") not in ("Role", "ClusterRole"):
        yield ("kind",), f"expected Role or ClusterRole, got {shown(got.get('kind'))}"
    if not (got.get("name") and is_path_segment(got["name"])):
        yield ("name",), f"expected the name of a role, got {shown(got.get('name'))}"


def _subject(got: Any) -> Iterator[Breach]:
    kind, group = got.get("kind"), got.get("apiGroup") or ""
    if kind not in ("User", "Group", "ServiceAccount"):
        yield ("kind",), f"expected User, Group or ServiceAccount, got {shown(kind)}"
    elif kind == "ServiceAccount" and group:
        yield ("apiGroup",), f'expected "" for a ServiceAccount, got {shown(group)}'
    elif kind != "ServiceAccount" and group not in ("", _GROUP):
        yield ("apiGroup",), f"expected {_GROUP} for a {kind}, got {shown(group)}"
    if not got.get("name"):
        yield ("name",), "is missing or empty"
    if kind == "ServiceAccount" and not is_dns_subdomain(got.get("name") or "a"):
        yield ("name",), f"expected the name of a ServiceAccount, got {shown(got['name'])}"


def _account_namespace(got: Any) -> Iterator[Breach]:
    if got.get("kind") == "ServiceAccount" and not got.get("namespace"):
        yield (), "namespace is missing, which a ServiceAccount needs"


def _verb(got: str) -> Iterator[Breach]:
    guess = "" if got in _VERBS else meant(got, _VERBS)
    if guess.startswith("did") or got != got.lower():
        yield (), f"{shown(got)} is no verb of Kubernetes; {guess or 'verbs are in lower case'}"


def _aggregation(got: Any) -> Iterator[Breach]:
    selectors = records(got, "clusterRoleSelectors")
    if not selectors:
        yield ("clusterRoleSelectors",), "expected at least one selector, got none"
    for index, selector in selectors:
        for path, what in selector_breaches(selector):
            yield ("clusterRoleSelectors", index, *path), what


RULES = (
    Rule("role-rule", _ROLES, "rules[]", "verbs with either groups and resources, or URLs", _policy_rule,
         "ValidatePolicyRule"),
    value("role-urls", _ROLE, "rules[].nonResourceURLs", lambda got: not got, "no URLs in a namespaced Role",
          "ValidatePolicyRule", "use a ClusterRole"),
    Rule("role-verb", _ROLES, "rules[].verbs[]", "a verb that Kubernetes asks for", _verb,
         "RBAC authorizer: it never matches", severity=Severity.WARNING),
    value("role-group", _ROLES, "rules[].apiGroups[]", lambda got: "/" not in got, "a group without version",
          "RBAC authorizer: it never matches", "apps, not apps/v1", severity=Severity.WARNING),
    value("role-resource", _ROLES, "rules[].resources[]", lambda got: got == got.lower(),
          "the plural of a kind in lower case", "RBAC authorizer: it never matches", "deployments, not Deployment",
          severity=Severity.WARNING),
    Rule("role-aggregation", _CLUSTER_ROLE, "aggregationRule", "selectors, of known operators", _aggregation,
         "ValidateClusterRole"),
    value("role-aggregation-all", _CLUSTER_ROLE, "aggregationRule.clusterRoleSelectors[]",
          lambda got: not is_empty(got), "a selector that is not empty",
          "controller manager: it takes the rights of every ClusterRole", severity=Severity.WARNING),
    Rule("binding-role", _BINDINGS, "roleRef", f"a Role or ClusterRole of {_GROUP}", _role_ref, "ValidateRoleBinding"),
    value("binding-cluster-role", _CLUSTER_BINDING, "roleRef.kind", lambda got: got != "Role", "ClusterRole",
          "ValidateClusterRoleBinding"),
    Rule("binding-subject", _BINDINGS, "subjects[]", "a User, Group or ServiceAccount, with its own group", _subject,
         "ValidateRoleBindingSubject"),
    Rule("binding-account-namespace", _CLUSTER_BINDING, "subjects[]", "a namespace for each ServiceAccount",
         _account_namespace, "ValidateRoleBindingSubject"),
    value("service-account-secret", _ACCOUNT, "imagePullSecrets|secrets[]", lambda got: bool(got.get("name")),
          "a name in each entry", "kubelet: an entry without name is passed over", severity=Severity.WARNING),
)  # fmt: skip
"""Access."""

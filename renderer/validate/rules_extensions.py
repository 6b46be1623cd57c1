"""Rules about what extends the API server: webhooks, admission policies, definitions, aggregated APIs.

In: such objects. Out: rules.
Never: calls a webhook. Source: kubernetes pkg/apis/admissionregistration/validation, apiextensions
pkg/apis/apiextensions/validation, kube-aggregator pkg/apis/apiregistration/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from renderer.validate.names import is_dns_1035, is_dns_subdomain
from renderer.validate.rules import Rule, given, mapping, one_of, records, value, within
from renderer.validate.rules_grammar import is_port
from renderer.validate.rules_selectors import selector_breaches
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_ADMISSION = "admissionregistration.k8s.io"
_MUTATING = {(_ADMISSION, "MutatingWebhookConfiguration"): ""}
_WEBHOOKS = {**_MUTATING, (_ADMISSION, "ValidatingWebhookConfiguration"): ""}
_POLICY = {(_ADMISSION, "ValidatingAdmissionPolicy"): "spec"}
_BINDING = {(_ADMISSION, "ValidatingAdmissionPolicyBinding"): "spec"}
_DEFINITION = {("apiextensions.k8s.io", "CustomResourceDefinition"): "spec"}
_AGGREGATED = {("apiregistration.k8s.io", "APIService"): ""}
_CLIENT = "webhooks[].clientConfig"
_LEAST_SEGMENTS = 3
_OPERATIONS = ("*", "CREATE", "UPDATE", "DELETE", "CONNECT")


def _is_webhook_name(got: str) -> bool:
    return is_dns_subdomain(got) and got.count(".") >= _LEAST_SEGMENTS - 1


def _client(got: Any) -> Iterator[Breach]:
    found = given(got, ("url", "service"))
    if len(found) != 1:
        yield (), f"expected exactly one of url and service, got {' and '.join(found) or 'none'}"
    port, path = mapping(got, "service").get("port"), mapping(got, "service").get("path")
    if port is not None and not is_port(port):
        yield ("service", "port"), f"expected a port from 1 to 65535, got {port}"
    if path and not path.startswith("/"):
        yield ("service", "path"), f"expected a path that begins with '/', got {shown(path)}"


def _is_webhook_url(got: str) -> bool:
    try:
        parts = urlsplit(got)
    except ValueError:
        return False
    return (
        parts.scheme == "https" and bool(parts.hostname) and not (parts.query or parts.fragment or "@" in parts.netloc)
    )


def _webhook_rule(got: Any) -> Iterator[Breach]:
    for key in ("operations", "apiGroups", "apiVersions", "resources"):
        listed = got.get(key) or []
        if not listed:
            yield (key,), "expected at least one, got none"
        elif "*" in listed and len(listed) > 1 and key != "resources":
            yield (key,), "* cannot stand beside others"


def _review_versions(got: Any) -> Iterator[Breach]:
    if not {"v1", "v1beta1"} & set(got):
        yield (), f"expected v1 or v1beta1 among them, got {', '.join(map(str, got)) or 'none'}"


def _actions(got: Any) -> Iterator[Breach]:
    if not got:
        yield (), "expected at least one action, got none"
    if {"Deny", "Warn"} <= set(got):
        yield (), "Deny and Warn cannot stand together"


def _policy(got: Any) -> Iterator[Breach]:
    if not (got.get("validations") or got.get("auditAnnotations")):
        yield (), "expected validations or auditAnnotations, got neither"
    for index, one in records(got, "validations"):
        if not str(one.get("expression") or "").strip():
            yield ("validations", index), "expression is missing or empty"


def _versions(got: Any) -> Iterator[Breach]:
    versions = records(got, "versions")
    stored = [one.get("name") for _, one in versions if one.get("storage")]
    if len(stored) != 1:
        yield ("versions",), f"expected exactly one version with storage: true, got {len(stored)}"
    if versions and not any(one.get("served") for _, one in versions):
        yield ("versions",), "expected at least one version with served: true, got none"
    seen: set[object] = set()
    for index, one in versions:
        if one.get("name") in seen:
            yield ("versions", index, "name"), f"{shown(one['name'])} stands twice"
        seen.add(one.get("name"))


def _kind_names(got: Any) -> Iterator[Breach]:
    for key in given(got, ("plural", "singular")):
        if got[key] and not is_dns_1035(got[key]):
            yield (key,), f"expected a DNS-1035 label in lower case, got {shown(got[key])}"
    kinds = [key for key in given(got, ("kind", "listKind")) if got[key]]
    for key in kinds:
        if not is_dns_1035(got[key].lower()):
            yield (key,), f"expected letters and digits, got {shown(got[key])}"
    if len(kinds) > 1 and got["kind"] == got["listKind"]:
        yield ("listKind",), "must differ from kind"


def _conversion(got: Any) -> Iterator[Breach]:
    strategy = got.get("strategy")
    if strategy not in ("None", "Webhook"):
        yield ("strategy",), f"expected None or Webhook, got {shown(strategy)}"
    elif (strategy == "Webhook") != (got.get("webhook") is not None):
        yield (), "expected webhook with strategy Webhook, and with no other strategy"


def _api_service(got: Any) -> Iterator[Breach]:
    spec = mapping(got, "spec")
    expected, name = f"{spec.get('version')}.{spec.get('group')}", mapping(got, "metadata").get("name")
    if name != expected:
        yield ("metadata", "name"), f"expected {expected} (<version>.<group>), got {shown(name)}"
    if spec.get("insecureSkipTLSVerify") and spec.get("caBundle"):
        yield ("spec", "caBundle"), "cannot stand beside insecureSkipTLSVerify: true"


RULES = (
    value("webhook-name", _WEBHOOKS, "webhooks[].name", _is_webhook_name, "a DNS name of at least three parts",
          "IsFullyQualifiedName"),
    Rule("webhook-client", _WEBHOOKS, _CLIENT, "a URL or a service", _client, "ValidateWebhookService"),
    value("webhook-url", _WEBHOOKS, f"{_CLIENT}.url", _is_webhook_url, "an https URL without user, query and fragment",
          "ValidateWebhookURL"),
    Rule("webhook-rule", _WEBHOOKS, "webhooks[].rules[]", "operations, groups, versions and resources", _webhook_rule,
         "validateRuleWithOperations"),
    one_of("webhook-operation", _WEBHOOKS, "webhooks[].rules[].operations[]", _OPERATIONS,
           "validateRuleWithOperations", empty=False),
    one_of("webhook-scope", _WEBHOOKS, "webhooks[].rules[].scope", ("*", "Cluster", "Namespaced"), "validateRule",
           empty=False),
    one_of("webhook-side-effects", _WEBHOOKS, "webhooks[].sideEffects", ("None", "NoneOnDryRun"),
           "validateValidatingWebhook", empty=False),
    one_of("webhook-failure-policy", _WEBHOOKS, "webhooks[].failurePolicy", ("Fail", "Ignore"),
           "validateValidatingWebhook", empty=False),
    one_of("webhook-match-policy", _WEBHOOKS, "webhooks[].matchPolicy", ("Exact", "Equivalent"),
           "validateValidatingWebhook", empty=False),
    one_of("webhook-reinvocation", _MUTATING, "webhooks[].reinvocationPolicy", ("Never", "IfNeeded"),
           "validateMutatingWebhook", empty=False),
    within("webhook-timeout", _WEBHOOKS, "webhooks[].timeoutSeconds", (1, 30), "validateValidatingWebhook"),
    Rule("webhook-versions", _WEBHOOKS, "webhooks[].admissionReviewVersions", "v1 or v1beta1 among them",
         _review_versions, "validateAdmissionReviewVersions"),
    Rule("webhook-selector", _WEBHOOKS, "webhooks[].namespaceSelector|objectSelector",
         "label keys and values, known operators", selector_breaches, "ValidateLabelSelector"),
    Rule("admission-policy", _POLICY, "", "validations with expressions", _policy,
         "validateValidatingAdmissionPolicySpec"),
    one_of("admission-failure-policy", _POLICY, "failurePolicy", ("Fail", "Ignore"),
           "validateValidatingAdmissionPolicySpec", empty=False),
    one_of("admission-action", _BINDING, "validationActions[]", ("Deny", "Warn", "Audit"),
           "validateValidationActions", empty=False),
    Rule("admission-actions", _BINDING, "validationActions", "at least one action, not Deny and Warn", _actions,
         "validateValidationActions"),
    Rule("definition-versions", _DEFINITION, "", "one stored version, one served version, names once", _versions,
         "validateCustomResourceDefinitionSpec"),
    one_of("definition-scope", _DEFINITION, "scope", ("Cluster", "Namespaced"),
           "validateEnumStrings", empty=False),
    value("definition-version-name", _DEFINITION, "versions[].name", is_dns_1035, "a DNS-1035 label such as v1beta1",
          "validateCustomResourceDefinitionSpec"),
    value("definition-group", _DEFINITION, "group", lambda got: "." in got and is_dns_subdomain(got),
          "a DNS name of at least two parts", "validateCustomResourceDefinitionSpec"),
    Rule("definition-names", _DEFINITION, "names", "plural and singular in lower case, listKind other than kind",
         _kind_names, "ValidateCustomResourceDefinitionNames"),
    Rule("definition-conversion", _DEFINITION, "conversion", "a webhook with strategy Webhook only", _conversion,
         "validateCustomResourceConversion"),
    Rule("apiservice", _AGGREGATED, "", "the name <version>.<group>; caBundle or insecureSkipTLSVerify", _api_service,
         "ValidateAPIService"),
    within("apiservice-group-priority", _AGGREGATED, "spec.groupPriorityMinimum", (1, 20000), "ValidateAPIService"),
    within("apiservice-version-priority", _AGGREGATED, "spec.versionPriority", (1, 1000), "ValidateAPIService"),
)  # fmt: skip
"""Extensions of the API."""

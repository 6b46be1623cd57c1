"""Rules about Ingresses and NetworkPolicies.

In: Ingresses, IngressClasses, NetworkPolicies. Out: rules.
Never: looks for the Services behind a backend; references.py does. Source: kubernetes pkg/apis/networking/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_dns_1035, is_dns_subdomain
from renderer.validate.rules import Rule, given, mapping, one_of, value
from renderer.validate.rules_grammar import (
    is_canonical_network,
    is_host,
    is_network,
    is_port,
    is_port_or_name,
    is_service_name,
    network,
)
from renderer.validate.rules_selectors import selector_breaches
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_INGRESS = {("networking.k8s.io", "Ingress"): "spec"}
_INGRESS_ROOT = {("networking.k8s.io", "Ingress"): ""}
_CLASS = {("networking.k8s.io", "IngressClass"): "spec"}
_POLICY = {("networking.k8s.io", "NetworkPolicy"): "spec"}
_PATHS = "rules[].http.paths[]"
_BAD_PARTS = ("//", "/./", "/../", "%2f", "%2F")
_BAD_ENDS = ("/..", "/.")
_RULE = "ingress|egress[]"
_PEERS = ("ingress[].from[]", "egress[].to[]")
_CLASS_ANNOTATION = "kubernetes.io/ingress.class"


def _rules(got: Any) -> Iterator[Breach]:
    if not got.get("rules") and got.get("defaultBackend") is None:
        yield (), "expected rules or defaultBackend, got neither"


def _path(got: Any) -> Iterator[Breach]:
    path, kind = got.get("path") or "", got.get("pathType")
    if path and not path.startswith("/"):
        yield ("path",), f"expected an absolute path, got {shown(path)}"
    elif kind in ("Exact", "Prefix") and not path:
        yield ("path",), f"expected an absolute path with pathType {kind}, got none"
    elif kind in ("Exact", "Prefix") and (any(part in path for part in _BAD_PARTS) or path.endswith(_BAD_ENDS)):
        yield ("path",), f"expected a path without //, . or .. in it, got {shown(path)}"


def _backend(got: Any) -> Iterator[Breach]:
    found = given(got, ("service", "resource"))
    if len(found) != 1:
        yield (), f"expected exactly one of service and resource, got {' and '.join(found) or 'none'}"
    if "service" not in found:
        return
    service, port = mapping(got, "service"), mapping(got, "service", "port")
    if not is_dns_1035(service.get("name") or ""):
        yield ("service", "name"), f"expected the name of a Service, got {shown(service.get('name'))}"
    number, name = port.get("number"), port.get("name")
    if bool(number) == bool(name):
        yield ("service",), "expected either port.number or port.name"
    elif (name and not is_service_name(name)) or (number and not is_port(number)):
        yield ("service", "port"), f"expected a port from 1 to 65535 or a port name, got {shown(number or name)}"


def _class(got: Any) -> Iterator[Breach]:
    annotated = mapping(got, "metadata", "annotations").get(_CLASS_ANNOTATION)
    named = mapping(got, "spec").get("ingressClassName")
    if annotated is not None and named is not None and annotated != named:
        yield ("spec", "ingressClassName"), f"differs from the annotation {_CLASS_ANNOTATION}, {shown(annotated)}"


def _is_controller(got: str) -> bool:
    domain, slash, path = got.partition("/")
    return len(got) <= 250 and bool(slash and path) and is_dns_subdomain(domain)  # noqa: PLR2004 - validateIngressClassSpec


def _peer(got: Any) -> Iterator[Breach]:
    found = given(got, ("ipBlock", "podSelector", "namespaceSelector"))
    if not found:
        yield (), "expected ipBlock, podSelector or namespaceSelector, got none"
    elif "ipBlock" in found and len(found) > 1:
        yield ("ipBlock",), f"cannot stand beside {found[1]}"


def _except(got: Any) -> Iterator[Breach]:
    whole = network(str(got.get("cidr")))
    for index, text in enumerate(got.get("except") or ()):
        part = network(str(text))
        if part is None:
            yield ("except", index), f"expected a CIDR such as 10.1.0.0/16, got {shown(text)}"
        elif whole is not None and not _is_strictly_within(part, whole):
            yield ("except", index), f"expected a part of {got['cidr']}, got {text}"


def _is_strictly_within(part: Any, whole: Any) -> bool:
    if part.version != whole.version or part.prefixlen <= whole.prefixlen:
        return False
    return bool(part.network_address in whole)


def _end_port(got: Any) -> Iterator[Breach]:
    start, end = got.get("port"), got.get("endPort")
    if end is not None and not isinstance(start, int):
        yield ("endPort",), "expected a numeric port with endPort"
    elif end is not None and not start <= end <= 65535:  # noqa: PLR2004 - the highest port
        yield ("endPort",), f"expected from {start}, the port, to 65535, got {end}"


def _unasked(got: Any) -> Iterator[Breach]:
    """Rules of a direction that the policy does not name are never looked at."""
    types = got.get("policyTypes")
    for kind in ("Ingress", "Egress"):
        if types and kind not in types and got.get(kind.lower()):
            yield (kind.lower(),), f"has no effect, for policyTypes does not name {kind}"


RULES = (
    Rule("ingress-rules", _INGRESS, "", "rules or a defaultBackend", _rules, "ValidateIngressSpec"),
    value("ingress-host", _INGRESS, "rules[].host", lambda got: not got or is_host(got),
          "a DNS name, with at most a leading *., and no address", "validateIngressRules"),
    value("ingress-paths", _INGRESS, "rules[].http", lambda got: bool(got.get("paths")), "at least one path",
          "validateHTTPIngressRuleValue"),
    one_of("ingress-path-type", _INGRESS, f"{_PATHS}.pathType", ("Exact", "Prefix", "ImplementationSpecific"),
           "validateHTTPIngressPath", empty=False),
    Rule("ingress-path", _INGRESS, _PATHS, "an absolute path without //, . or ..", _path, "validateHTTPIngressPath"),
    Rule("ingress-backend", _INGRESS, f"{_PATHS}.backend", "one service with one port, or one resource", _backend,
         "validateIngressBackend"),
    Rule("ingress-default-backend", _INGRESS, "defaultBackend", "one service with one port, or one resource", _backend,
         "validateIngressBackend"),
    value("ingress-tls-host", _INGRESS, "tls[].hosts[]", is_host, "a DNS name, with at most a leading *.",
          "validateIngressTLS"),
    value("ingress-tls-secret", _INGRESS, "tls[].secretName", lambda got: not got or is_dns_subdomain(got),
          "the name of a Secret", "validateTLSSecretName"),
    value("ingress-class-name", _INGRESS, "ingressClassName", is_dns_subdomain, "the name of an IngressClass",
          "ValidateIngressClassName"),
    Rule("ingress-class-annotation", _INGRESS_ROOT, "", "one class, as field or annotation", _class,
         "ValidateIngressCreate", "remove the annotation"),
    value("ingressclass-controller", _CLASS, "controller", _is_controller,
          "a domain and a path such as example.com/controller", "validateIngressClassSpec"),
    one_of("policy-type", _POLICY, "policyTypes[]", ("Ingress", "Egress"), "ValidateNetworkPolicySpec", empty=False),
    Rule("policy-unasked", _POLICY, "", "rules of the directions in policyTypes only", _unasked,
         "NetworkPolicySpec: such rules are ignored", "add the direction to policyTypes",
         Severity.WARNING),
    one_of("policy-protocol", _POLICY, f"{_RULE}.ports[].protocol", ("TCP", "UDP", "SCTP"),
           "ValidateNetworkPolicyPort"),
    value("policy-port", _POLICY, f"{_RULE}.ports[].port", is_port_or_name, "a port from 1 to 65535, or a port name",
          "ValidateNetworkPolicyPort"),
    Rule("policy-end-port", _POLICY, f"{_RULE}.ports[]", "an endPort not below a numeric port", _end_port,
         "ValidateNetworkPolicyPort"),
    Rule("policy-selector", _POLICY, "podSelector", "label keys and values, known operators", selector_breaches,
         "ValidateLabelSelector"),
    *(rule for peer in _PEERS for rule in (
        Rule("policy-peer", _POLICY, peer, "a selector, or an ipBlock alone", _peer, "ValidateNetworkPolicyPeer"),
        Rule("policy-peer-selector", _POLICY, f"{peer}.podSelector|namespaceSelector",
             "label keys and values, known operators", selector_breaches, "ValidateLabelSelector"),
        value("policy-cidr", _POLICY, f"{peer}.ipBlock.cidr", is_network, "a CIDR such as 10.0.0.0/8",
              "ValidateIPBlock"),
        value("policy-cidr-bits", _POLICY, f"{peer}.ipBlock.cidr", is_canonical_network,
              "a CIDR without bits behind the prefix", "GetWarningsForCIDR, IsValidCIDR from 1.36",
              severity=Severity.WARNING, since="1.36"),
        Rule("policy-except", _POLICY, f"{peer}.ipBlock", "exceptions that are a part of the block", _except,
             "ValidateIPBlock"),
    )),
)  # fmt: skip
"""Ingresses and NetworkPolicies."""

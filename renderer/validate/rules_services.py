"""Rules about Services and EndpointSlices.

In: Services, EndpointSlices. Out: rules.
Never: knows a cluster's address ranges. Source: kubernetes pkg/apis/core/validation validateService,
pkg/apis/discovery/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.names import is_dns_label, is_dns_subdomain, is_label_key
from renderer.validate.rules import Rule, given, mapping, one_of, records, value
from renderer.validate.rules_grammar import address, is_canonical_network, is_ip, is_network, is_port, is_port_or_name
from renderer.validate.rules_selectors import label_breaches
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_SERVICE = {("", "Service"): "spec"}
_SLICE = {("discovery.k8s.io", "EndpointSlice"): ""}
_NODE_PORTS = ("NodePort", "LoadBalancer")
_ONLY_BALANCED = ("loadBalancerClass", "loadBalancerSourceRanges", "allocateLoadBalancerNodePorts")
_NODE_PORT_RANGE = (30000, 32767)
_FAMILIES = {4: "IPv4", 6: "IPv6"}


def _type(got: Any) -> str:
    return str(got.get("type") or "ClusterIP")


def _headless(got: Any) -> bool:
    return bool(got.get("clusterIP") == "None")


def _ports(got: Any) -> Iterator[Breach]:
    ports = records(got, "ports")
    if not ports and not _headless(got) and _type(got) != "ExternalName":
        yield ("ports",), "expected at least one port, got none"
    seen: set[str] = set()
    for index, port in ports:
        name = port.get("name") or ""
        if len(ports) > 1 and not name:
            yield ("ports", index), "name is missing, which each of several ports needs"
        if name and name in seen:
            yield ("ports", index, "name"), f"{shown(name)} stands twice"
        seen.add(name)


def _node_ports(got: Any) -> Iterator[Breach]:
    seen: set[tuple[object, object]] = set()
    for index, port in records(got, "ports"):
        number, protocol = port.get("nodePort"), port.get("protocol") or "TCP"
        if number and _type(got) not in _NODE_PORTS:
            yield ("ports", index, "nodePort"), f"cannot be set with type {_type(got)}"
        elif number and (number, protocol) in seen:
            yield ("ports", index, "nodePort"), f"{number} stands twice"
        seen.add((number, protocol))


def _cluster_ip(got: Any) -> Iterator[Breach]:
    ip, kind = got.get("clusterIP"), _type(got)
    if kind == "ExternalName" and (ip or got.get("clusterIPs")):
        yield ("clusterIP",), "cannot be set with type ExternalName"
    elif ip == "None" and kind in _NODE_PORTS:
        yield ("clusterIP",), f"None cannot be set with type {kind}"
    elif ip and ip != "None" and not is_ip(ip):
        yield ("clusterIP",), f"expected an IP address or None, got {shown(ip)}"
    every = got.get("clusterIPs") or []
    if ip and every and every[0] != ip:
        yield ("clusterIPs", 0), f"expected {shown(ip)}, the clusterIP, got {shown(every[0])}"


def _external_name(got: Any) -> Iterator[Breach]:
    name = (got.get("externalName") or "").removesuffix(".")
    if _type(got) == "ExternalName" and not is_dns_subdomain(name):
        yield ("externalName",), f"expected a DNS name with type ExternalName, got {shown(name)}"


def _external_unused(got: Any) -> Iterator[Breach]:
    if got.get("externalName") and _type(got) != "ExternalName":
        yield ("externalName",), f"has no effect with type {_type(got)}"


def _external_address(got: Any) -> Iterator[Breach]:
    name = got.get("externalName") or ""
    if _type(got) == "ExternalName" and address(name):
        yield ("externalName",), f"expected a DNS name, got the address {name}"


def _balanced(got: Any) -> Iterator[Breach]:
    local, kind = got.get("externalTrafficPolicy"), _type(got)
    if local and kind not in _NODE_PORTS and not got.get("externalIPs"):
        yield ("externalTrafficPolicy",), f"cannot be set with type {kind}"
    for key in given(got, _ONLY_BALANCED):
        if kind != "LoadBalancer":
            yield (key,), f"cannot be set with type {kind}"
    if got.get("healthCheckNodePort") and not (kind == "LoadBalancer" and local == "Local"):
        yield ("healthCheckNodePort",), "expected type LoadBalancer and externalTrafficPolicy Local with it"


def _affinity(got: Any) -> Iterator[Breach]:
    seconds = mapping(got, "sessionAffinityConfig", "clientIP").get("timeoutSeconds")
    if got.get("sessionAffinity") == "ClientIP" and isinstance(seconds, int) and not 1 <= seconds <= 86400:  # noqa: PLR2004 - one day
        yield ("sessionAffinityConfig", "clientIP", "timeoutSeconds"), f"expected from 1 to 86400, got {seconds}"


def _affinity_unused(got: Any) -> Iterator[Breach]:
    if got.get("sessionAffinityConfig") is not None and got.get("sessionAffinity") != "ClientIP":
        yield ("sessionAffinityConfig",), "has no effect without sessionAffinity ClientIP"


def _families(got: Any) -> Iterator[Breach]:
    families, policy = got.get("ipFamilies") or [], got.get("ipFamilyPolicy")
    if len(families) != len(set(families)):
        yield ("ipFamilies",), "a family stands twice"
    if len(families) > 1 and policy in (None, "SingleStack"):
        yield ("ipFamilyPolicy",), "expected PreferDualStack or RequireDualStack with two families"
    addresses = [found for text in got.get("clusterIPs") or () if (found := address(str(text)))]
    for index, (family, one) in enumerate(zip(families, addresses, strict=False)):
        if family != _FAMILIES[one.version]:
            yield ("ipFamilies", index), f"expected {_FAMILIES[one.version]}, the family of {one}, got {family}"


def _external_ip(got: str) -> bool:
    found = address(got)
    return found is not None and not (found.is_unspecified or found.is_loopback or found.is_link_local)


def _endpoints(got: Any) -> Iterator[Breach]:
    wanted = {"IPv4": 4, "IPv6": 6}.get(str(got.get("addressType")))
    for number, endpoint in records(got, "endpoints"):
        if not endpoint.get("addresses"):
            yield ("endpoints", number), "expected at least one address, got none"
        for index, text in enumerate(endpoint.get("addresses") or ()):
            found = address(str(text))
            fits = is_dns_subdomain(str(text)) if wanted is None else found is not None and found.version == wanted
            if not fits:
                place = ("endpoints", number, "addresses", index)
                yield place, f"expected an address of type {got.get('addressType')}, got {shown(text)}"


def _uncanonical(got: Any) -> Iterator[Breach]:
    for number, endpoint in records(got, "endpoints"):
        for index, text in enumerate(endpoint.get("addresses") or ()):
            found = address(str(text))
            if found is not None and str(found) != text:
                yield (
                    ("endpoints", number, "addresses", index),
                    f"expected the canonical form {found}, got {shown(text)}",
                )


_PORT = "a port from 1 to 65535"
RULES = (
    one_of("service-type", _SERVICE, "type", ("ClusterIP", "NodePort", "LoadBalancer", "ExternalName"),
           "validateService"),
    Rule("service-ports", _SERVICE, "", "at least one port, and names that differ when there are several", _ports,
         "validateService"),
    value("service-port", _SERVICE, "ports[].port", is_port, _PORT, "validateServicePort"),
    one_of("service-protocol", _SERVICE, "ports[].protocol", ("TCP", "UDP", "SCTP"), "validateServicePort"),
    value("service-port-name", _SERVICE, "ports[].name", lambda got: not got or is_dns_label(got),
          "a DNS-1123 label", "validateServicePort"),
    value("service-target-port", _SERVICE, "ports[].targetPort",
          lambda got: got in (0, "") or is_port_or_name(got), f"{_PORT}, or a port name of at most 15 characters",
          "ValidatePortNumOrName"),
    value("service-app-protocol", _SERVICE, "ports[].appProtocol", is_label_key, "a qualified name",
          "validateServicePort"),
    Rule("service-node-port", _SERVICE, "", "node ports once, on NodePort and LoadBalancer only", _node_ports,
         "validateService"),
    value("service-node-port-range", _SERVICE, "ports[].nodePort",
          lambda got: not got or _NODE_PORT_RANGE[0] <= got <= _NODE_PORT_RANGE[1], "from 30000 to 32767",
          "--service-node-port-range", "the range is an option of the API server; this is its default",
          severity=Severity.WARNING),
    Rule("service-cluster-ip", _SERVICE, "", "a clusterIP that fits the type", _cluster_ip,
         "ValidateServiceClusterIPsRelatedFields"),
    Rule("service-external-name", _SERVICE, "", "a DNS name with type ExternalName", _external_name,
         "validateService"),
    Rule("service-external-unused", _SERVICE, "", "an externalName with type ExternalName only", _external_unused,
         "dropTypeDependentFields: it is taken away", severity=Severity.WARNING),
    Rule("service-external-address", _SERVICE, "", "a DNS name as externalName, no address", _external_address,
         "DNS: a CNAME names no address", severity=Severity.WARNING),
    one_of("service-session-affinity", _SERVICE, "sessionAffinity", ("None", "ClientIP"), "validateService"),
    Rule("service-affinity-config", _SERVICE, "", "a time-out up to a day, with ClientIP", _affinity,
         "validateClientIPAffinityConfig"),
    Rule("service-affinity-unused", _SERVICE, "", "a sessionAffinityConfig with ClientIP only", _affinity_unused,
         "SetDefaults_Service: it is taken away", severity=Severity.WARNING),
    one_of("service-traffic-policy", _SERVICE, "externalTrafficPolicy|internalTrafficPolicy", ("Cluster", "Local"),
           "validateServiceExternalTrafficPolicy"),
    one_of("service-family-policy", _SERVICE, "ipFamilyPolicy", ("SingleStack", "PreferDualStack", "RequireDualStack"),
           "ValidateServiceClusterIPsRelatedFields"),
    one_of("service-family", _SERVICE, "ipFamilies[]", ("IPv4", "IPv6"), "ValidateServiceClusterIPsRelatedFields",
           empty=False),
    Rule("service-families", _SERVICE, "", "families once, two with a dual-stack policy", _families,
         "ValidateServiceClusterIPsRelatedFields, initIPFamilyFields"),
    one_of("service-distribution", _SERVICE, "trafficDistribution",
           ("PreferClose", "PreferSameZone", "PreferSameNode"), "validateServiceTrafficDistribution", empty=False),
    Rule("service-balanced", _SERVICE, "", "load balancer fields on type LoadBalancer only", _balanced,
         "validateService"),
    value("service-load-balancer-ip", _SERVICE, "loadBalancerIP", lambda got: not got or is_ip(got), "an IP address",
          "GetWarningsForService", severity=Severity.WARNING),
    value("service-source-range", _SERVICE, "loadBalancerSourceRanges[]", lambda got: is_network(got.strip()),
          "a CIDR such as 10.0.0.0/8", "validateService"),
    value("service-source-range-bits", _SERVICE, "loadBalancerSourceRanges[]",
          lambda got: is_canonical_network(got.strip()), "a CIDR without bits behind the prefix",
          "GetWarningsForCIDR, IsValidCIDR from 1.36", severity=Severity.WARNING, since="1.36"),
    value("service-external-ip", _SERVICE, "externalIPs[]", _external_ip, "an IP address that others can reach",
          "ValidateEndpointIP"),
    Rule("service-selector", _SERVICE, "selector", "label keys and values", label_breaches, "ValidateLabels"),
    one_of("endpointslice-type", _SLICE, "addressType", ("IPv4", "IPv6", "FQDN"), "validateAddressType", empty=False),
    Rule("endpointslice-address", _SLICE, "", "addresses of the slice's type", _endpoints, "validateEndpoints"),
    Rule("endpointslice-canonical", _SLICE, "", "addresses in their canonical form", _uncanonical,
         "GetWarningsForIP, IsValidIP from 1.36", severity=Severity.WARNING, since="1.36"),
    value("endpointslice-port", _SLICE, "ports[].port", is_port, "from 1 to 65535",
          "kube-proxy: nothing can be sent there", severity=Severity.WARNING),
)  # fmt: skip
"""Services."""

"""Rules about probes and lifecycle hooks.

In: containers. Out: rules.
Never: calls what a probe calls. Source: kubernetes pkg/apis/core/validation validateProbe, validateHandler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.validate.rules import Rule, at_least, given, mapping, one_of, records, value
from renderer.validate.rules_containers import EVERY
from renderer.validate.rules_grammar import is_header_name, is_port, is_port_or_name
from renderer.validate.rules_pods import PODS
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE = f"{EVERY}.{'|'.join(_PROBES)}"
_HANDLER = f"{EVERY}.lifecycle.postStart|preStop"
_PROBE_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_HOOK_HANDLERS = ("exec", "httpGet", "tcpSocket", "sleep")
_NUMBERS = "initialDelaySeconds|timeoutSeconds|periodSeconds|successThreshold|failureThreshold"
_DEFAULT_GRACE = 30


def _exactly_one(got: Any, handlers: tuple[str, ...]) -> Iterator[Breach]:
    found = given(got, handlers)
    if len(found) != 1:
        yield (), f"expected exactly one of {', '.join(handlers)}, got {', '.join(found) or 'none'}"
    if "exec" in found and not mapping(got, "exec").get("command"):
        yield ("exec",), "command is missing or empty"


def _probe(got: Any) -> Iterator[Breach]:
    return _exactly_one(got, _PROBE_HANDLERS)


def _hook(got: Any) -> Iterator[Breach]:
    return _exactly_one(got, _HOOK_HANDLERS)


def _thresholds(got: Any) -> Iterator[Breach]:
    for key in ("livenessProbe", "startupProbe"):
        threshold = mapping(got, key).get("successThreshold")
        if threshold not in (None, 0, 1):
            yield (key, "successThreshold"), f"expected 1, got {threshold}"
        grace = mapping(got, key).get("terminationGracePeriodSeconds")
        if isinstance(grace, int) and grace < 1:
            yield (key, "terminationGracePeriodSeconds"), f"expected at least 1, got {grace}"
    if mapping(got, "readinessProbe").get("terminationGracePeriodSeconds") is not None:
        yield ("readinessProbe", "terminationGracePeriodSeconds"), "a readiness probe ends no container"


def _named_ports(got: Any) -> Iterator[Breach]:
    """The kubelet looks the name up in the container's own ports, and fails the probe when it is not there."""
    names = {port.get("name") for _, port in records(got, "ports")}
    for key in _PROBES:
        for handler in ("httpGet", "tcpSocket"):
            port = mapping(got, key, handler).get("port")
            if isinstance(port, str) and port not in names:
                yield (key, handler, "port"), f"the container has no port named {shown(port)}"


def _sleep(got: Any) -> Iterator[Breach]:
    grace = got.get("terminationGracePeriodSeconds")
    most = grace if isinstance(grace, int) else _DEFAULT_GRACE
    for index, container in records(got, "containers"):
        for hook in ("postStart", "preStop"):
            seconds = mapping(container, "lifecycle", hook, "sleep").get("seconds")
            if isinstance(seconds, int) and not 0 <= seconds <= most:
                place = ("containers", index, "lifecycle", hook, "sleep", "seconds")
                yield place, f"expected from 0 to {most}, the pod's grace period, got {seconds}"


RULES = (
    Rule("probe-handler", PODS, _PROBE, "exactly one of exec, httpGet, tcpSocket and grpc", _probe, "validateHandler"),
    at_least("probe-number", PODS, f"{_PROBE}.{_NUMBERS}", 0, "validateProbe"),
    Rule("probe-threshold", PODS, EVERY, "successThreshold 1 and a grace period for liveness and startup probes only",
         _thresholds, "validateLivenessProbe, validateReadinessProbe"),
    value("probe-port", PODS, f"{_PROBE}.httpGet|tcpSocket.port", is_port_or_name,
          "a port from 1 to 65535, or the name of one", "ValidatePortNumOrName"),
    value("probe-grpc-port", PODS, f"{_PROBE}.grpc.port", is_port, "a port from 1 to 65535", "validateGRPCAction"),
    Rule("probe-port-name", PODS, EVERY, "the name of a port of the container", _named_ports,
         "ResolveContainerPort (kubelet)", "correct the name, or name the container's port"),
    one_of("probe-scheme", PODS, f"{_PROBE}.httpGet.scheme", ("HTTP", "HTTPS"), "validateHTTPGetAction"),
    value("probe-header", PODS, f"{_PROBE}.httpGet.httpHeaders[].name", is_header_name,
          "the name of an HTTP header", "validateHTTPGetAction"),
    Rule("hook-handler", PODS, _HANDLER, "exactly one of exec, httpGet, tcpSocket and sleep", _hook, "validateHandler"),
    value("hook-port", PODS, f"{_HANDLER}.httpGet|tcpSocket.port", is_port_or_name,
          "a port from 1 to 65535, or the name of one", "ValidatePortNumOrName"),
    Rule("hook-sleep", PODS, "spec", "a sleep within the pod's grace period", _sleep, "validateSleepAction"),
)  # fmt: skip
"""What the kubelet calls."""

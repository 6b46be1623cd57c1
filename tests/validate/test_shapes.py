"""What comparing learns from schemas: names of list items, and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from renderer.diff.defaults import without_defaults
from tests.diff.golden import shapes

if TYPE_CHECKING:
    from renderer.validate.shapes import SchemaShape


def at(api_version: str, kind: str, *path: str) -> SchemaShape:
    """The shape at a path; `[]` steps into a list."""
    shape = shapes()(api_version, kind)
    for step in path:
        assert shape is not None
        shape = shape.item() if step == "[]" else shape.field(step)
    assert shape is not None
    return shape


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        (("v1", "Pod", "spec", "containers"), ("name",)),
        (("v1", "Pod", "spec", "containers", "[]", "ports"), ("containerPort", "protocol")),
        (("v1", "Service", "spec", "ports"), ("port", "protocol")),
        (("v1", "Pod", "spec", "containers", "[]", "args"), ()),
        (("extensions/v1beta1", "Ingress"), ()),
    ],
)
def test_names_of_items_come_from_kubernetes_schemas(where: tuple[str, ...], keys: tuple[str, ...]) -> None:
    if where[1] == "Ingress":
        assert shapes()(*where) is None
    else:
        assert at(*where).keys == keys


def test_names_and_defaults_of_custom_resources_come_from_their_definitions() -> None:
    assert at("metallb.io/v1beta1", "IPAddressPool", "spec").defaults({}) == {
        "autoAssign": True,
        "avoidBuggyIPs": False,
    }
    conditions = at("helm.toolkit.fluxcd.io/v2", "HelmRelease", "status", "conditions")
    assert conditions.keys in ((), ("type",))


def test_a_kind_that_newer_minors_dropped_has_the_shape_of_the_last_that_had_it() -> None:
    assert at("autoscaling/v2beta2", "HorizontalPodAutoscaler", "spec") is not None


@pytest.mark.parametrize(
    ("left", "right"),
    [("1", "1000m"), ("1Gi", "1024Mi"), ("0.5", "500m"), ("1k", "1000"), ("1E3", "1000"), (2, "2"), ("2Ki", "2048")],
)
def test_quantities_that_mean_the_same_are_the_same(left: str | int, right: str) -> None:
    limit = at("v1", "Pod", "spec", "containers", "[]", "resources", "limits", "cpu")

    assert limit.plain(left) == limit.plain(right)


def test_what_is_no_quantity_is_left_alone() -> None:
    assert at("v1", "Pod", "spec", "containers", "[]", "resources", "limits", "cpu").plain("much") == "much"
    assert at("v1", "Pod", "spec", "nodeName").plain("1000m") == "1000m"


def test_a_deployment_as_the_server_fills_it_in_is_the_one_that_was_applied() -> None:
    applied = {
        "spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:1", "ports": [{"containerPort": 1}]}]}}}
    }
    pod = {
        "containers": [
            {
                "name": "a",
                "image": "x:1",
                "imagePullPolicy": "IfNotPresent",
                "ports": [{"containerPort": 1, "protocol": "TCP"}],
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }
        ],
        "dnsPolicy": "ClusterFirst",
        "restartPolicy": "Always",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    live = {
        "spec": {
            "replicas": 1,
            "progressDeadlineSeconds": 600,
            "revisionHistoryLimit": 10,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {"spec": pod},
        }
    }
    shape = at("apps/v1", "Deployment")

    assert without_defaults(live, shape) == without_defaults(applied, shape)  # type: ignore[arg-type]

"""APIs that end are told before they do: with the minor that ends them, and with what to use instead."""

from __future__ import annotations

import pytest

from renderer.errors import Code
from renderer.types import Digest, SchemaSet, Severity
from renderer.validate import Validator, minors
from renderer.validate.deprecations import ENDS
from renderer.validate.kubernetes import served
from tests.judges import api_server
from tests.validate.support import manifests
from tests.validate.test_crds import CRD, WIDGET

FLOW = """\
apiVersion: flowcontrol.apiserver.k8s.io/v1beta3
kind: PriorityLevelConfiguration
metadata: {name: lab}
spec:
  type: Limited
  limited: {limitResponse: {type: Reject}}
"""
ENDPOINTS = "apiVersion: v1\nkind: Endpoints\nmetadata: {name: lab, namespace: lab}\n"


def told(text: str, minor: str, validator: Validator) -> list[tuple[str, str, str, Severity]]:
    found = validator.check(manifests(a=text), minor)
    return [(problem.code, problem.what, problem.hint, problem.severity) for problem in found]


def test_a_version_is_good_then_deprecated_then_gone(validator: Validator) -> None:
    api = "flowcontrol.apiserver.k8s.io"
    assert told(FLOW, "1.28", validator) == []
    (warning,) = told(FLOW, "1.30", validator)
    words = "is deprecated since Kubernetes 1.29; 1.32 does not serve it"
    assert warning == (
        Code.OBJECT_API_DEPRECATED,
        f"PriorityLevelConfiguration/lab: apiVersion: {api}/v1beta3 PriorityLevelConfiguration {words}",
        f"use {api}/v1",
        Severity.WARNING,
    )
    (error,) = told(FLOW, "1.32", validator)
    assert (error[0], error[2:]) == (Code.OBJECT_API_REMOVED, (f"use {api}/v1", Severity.ERROR))


def test_a_kind_that_another_kind_replaces_names_that(validator: Validator) -> None:
    assert told(ENDPOINTS, "1.32", validator) == []
    ((code, _, hint, severity),) = told(ENDPOINTS, "1.33", validator)
    assert (code, hint, severity) == (
        Code.OBJECT_API_DEPRECATED,
        "use discovery.k8s.io/v1 EndpointSlice",
        Severity.WARNING,
    )


def test_the_place_is_the_api_version_of_the_object(validator: Validator) -> None:
    (problem,) = validator.check(manifests(a=f"---\n# a comment\n{ENDPOINTS}"), "1.35")

    assert str(problem.where) == "a.yaml:3"


@pytest.mark.parametrize(
    ("also", "words"), [("", "acme.example/v1 Widget is deprecated"), ("Widgets are over.", "Widgets are over.")]
)
def test_a_definition_may_call_a_version_deprecated(also: str, words: str) -> None:
    newer = CRD.replace("SPEC", "{}").replace("name: v1alpha1\n      served: false", "name: v2\n      served: true")
    old = newer.replace("storage: true", "storage: true\n      deprecated: true", 1)
    if also:
        old = old.replace("deprecated: true", f"deprecated: true\n      deprecationWarning: {also}")
    validator = Validator(SchemaSet((("schemas/crds/acme/widgets.yaml", old.encode()),), Digest.of(b"")))

    assert told(WIDGET + "{}", "1.35", validator) == [
        (Code.OBJECT_API_DEPRECATED, f"Widget/a: apiVersion: {words}", "use acme.example/v2", Severity.WARNING)
    ]
    assert told(WIDGET.replace("/v1", "/v2").replace("spec: ", ""), "1.35", validator) == []


def number(minor: str) -> int:
    return int(minor.partition(".")[2])


@pytest.mark.parametrize(("api", "end"), ENDS.items(), ids=str)
def test_the_schemas_end_where_the_table_says(api: tuple[str, str], end: tuple[int, int]) -> None:
    having = [number(minor) for minor in minors() if api in served(minor)]
    deprecated, removed = end

    assert having
    assert removed == 0 or deprecated < removed
    assert having[-1] == min(removed - 1 if removed else 1000, number(minors()[-1]))


@pytest.mark.slow
def test_the_table_is_what_the_types_say_of_themselves() -> None:
    kinds = {api for minor in minors() for api in served(minor)}
    said = {
        (one.api_version, one.kind): (number(one.deprecated), number(one.removed) if one.removed else 0)
        for one in api_server.lifecycles()
        if (one.api_version, one.kind) in kinds
    }
    # The judge's own minor no longer has this type, so that it cannot say.
    past = {("autoscaling/v2beta2", "HorizontalPodAutoscaler")}

    assert {api: end for api, end in ENDS.items() if api not in past} == said

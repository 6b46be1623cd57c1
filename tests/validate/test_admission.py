"""Admission policies: whom they are about, what they see, what is told when they cannot be evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from renderer.types import Digest, Manifest, Manifests, Problem, SchemaSet, Severity
from renderer.validate import Validator, check_schemas
from renderer.validate.admission_match import guessed_plural, selects
from renderer.validate.cel_reads import Reads
from renderer.validate.objects import check_file
from tests.validate.support import manifests

if TYPE_CHECKING:
    from renderer.validate.catalog import Catalog
    from renderer.validate.report import FileReport

REPOSITORY = Path(__file__).parents[2]
MINOR = "1.35"
WIDGETS = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgetries.acme.example}
spec:
  group: acme.example
  names: {kind: Widget, plural: widgetries, listKind: WidgetList, singular: widget}
  scope: SCOPE
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer, default: 3}}}
"""


def config(name: str = "a", namespace: str = "lab", **data: str) -> str:
    metadata = {"name": name, "namespace": namespace}
    return yaml.safe_dump(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}, sort_keys=False
    )


def policy(*validations: str | dict[str, Any], bind: dict[str, Any] | None = None, **spec: Any) -> str:
    """A policy over ConfigMaps and its binding, as YAML."""
    rules = [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}]
    checks = [{"expression": one, "message": "no"} if isinstance(one, str) else one for one in validations]
    kinds = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
    specs = (
        {"matchConstraints": {"resourceRules": rules}, "validations": checks, **spec},
        {"policyName": "p", "validationActions": ["Deny"], **(bind or {})},
    )
    documents = [
        {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "p"}, "spec": one}
        for kind, one in zip(kinds, specs, strict=True)
    ]
    return yaml.safe_dump_all(documents)


def schemas(*policies: str, crd: str = "") -> SchemaSet:
    files = tuple((f"schemas/policies/{number}.yaml", text.encode()) for number, text in enumerate(policies))
    return SchemaSet((("crd.yaml", crd.encode()),) if crd else (), Digest.of(b""), files)


def check(text: str, crd: str = "", **files: str) -> list[Problem]:
    return Validator(schemas(text, crd=crd)).check(manifests(**files), MINOR)


def told(text: str, **files: str) -> list[str]:
    found = check(text, **files)
    assert all(one.code == "FP421" for one in found), found
    return [one.what for one in found]


SAYS_NO = ["ConfigMap/a: metadata.name: no (policy p)"]


def test_an_object_that_a_policy_refuses_is_told_with_its_place_and_the_policy() -> None:
    (problem,) = check(policy("object.data.x == '1'"), a=config(x="2"))

    assert (problem.code, problem.severity, problem.what) == ("FP421", Severity.ERROR, *SAYS_NO)
    assert problem.where is not None
    assert str(problem.where) == "a.yaml:4"
    assert problem.hint == "policy p: object.data.x == '1'"
    assert check(policy("object.data.x == '1'"), a=config(x="1")) == []


@pytest.mark.parametrize(
    ("actions", "severity"),
    [(["Deny"], Severity.ERROR), (["Deny", "Audit"], Severity.ERROR), (["Warn"], "warning"), (["Audit"], "warning")],
)
def test_what_a_binding_does_not_deny_is_a_warning(actions: list[str], severity: str) -> None:
    (problem,) = check(policy("false", bind={"validationActions": actions}), a=config())

    assert problem.severity == severity


@pytest.mark.parametrize(
    ("change", "asked"),
    [
        ({}, True),
        ({"apiGroups": ["*"], "resources": ["*"]}, True),
        ({"apiGroups": ["apps"]}, False),
        ({"resources": ["secrets"]}, False),
        ({"resources": ["configmaps/status"]}, False),
        ({"operations": ["UPDATE", "DELETE"]}, False),
        ({"operations": ["*"]}, True),
        ({"scope": "Cluster"}, False),
        ({"scope": "Namespaced"}, True),
        ({"resourceNames": ["b"]}, False),
        ({"resourceNames": ["a", "b"]}, True),
        ({"apiVersions": ["v2"]}, True),
    ],
)
def test_resource_rules_choose_objects(change: dict[str, Any], asked: bool) -> None:  # noqa: FBT001
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"], **change}

    assert told(policy("false", matchConstraints={"resourceRules": [rule]}), a=config()) == SAYS_NO * asked


def test_an_exact_match_asks_for_the_version_and_exclusions_go_first() -> None:
    rule = {"apiGroups": [""], "apiVersions": ["v2"], "operations": ["*"], "resources": ["*"]}
    exact = {"resourceRules": [rule], "matchPolicy": "Exact"}
    every = {"resourceRules": [{**rule, "apiVersions": ["v1"]}]}
    excluding = {**every, "excludeResourceRules": [{**rule, "apiVersions": ["v1"], "resourceNames": ["a"]}]}

    assert told(policy("false", matchConstraints=exact), a=config()) == []
    assert told(policy("false", matchConstraints=excluding), a=config()) == []
    assert told(policy("false", matchConstraints=every), a=config()) == SAYS_NO


def test_a_custom_resource_is_chosen_by_the_plural_of_its_definition_and_seen_with_its_defaults() -> None:
    rule = {"apiGroups": ["acme.example"], "apiVersions": ["v1"], "operations": ["*"], "resources": ["widgetries"]}
    text = policy("object.spec.size == 4", matchConstraints={"resourceRules": [{**rule, "scope": "Cluster"}]})
    widget = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: a}\nspec: {}\n"

    (problem,) = check(text, crd=WIDGETS.replace("SCOPE", "Cluster"), a=widget)
    assert problem.what.startswith("Widget/a")
    assert check(text, crd=WIDGETS.replace("SCOPE", "Namespaced"), a=widget) == []
    assert check(text, crd=WIDGETS.replace("SCOPE", "Cluster"), a=widget.replace("{}", "{size: 4}")) == []


@pytest.mark.parametrize(
    ("kind", "plural"),
    [("Endpoints", "endpoints"), ("Ingress", "ingresses"), ("NetworkPolicy", "networkpolicies"), ("Pod", "pods")],
)
def test_the_plural_of_a_kind_of_kubernetes_is_known(kind: str, plural: str) -> None:
    assert guessed_plural(kind) == plural


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ({}, True),
        ({"matchLabels": {"a": "1"}}, True),
        ({"matchLabels": {"a": "2"}}, False),
        ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, True),
        ({"matchExpressions": [{"key": "b", "operator": "In", "values": ["1"]}]}, False),
        ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, False),
        ({"matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["1"]}]}, True),
        ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, False),
        ({"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]}, False),
    ],
)
def test_label_selectors_select_as_in_kubernetes(selector: dict[str, Any], selected: bool) -> None:  # noqa: FBT001
    assert selects(selector, {"a": "1"}) is selected


NAMESPACE = "apiVersion: v1\nkind: Namespace\nmetadata: {name: lab, labels: {level: LEVEL}}\n"


def test_a_namespace_of_the_site_decides_by_its_labels_wherever_its_file_stands() -> None:
    strict = {"matchLabels": {"level": "strict"}}
    rules = yaml.safe_load(policy("false").split("---")[0])["spec"]["matchConstraints"]["resourceRules"]
    text = policy("false", matchConstraints={"resourceRules": rules, "namespaceSelector": strict})
    bound = policy("false", bind={"matchResources": {"namespaceSelector": strict}})

    for one in (text, bound):
        assert told(one, a=config(), z=NAMESPACE.replace("LEVEL", "strict")) == SAYS_NO
        assert told(one, a=config(), z=NAMESPACE.replace("LEVEL", "loose")) == []
        assert told(one, a=config()) == []


def test_every_namespace_has_a_label_with_its_name() -> None:
    named = {"matchLabels": {"kubernetes.io/metadata.name": "lab"}}

    assert told(policy("false", bind={"matchResources": {"namespaceSelector": named}}), a=config()) == SAYS_NO


def test_one_file_in_two_sites_is_judged_by_each_sites_own_namespace() -> None:
    validator = Validator(schemas(policy("namespaceObject.metadata.labels.level == 'strict'")))
    sites = [manifests(a=config(), z=NAMESPACE.replace("LEVEL", level)) for level in ("strict", "loose", "strict")]

    assert [len(validator.check(one, MINOR)) for one in sites] == [0, 1, 0]


def test_what_a_policy_does_not_look_at_does_not_cost_another_check(monkeypatch: pytest.MonkeyPatch) -> None:
    from renderer.validate import reports as module

    checked: list[bytes] = []

    def counted(path: str, content: bytes, catalog: Catalog) -> FileReport:
        checked.append(content)
        return check_file(path, content, catalog)

    monkeypatch.setattr(module, "check_file", counted)
    by_region = policy("object.data.region == params.data.region", **PARAMS)
    validator = Validator(schemas(by_region))
    for site in ("one", "two", "three"):
        files = {"a": config(region="eu"), "b": config("settings", "flux-system", region="eu", site=site)}
        assert validator.check(manifests(**files), MINOR) == []

    assert sorted(checked.count(content) for content in set(checked)) == [1, 1, 1, 1]
    assert checked.count(config(region="eu").encode()) == 1


PARAMS: dict[str, Any] = {
    "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
    "matchConditions": [{"name": "not-itself", "expression": "object.metadata.name == 'a'"}],
    "bind": {"paramRef": {"name": "settings", "namespace": "flux-system", "parameterNotFoundAction": "Deny"}},
}


def test_parameters_come_from_the_site_and_then_from_the_folder_of_policies() -> None:
    text = policy("object.data.region == params.data.region", **PARAMS)
    folder = text + "---\n" + config("settings", "flux-system", region="us")
    site = config("settings", "flux-system", region="eu")

    assert told(text, a=config(region="eu"), b=site) == []
    assert told(text, a=config(region="us"), b=site) == SAYS_NO
    assert told(folder, a=config(region="us")) == []
    assert told(folder, a=config(region="us"), b=site) == SAYS_NO


def test_a_parameter_that_is_missing_is_told_unless_the_binding_allows_it() -> None:
    text = policy("object.data.region == params.data.region", **PARAMS)
    ref = {**PARAMS["bind"]["paramRef"], "parameterNotFoundAction": "Allow"}
    allowing = policy("false", **{**PARAMS, "bind": {"paramRef": ref}})

    (what,) = told(text, a=config(region="eu"))
    assert "the binding p of policy p needs the ConfigMap settings, which is not there" in what
    assert told(allowing, a=config(region="eu")) == []


def test_every_parameter_that_a_selector_selects_is_asked_about() -> None:
    ref = {"selector": {"matchLabels": {"use": "policy"}}, "parameterNotFoundAction": "Deny"}
    text = policy("object.data.num != params.data.num", **{**PARAMS, "bind": {"paramRef": ref}})
    labelled = [config(name, num=name).replace("name:", "labels: {use: policy}\n  name:") for name in ("x1", "x2")]

    assert told(text, a=config(num="z"), b=labelled[0], c=labelled[1]) == []
    assert told(text, a=config(num="x2"), b=labelled[0], c=labelled[1]) == SAYS_NO


def test_variables_are_lazy_and_may_use_each_other() -> None:
    variables = [
        {"name": "x", "expression": "object.data.x"},
        {"name": "twice", "expression": "variables.x + variables.x"},
        {"name": "wait", "expression": "duration('90s')"},
        {"name": "bad", "expression": "object.data.missing"},
    ]
    text = policy(
        "variables.twice == '11' || variables.bad == ''", "variables.wait > duration('1m')", variables=variables
    )

    assert told(text, a=config(x="1")) == []
    (what,) = told(text, a=config(x="2"))
    assert "cannot be evaluated: variable bad: no such key: missing" in what


def test_conditions_choose_and_one_that_fails_is_told() -> None:
    conditions = [{"name": "a", "expression": "object.data.x == '1'"}]

    assert told(policy("false", matchConditions=conditions), a=config(x="2")) == []
    assert told(policy("false", matchConditions=conditions), a=config(x="1")) == SAYS_NO
    (what,) = told(policy("false", matchConditions=conditions), a=config(other="1"))
    assert "cannot be evaluated: no such key: x" in what
    both = [*conditions, {"name": "b", "expression": "object.metadata.name == 'b'"}]
    assert told(policy("false", matchConditions=both), a=config(other="1")) == [], "one false condition is enough"


def test_messages_are_made_by_expressions_texts_or_the_expression() -> None:
    made = {"expression": "false", "messageExpression": "'got ' + object.data.x", "message": "plain"}

    assert told(policy(made), a=config(x="1")) == ["ConfigMap/a: metadata.name: got 1 (policy p)"]
    assert told(policy(made), a=config(other="1")) == ["ConfigMap/a: metadata.name: plain (policy p)"]
    assert told(policy({"expression": "1 > 2"}), a=config()) == [
        "ConfigMap/a: metadata.name: failed expression: 1 > 2 (policy p)"
    ]


def test_a_policy_sees_a_request_to_create() -> None:
    asked = (
        "request.operation == 'CREATE' && request.name == 'a' && request.namespace == 'lab' && oldObject == null"
        " && request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps' && !request.dryRun"
    )

    assert told(policy(asked), a=config()) == []


@pytest.mark.parametrize(
    "expression",
    [
        "request.userInfo.username == 'flux'",
        "!has(request.userInfo) || true",
        "authorizer.group('').resource('pods').check('get').allowed()",
        "request['userInfo'].username == 'flux'",
        "object.data.x == request.uid",
    ],
)
def test_what_only_the_api_server_knows_is_reported_once_and_not_taken_for_granted(expression: str) -> None:
    text = policy(expression, "object.data.x == 'authorizer request'")

    (problem,) = check_schemas(schemas(text))
    assert (problem.code, problem.severity) == ("FP422", Severity.WARNING)
    assert "spec.validations[0].expression cannot be evaluated before admission" in problem.what
    assert problem.where is not None
    assert problem.where.file == "schemas/policies/0.yaml"
    assert told(text, a=config(x="1")) == SAYS_NO, "the other validation still counts"


@pytest.mark.parametrize("expression", ["object.data.x ==", "nope(object)", "params.x == 1", "1 + 'a' == 2"])
def test_an_expression_that_does_not_compile_stops_every_site_until_it_is_corrected(expression: str) -> None:
    text = policy(expression)

    (problem,) = check_schemas(schemas(text))
    assert (problem.code, problem.severity) == ("FP422", Severity.ERROR)
    assert "cannot be compiled" in problem.what
    assert [one.code for one in check(text, a=config())] == ["FP422"]


def test_a_condition_that_cannot_be_used_leaves_the_policy_unasked_and_says_so() -> None:
    conditions = [{"name": "who", "expression": "request.userInfo.username == 'flux'"}]
    text = policy("false", matchConditions=conditions)

    assert [one.severity for one in check_schemas(schemas(text))] == [Severity.WARNING]
    assert told(text, a=config()) == []


@pytest.mark.parametrize(("policy_says", "severity"), [("Fail", Severity.ERROR), ("Ignore", Severity.WARNING)])
def test_an_evaluation_that_fails_is_told_as_the_failure_policy_says(policy_says: str, severity: Severity) -> None:
    (problem,) = check(policy("object.data.x == '1'", failurePolicy=policy_says), a=config())

    assert problem.severity is severity
    assert "the expression object.data.x == '1' cannot be evaluated: no such key: x" in problem.what


def test_what_only_this_engine_cannot_evaluate_is_a_warning() -> None:
    loop = "object.data.x.split('').all(a, object.data.x.split('').all(b, true))"
    (problem,) = check(policy(loop), a=config(x="a" * 200))
    assert problem.severity is Severity.WARNING
    nul = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: lab}\ndata: {x: "a\\0b"}\n'
    (problem,) = check(policy("true"), a=nul)
    assert (problem.severity, "NUL" in problem.what) == (Severity.WARNING, True)


def test_a_policy_without_binding_and_a_binding_without_policy_are_told() -> None:
    first, second = policy("true").split("---\n")

    (unbound,) = check_schemas(schemas(first))
    assert (unbound.severity, "no binding names the policy p" in unbound.what) == (Severity.WARNING, True)
    (lost,) = check_schemas(schemas(second))
    assert (lost.severity, "names the policy p, which is not there" in lost.what) == (Severity.ERROR, True)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [", "expected"),
        ("- 1", "expected an object with apiVersion, kind and metadata.name"),
        ("apiVersion: v1\nkind: ConfigMap", "expected an object with apiVersion, kind and metadata.name"),
        (policy("true").replace("validations:", "validation:"), "unknown field"),
        (policy("true").replace("policyName: p", "policyName: 1"), "spec.policyName"),
        (policy("true").replace("k8s.io/v1", "k8s.io/v1beta1"), "expected admissionregistration.k8s.io/v1"),
        (policy("true") + "---\n" + policy("true"), "stands twice"),
    ],
)
def test_a_file_of_policies_that_is_wrong_is_told_with_its_line(text: str, what: str) -> None:
    found = check_schemas(schemas(text))

    assert found
    assert {one.code for one in found} == {"FP422"}
    assert any(what in one.what for one in found), found
    assert all(one.where and one.where.file == "schemas/policies/0.yaml" and one.hint for one in found)


def test_an_object_that_breaks_its_schema_is_not_asked_about() -> None:
    assert [one.code for one in check(policy("false"), a=config() + "datas: {}\n")] == ["FP403"]


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("params.data.region == 'eu'", {("data", "region")}),
        ("has(params.data) && params.data.x == ''", {("data",)}),
        ("params.?data.?x.orValue('')", {("data", "x")}),
        ("params == null", {()}),
        ("params.data['x'] == '' || params.spec.y", {("data",), ("spec", "y")}),
        ("params.data.x.startsWith('a')", {("data", "x")}),
        ("object.params.x == 'params.y' // params.z", set()),
        ("[params].all(p, p.x == 1)", {()}),
    ],
)
def test_what_an_expression_reads_of_a_variable_is_seen_in_its_text(text: str, paths: set[tuple[str, ...]]) -> None:
    assert Reads.of([text], "params").paths == paths


def test_a_pruned_value_has_what_is_read_and_no_more() -> None:
    reads = Reads.of(["params.a.b == params.c.d"], "params")

    assert reads.pruned({"a": {"b": 1, "x": 2}, "c": 5, "e": 6}) == {"a": {"b": 1}, "c": 5}
    assert reads.pruned(None) is None
    assert Reads.of(["true"], "params").pruned({"a": 1}) == {}


EXAMPLES = REPOSITORY / "tests" / "examples"


def sample(path: Path) -> list[Problem]:
    folder = REPOSITORY / "schemas" / "policies"
    policies = tuple((f"schemas/policies/{one.name}", one.read_bytes()) for one in sorted(folder.glob("*.yaml")))
    validator = Validator(SchemaSet((), Digest.of(b""), policies))
    return validator.check(Manifests("lab", (Manifest(path.name, path.read_bytes()),)), MINOR)


@pytest.mark.parametrize("path", sorted((EXAMPLES / "valid" / "policies").iterdir()), ids=lambda path: path.stem)
def test_an_object_that_the_sample_policies_allow_has_no_problem(path: Path) -> None:
    assert sample(path) == []


@pytest.mark.parametrize("path", sorted((EXAMPLES / "invalid" / "policies").iterdir()), ids=lambda path: path.stem)
def test_an_object_that_a_sample_policy_refuses_is_told_why(path: Path) -> None:
    (problem,) = sample(path)

    expect, says, *_ = path.read_text().splitlines()
    assert (expect, problem.severity) == (f"# expect: {problem.code}", Severity.ERROR)
    assert says.removeprefix("# says: ") in problem.what


def test_every_validation_of_the_sample_policies_has_an_example_that_it_refuses() -> None:
    refused = {sample(path)[0].hint.partition(": ")[2] for path in (EXAMPLES / "invalid" / "policies").iterdir()}
    asked = set()
    for path in (REPOSITORY / "schemas" / "policies").glob("*.yaml"):
        for document in yaml.safe_load_all(path.read_bytes()):
            asked |= {" ".join(one["expression"].split()) for one in document.get("spec", {}).get("validations", ())}

    assert {one for one in asked if one[:200] not in {text[:200] for text in refused}} == set()

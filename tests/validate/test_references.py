"""References that lead nowhere, and all that counts as being there."""

from __future__ import annotations

from pathlib import Path

import pytest

from renderer.errors import Code
from renderer.types import Digest, Manifest, Manifests, Problem, References, SchemaSet, Severity
from renderer.validate import Validator
from renderer.validate.references import QUESTIONS
from tests.validate.support import manifests

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = [question.name for question in QUESTIONS]
LAB = "apiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n"
POD = "containers: [{name: app, image: app}]"
APP = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app, namespace: lab}\n"
    "spec: {selector: {matchLabels: {app: app}}, template: {metadata: {labels: {app: app}}, spec: {POD}}}\n"
)
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: lab}\n"
SERVICE = (
    "apiVersion: v1\nkind: Service\nmetadata: {name: app, namespace: lab}\n"
    "spec: {selector: {app: other}, ports: [{port: 80}]}\n"
)
HELM = (
    "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: chart, namespace: flux-system}\n"
    "spec: {targetNamespace: NAMESPACE, interval: 1h, chartRef: {kind: OCIRepository, name: chart}}\n"
)


def app(pod: str) -> str:
    return APP.replace("POD", f"{POD}, {pod}" if pod else POD)


@pytest.fixture(scope="session")
def asking(schema_set: SchemaSet) -> Validator:
    return Validator(schema_set, references=References())


def told(asking: Validator, **files: str) -> list[str]:
    problems = asking.check(manifests(**files), "1.35")
    assert {problem.code for problem in problems} <= {Code.OBJECT_REFERENCE}, problems
    return [problem.what for problem in problems]


def example(validity: str, name: str, asking: Validator) -> list[Problem]:
    path = EXAMPLES / validity / "rendered" / f"{name}.yaml"
    return asking.check(Manifests("lab", (Manifest(path.name, path.read_bytes()),)), "1.35")


@pytest.mark.parametrize("name", NAMES)
def test_the_good_example_of_a_reference_has_no_problem(name: str, asking: Validator) -> None:
    assert example("valid", name, asking) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_bad_example_of_a_reference_is_told(name: str, asking: Validator) -> None:
    (problem,) = example("warned", name, asking)

    assert problem.code is Code.OBJECT_REFERENCE
    assert problem.severity is Severity.WARNING
    assert problem.what.endswith(f"(rule {name})")
    assert problem.hint
    assert problem.where is not None
    assert problem.where.line > 1


def test_things_may_stand_in_another_file(asking: Validator) -> None:
    pod = "volumes: [{name: a, configMap: {name: settings}}]"
    mounted = app(pod).replace("image: app", "image: app, volumeMounts: [{name: a, mountPath: /a}]")

    assert told(asking, app=mounted, config=CONFIG, lab=LAB) == []
    (what,) = told(asking, app=mounted, lab=LAB)
    assert "spec.template.spec.volumes[0].configMap: there is no ConfigMap settings in namespace lab" in what


def test_a_similar_name_is_suggested(asking: Validator) -> None:
    pod = app("").replace("image: app", "image: app, envFrom: [{configMapRef: {name: setings}}]")

    (problem,) = asking.check(manifests(app=pod, config=CONFIG, lab=LAB), "1.35")

    assert problem.hint == "did you mean settings?"


@pytest.mark.parametrize(
    ("kind", "pod"),
    [
        ("ServiceAccount", "serviceAccountName: nobody"),
        ("Secret", "volumes: [{name: a, secret: {secretName: nobody}}]"),
        ("Secret", "volumes: [{name: a, projected: {sources: [{secret: {name: nobody}}]}}]"),
        ("PersistentVolumeClaim", "volumes: [{name: a, persistentVolumeClaim: {claimName: nobody}}]"),
    ],
)
def test_what_a_pod_names_must_be_there(kind: str, pod: str, asking: Validator) -> None:
    mounted = app(pod)
    if "volumes" in pod:
        mounted = mounted.replace("image: app", "image: app, volumeMounts: [{name: a, mountPath: /a}]")

    (what,) = told(asking, app=mounted, lab=LAB)

    assert f"there is no {kind} nobody in namespace lab" in what


def test_what_is_optional_may_be_absent(asking: Validator) -> None:
    pod = app("").replace("image: app", "image: app, envFrom: [{secretRef: {name: nobody, optional: true}}]")

    assert told(asking, app=pod, lab=LAB) == []


@pytest.mark.parametrize(
    "maker",
    [
        (
            "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: any, namespace: lab}\n"
            "spec: {target: {name: made}, secretStoreRef: {name: a}, dataFrom: [{extract: {key: a}}]}\n"
        ),
        (
            "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: any, namespace: lab}\n"
            "spec: {secretName: made, dnsNames: [a.example], issuerRef: {name: ca}}\n"
        ),
        HELM.replace("NAMESPACE", "lab"),
    ],
    ids=["ExternalSecret", "Certificate", "HelmRelease"],
)
def test_secrets_that_operators_make_are_there(maker: str, asking: Validator) -> None:
    pod = app("").replace("image: app", "image: app, envFrom: [{secretRef: {name: made}}]")

    assert told(asking, app=pod, lab=LAB, maker=maker) == []
    assert len(told(asking, app=pod, lab=LAB, maker=maker.replace("made", "other").replace("lab", "far"))) >= 1


def test_operators_name_what_they_make_after_the_object_that_asks(schema_set: SchemaSet) -> None:
    allowing = Validator(schema_set, frozenset({"db.example/Cluster"}), References())
    cluster = "apiVersion: db.example/v1\nkind: Cluster\nmetadata: {name: db, namespace: lab}\n"
    pod = app("").replace("image: app", "image: app, envFrom: [{secretRef: {name: db-app}}]")

    assert told(allowing, app=pod, lab=LAB, cluster=cluster) == []
    assert len(told(allowing, app=pod.replace("db-app", "dba"), lab=LAB, cluster=cluster)) == 1


def test_every_cluster_has_some_namespaces_and_default_accounts(asking: Validator) -> None:
    config = CONFIG.replace("namespace: lab", "namespace: kube-system")
    pod = app("serviceAccountName: default").replace("image: app", "image: app, envFrom: [{configMapRef: {name: X}}]")

    assert told(asking, config=config, app=pod.replace("X", "kube-root-ca.crt"), lab=LAB) == []


def test_a_namespace_that_nothing_creates_is_told_at_each_object(asking: Validator) -> None:
    (what,) = told(asking, config=CONFIG)

    assert (
        what == "ConfigMap/settings: metadata.namespace: nothing creates the namespace lab (rule reference-namespace)"
    )


def test_a_helm_release_may_create_its_namespace(asking: Validator) -> None:
    helm = HELM.replace("NAMESPACE, ", "lab, install: {createNamespace: true}, ")

    assert told(asking, config=CONFIG, helm=helm) == []


def test_a_selector_asks_only_pods_of_its_namespace(asking: Validator) -> None:
    service = SERVICE.replace("app: other", "app: app")
    far = service.replace("namespace: lab", "namespace: far")

    assert told(asking, app=app(""), service=service, lab=LAB) == []
    (what,) = told(asking, app=app(""), service=far, lab=LAB, far=LAB.replace("lab", "far"))
    assert "Service/app: spec.selector: matches no pod of namespace far" in what


def test_a_namespace_where_helm_or_an_operator_makes_pods_is_not_judged(schema_set: SchemaSet) -> None:
    allowing = Validator(schema_set, frozenset({"db.example/Cluster"}), References())
    cluster = "apiVersion: db.example/v1\nkind: Cluster\nmetadata: {name: db, namespace: lab}\n"

    assert len(told(allowing, service=SERVICE, lab=LAB)) == 1
    assert told(allowing, service=SERVICE, lab=LAB, cluster=cluster) == []
    assert told(allowing, service=SERVICE, lab=LAB, helm=HELM.replace("NAMESPACE", "lab")) == []


def test_kustomize_may_place_name_and_generate(asking: Validator) -> None:
    kustomization = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
    pod = app("").replace("image: app", "image: app, envFrom: [{configMapRef: {name: settings}}]")
    generated = kustomization + "configMapGenerator: [{name: settings, literals: [a=b]}]\nresources: [app.yaml]\n"
    placed = kustomization + "namespace: lab\nresources: [config.yaml]\n"

    assert told(asking, app=pod, lab=LAB, kustomization=generated) == []
    assert told(asking, config=CONFIG.replace(", namespace: lab", ""), kustomization=placed) == []


def test_promised_things_are_not_told(schema_set: SchemaSet) -> None:
    pod = app("").replace("image: app", "image: app, envFrom: [{secretRef: {name: pull}}]")
    promising = Validator(schema_set, references=References(provided=("Namespace/lab", "Secret/*/pull")))

    assert told(promising, app=pod) == []


@pytest.mark.parametrize("severity", [Severity.ERROR, Severity.WARNING])
def test_the_fleet_chooses_how_serious_it_is(severity: Severity) -> None:
    (problem,) = Validator(SchemaSet((), Digest.of(b"")), references=References(severity)).check(
        manifests(config=CONFIG), "1.35"
    )

    assert problem.severity is severity


def test_references_can_be_left_alone() -> None:
    assert (
        Validator(SchemaSet((), Digest.of(b"")), references=References(None)).check(manifests(config=CONFIG), "1.35")
        == []
    )


def test_roles_and_accounts_of_bindings_must_be_there(asking: Validator) -> None:
    binding = (
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a, namespace: lab}\n"
        "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ROLE}\n"
        "subjects: [{kind: ServiceAccount, name: default, namespace: lab}]\n"
    )

    assert told(asking, binding=binding.replace("ROLE", "view"), lab=LAB) == []
    (what,) = told(asking, binding=binding.replace("ROLE", "vieww"), lab=LAB)
    assert "roleRef.name: there is no ClusterRole vieww (" in what


def test_the_same_file_at_another_path_is_told_there(asking: Validator) -> None:
    first, second = (asking.check(manifests(**{name: CONFIG}), "1.35") for name in ("here", "there"))

    assert [str(one.where) for one in (*first, *second)] == ["here.yaml:3", "there.yaml:3"]

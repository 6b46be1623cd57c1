"""What is checked across the files of a site, and what the memo may and may not do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code
from renderer.types import Digest, Manifest, Manifests, SchemaSet
from renderer.validate import Validator, objects, reports
from renderer.validate.memo import Memo
from tests.validate.support import manifests

if TYPE_CHECKING:
    from renderer.validate.catalog import Catalog
    from renderer.validate.report import FileReport

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: lab}\n"
WRONG = CONFIG + "data: {port: 8080}\n"
WIDGET = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: a}\nspec: {size: 1}\n"
CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.acme.example}
spec:
  group: acme.example
  names: {kind: Widget, plural: widgets}
  scope: Namespaced
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: TYPE}}}}}}
"""
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"


def empty() -> Validator:
    return Validator(SchemaSet((), Digest.of(b"")))


def codes(kubernetes: str = "1.35", **files: str) -> list[str]:
    return [problem.code.value for problem in empty().check(manifests(**files), kubernetes)]


def test_an_unknown_minor_lists_those_that_are_carried() -> None:
    (problem,) = empty().check(manifests(a=CONFIG), "1.99", "sites/lab.yaml")

    assert problem.code is Code.KUBERNETES_UNKNOWN
    assert problem.where is not None
    assert problem.where.file == "sites/lab.yaml"
    assert "1.34, 1.35" in problem.hint


def test_an_object_in_two_files_names_both() -> None:
    (problem,) = empty().check(manifests(apps__a=CONFIG, apps__b="---\n" + CONFIG), "1.35")

    assert problem.code is Code.OBJECT_DUPLICATE
    assert "apps/a.yaml:3 and in apps/b.yaml:4" in problem.what
    assert str(problem.where) == "apps/b.yaml:4"


def test_files_that_are_no_yaml_or_json_are_left_alone() -> None:
    site = Manifests("lab", (Manifest("README.md", b"{{"), Manifest("a.json", CONFIG.replace("lab", "no").encode())))

    assert [problem.where.file for problem in empty().check(site, "1.35") if problem.where] == ["a.json"]


def test_a_definition_in_the_artifact_is_known_to_its_site_only() -> None:
    shared = empty()
    crd = CRD.replace("TYPE", "integer")

    with_definition = shared.check(manifests(crd=crd, a=WIDGET), "1.35")
    without = shared.check(manifests(a=WIDGET), "1.35")

    assert with_definition == []
    assert [problem.code for problem in without] == [Code.OBJECT_KIND_UNKNOWN]


def test_a_definition_in_the_artifact_goes_before_the_fleets() -> None:
    fleet = SchemaSet((("crd.yaml", CRD.replace("TYPE", "integer").encode()),), Digest.of(b""))

    (problem,) = Validator(fleet).check(manifests(crd=CRD.replace("TYPE", "string"), a=WIDGET), "1.35")

    assert "expected a string, got an integer" in problem.what


def test_allowed_kinds_pass_without_a_schema() -> None:
    allowing = Validator(SchemaSet((), Digest.of(b"")), frozenset({"acme.example/Widget"}))

    assert allowing.check(manifests(a=WIDGET), "1.35") == []
    assert [one.code for one in allowing.check(manifests(a=WIDGET.replace("name: a", "name: A")), "1.35")] == [
        Code.OBJECT_NAME
    ]


def test_files_that_a_kustomization_uses_as_data_need_not_be_objects() -> None:
    kustomization = KUSTOMIZATION + (
        "resources: [settings.yaml, ../base]\npatches: [{path: patch.yaml}]\n"
        "configMapGenerator: [{name: a, files: [values.yaml, renamed.yaml=more.yaml]}]\n"
    )
    patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {replicas: 3}\n"
    files = {"overlay__patch": patch, "overlay__values": "mtu: 1500\n", "overlay__more": "- 1\n"}

    found = codes(
        base__kustomization=KUSTOMIZATION, overlay__kustomization=kustomization, overlay__settings=CONFIG, **files
    )

    assert found == []
    assert codes(**files) == ["FP402", "FP403", "FP403", "FP402", "FP402", "FP402"]


def test_a_secret_cannot_hide_among_the_data_of_a_kustomization() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {token: planted}\n"

    (problem,) = empty().check(
        manifests(kustomization=KUSTOMIZATION + "patches: [{path: patch.yaml}]\n", patch=secret), "1.35"
    )

    assert problem.code is Code.OBJECT_SECRET
    assert "planted" not in f"{problem.what} {problem.hint}"


def test_a_resource_that_leaves_the_artifact_is_missing() -> None:
    assert codes(kustomization=KUSTOMIZATION + "resources: [../../etc/passwd.yaml]\n") == ["FP403"]


def test_a_secret_with_a_wrong_type_does_not_show_its_value() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {pin: 424242, key: 'not base64 424242'}\n"

    found = empty().check(manifests(a=secret), "1.35")

    assert {problem.code for problem in found} == {Code.OBJECT_SECRET, Code.OBJECT_SCHEMA}
    assert not any("424242" in f"{problem.what} {problem.hint}" for problem in found)


def test_a_long_value_is_clipped() -> None:
    (problem,) = empty().check(manifests(a=CONFIG + f"immutable: {'x' * 500}\n"), "1.35")

    assert len(problem.what) < 150


def test_one_document_tells_at_most_twenty_problems_and_how_many_more_there_are() -> None:
    data = "".join(f"  key{number}: {number}\n" for number in range(1, 31))

    found = empty().check(manifests(a=CONFIG + "data:\n" + data), "1.35")

    assert len(found) == 21
    assert found[-1].what == "… and 10 more problems in this document"


def test_problems_come_in_the_order_of_files_and_lines_whatever_the_order_of_checking() -> None:
    fresh, used = empty(), empty()
    site = manifests(a=WRONG, b=WRONG.replace("settings", "Other") + "immutable: 5\n", c=WIDGET)
    used.check(manifests(z=WRONG, c=WIDGET), "1.34")
    used.check(manifests(z=WRONG, c=WIDGET), "1.35")

    found = fresh.check(site, "1.35")

    assert found == used.check(site, "1.35") == fresh.check(site, "1.35")
    assert found == sorted(found, key=objects.order)


def test_the_same_content_at_another_path_is_told_there() -> None:
    shared = empty()
    first = shared.check(manifests(a=WRONG), "1.35")
    second = shared.check(manifests(deep__b=WRONG), "1.35")

    assert [str(problem.where) for problem in first + second] == ["a.yaml:4", "deep/b.yaml:4"]


def test_a_file_is_validated_once_per_minor_and_content(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def counted(path: str, content: bytes, catalog: Catalog) -> FileReport:
        seen.append(content)
        return objects.check_file(path, content, catalog)

    monkeypatch.setattr(reports, "check_file", counted)
    shared = empty()
    for minor in ("1.34", "1.35", "1.34"):
        for name in ("a", "b"):
            shared.check(manifests(**{name: CONFIG}), minor)

    assert seen == [CONFIG.encode()] * 2


def test_the_memo_forgets_what_nobody_asks_for_and_keeps_what_is_shared() -> None:
    memo: Memo[int, str] = Memo(10)
    memo.put(-1, "shared")

    for number in range(100):
        memo.put(number, "own")
        memo.put(number, "own")
        assert memo.get(-1) == "shared"

    assert memo.get(0) is None
    assert len(memo._young) + len(memo._old) <= 20


def test_a_full_memo_keeps_only_what_comes_a_second_time() -> None:
    memo: Memo[int, str] = Memo(10)
    for number in range(11):
        memo.put(number, "first")

    memo.put(50, "own")
    assert memo.get(50) is None
    memo.put(50, "own")
    assert memo.get(50) == "own"

    for number in range(100, 1000):
        memo.put(number, "own")
    assert memo.get(50) == "own"
    assert len(memo._noted) <= 160


def test_an_api_is_refused_only_by_the_minors_that_do_not_have_it() -> None:
    flow = "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}\n"

    assert codes(a=flow, kubernetes="1.28") == []
    assert codes(a=flow, kubernetes="1.31") == ["FP413"]
    (problem,) = empty().check(manifests(a=flow), "1.32")
    assert problem.code is Code.OBJECT_API_REMOVED
    assert "1.31 was the last that did" in problem.what
    assert problem.hint == "use flowcontrol.apiserver.k8s.io/v1"


def test_an_api_of_a_later_minor_names_the_first_that_has_it() -> None:
    policy = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: a}\n"

    (problem,) = empty().check(manifests(a=policy), "1.29")

    assert "1.30 is the first that does" in problem.what
    assert problem.hint == "use admissionregistration.k8s.io/v1beta1"


@pytest.mark.parametrize("minor", ["1.25", "1.34", "1.35", "1.37"])
def test_the_usual_kinds_pass_in_every_minor(minor: str) -> None:
    assert codes(a=CONFIG, kubernetes=minor) == []

"""The fleet's own policies: what they find in each file of the corpora, and what of them is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from renderer.types import Digest, Manifest, Manifests, Problem, SchemaSet, Severity
from renderer.validate import Policies, check_schemas, policies, policies_evidence
from tests.validate.support import manifests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.validate.policies_evidence import Evidence

EXAMPLES = Path(__file__).parents[1] / "examples"
LABELS = {"region": ("eu", "us", "apac"), "topology": ("single-node", "ha")}
EU, US = {"region": "eu", "topology": "ha"}, {"region": "us", "topology": "ha"}


def of(*texts: str) -> Policies:
    files = tuple((f"schemas/policies/{number}.yaml", text.encode()) for number, text in enumerate(texts))
    return Policies.of(SchemaSet((), Digest.of(b""), files), LABELS)


def files(validity: str, kind: str) -> list[Path]:
    return sorted((EXAMPLES / validity / kind).iterdir())


def expected(path: Path) -> set[str]:
    first = path.read_text().splitlines()[0]
    assert first.startswith("# expect: FP"), "the first line says which codes are expected"
    return set(first.removeprefix("# expect: ").split())


def assert_told_well(problems: list[Problem], path: Path) -> None:
    assert {problem.code.value for problem in problems} == expected(path), problems
    assert all(problem.hint for problem in problems)
    places = [problem.where for problem in problems if problem.where is not None]
    assert all(place.file == path.name for place in places)
    # Only what a site has in sum stands nowhere in its files.
    assert len(places) == len(problems) or expected(path) == {"FP435"}


@pytest.fixture(scope="module")
def judging() -> Policies:
    found = of((EXAMPLES / "judging/policies.yaml").read_text())
    assert found.problems == []
    return found


def judge(judging: Policies, path: Path) -> list[Problem]:
    return judging.check(Manifests("lab", (Manifest(path.name, path.read_bytes()),)), EU)


@pytest.mark.parametrize("path", files("valid", "judged"), ids=lambda path: path.stem)
def test_policies_have_nothing_against_a_good_file(path: Path, judging: Policies) -> None:
    assert judge(judging, path) == []


@pytest.mark.parametrize("path", files("invalid", "judged"), ids=lambda path: path.stem)
def test_policies_find_in_a_bad_file_what_its_first_line_says(path: Path, judging: Policies) -> None:
    assert_told_well(judge(judging, path), path)


@pytest.mark.parametrize("path", files("valid", "policy"), ids=lambda path: path.stem)
def test_a_good_policy_file_has_no_problem(path: Path) -> None:
    assert of(path.read_text()).problems == []


@pytest.mark.parametrize("path", files("invalid", "policy"), ids=lambda path: path.stem)
def test_a_bad_policy_file_has_the_problems_its_first_line_names(path: Path) -> None:
    schemas = SchemaSet((), Digest.of(b""), ((path.name, path.read_bytes()),))

    assert_told_well(Policies.of(schemas, LABELS).problems, path)


def test_the_corpora_are_large() -> None:
    assert len(files("invalid", "judged")) >= 150
    assert len(files("valid", "judged")) >= 50
    assert len(files("invalid", "policy")) >= 40


def test_a_bad_policy_stops_every_site() -> None:
    broken = of("kind: Egress\nname: a\nalow: []\n")

    assert {problem.code.value for problem in broken.check(manifests(a="a: b\n"), EU)} == {"FP201", "FP202"}


def test_misspelt_keys_labels_and_values_are_answered_with_the_one_that_was_meant() -> None:
    texts = [
        "kind: Egress\nname: a\nallow: [{sites: {regoin: eu}, hosts: [a.example]}]\n",
        "kind: Egress\nname: b\nallow: [{sites: {region: apc}, hosts: [a.example]}]\n",
        "kind: Egress\nname: c\nallow: [{hots: [a.example]}]\n",
    ]

    hints = [problem.hint for problem in of(*texts).problems]

    assert hints == ["did you mean region?", "did you mean apac?", "did you mean hosts?"]


def test_the_policies_of_kubernetes_and_of_the_fleet_share_files() -> None:
    own = "kind: Images\nname: pins\nrequire: [{pin: any}]\n"
    theirs = "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: p}\n"
    both = SchemaSet((), Digest.of(b""), (("p.yaml", f"{own}---\n{theirs}spec: {{validations: []}}\n".encode()),))

    assert [*Policies.of(both, LABELS).names] == ["pins"]
    assert {problem.what for problem in check_schemas(both)} == {"no binding names the policy p, so it does nothing"}


RESIDENCY = """
kind: Egress
name: residency
why: results stay
allow:
  - sites: {region: eu}
    hosts: ["*.eu.example"]
  - sites: {region: [us, apac], topology: ha}
    hosts: ["*.us.example"]
"""
URL = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: lab}\ndata:\n  url: https://x.us.example\n"


def test_a_host_of_another_region_is_told_with_both_regions_at_its_line() -> None:
    (problem,) = of(RESIDENCY).check(manifests(a=URL), EU)

    assert problem.code == "FP433"
    assert problem.what == (
        "ConfigMap/a: data.url: x.us.example is allowed for region apac or us and topology ha, "
        "and this site has region eu, topology ha (policy residency)"
    )
    assert str(problem.where) == "a.yaml:5"
    assert problem.hint.endswith("results stay")
    assert (problem.rule, problem.object) == ("residency", "ConfigMap/lab/a")


def test_a_scope_asks_for_all_its_labels() -> None:
    assert of(RESIDENCY).check(manifests(a=URL), US) == []
    assert len(of(RESIDENCY).check(manifests(a=URL), {**US, "topology": "single-node"})) == 1


def test_a_host_in_a_text_of_several_lines_is_told_at_its_line() -> None:
    text = URL.replace("url: https://x.us.example", "app.conf: |\n    # results\n    to https://x.us.example\n    end")

    (problem,) = of(RESIDENCY).check(manifests(a=text), EU)

    assert str(problem.where) == "a.yaml:7"


def test_user_names_and_passwords_never_reach_a_message() -> None:
    urls = [
        "https://lab:planted@x.us.example/",
        "https://planted@a@x.us.example",
        "postgres://lab:planted@x.us.example/p",
    ]
    for url in urls:
        found = of(RESIDENCY).check(manifests(a=URL.replace("https://x.us.example", url)), EU)

        assert found
        assert all("planted" not in f"{problem.what}{problem.hint}" for problem in found)


def test_what_stands_in_a_secret_is_not_looked_at() -> None:
    secret = URL.replace("ConfigMap", "Secret").replace("data:", "stringData:")

    assert of(RESIDENCY).check(manifests(a=secret), EU) == []


def test_files_that_are_no_yaml_are_searched_line_by_line() -> None:
    script = Manifest("run.sh", b"#!/bin/sh\ncurl https://x.us.example/\n")

    (problem,) = of(RESIDENCY).check(Manifests("lab", (script,)), EU)

    assert str(problem.where) == "run.sh:2"


def test_a_policy_may_warn_only() -> None:
    (problem,) = of(RESIDENCY.replace("why:", "severity: warning\nwhy:")).check(manifests(a=URL), EU)

    assert problem.severity is Severity.WARNING


def test_a_limit_counts_all_files_of_a_site_and_names_both_numbers() -> None:
    limit = of("kind: Limits\nname: small\nlimits: [{objects: 2, requests: {memory: 1Gi}}]\n")
    spec = "{containers: [{resources: {requests: {memory: 512Mi}}}]}"
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: NAME}}\nspec: {spec}\n"
    named = {name: pod.replace("NAME", name) for name in ("a", "b", "c")}

    assert limit.check(manifests(a=named["a"], b=named["b"]), EU) == []
    assert [problem.what for problem in limit.check(manifests(**named), EU)] == [
        "expected at most 1Gi memory requested by all pods, got 1.5Gi (policy small)",
        "expected at most 2 objects, got 3 (policy small)",
    ]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read, and for which region it was judged, each time."""
    done: list[str] = []
    kind = type(of(RESIDENCY)._policies[0])
    read, read_all, judge = policies_evidence.evidence_of, policies_evidence.evidence_of_documents, kind.judge

    def reading(suffix: str, content: bytes) -> Evidence:
        done.append("read")
        return read(suffix, content)

    def reading_all(documents: Any) -> Evidence:
        done.append("read")
        return read_all(documents)

    def judging(self: Any, evidence: Evidence, labels: Mapping[str, str]) -> Iterator[Any]:
        done.append(labels["region"])
        return judge(self, evidence, labels)

    monkeypatch.setattr(policies, "evidence_of", reading)
    monkeypatch.setattr(policies, "evidence_of_documents", reading_all)
    monkeypatch.setattr(kind, "judge", judging)
    return done


def test_a_document_is_read_once_for_all_sites_and_judged_once_for_each_region(work: list[str]) -> None:
    asked = of(RESIDENCY)

    for number in range(50):
        asked.check(manifests(a=URL, b="a: b\n"), {**(EU if number % 2 else US), "segment": f"s{number}"})

    assert sorted(work) == ["eu", "eu", "read", "read", "us", "us"]


def test_a_document_of_the_sites_own_does_not_make_the_others_of_its_file_new(work: list[str]) -> None:
    asked = of(RESIDENCY)

    for number in range(10):
        problems = asked.check(manifests(a=f"a: {number}\n---\n{URL}---\nb: 1\n"), EU)
        assert [str(problem.where) for problem in problems] == ["a.yaml:7"]

    assert work.count("read") == work.count("eu") == 12


def test_without_policies_no_file_is_read(work: list[str]) -> None:
    assert of().check(manifests(a=URL), EU) == []
    assert work == []


def test_a_long_text_does_not_make_the_search_for_hosts_endless() -> None:
    asked = of(RESIDENCY)
    for part in ("a.", "a:", "https:", "://", "a@", "host=", "a-b.c", "\\", "[", "1.", "//a.", "\t."):
        text = part * (200_000 // len(part))

        # It ends: a pattern that backtracks over all of it would take hours.
        asked.check(Manifests("lab", (Manifest("a.txt", text.encode()),)), EU)

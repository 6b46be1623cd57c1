"""read.fleet: fleet.yaml is found, read, and judged where a schema cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code, ConfigurationError
from renderer.read import find_fleet, load_fleet
from renderer.types import ClusterSettings, Document, Origin, Problem, Publishing, SignatureFormat
from tests.build import FLEET, accept, build_fleet

if TYPE_CHECKING:
    from pathlib import Path


def problems_of(repository: Path, text: str) -> list[Problem]:
    with pytest.raises(ConfigurationError) as caught:
        load_fleet(build_fleet(repository, {"fleet.yaml": text}), check=accept)
    assert all(problem.hint for problem in caught.value.problems)
    return list(caught.value.problems)


def test_a_small_fleet_has_defaults_for_everything_else(tmp_path: Path) -> None:
    fleet = load_fleet(build_fleet(tmp_path, {}), check=accept)
    assert fleet.name == "labs"
    assert fleet.repository == tmp_path.resolve()
    assert fleet.labels == {"region": ("eu", "us"), "kubernetes": ("1.34", "1.35")}
    assert fleet.layers == ("global.yaml", "regions/{region}.yaml")
    assert fleet.templates == tmp_path.resolve() / "templates"
    assert fleet.schemas == tmp_path.resolve() / "schemas"
    assert fleet.signature_formats == (SignatureFormat.BUNDLE,)
    assert fleet.cluster == ClusterSettings()


def test_all_settings_are_read(tmp_path: Path) -> None:
    text = FLEET + (
        "registries: {eu: 'oci://eu.example/x', us: 'oci://us.example:5000'}\nsigning: {format: both}\n"
        "validation: {allowKinds: [acme.example/Widget]}\ncluster: {interval: 5m, prune: false}\ntemplates: ../../t\n"
    )
    fleet = load_fleet(build_fleet(tmp_path, {"fleet.yaml": text, "t/a/1/x": ""}), check=accept)
    assert fleet.registries == {"eu": "oci://eu.example/x", "us": "oci://us.example:5000"}
    assert fleet.signature_formats == (SignatureFormat.BUNDLE, SignatureFormat.LEGACY)
    assert fleet.allow_kinds == {"acme.example/Widget"}
    assert fleet.cluster == ClusterSettings(interval="5m", prune=False)
    assert fleet.templates == tmp_path.resolve() / "t"


def test_the_repository_is_the_git_work_tree_when_there_is_one(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    fleet = load_fleet(build_fleet(tmp_path / "below", {}), check=accept)
    assert fleet.repository == tmp_path.resolve()


def test_without_git_the_repository_is_where_the_templates_are(tmp_path: Path) -> None:
    text = FLEET + "templates: ../../../shared/templates\n"
    root = build_fleet(tmp_path / "below", {"fleet.yaml": text})
    assert load_fleet(root, check=accept).repository == tmp_path.resolve()


def test_problems_of_the_shape_come_from_the_check_and_end_the_reading(tmp_path: Path) -> None:
    def check(kind: str, document: Document) -> list[Problem]:
        assert kind == "fleet"
        return [Problem(Code.INPUT_SCHEMA, "bad", document.origin(("name",)), "fix it")]

    with pytest.raises(ConfigurationError, match=r"^fleets/labs/fleet\.yaml:1: bad$"):
        load_fleet(build_fleet(tmp_path, {}), check=check)


def test_yaml_problems_carry_the_file_relative_to_the_repository(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path, FLEET + "cluster: {prune: yes}\n")
    assert (problem.code, problem.where) == (Code.YAML_AMBIGUOUS, Origin("fleets/labs/fleet.yaml", 6, 18))


@pytest.mark.parametrize(
    ("old", "new", "words", "hint", "line"),
    [
        ("name: labs", "name: Labs_", "DNS-1123", "lower-case", 1),
        ("  region: [eu, us]", "  tier: [eu, us]", "region is missing", "add region", 2),
        ('"1.35"]', '"1.35"]\n  site: [a]', "hides the name", "rename", 5),
        ("{region}.yaml", "{regoin}.yaml", "asks for the label regoin", "did you mean {region}?", 5),
        ("{region}.yaml", "{tier}.yaml", "asks for the label tier", "add the label", 5),
        ("global.yaml", "../global.yaml", "below layers/", "regions/{region}", 5),
        ("global.yaml", "/etc/global.yaml", "below layers/", "regions/{region}", 5),
        ("global.yaml", "global.yml", "ends in .yaml", "regions/{region}", 5),
        ("[eu, us]", "[eu, ../us]", "value ../us of region", "letters", 5),
        ("layers:", "registries: {eu: 'oci://a/b'}\nlayers:", "us has no registry", "add us", 5),
        ("layers:", "registries: {eu: 'oci://a', uss: 'oci://a', us: 'oci://a'}\nlayers:", "uss is not", "mean us?", 5),
        ("layers:", "registries: {eu: 'https://a/b', us: 'oci://a/b'}\nlayers:", "got https://a/b", "oci://", 5),
        ("layers:", "registries: {eu: 'oci://a/b:1', us: 'oci://a/b'}\nlayers:", "without tag", "oci://", 5),
        ("layers:", "registries: {eu: 'oci://', us: 'oci://a/b'}\nlayers:", "expected oci://", "oci://", 5),
        ("layers:", "schemas: /etc\nlayers:", "outside the repository", "inside", 5),
    ],
)  # fmt: skip
def test_what_a_schema_cannot_see_is_told(tmp_path: Path, old: str, new: str, words: str, hint: str, line: int) -> None:
    (tmp_path / ".git").mkdir()
    assert old in FLEET
    text = FLEET.replace(old, new)
    if "tier: " in text:
        text = text.replace("{region}", "{tier}")
    (problem,) = problems_of(tmp_path, text)
    assert words in problem.what
    assert hint in problem.hint
    assert problem.where is not None
    assert (problem.where.file, problem.where.line) == ("fleets/labs/fleet.yaml", line)


def test_all_flaws_are_told_at_once(tmp_path: Path) -> None:
    text = FLEET.replace("labs", "LABS").replace("{region}", "{x}").replace("global", "../g")
    assert len(problems_of(tmp_path, text)) == 3


@pytest.mark.parametrize("text", ["", "- a\n", "text\n"])
def test_a_file_that_is_no_map_is_refused_even_without_a_check(tmp_path: Path, text: str) -> None:
    assert problems_of(tmp_path, text)[0].code is Code.INPUT_SCHEMA


def test_a_folder_without_fleet_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        load_fleet(tmp_path, check=accept)


def test_the_fleet_is_found_from_inside_above_and_below(tmp_path: Path) -> None:
    root = build_fleet(tmp_path, {"sites/a.yaml": "", "templates/x/1/f": ""}).resolve()
    for start in (root, root / "sites", tmp_path, tmp_path / "templates" / "x", tmp_path / "fleets"):
        assert find_fleet(start) == root


def test_two_fleets_or_none_need_a_choice(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(ConfigurationError, match="there is no fleet"):
        find_fleet(tmp_path)
    build_fleet(tmp_path, {})
    build_fleet(tmp_path, {}, name="clinics")
    with pytest.raises(ConfigurationError, match="more than one fleet here: one of clinics, labs"):
        find_fleet(tmp_path)


SHARING = FLEET.replace('["1.34", "1.35"]', '["1.34", "1.35"]\n  topology: [one, three]\n  rack: [a, b]')


def test_labels_that_choose_layers_form_cohorts_and_all_others_are_a_sites_own(tmp_path: Path) -> None:
    text = f"{SHARING}publishing: {{mode: shared-base, own: [node_ips, cilium.mtu], labels: [topology]}}\n"

    found = load_fleet(build_fleet(tmp_path, {"fleet.yaml": text}), check=accept).publishing

    assert found.shared
    assert found.cohorts == ("region", "topology")
    assert found.own == (("cilium", "mtu"), ("kubernetes",), ("node_ips",), ("rack",))


def test_without_the_mode_nothing_is_shared(tmp_path: Path) -> None:
    assert load_fleet(build_fleet(tmp_path / "a", {}), check=accept).publishing == Publishing()
    text = f"{FLEET}publishing: {{mode: site}}\n"
    assert load_fleet(build_fleet(tmp_path / "b", {"fleet.yaml": text}), check=accept).publishing == Publishing()


@pytest.mark.parametrize(
    ("publishing", "what"),
    [
        ("{mode: site, own: [a]}", "own is about the mode shared-base only"),
        ("{mode: shared-base, labels: [topologie]}", "there is no label topologie"),
        ("{mode: shared-base, labels: [topology], own: [topology]}", "cannot be each site's own and form cohorts"),
        ("{mode: shared-base, own: [region]}", "the label region chooses layers or the registry"),
    ],
)
def test_publishing_that_contradicts_itself_is_told(tmp_path: Path, publishing: str, what: str) -> None:
    (problem,) = problems_of(tmp_path, f"{SHARING}publishing: {publishing}\n")

    assert what in problem.what
    assert problem.where is not None
    assert problem.where.line == 8

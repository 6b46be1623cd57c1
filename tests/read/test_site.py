"""read.site, read.layers and read.trace: sites merged over their layers, with everything that is wrong told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.errors import Code, ConfigurationError
from renderer.read import Layers, list_sites, load_fleet, load_site, trace_site
from renderer.types import Document, Origin, Problem, Rejected, Site, TemplatePin, Trace
from tests.build import FLEET, LABELS, accept, build_fleet, open_fleet, write

if TYPE_CHECKING:
    from pathlib import Path

PIN = 'templates: {base: "1.0"}\n'


def site_of(repository: Path, files: dict[str, str | bytes], name: str = "a") -> Site | Rejected:
    fleet, layers, sites = open_fleet(repository, files)
    return load_site(fleet, layers, sites[name], check=accept)


def rejected(repository: Path, files: dict[str, str | bytes], name: str = "a") -> tuple[Problem, ...]:
    found = site_of(repository, files, name)
    assert isinstance(found, Rejected)
    assert all(problem.site == found.site == name and problem.hint for problem in found.problems)
    return found.problems


def test_a_site_is_its_file_over_its_layers(tmp_path: Path) -> None:
    site = site_of(
        tmp_path,
        {
            "layers/global.yaml": """\
                templates: {base: "1.0", extra: "2.0"}
                values: {cni: {mtu: 1500, mode: vxlan}, dns: [a]}
                """,
            "layers/regions/eu.yaml": """\
                templates: {extra: null, add: next}
                values: {cni: {mode: null}, tz: Europe/Berlin}
                """,
            "sites/eu/a.yaml": LABELS + 'templates: {base: "1.1"}\nvalues: {cni: {mtu: 9000}, dns: [b, c]}\n',
        },
    )
    assert site == Site(
        name="a",
        file="fleets/labs/sites/eu/a.yaml",
        labels={"region": "eu", "kubernetes": "1.34"},
        values={"cni": {"mtu": 9000}, "dns": ["b", "c"], "tz": "Europe/Berlin"},
        templates=(TemplatePin("add", "next"), TemplatePin("base", "1.1")),
        layers=("global.yaml", "regions/eu.yaml"),
    )


def test_two_sites_share_no_map_and_no_list(tmp_path: Path) -> None:
    files = {"layers/global.yaml": PIN + "values: {m: {list: [1]}}\n", "sites/a.yaml": LABELS, "sites/b.yaml": LABELS}
    fleet, layers, sites = open_fleet(tmp_path, files)
    first = load_site(fleet, layers, sites["a"], check=accept)
    assert isinstance(first, Site)
    first.values["m"]["list"].append(2)  # type: ignore[index, call-overload, union-attr]
    second = load_site(fleet, layers, sites["b"], check=accept)
    assert isinstance(second, Site)
    assert second.values == {"m": {"list": [1]}}


def test_missing_and_wrong_labels_are_told_with_what_was_meant(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "layers/global.yaml": PIN,
        "sites/a.yaml": 'labels:\n  region: ue\n  kubernets: "1.34"\n',
    }
    region, kubernetes = rejected(tmp_path, files)
    assert (region.code, region.where) == (Code.SITE_LABEL, Origin("fleets/labs/sites/a.yaml", 2, 3))
    assert "region is ue, expected one of eu, us" in region.what
    assert "kubernetes is missing" in kubernetes.what
    assert kubernetes.hint == "rename the label kubernets"


def test_free_labels_are_kept_but_cannot_hide_the_site_and_the_fleet(tmp_path: Path) -> None:
    files = {"layers/global.yaml": PIN, "sites/a.yaml": 'labels: {region: eu, kubernetes: "1.34", floor: "3"}'}
    site = site_of(tmp_path, {**files})
    assert isinstance(site, Site)
    assert site.labels["floor"] == "3"
    files["sites/a.yaml"] = 'labels: {region: eu, kubernetes: "1.34", site: x}'
    assert [problem.code for problem in rejected(tmp_path, {**files})] == [Code.VALUE_RESERVED]


def test_a_missing_layer_names_the_path_and_the_label(tmp_path: Path) -> None:
    build_fleet(tmp_path, {})
    (tmp_path / "fleets/labs/layers/regions/eu.yaml").unlink()
    (tmp_path / "fleets/labs/layers/global.yaml").unlink()
    fleet = load_fleet(tmp_path / "fleets/labs", check=accept)
    write(tmp_path / "fleets/labs/sites/a.yaml", LABELS)
    found = load_site(fleet, Layers(fleet, accept), list_sites(fleet).sites["a"], check=accept)
    assert isinstance(found, Rejected)
    general, region = found.problems
    assert (general.code, str(general.where)) == (Code.LAYER_MISSING, "fleets/labs/fleet.yaml:1")
    assert (
        region.what == "the layer fleets/labs/layers/regions/eu.yaml does not exist, expected for the label region: eu"
    )
    assert region.where == Origin("fleets/labs/sites/a.yaml", 1, 10)


def test_a_bad_layer_rejects_exactly_the_sites_that_use_it_with_one_problem(tmp_path: Path) -> None:
    us = LABELS.replace("eu", "us")
    files = {"layers/global.yaml": PIN, "layers/regions/eu.yaml": "values: {a: yes}\n"}
    fleet, layers, sites = open_fleet(
        tmp_path, {**files, "sites/a.yaml": LABELS, "sites/b.yaml": LABELS, "sites/c.yaml": us}
    )
    found = {name: load_site(fleet, layers, file, check=accept) for name, file in sites.items()}
    assert isinstance(found["c"], Site)
    for name in "ab":
        outcome = found[name]
        assert isinstance(outcome, Rejected)
        (problem,) = outcome.problems
        assert (problem.code, problem.where) == (
            Code.YAML_AMBIGUOUS,
            Origin("fleets/labs/layers/regions/eu.yaml", 1, 13),
        )


def test_the_check_judges_layers_and_sites_by_kind(tmp_path: Path) -> None:
    seen = []

    def check(kind: str, document: Document) -> list[Problem]:
        seen.append((kind, document.file.rpartition("/")[2]))
        return [Problem(Code.INPUT_SCHEMA, "bad", document.origin(()))] if "eu" in document.file else []

    fleet, layers, sites = open_fleet(
        tmp_path, {"sites/a.yaml": LABELS + PIN, "sites/b.yaml": LABELS + PIN}, check=check
    )
    for file in sites.values():
        outcome = load_site(fleet, layers, file, check=check)
        assert isinstance(outcome, Rejected)
        assert [str(problem.where) for problem in outcome.problems] == ["fleets/labs/layers/regions/eu.yaml:1"]
    assert seen == [
        ("fleet", "fleet.yaml"), ("site", "a.yaml"), ("layer", "global.yaml"), ("layer", "eu.yaml"), ("site", "b.yaml"),
    ]  # fmt: skip


def test_layers_are_read_once_and_known_by_digest(tmp_path: Path) -> None:
    fleet, layers, _ = open_fleet(tmp_path, {"layers/global.yaml": "values: {a: 1}\n"})
    digest = layers.digest("global.yaml")
    (fleet.root / "layers/global.yaml").unlink()
    assert digest is not None
    assert layers.get("global.yaml").digest == layers.digest("global.yaml") == digest
    assert layers.digest("nowhere.yaml") is None
    assert layers.get("nowhere.yaml").document is None


def test_a_layer_behind_a_link_is_refused(tmp_path: Path) -> None:
    fleet, layers, sites = open_fleet(tmp_path, {"layers/real/eu.yaml": "", "sites/a.yaml": LABELS + PIN})
    (fleet.root / "layers/regions/eu.yaml").unlink()
    (fleet.root / "layers/regions/eu.yaml").symlink_to("../real/eu.yaml")
    outcome = load_site(fleet, layers, sites["a"], check=accept)
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].code is Code.FILE_UNREADABLE


def test_all_problems_of_a_site_come_at_once(tmp_path: Path) -> None:
    files = {
        "fleet.yaml": FLEET.replace("labels:", "labels:\n  ring: [canary]"),
        "layers/global.yaml": "values: {a: 0644, b: 1, b: 2}\n",
        "layers/regions/eu.yaml": "[",
        "sites/a.yaml": LABELS,
    }
    codes = [problem.code for problem in rejected(tmp_path, {**files})]
    assert codes == [Code.SITE_LABEL, Code.YAML_AMBIGUOUS, Code.YAML_DUPLICATE_KEY, Code.YAML_SYNTAX]


@pytest.mark.parametrize("key", ["site", "fleet", "region", "floor"])
def test_a_value_cannot_have_the_name_of_a_label_and_is_told_where_it_was_written(tmp_path: Path, key: str) -> None:
    labels = 'labels: {region: eu, kubernetes: "1.34", floor: "3"}\n'
    layer = f"values:\n  x: 1\n  {key}: 2\n"
    (problem,) = rejected(tmp_path, {"layers/regions/eu.yaml": PIN + layer, "sites/a.yaml": labels})
    assert (problem.code, problem.key) == (Code.VALUE_RESERVED, key)
    assert problem.where == Origin("fleets/labs/layers/regions/eu.yaml", 4, 3)


def test_a_site_without_templates_is_refused(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"layers/global.yaml": PIN, "sites/a.yaml": LABELS + "templates: {base: null}\n"}
    (problem,) = rejected(tmp_path, files)
    assert (problem.code, problem.where) == (Code.TEMPLATE_NONE, Origin("fleets/labs/sites/a.yaml", 2, 1))


@pytest.mark.parametrize("text", ["", "- a\n", "labels: x\n", "labels: {region: [eu]}\nvalues: 3\ntemplates: []\n"])
def test_odd_shapes_that_a_check_let_through_are_problems_not_crashes(tmp_path: Path, text: str) -> None:
    assert {problem.code for problem in rejected(tmp_path, {"sites/a.yaml": text})} == {Code.SITE_LABEL}


def test_a_site_that_vanished_is_a_problem(tmp_path: Path) -> None:
    fleet, layers, sites = open_fleet(tmp_path, {"sites/a.yaml": LABELS + PIN})
    (fleet.root / "sites/a.yaml").unlink()
    outcome = load_site(fleet, layers, sites["a"], check=accept)
    assert isinstance(outcome, Rejected)
    assert outcome.problems[0].code is Code.FILE_UNREADABLE


def traced(repository: Path, files: dict[str, str | bytes], *, deleted: bool = False) -> dict[tuple[Any, ...], Trace]:
    fleet, layers, sites = open_fleet(repository, files)
    return {trace.path: trace for trace in trace_site(fleet, layers, sites["a"], deleted=deleted)}


def test_every_leaf_knows_who_won_and_what_it_overrode(tmp_path: Path) -> None:
    general, region, own = (
        "fleets/labs/" + name for name in ("layers/global.yaml", "layers/regions/eu.yaml", "sites/a.yaml")
    )
    files: dict[str, str | bytes] = {
        "layers/global.yaml": "values:\n  mtu: 1400\n  log: text\n  old: 1\n  gone: {x: 1}\n",
        "layers/regions/eu.yaml": "values:\n  mtu: null\n  log: {level: warn}\n  gone: null\n  never: null\n",
        "sites/a.yaml": LABELS + PIN + "values:\n  mtu: 9000\n  log:\n    level: info\n",
    }
    found = traced(tmp_path, files)
    assert found[("values", "mtu")] == Trace(
        ("values", "mtu"), 9000, Origin(own, 4, 3), ((Origin(general, 2, 3), 1400), (Origin(region, 2, 3), None))
    )
    assert found[("values", "log", "level")] == Trace(
        ("values", "log", "level"),
        "info",
        Origin(own, 6, 5),
        ((Origin(general, 3, 3), "text"), (Origin(region, 3, 9), "warn")),
    )
    assert found[("templates", "base")].origin == Origin(own, 2, 13)
    assert found[("labels", "region")].value == "eu"
    assert ("values", "gone") not in found
    with_deleted = traced(tmp_path, files, deleted=True)
    gone = with_deleted.pop(("values", "gone"))
    assert gone == Trace(("values", "gone"), None, Origin(region, 4, 3), ((Origin(general, 5, 3), {"x": 1}),))
    assert with_deleted == found


def test_tracing_a_site_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        traced(tmp_path, {"sites/a.yaml": "a: yes\n"})
    assert caught.value.problems[0].code is Code.YAML_AMBIGUOUS


leaves = st.none() | st.booleans() | st.sampled_from([0, 1, 1.5, "", "x", [], [1, None], {}])
values = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(leaves, lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3), max_leaves=8),
    max_size=3,
).map(lambda value: {f"v{key}": child for key, child in value.items()})


@given(documents=st.lists(values, min_size=3, max_size=3))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_traces_of_all_leaves_add_up_to_the_merged_values(tmp_path: Path, documents: list[Any]) -> None:
    general, region, own = (yaml.safe_dump({"values": value}) for value in documents)
    files = {"layers/global.yaml": general, "layers/regions/eu.yaml": region, "sites/a.yaml": LABELS + PIN + own}
    fleet, layers, sites = open_fleet(tmp_path, files)
    site = load_site(fleet, layers, sites["a"], check=accept)
    assert isinstance(site, Site)
    rebuilt: dict[str, Any] = {}
    for trace in trace_site(fleet, layers, sites["a"]):
        section, *path = trace.path
        if section == "values" and path:
            inside = rebuilt
            for key in path[:-1]:
                inside = inside.setdefault(str(key), {})
            inside[str(path[-1])] = trace.value
        assert trace.value is not None
        assert all(origin.line > 0 for origin, _ in trace.overridden)
    assert repr(rebuilt) == repr(site.values)


def test_the_order_in_which_the_disk_lists_files_changes_nothing(tmp_path: Path) -> None:
    names = ["c", "a", "b"]
    outcomes = []
    for run, order in enumerate([names, names[::-1]]):
        files = {f"sites/{name}.yaml": LABELS + PIN for name in order}
        fleet, layers, sites = open_fleet(tmp_path / str(run), {**files})
        outcomes.append([load_site(fleet, layers, file, check=accept) for file in sites.values()])
    assert outcomes[0] == outcomes[1]
    assert [site.name for site in outcomes[0] if isinstance(site, Site)] == ["a", "b", "c"]

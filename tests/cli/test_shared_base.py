"""Sites that share bases: what goes out, what is held back, and what a cluster would see of it."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonpatch
import jsonschema
import pytest
import yaml

from renderer.fleet.destination import Destination
from renderer.fleet.workspace import Workspace
from renderer.pack import base_named, own_files
from renderer.publish import TargetOptions, open_targets, published
from renderer.read import load_schemas
from renderer.sign import generate_key
from renderer.types import Blob, Digest, Manifest, Manifests, Reference
from renderer.validate import Validator
from tests.build import write
from tests.fakes.registry import FakeRegistry, Fault

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

REPOSITORY = Path(__file__).parents[2]
OUTPUT = REPOSITORY / "schemas/output"
TEMPLATE = {
    "copier.yml": """\
        _subdirectory: template
        _templates_suffix: .jinja
        site: {type: str}
        region: {type: str}
        colour: {type: str, default: blue, choices: [blue, red]}
        mtu: {type: int, default: 1500}
        nodes: {type: yaml, default: [a]}
        banner: {type: str, default: "welcome to {{ site }}"}
        """,
    "template/platform.yaml.jinja": """\
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: platform, namespace: default}
        data: {colour: {{ colour }}, mtu: "{{ mtu }}", region: {{ region }}}
        """,
    "template/site.yaml.jinja": """\
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: site, namespace: default}
        data: {site: {{ site }}, nodes: "{{ nodes | length }}"}
        """,
    "template/banner.yaml.jinja": """\
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: banner, namespace: default}
        data: {text: "{{ banner }}"}
        """,
}
FLEET = """\
name: labs
labels:
  region: [eu, us]
  kubernetes: ["1.35", "1.36"]
  ring: [canary, broad]
layers: [global.yaml, "regions/{region}.yaml", "rings/{ring}.yaml"]
registries:
  eu: oci://registry.eu.example/press
  us: oci://registry.us.example/press
publishing: {mode: shared-base, own: [nodes]}
"""
SITES = {
    "berlin-01": ("eu", "1.35", "broad"),
    "paris-01": ("eu", "1.36", "broad"),
    "rome-01": ("eu", "1.36", "broad"),
    "vienna-01": ("eu", "1.36", "canary"),
    "austin-01": ("us", "1.35", "broad"),
}
LABELS = 'labels: {{region: {}, kubernetes: "{}", ring: {}}}\n'


def site_file(name: str, more: str = "", **labels: str) -> str:
    region, kubernetes, ring = SITES[name]
    return LABELS.format(region, kubernetes, labels.get("ring", ring)) + more


def template(shop: Shop, version: str, **changes: str) -> None:
    """Write a version of the template; `changes` are texts of files by their names without suffix, empty for none."""
    shutil.rmtree(shop.folder / "templates/edge" / version, ignore_errors=True)
    for path, text in {**TEMPLATE, **{f"template/{name}.yaml.jinja": text for name, text in changes.items()}}.items():
        if text:
            write(shop.folder / "templates/edge" / version / path, text)


@pytest.fixture
def sharing(shop: Shop) -> Shop:
    """Five sites in three cohorts, in a committed fleet that shares bases."""
    template(shop, "1.0.0")
    for name in SITES:
        write(shop.root / f"sites/{name}.yaml", site_file(name))
    write(shop.root / "layers/rings/canary.yaml", "")
    write(shop.root / "layers/rings/broad.yaml", "")
    write(shop.root / "layers/regions/us.yaml", "")
    write(shop.root / "layers/global.yaml", 'templates: {edge: "1.0.0"}\n')
    shop.edit("fleet.yaml", FLEET)
    return shop


def bases_of(done: Done) -> list[str]:
    """The outcomes of bases, sorted."""
    return sorted(receipt["outcome"] for receipt in done.json.get("bases", []))


def pushed(done: Done) -> int:
    """How many artifacts really went out."""
    return sum(one["outcome"] == "published" for one in (*done.json["receipts"], *done.json.get("bases", [])))


def what_a_cluster_gets(shop: Shop, name: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The files of a site's part and of its base, as they are published."""
    space = Workspace(shop.root)
    destination = Destination.parse(space.fleet, shop.target)
    target = open_targets(destination.targets, options=TargetOptions(read_only=True))
    region = SITES[name][0]
    part = published(target, destination.repository(name, region))  # type: ignore[arg-type]
    assert part is not None
    base = published(target, destination.base(base_named(part.files) or "", region))
    assert base is not None
    return own_files(part.files), dict(base.files)


def test_what_reads_nothing_of_a_site_is_published_once_for_its_group(sharing: Shop) -> None:
    done = sharing.publish()

    assert (done.code, done.outcomes()) == (0, dict.fromkeys(SITES, "published"))
    jsonschema.validate(done.json, json.loads((OUTPUT / "publish.schema.json").read_text()))
    assert bases_of(done) == ["published"] * 3
    part, base = what_a_cluster_gets(sharing, "paris-01")
    assert sorted(part) == ["banner.yaml", "site.yaml"]
    assert sorted(base) == ["platform.yaml"]
    assert sharing.verify().code == 0


def test_a_bump_that_touches_shared_files_only_sends_the_bases_and_no_part(sharing: Shop) -> None:
    sharing.publish()
    platform = TEMPLATE["template/platform.yaml.jinja"]
    template(sharing, "1.1.0", platform=platform.replace("mtu:", "jumbo: frames, mtu:"))
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.1.0"}\n')

    done = sharing.publish()
    again = sharing.publish()

    assert (done.code, done.outcomes()) == (0, dict.fromkeys(SITES, "unchanged"))
    assert bases_of(done) == ["published"] * 3
    assert pushed(done) == 3
    assert again.json["receipts"] == []
    assert sharing.verify().code == 0
    assert b"jumbo" in what_a_cluster_gets(sharing, "rome-01")[1]["platform.yaml"]


def test_a_change_of_one_site_sends_its_part_and_no_base(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("sites/paris-01.yaml", site_file("paris-01", "values: {nodes: [a, b, c]}\n"))

    done = sharing.publish()

    assert (done.code, done.outcomes(), bases_of(done)) == (0, {"paris-01": "published"}, [])
    assert b'nodes: "3"' in what_a_cluster_gets(sharing, "paris-01")[0]["site.yaml"]
    assert sharing.verify().code == 0


def test_a_layer_moves_only_the_bases_of_the_groups_that_have_it(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("layers/rings/canary.yaml", "values: {mtu: 9000}\n")

    done = sharing.publish()

    assert (done.outcomes(), bases_of(done)) == ({"vienna-01": "unchanged"}, ["published"])


def test_a_site_that_comes_to_another_group_is_led_to_its_base(sharing: Shop) -> None:
    sharing.edit("layers/rings/canary.yaml", "values: {mtu: 9000}\n")
    sharing.publish()
    sharing.edit("sites/rome-01.yaml", site_file("rome-01", ring="canary"))

    done = sharing.publish()

    assert (done.code, done.outcomes(), bases_of(done)) == (0, {"rome-01": "published"}, [])
    assert b"9000" in what_a_cluster_gets(sharing, "rome-01")[1]["platform.yaml"]
    assert sharing.verify().code == 0


def test_a_site_cannot_set_for_itself_what_others_share(sharing: Shop) -> None:
    sharing.edit("sites/paris-01.yaml", site_file("paris-01", "values:\n  mtu: 9000\n"))

    done = sharing("validate", "-o", "json")

    assert done.code == 1
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["file"], problem["line"]) == ("FP613", "fleets/labs/sites/paris-01.yaml", 3)
    assert "mtu" in problem["what"]
    assert "layer" in problem["hint"]
    assert "publishing.own" in problem["hint"]


def test_a_value_that_is_the_sites_own_takes_its_files_out_of_the_base(sharing: Shop) -> None:
    sharing.edit("fleet.yaml", FLEET.replace("own: [nodes]", "own: [nodes, mtu]"))
    sharing.edit("sites/paris-01.yaml", site_file("paris-01", "values: {mtu: 9000}\n"))

    done = sharing.publish()

    # Nothing is left that sites could share.
    assert done.code == 3
    assert done.codes() == {"FP618"}


def test_one_bad_site_holds_back_its_group_and_no_other(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("sites/paris-01.yaml", site_file("paris-01", "values: {nodes: 3}\n"))
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.0.0"}\nvalues: {mtu: 9000}\n')

    done = sharing.publish()

    assert done.code == 3
    assert done.outcomes() == {
        "austin-01": "unchanged",
        "berlin-01": "failed",
        "paris-01": "failed",
        "rome-01": "failed",
        "vienna-01": "unchanged",
    }
    assert bases_of(done) == ["published"] * 2
    held = [problem for problem in done.json["problems"] if problem["code"] == "FP616"]
    assert [problem["sites"] for problem in held] == [["berlin-01", "rome-01"]]
    assert "paris-01" in held[0]["what"]
    assert b"1500" in what_a_cluster_gets(sharing, "rome-01")[1]["platform.yaml"]

    sharing.edit("sites/paris-01.yaml", site_file("paris-01"))
    repaired = sharing.publish()

    assert (repaired.code, bases_of(repaired)) == (0, ["published"])
    assert set(repaired.outcomes()) == {"berlin-01", "paris-01", "rome-01"}
    assert sharing.verify().code == 0


def test_a_site_whose_file_cannot_be_read_holds_back_the_base_that_its_cluster_follows(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("sites/paris-01.yaml", "labels: [\n")
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.0.0"}\nvalues: {mtu: 9000}\n')

    done = sharing.publish()

    assert {site for site, outcome in done.outcomes().items() if outcome == "failed"} == {
        "berlin-01",
        "paris-01",
        "rome-01",
    }


def test_a_bad_site_does_not_hold_back_what_leaves_the_base_as_it_is(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("sites/paris-01.yaml", site_file("paris-01", "values: {nodes: 3}\n"))
    sharing.edit("sites/rome-01.yaml", site_file("rome-01", "values: {nodes: [a, b]}\n"))

    assert sharing.publish().outcomes() == {"paris-01": "failed", "rome-01": "published"}


def test_a_bad_new_site_holds_nobody_back(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("sites/nice-01.yaml", LABELS.format("eu", "1.36", "broad") + "values: {nodes: 3}\n")
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.0.0"}\nvalues: {mtu: 9000}\n')

    done = sharing.publish()

    assert done.outcomes() == {**dict.fromkeys(SITES, "unchanged"), "nice-01": "failed"}
    assert bases_of(done) == ["published"] * 3


def test_a_selection_that_would_move_the_base_of_others_is_refused(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.0.0"}\nvalues: {mtu: 9000}\n')

    done = sharing.publish("paris-01")
    whole = sharing.publish("region=eu,ring=broad")

    assert done.code == 2
    assert "FP617" in done.err
    assert "berlin-01, rome-01" in done.err
    assert (whole.code, bases_of(whole)) == (0, ["published"])
    assert b"1500" in what_a_cluster_gets(sharing, "vienna-01")[1]["platform.yaml"]


def test_a_selection_of_sites_whose_base_stays_is_published(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("sites/paris-01.yaml", site_file("paris-01", "values: {nodes: [a, b]}\n"))
    sharing.edit("sites/rome-01.yaml", site_file("rome-01", "values: {nodes: [a, b]}\n"))

    assert sharing.publish("paris-01").outcomes() == {"paris-01": "published"}


MOVED = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: platform, namespace: default}
data: {colour: {{ colour }}, site: {{ site }}}
"""
STAYING = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: staying, namespace: default}
data: {colour: {{ colour }}}
"""


def test_an_object_cannot_go_from_a_base_to_a_part_unless_somebody_says_why(sharing: Shop) -> None:
    template(sharing, "1.0.0", staying=STAYING)
    sharing.commit()
    sharing.publish()
    template(sharing, "1.1.0", staying=STAYING, platform="", other=MOVED)
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.1.0"}\n')

    done = sharing.publish()
    accepted = sharing.publish("--waive-moves", "Nobody uses it yet.")

    assert (done.code, done.outcomes(), bases_of(done)) == (3, dict.fromkeys(SITES, "failed"), [])
    assert done.codes() == {"FP614"}
    assert "ConfigMap/default/platform" in done.json["problems"][0]["what"]
    assert (accepted.code, accepted.outcomes()) == (0, dict.fromkeys(SITES, "published"))
    assert {problem["severity"] for problem in accepted.json["problems"]} == {"warning"}
    assert sharing.verify().code == 0


def test_an_object_cannot_go_from_a_part_to_a_base_either(sharing: Shop) -> None:
    template(sharing, "1.0.0", staying=STAYING, platform="", other=MOVED)
    sharing.commit()
    sharing.publish()
    shared = MOVED.replace("site: {{ site }}", "region: {{ region }}")
    template(sharing, "1.1.0", staying=STAYING, platform="", other=shared)
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.1.0"}\n')

    done = sharing.publish()
    accepted = sharing.publish("--waive-moves", "Nobody uses it yet.")

    assert (done.code, done.codes(), bases_of(done)) == (3, {"FP614"}, [])
    assert done.outcomes() == dict.fromkeys(SITES, "failed")
    assert (accepted.code, accepted.outcomes()) == (0, dict.fromkeys(SITES, "published"))


def test_a_run_that_believes_no_ledger_finds_everything_as_it_is(sharing: Shop) -> None:
    sharing.publish()
    sharing.commit()

    done = sharing.publish("--all")
    selected = sharing.publish("--all", "paris-01")
    sharing.edit("layers/rings/broad.yaml", "values: {mtu: 9000}\n")
    refused = sharing.publish("--all", "paris-01")

    assert (done.code, done.outcomes()) == (0, dict.fromkeys(SITES, "unchanged"))
    assert bases_of(done) == ["unchanged"] * 3
    assert (selected.code, selected.outcomes(), bases_of(selected)) == (0, {"paris-01": "unchanged"}, ["unchanged"])
    assert refused.code == 2
    assert "FP617" in refused.err
    assert b"1500" in what_a_cluster_gets(sharing, "rome-01")[1]["platform.yaml"]
    assert sharing.verify().code == 0


def test_a_lost_ledger_lets_nothing_through_that_a_known_one_would_hold(sharing: Shop) -> None:
    template(sharing, "1.0.0", staying=STAYING)
    sharing.commit()
    sharing.publish()
    for ledger in Path(sharing.target.partition(":")[2]).glob("*/press/labs/ledger"):
        shutil.rmtree(ledger)
    template(sharing, "1.1.0", staying=STAYING, platform="", other=MOVED)
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.1.0"}\n')

    assert sharing.publish().codes() == {"FP614"}
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.0.0"}\nvalues: {mtu: 9000}\n')
    sharing.edit("sites/paris-01.yaml", "labels: [\n")
    done = sharing.publish()

    assert set(done.outcomes().values()) == {"failed"}
    assert {"FP616"} < done.codes()
    sharing.edit("sites/paris-01.yaml", site_file("paris-01"))
    assert sharing.publish().code == 0
    assert sharing.verify().code == 0


def test_shards_and_rollback_are_refused_with_the_way_that_works(sharing: Shop) -> None:
    sharing.publish()

    shard = sharing.publish("--shard", "1/2")
    back = sharing("rollback", "paris-01", "--last-good", "--to", sharing.target, "--key", sharing.private)

    assert (shard.code, back.code) == (2, 2)
    assert "FP619" in shard.err
    assert "one job" in shard.err
    assert "FP619" in back.err
    assert "git revert" in back.err


def test_a_difference_is_told_over_base_and_part_together(sharing: Shop) -> None:
    sharing.publish()
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.0.0"}\nvalues: {mtu: 9000}\n')

    done = sharing("diff", "--against", "published", "--to", sharing.target, "-o", "json")

    assert done.code == 1
    (group,) = done.json["groups"]
    assert len(group["sites"]) == 5


def test_bootstrap_leads_the_cluster_to_the_part_and_through_it_to_the_base(sharing: Shop) -> None:
    sharing.publish()

    done = sharing("bootstrap", "berlin-01", "--to", "fleet", "--key", sharing.public)

    objects = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(done.out)}
    assert list(objects)[1:] == [
        ("OCIRepository", "berlin-01-part"),
        ("Kustomization", "berlin-01-pointer"),
        ("Kustomization", "berlin-01-base"),
        ("Kustomization", "berlin-01"),
    ]
    part = objects["OCIRepository", "berlin-01-part"]
    assert part["spec"]["url"] == "oci://registry.eu.example/press/labs/parts/berlin-01"
    pointer = objects["Kustomization", "berlin-01-pointer"]["spec"]
    assert "dependsOn" not in pointer, "whatever fails, the way to another base stays open"
    assert objects["Kustomization", "berlin-01-base"]["spec"]["sourceRef"]["name"] == "berlin-01-base"
    last = objects["Kustomization", "berlin-01"]["spec"]
    assert [one["name"] for one in last["dependsOn"]] == ["berlin-01-pointer", "berlin-01-base"]
    base = built(sharing, "berlin-01", pointer)
    assert base["metadata"] == {"name": "berlin-01-base", "namespace": "flux-system"}
    assert base["spec"] == {**part["spec"], "url": base["spec"]["url"]}
    assert base["spec"]["url"].startswith("oci://registry.eu.example/press/labs/bases/")
    flux = yaml.safe_dump_all([*list(objects.values())[1:], base]).encode()
    schemas = load_schemas(Workspace(REPOSITORY / "fleets/labs").fleet)
    assert Validator(schemas).check(Manifests("berlin-01", (Manifest("flux.yaml", flux),)), "1.36") == []


def built(shop: Shop, name: str, pointer: dict[str, Any]) -> dict[str, Any]:
    """What Flux makes of the file in the part that tells where the base is, as its Kustomization says."""
    space = Workspace(shop.root)
    destination = Destination.parse(space.fleet, shop.target)
    target = open_targets(destination.targets, options=TargetOptions(read_only=True))
    place = destination.repository(name, SITES[name][0])
    found = published(target, place)  # type: ignore[arg-type]
    assert found is not None
    (text,) = [content.decode() for path, content in found.files.items() if path.startswith(f"{pointer['path'][2:]}/")]
    made = yaml.safe_load(text)
    made["metadata"]["namespace"] = pointer["targetNamespace"]
    for patch in pointer["patches"]:
        assert patch["target"]["kind"] == made["kind"]
        made = jsonpatch.apply_patch(made, yaml.safe_load(patch["patch"]))
    substituted = yaml.safe_dump(made)
    for variable, value in pointer["postBuild"]["substitute"].items():
        substituted = substituted.replace(f"${{{variable}}}", value)
    assert "${" not in substituted
    return dict(yaml.safe_load(substituted))


def test_a_cluster_that_still_pulls_whole_artifacts_never_finds_a_part_there(sharing: Shop) -> None:
    sharing.edit("fleet.yaml", FLEET.partition("publishing:")[0])
    sharing.publish()
    before = sharing.verify().json["sites"]
    sharing.edit("fleet.yaml", FLEET)

    switched = sharing.publish()
    sharing.edit("fleet.yaml", FLEET.partition("publishing:")[0])
    back = sharing.publish()

    assert (switched.code, switched.outcomes()) == (0, dict.fromkeys(SITES, "published"))
    references = {one["site"]: one["reference"] for one in before}
    parts = {one["site"]: one["reference"] for one in switched.json["receipts"]}
    assert all(references[site].rpartition(":")[0] != parts[site].rpartition(":")[0] for site in SITES)
    # The same content as before, under a tag that tells which of the two the cluster is to follow.
    assert (back.code, back.outcomes()) == (0, dict.fromkeys(SITES, "published"))
    now = sharing.verify()
    assert now.code == 0
    assert [one["digest"] for one in now.json["sites"]] == [one["digest"] for one in before]


def test_a_base_that_does_not_go_out_takes_its_parts_along(sharing: Shop) -> None:
    with FakeRegistry() as registry:
        to = f"oci://{registry.host}/x"
        sharing.publish("--plain-http", to=to)
        sharing.edit("sites/paris-01.yaml", site_file("paris-01", "values: {nodes: [a, b]}\n"))
        sharing.edit("layers/rings/broad.yaml", "values: {mtu: 9000}\n")
        registry.faults.append(Fault("manifest-put", "status", times=1, status=403))

        done = sharing.publish("--plain-http", to=to)
        again = sharing.publish("--plain-http", to=to)

        assert done.code == 3
        failed = {site for site, outcome in done.outcomes().items() if outcome == "failed"}
        assert failed in ({"berlin-01", "paris-01", "rome-01"}, {"austin-01"})
        assert bases_of(done) == ["failed", "published"]
        assert {"FP616"} < done.codes()
        assert (again.code, set(again.outcomes()), bases_of(again)) == (0, failed, ["published"])
        assert sharing.verify("--plain-http", to=to).code == 0


def test_the_parts_of_an_older_run_do_not_follow_the_base_of_a_newer_one(sharing: Shop) -> None:
    sharing.publish("--serial", "9")
    sharing.edit("layers/global.yaml", 'templates: {edge: "1.0.0"}\nvalues: {mtu: 9000}\n')

    done = sharing.publish("--serial", "8")

    assert done.outcomes() == dict.fromkeys(SITES, "superseded")
    assert bases_of(done) == ["superseded"] * 3
    assert b"1500" in what_a_cluster_gets(sharing, "rome-01")[1]["platform.yaml"]


def test_a_base_of_somebody_else_is_found_by_verify_at_every_site_that_shares_it(sharing: Shop) -> None:
    done = sharing.publish()
    (layout,) = Path(sharing.target.partition(":")[2]).glob("registry.us.example/press/labs/bases")
    assert len(done.json["bases"]) == 3
    shutil.rmtree(layout)

    found = sharing.verify()

    assert found.code == 1
    assert {one["site"] for one in found.json["sites"] if one["outcome"] == "failed"} == {"austin-01"}
    assert found.codes() == {"FP709"}


def test_another_key_signs_bases_and_parts_anew(sharing: Shop, tmp_path: Path) -> None:
    sharing.publish()
    sharing.commit()
    other, public = generate_key(tmp_path / "other")

    done = sharing("publish", "--to", sharing.target, "--key", other, "-o", "json")

    # A cluster that trusts the first key would refuse an artifact with a signature of another one.
    assert done.codes() >= {"FP605"}
    assert sharing.verify(key=public).code == 1
    assert sharing.verify().code == 0


def test_an_overlay_makes_a_cohort_of_its_own(sharing: Shop) -> None:
    sharing.publish()
    overlay = """\
        sites: rome-01
        reason: The link to Rome needs it.
        objects:
          - target: {kind: ConfigMap, namespace: default, name: platform}
            merge: {data: {mtu: "1400"}}
        """
    sharing.edit("overlays/rome.yaml", overlay)

    done = sharing.publish()

    assert done.outcomes()["rome-01"] == "published"
    assert bases_of(done) == ["published"]
    assert b"1400" in what_a_cluster_gets(sharing, "rome-01")[1]["platform.yaml"]
    assert b"1500" in what_a_cluster_gets(sharing, "paris-01")[1]["platform.yaml"]


def test_a_pin_in_a_sites_own_file_makes_a_cohort_of_its_own(sharing: Shop) -> None:
    sharing.publish()
    platform = TEMPLATE["template/platform.yaml.jinja"]
    template(sharing, "1.1.0", platform=platform.replace("mtu:", "jumbo: frames, mtu:"))
    sharing.edit("sites/rome-01.yaml", site_file("rome-01", 'templates: {edge: "1.1.0"}\n'))

    done = sharing.publish()

    assert (done.outcomes(), bases_of(done)) == ({"rome-01": "published"}, ["published"])
    assert b"jumbo" in what_a_cluster_gets(sharing, "rome-01")[1]["platform.yaml"]
    assert b"jumbo" not in what_a_cluster_gets(sharing, "paris-01")[1]["platform.yaml"]


def test_a_kustomization_cannot_be_torn_in_two(sharing: Shop) -> None:
    listing = """\
        apiVersion: kustomize.config.k8s.io/v1beta1
        kind: Kustomization
        resources: [platform.yaml, site.yaml, banner.yaml]
        """
    template(sharing, "1.0.0")
    sharing.edit("templates/edge/1.0.0/template/kustomization.yaml", listing)

    done = sharing("validate", "-o", "json")

    assert done.code == 1
    assert done.codes() == {"FP618"}
    assert "kustomization.yaml is in the base" in done.json["problems"][0]["what"]


def test_a_run_of_several_workers_publishes_the_same(sharing: Shop) -> None:
    one = sharing.publish("--workers", "1")
    other = sharing.publish("--engine", "processes", "--workers", "2", to=f"{sharing.target}-other")

    def digests(done: Done) -> dict[str, str]:
        return {each["site"]: each["digest"] for each in (*done.json["receipts"], *done.json["bases"])}

    assert digests(one) == digests(other)


def test_an_export_carries_each_base_once_beside_the_parts(sharing: Shop, tmp_path: Path) -> None:
    sharing.publish()

    done = sharing(
        *("export", "region=eu", "--from", sharing.target, "--file", tmp_path / "eu.tar"),
        *("--key", sharing.public, "-o", "json"),
    )

    assert done.code == 0
    jsonschema.validate(done.json, json.loads((OUTPUT / "export.schema.json").read_text()))
    with tarfile.open(tmp_path / "eu.tar") as archive:
        index = json.loads(archive.extractfile("index.json").read())  # type: ignore[union-attr]
    names = [entry.get("annotations", {}).get("org.opencontainers.image.ref.name", "") for entry in index["manifests"]]
    bases = {one["base"].rpartition("/")[2].replace(":", "/") for one in done.json["sites"]}
    assert len(bases) == 2
    assert sorted(filter(None, names)) == sorted(
        [*bases, *(f"{site}/1.2.0" for site in ("berlin-01", "paris-01", "rome-01", "vienna-01"))]
    )


def test_for_each_file_it_is_told_what_keeps_it_out_of_the_base(sharing: Shop) -> None:
    include = "{% set part = 'part' %}{% include part ~ '.jinja' ignore missing %}"
    template(sharing, "1.0.0", computed=STAYING + f"# {include}\n")
    sharing.commit()

    done = sharing("template", "why-site-specific", "edge", "-o", "json")

    jsonschema.validate(done.json, json.loads((OUTPUT / "template-why-site-specific.schema.json").read_text()))
    (version,) = done.json["templates"]
    assert {file["path"].removeprefix("template/"): file["part"] for file in version["files"]} == {
        "platform.yaml.jinja": [],
        "site.yaml.jinja": ["nodes", "site"],
        "banner.yaml.jinja": ["site"],
        "computed.yaml.jinja": ["only a run can tell what it reads"],
    }
    assert "part: nodes, site" in sharing("template", "why-site-specific", "edge").out


def test_what_fleet_yaml_calls_a_sites_own_cannot_take_objects_out_of_a_base_in_silence(sharing: Shop) -> None:
    template(sharing, "1.0.0", staying=STAYING)
    sharing.commit()
    sharing.publish()
    sharing.edit("fleet.yaml", FLEET.replace("own: [nodes]", "own: [nodes, mtu]"))

    done = sharing.publish()

    assert (done.code, done.codes(), bases_of(done)) == (3, {"FP614"}, [])
    assert "ConfigMap/default/platform" in done.json["problems"][0]["what"]


def test_a_free_label_that_shared_files_read_is_refused_like_a_value(sharing: Shop) -> None:
    labels = site_file("rome-01").replace("}", ", colour: red}")
    sharing.edit("sites/rome-01.yaml", labels)

    done = sharing("validate", "-o", "json")

    assert done.code == 1
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["key"], problem["line"]) == ("FP613", "colour", 1)


def test_a_base_of_another_cohort_in_the_place_of_ones_own_is_found(sharing: Shop) -> None:
    sharing.edit("layers/rings/canary.yaml", "values: {mtu: 9000}\n")
    done = sharing.publish()
    places = sorted(Reference.parse(one["reference"]) for one in done.json["bases"] if ".eu." in one["reference"])
    target = open_targets([sharing.target])
    foreign = target.get_manifest(places[0], str(places[0].tag))
    assert foreign is not None
    for layer in (json.loads(foreign.data)["config"], *json.loads(foreign.data)["layers"]):
        digest = Digest.parse(layer["digest"])
        blob = Blob(target.get_blob(places[0], digest, limit=1 << 20), layer["mediaType"], digest)
        target.put_blob(places[1], blob)
    target.put_manifest(places[1], foreign, "1.99.0")
    target.close()

    found = sharing.verify()

    assert found.code == 1
    assert found.codes() >= {"FP608", "FP610"}
    failed = {one["site"] for one in found.json["sites"] if one["outcome"] == "failed"}
    assert failed in ({"vienna-01"}, {"berlin-01", "paris-01", "rome-01"})


def tagged(registry: FakeRegistry) -> list[str]:
    """The repositories that got a tag of ours, in their order, without the ledgers."""
    puts = (
        seen.path.split("/manifests/")
        for seen in registry.seen
        if seen.method == "PUT" and "/manifests/1." in seen.path
    )
    return [path.removeprefix("/v2/x/labs/") for path, _ in puts if "ledger" not in path]


def test_all_bases_are_there_before_the_first_part(sharing: Shop) -> None:
    with FakeRegistry() as registry:
        done = sharing.publish("--plain-http", to=f"oci://{registry.host}/x")

        order = tagged(registry)
        assert done.code == 0
        assert [one.partition("/")[0] for one in order] == ["bases"] * 3 + ["parts"] * 5
        assert [tag for tag in registry.unsigned_tags() if "ledger" not in tag] == []


@pytest.mark.parametrize("skip", [0, 1, 4, 9, 14, 19, 24, 30, 37])
def test_a_run_that_breaks_off_leaves_no_part_without_its_base_and_the_next_one_finishes(
    sharing: Shop, skip: int
) -> None:
    with FakeRegistry() as registry:
        to = f"oci://{registry.host}/x"
        sharing.publish("--plain-http", to=to)
        sharing.edit("layers/global.yaml", 'templates: {edge: "1.0.0"}\nvalues: {mtu: 9000, banner: hello}\n')
        registry.seen.clear()
        registry.faults.append(Fault("*", "status", times=1_000, skip=skip, status=403))

        broken = sharing.publish("--plain-http", to=to)
        registry.faults.clear()
        first = tagged(registry)
        again = sharing.publish("--plain-http", to=to)

        assert broken.code in {3, 4}
        kinds = [one.partition("/")[0] for one in first]
        assert kinds == sorted(kinds), "bases first"
        assert "parts" not in kinds or kinds.count("bases") == 3
        assert again.code == 0, again.json["problems"]
        assert [tag for tag in registry.unsigned_tags() if "ledger" not in tag] == []
        verified = sharing.verify("--plain-http", to=to)
        assert (verified.code, len(verified.json["sites"])) == (0, 5)

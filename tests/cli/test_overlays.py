"""Overlays: exceptions for chosen sites, which must apply, and are never silently lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

MERGE = """\
sites: region=eu
reason: The auditors ask for it.
objects:
  - target: {kind: ConfigMap, name: app, namespace: default}
    merge: {metadata: {labels: {audited: "yes"}}, data: {colour: null}}
"""


def rendered(shop: Shop, site: str) -> dict[str, object]:
    (document,) = [found for found in yaml.safe_load_all(shop("render", site).out) if found]
    return dict(document)


def test_a_merge_patch_changes_the_sites_that_are_meant_and_no_other(shop: Shop) -> None:
    shop.edit("overlays/audit.yaml", MERGE)

    berlin, austin = rendered(shop, "berlin-01"), rendered(shop, "austin-01")

    assert berlin["metadata"] == {"name": "app", "namespace": "default", "labels": {"audited": "yes"}}
    assert berlin["data"] == {"site": "berlin-01", "region": "eu", "replicas": "1"}
    assert austin["metadata"] == {"name": "app", "namespace": "default"}


def test_a_json_patch_is_applied_operation_by_operation(shop: Shop) -> None:
    shop.edit(
        "overlays/patch.yaml",
        """\
        sites: berlin-01
        reason: A test.
        objects:
          - target: {kind: ConfigMap, name: "a*"}
            patch:
              - {op: test, path: /data/replicas, value: "1"}
              - {op: replace, path: /data/replicas, value: "5"}
              - {op: copy, from: /data/replicas, path: /data/again}
              - {op: add, path: /metadata/annotations, value: {note: "off", multi: "one\\ntwo\\n"}}
        """,
    )

    found = rendered(shop, "berlin-01")

    assert found["data"] == {
        "site": "berlin-01", "region": "eu", "colour": "red", "replicas": "5", "again": "5",
    }  # fmt: skip
    assert shop("validate").code == 0


def test_an_overlay_that_does_not_apply_names_its_sites_and_stops_no_other(shop: Shop) -> None:
    shop.edit(
        "overlays/patch.yaml",
        """\
        sites: region=eu
        reason: A test.
        objects:
          - target: {kind: ConfigMap, name: app}
            patch: [{op: test, path: /data/replicas, value: "1"}]
        """,
    )

    done = shop.publish()

    assert done.code == 3
    assert done.outcomes() == {"austin-01": "published", "berlin-01": "published", "paris-01": "failed"}
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["sites"]) == ("FP260", ["paris-01"])
    assert (problem["file"], problem["line"]) == ("fleets/labs/overlays/patch.yaml", 5)


def test_a_target_that_is_not_there_is_told_and_so_is_a_path(shop: Shop) -> None:
    edit = MERGE.replace("name: app", "name: apq")
    shop.edit("overlays/audit.yaml", edit)
    missing = shop("validate", "berlin-01")
    shop.edit(
        "overlays/audit.yaml", MERGE.split("    merge", maxsplit=1)[0] + "    patch: [{op: remove, path: /spec/x}]\n"
    )
    path = shop("validate", "berlin-01")

    assert "the site renders no ConfigMap/default/apq" in missing.out
    assert "cannot remove /spec/x" in path.out


def test_an_object_can_be_left_out(shop: Shop) -> None:
    shop.edit("overlays/audit.yaml", MERGE.split("    merge", maxsplit=1)[0] + "    delete: true\n")

    done = shop("validate", "berlin-01")

    # It was the site's only one.
    assert done.code == 1
    assert "FP501" in done.out or "FP314" in done.out


def test_a_changed_overlay_publishes_its_sites_and_no_other(shop: Shop) -> None:
    assert shop.publish().code == 0
    shop.edit("overlays/audit.yaml", MERGE)
    first = shop.publish()
    shop.edit("overlays/audit.yaml", MERGE.replace("The auditors ask", "We ask"))
    reworded = shop.publish()
    shop.edit("overlays/audit.yaml", MERGE.replace("region=eu", "berlin-01"))
    narrowed = shop.publish()

    assert first.outcomes() == {"austin-01": "unchanged", "berlin-01": "published", "paris-01": "published"}
    assert set(reworded.outcomes().values()) == {"unchanged"}
    assert narrowed.outcomes()["paris-01"] == "published"
    assert narrowed.outcomes()["berlin-01"] == "unchanged"


def test_what_an_overlay_breaks_is_told_at_the_overlay(shop: Shop) -> None:
    shop.edit("overlays/audit.yaml", MERGE.replace("labels: {audited", "lables: {audited"))

    done = shop("validate", "berlin-01")

    assert done.code == 1
    assert "fleets/labs/overlays/audit.yaml:4" in done.out
    assert "lables" in done.out


def test_everything_wrong_with_overlay_files_is_told_at_once(shop: Shop) -> None:
    shop.edit("overlays/a.yaml", MERGE.replace("region=eu", "region=mars"))
    shop.edit("overlays/b.yaml", MERGE.replace("reason", "raeson"))
    shop.edit("overlays/c.yaml", MERGE.replace("merge:", "patch: [{op: replace, path: spec}]\n    merge:"))

    done: Done = shop("validate")

    assert done.code == 2
    assert "no site can have region=mars" in done.err
    assert "overlays/a.yaml:1" in done.err
    assert "did you mean reason?" in done.err
    assert "overlays/c.yaml:" in done.err

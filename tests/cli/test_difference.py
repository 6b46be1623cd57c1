"""`diff` as a user runs it: baselines, what-if, groups, forms of the result."""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from renderer.fleet import workspace
from renderer.publish import LayoutTarget
from tests.cli.conftest import TEMPLATE

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

OUTPUT = Path(__file__).parents[2] / "schemas/output"
SCHEMA = json.loads((OUTPUT / "diff.schema.json").read_text())
NEXT = {
    path.replace("1.0.0", "2.0.0"): text.replace("colour: {{ colour }}", 'colour: {{ colour }}\n          new: "2"')
    for path, text in TEMPLATE.items()
}


def groups(shop: Shop, *arguments: str | Path) -> list[dict[str, Any]]:
    """The groups of a difference, its JSON held to its schema."""
    done = shop("diff", "--to", shop.target, "-o", "json", *arguments)
    jsonschema.Draft7Validator(SCHEMA).validate(done.json)
    assert done.code in (0, 1), done.err
    found: list[dict[str, Any]] = done.json["groups"]
    assert bool(found) == bool(done.code) or done.json["left"]
    return found


def paths(group: dict[str, Any]) -> list[str]:
    return [field["path"] for change in group["changes"] for field in change["fields"]]


def test_what_is_published_is_what_a_fleet_is_compared_with_by_itself(shop: Shop) -> None:
    shop.publish()
    assert groups(shop) == []
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {colour: blue}\n')

    (group,) = groups(shop)

    assert group["sites"] == ["austin-01", "berlin-01", "paris-01"]
    assert paths(group) == ["data.colour"]
    assert group["counts"] == {"region": {"eu": 2, "us": 1}, "kubernetes": {"1.35": 2, "1.36": 1}}


def test_nothing_is_fetched_when_nothing_changed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.publish()
    shop.edit("sites/berlin-01.yaml", '# a comment\nlabels: {region: eu, kubernetes: "1.35"}\n')
    fetched: list[object] = []
    blob = LayoutTarget.get_blob

    def counted(target: LayoutTarget, repository: Any, *rest: Any, **more: Any) -> bytes:
        fetched.extend([repository] if "ledger" not in str(repository) else [])
        return blob(target, repository, *rest, **more)

    monkeypatch.setattr(LayoutTarget, "get_blob", counted)

    assert groups(shop) == []
    assert fetched == []


def test_a_new_site_and_one_that_left(shop: Shop) -> None:
    shop.publish()
    (shop.root / "sites/paris-01.yaml").unlink()
    shop.edit("sites/oslo-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\n')

    done = shop("diff", "--to", shop.target, "-o", "json")

    assert done.code == 1
    assert done.json["left"] == ["paris-01"]
    (group,) = done.json["groups"]
    assert (group["state"], group["sites"]) == ("new", ["oslo-01"])
    assert group["changes"][0]["object"]["data"]["site"] == "⟦site⟧"


def test_who_asks_about_one_site_is_not_told_of_others_that_left(shop: Shop) -> None:
    shop.publish()
    (shop.root / "sites/paris-01.yaml").unlink()

    assert shop("diff", "--to", shop.target, "berlin-01").code == 0
    assert shop("diff", "--to", shop.target).code == 1


def test_a_commit_is_rendered_without_touching_the_work_tree(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.git("tag", "before")
    shop.edit("layers/regions/eu.yaml", "values: {replicas: 5}\n")
    (shop.root / "sites/oslo-01.yaml").write_text('labels: {region: eu, kubernetes: "1.35"}\n')
    (shop.root / "sites/austin-01.yaml").unlink()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    found = groups(shop, "--against", "git:before")

    assert {(group["state"], *group["sites"]) for group in found} == {
        ("changed", "berlin-01"),
        ("new", "oslo-01"),
        ("gone", "austin-01"),
    }
    assert list((tmp_path / "temporary").iterdir()) == []


def test_only_the_sites_whose_files_differ_from_a_commit_are_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    (shop.root / "sites/paris-01.yaml").write_text('labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 4}\n')
    read: list[str] = []
    merged = workspace.Workspace.merged

    def noted(space: workspace.Workspace, file: Any) -> Any:
        read.append(file.name)
        return merged(space, file)

    monkeypatch.setattr(workspace.Workspace, "merged", noted)

    (group,) = groups(shop, "--against", "git:HEAD")

    assert group["sites"] == ["paris-01"]
    assert set(read) == {"paris-01"}


def test_the_index_is_what_the_next_commit_would_hold(shop: Shop) -> None:
    (shop.root / "layers/regions/eu.yaml").write_text("values: {replicas: 5}\n")
    assert [group["sites"] for group in groups(shop, "--against", "index")] == [["berlin-01"]]

    shop.git("add", "-A")

    assert groups(shop, "--against", "index") == []
    assert [group["sites"] for group in groups(shop, "--against", "git:HEAD")] == [["berlin-01"]]


def test_a_version_can_be_supposed_before_it_is_pinned(shop: Shop) -> None:
    for path, text in NEXT.items():
        shop.edit(path, text)

    (group,) = groups(shop, "--what-if", "app=2.0.0", "region=eu")

    assert group["sites"] == ["berlin-01", "paris-01"]
    assert paths(group) == ["data.new"]


def test_values_can_be_supposed_for_a_selector(shop: Shop) -> None:
    found = groups(shop, "--set", "region=us:replicas=7", "--set", "colour=blue")

    assert {tuple(group["sites"]): paths(group) for group in found} == {
        ("austin-01",): ["data.colour", "data.replicas"],
        ("berlin-01", "paris-01"): ["data.colour"],
    }
    assert found[0]["changes"][0]["fields"]


def test_a_supposition_can_be_compared_with_what_is_published(shop: Shop) -> None:
    shop.publish()

    found = groups(shop, "--set", "replicas=9", "--against", "published")

    assert sorted(site for group in found for site in group["sites"]) == ["austin-01", "berlin-01", "paris-01"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--against", "git:no-such"], "FP820"),
        (["--against", "git:--output=x"], "FP820"),
        (["--against", "no-file"], "FP822"),
        (["--what-if", "app"], "FP821"),
        (["--what-if", "app=9.9.9"], "FP301"),
        (["--set", "replicas"], "FP821"),
        (["--set", "replicas=no"], "FP821"),
        (["--set", "regio=eu:replicas=1"], "did you mean region"),
    ],
)
def test_what_cannot_be_compared_is_told(shop: Shop, arguments: list[str], told: str) -> None:
    done = shop("diff", *arguments)

    assert done.code == 2
    assert done.out == ""
    assert told in done.err


def test_a_value_of_the_wrong_type_fails_its_sites_and_no_other(shop: Shop) -> None:
    done = shop("diff", "--set", "region=us:replicas='many'", "-o", "json")

    assert done.code == 3
    assert (done.json["failed"], done.json["compared"]) == (1, 2)
    assert done.json["problems"][0]["sites"] == ["austin-01"]
    assert "FP306" in done.err


def test_a_snapshot_is_what_was_rendered_when_it_was_saved(shop: Shop, tmp_path: Path) -> None:
    snapshot = tmp_path / "monday"
    shop("diff", "--to", shop.target, "--save", snapshot)
    assert groups(shop, "--against", snapshot) == []
    shop.edit("layers/regions/us.yaml", "values: {replicas: 4}\n")
    (shop.root / "sites/paris-01.yaml").unlink()

    found = groups(shop, "--against", snapshot)

    assert {(group["state"], *group["sites"]) for group in found} == {("changed", "austin-01"), ("gone", "paris-01")}


def test_text_by_site_tells_each_site_in_its_own_words(shop: Shop) -> None:
    done = shop("diff", "--set", "colour=blue", "region=eu", "--by", "site")

    assert done.out == (
        "berlin-01\n"
        "  ~ ConfigMap/default/app\n"
        '      ~ data.colour: "red" -> "blue"\n'
        "paris-01\n"
        "  ~ ConfigMap/default/app\n"
        '      ~ data.colour: "red" -> "blue"\n'
    )


def test_text_tells_equal_changes_once(shop: Shop) -> None:
    done = shop("diff", "--set", "colour=blue")

    assert done.out == (
        "3 sites compared with the work tree: 3 differ in 1 group, 0 are the same\n"
        "\n"
        "1. 3 sites: the same 1 field of ConfigMap app [changes or adds objects]\n"
        "   region eu 2, us 1 | kubernetes 1.35 2, 1.36 1\n"
        "   austin-01, berlin-01, paris-01\n"
        "   ~ ConfigMap/default/app\n"
        '       ~ data.colour: "red" -> "blue"\n'
    )


def test_markdown_can_be_opened_group_by_group(shop: Shop) -> None:
    done = shop("diff", "--set", "colour=blue", "-o", "markdown")

    assert done.code == 1
    assert "| 1 | 3 | 1 field of ConfigMap app | changes or adds objects |" in done.out
    assert "<details><summary>1. 3 sites: the same 1 field of ConfigMap app</summary>" in done.out
    assert '    ~ data.colour: "red" -&gt; "blue"' in done.out


def test_defaults_can_be_left_out(shop: Shop) -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: app, namespace: default}\nspec:\n  ports: [{port: 80}]\n"
    shop.edit("templates/app/1.0.0/template/service.yaml", service)
    shop.git("tag", "before")
    shop.edit("templates/app/1.0.0/template/service.yaml", service.replace("80}", "80, protocol: TCP}"))

    assert len(groups(shop, "--against", "git:before")) == 1
    assert groups(shop, "--against", "git:before", "--ignore-defaults") == []


def test_any_number_of_workers_tells_the_same(shop: Shop) -> None:
    for number in range(120):
        (shop.root / f"sites/lab-{number:03d}.yaml").write_text('labels: {region: eu, kubernetes: "1.35"}\n')
    shop.commit()

    told = [shop("diff", "--set", "colour=blue", "--workers", str(count), "-o", "json").out for count in (1, 2)]

    assert told[0] == told[1]
    assert len(json.loads(told[0])["groups"]) == 1


LIVE = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    name: app
    namespace: default
    uid: 0b0d
    resourceVersion: "12"
  data: {site: berlin-01, region: eu, colour: green, replicas: "1"}
"""


def test_one_site_is_compared_with_its_cluster(shop: Shop, tmp_path: Path) -> None:
    export = tmp_path / "live.yaml"
    export.write_text(LIVE)

    done = shop("diff", "berlin-01", "--live", export)

    assert (done.code, done.out) == (1, '~ ConfigMap/default/app\n    ~ data.colour: "green" -> "red"\n')
    export.write_text(LIVE.replace("green", "red"))
    assert shop("diff", "berlin-01", "--live", export).code == 0
    found = shop("diff", "berlin-01", "--live", export, "-o", "json").json
    jsonschema.Draft7Validator(json.loads((OUTPUT / "diff-live.schema.json").read_text())).validate(found)


def test_an_export_can_come_from_stdin(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LIVE.encode())))

    assert shop("diff", "berlin-01", "--live", "-").code == 1


@pytest.mark.parametrize("text", ["NAME READY\napp  1/1\n", "{", "a: 1\n"])
def test_what_is_no_export_is_told(shop: Shop, tmp_path: Path, text: str) -> None:
    export = tmp_path / "live.yaml"
    export.write_text(text)

    done = shop("diff", "berlin-01", "--live", export)

    assert done.code == 2
    assert "FP823" in done.err


def test_a_cluster_is_compared_with_one_site_only(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "live.yaml").write_text(LIVE)

    assert shop("diff", "--live", tmp_path / "live.yaml").code == 2
    assert shop("diff", "berlin-01", "--live", tmp_path / "no.yaml").code == 2


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
@pytest.mark.parametrize("by", ["change", "site"])
def test_no_form_shows_what_a_secret_holds(shop: Shop, form: str, by: str) -> None:
    secret = """\
        apiVersion: v1
        kind: Secret
        metadata: {{name: login, namespace: default}}
        stringData: {{password: "ENC[AES256_GCM,data:{0},iv:aaaa,tag:bbbb,type:str]"}}
        sops: {{age: [{{recipient: age1xyz}}], mac: "ENC[AES256_GCM,data:{0},iv:aaaa,tag:bbbb,type:str]"}}
        """
    shop.edit("templates/app/1.0.0/template/secret.yaml", secret.format("one1one1"))
    shop.git("tag", "before")
    shop.edit("templates/app/1.0.0/template/secret.yaml", secret.format("six6six6"))

    done = shop("diff", "--against", "git:before", "-o", form, "--by", by)

    assert done.code == 1
    assert "(hidden)" in done.out
    assert not any(word in done.out + done.err for word in ("one1one1", "six6six6", "AES256"))

"""Runs in shards: each site in one, and together they say and leave what one run does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from renderer.types import Shard

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Done, Shop

COUNT = 3
TARGETED = ("plan", "publish", "verify")
LABELS = 'labels: {region: eu, kubernetes: "1.35"}\n'


@pytest.fixture
def town(shop: Shop) -> Shop:
    """A fleet of a dozen sites, of which two fail alike, one in another way, and none of the others."""
    for number in range(9):
        (shop.root / "sites" / f"lab-{number:02}.yaml").write_text(LABELS)
    for name in ("bad-01", "bad-02"):
        (shop.root / "sites" / f"{name}.yaml").write_text(f"{LABELS}values: {{replicas: 0}}\n")
    (shop.root / "sites" / "worse-01.yaml").write_text(f"{LABELS}values: {{colour: green}}\n")
    shop.commit()
    return shop


def in_shards(shop: Shop, folder: Path, command: str, *arguments: str, count: int = COUNT) -> list[Path]:
    """Run a command once for each shard; the files of what they said."""
    files = []
    key = {"publish": ("--key", str(shop.private)), "verify": ("--key", str(shop.public))}.get(command, ())
    to = ("--to", shop.target) if command in TARGETED else ()
    folder.mkdir(exist_ok=True)
    for index in range(1, count + 1):
        done = shop(command, *key, *to, *arguments, "--shard", f"{index}/{count}", "-o", "json")
        files.append(folder / f"{command}-{index}.json")
        files[-1].write_text(done.out)
        assert json.loads(done.out)["shard"]["exit"] == done.code
    return files


def merged(shop: Shop, files: list[Path], form: str = "json") -> Done:
    done = shop("merge", *files, "-o", form)
    assert shop("merge", *reversed(files), "-o", form) == done
    return done


@pytest.mark.parametrize("form", ["text", "json", "junit", "tap", "sarif", "github", "gitlab", "markdown"])
def test_validation_in_shards_says_what_one_run_says_in_every_form(town: Shop, tmp_path: Path, form: str) -> None:
    whole = town("validate", "-o", form)

    together = merged(town, in_shards(town, tmp_path / "said", "validate"), form)

    assert together.out == whole.out
    assert together.code == whole.code == 1


def test_sites_that_are_published_in_shards_are_those_of_one_run(town: Shop, tmp_path: Path) -> None:
    done = merged(town, in_shards(town, tmp_path / "said", "publish"))

    assert done.code == 3
    outcomes = done.outcomes()
    assert outcomes == town.publish("--all", to=f"oci-layout:{tmp_path / 'other'}").outcomes()
    assert sorted(outcomes.values()) == ["failed"] * 3 + ["published"] * 12
    assert list(outcomes) == sorted(outcomes)
    again = town.publish()
    assert (again.json["skipped"], set(again.outcomes())) == (12, {"bad-01", "bad-02", "worse-01"})


def test_plan_and_verification_are_merged_too(town: Shop, tmp_path: Path) -> None:
    planned = merged(town, in_shards(town, tmp_path / "said", "plan"))
    assert planned.json == town("plan", "--to", town.target, "-o", "json").json
    town.publish()

    verified = merged(town, in_shards(town, tmp_path / "said", "verify"))

    whole = town.verify()
    assert (verified.json, verified.code) == (whole.json, whole.code)


def test_a_changed_default_is_told_once_with_the_sites_of_all_shards(town: Shop, tmp_path: Path) -> None:
    town.publish()
    text = (town.folder / "templates/app/1.0.0/copier.yml").read_text()
    town.edit("templates/app/1.0.0/copier.yml", text.replace("default: 1,", "default: 2,"))

    planned = merged(town, in_shards(town, tmp_path / "said", "plan"))

    (change,) = planned.json["defaults"]
    assert (change["question"], change["sites"]) == ("replicas", 10)
    assert planned.out == town("plan", "--to", town.target, "-o", "json").out


def test_a_site_that_left_is_dropped_by_the_one_shard_that_had_it(town: Shop, tmp_path: Path) -> None:
    town.publish()
    (town.root / "sites" / "lab-03.yaml").unlink()
    town.commit()

    files = in_shards(town, tmp_path / "said", "plan")
    removed = {path.name: json.loads(path.read_text())["removed"] for path in files}
    (index,) = (index for index in range(1, COUNT + 1) if Shard(index, COUNT).has("lab-03"))
    assert {name: sites for name, sites in removed.items() if sites} == {f"plan-{index}.json": ["lab-03"]}
    assert merged(town, files).json["removed"] == ["lab-03"]

    in_shards(town, tmp_path / "said", "publish")
    assert town("plan", "--to", town.target, "-o", "json").json["removed"] == []


def test_selectors_choose_within_the_shard(town: Shop, tmp_path: Path) -> None:
    files = in_shards(town, tmp_path / "said", "validate", "lab-0[0-4]", "region=us", "berlin-01")

    assert merged(town, files).json["checked"] == 7
    assert town("validate", "berlin-99", "--shard", "1/3").code == 2


def test_a_shard_without_a_result_is_told_and_makes_the_whole_incomplete(town: Shop, tmp_path: Path) -> None:
    files = in_shards(town, tmp_path / "said", "validate")

    done = merged(town, [files[0], files[2]])

    assert done.code == 4
    assert [one["what"] for one in done.json["problems"] if one["code"] == "FP817"] == [
        "shard 2/3 has no result: nothing is known of its sites"
    ]
    assert done.json["checked"] < 15


def wrong_files(kind: str, said: dict[str, Any]) -> list[str]:
    if kind == "no JSON":
        return ["interrupted; running again is safe\n"]
    if kind == "not of a shard":
        return [json.dumps({name: value for name, value in said.items() if name != "shard"})]
    if kind == "of another form":
        return [json.dumps({**said, "schema": "fleetpress/sites/v1"})]
    if kind == "twice the same":
        return [json.dumps(said)] * 2
    if kind == "of different runs":
        return [json.dumps(said), json.dumps({**said, "shard": {**said["shard"], "index": 2, "count": 4}})]
    return [json.dumps({**said, "problems": [{}]})]


@pytest.mark.parametrize(
    "kind", ["no JSON", "not of a shard", "of another form", "twice the same", "of different runs", "damaged"]
)
def test_what_is_no_result_of_a_run_in_shards_is_refused(shop: Shop, tmp_path: Path, kind: str) -> None:
    (path, *_) = in_shards(shop, tmp_path / "said", "validate")
    files = [tmp_path / f"{number}.json" for number in range(2)]
    for file, text in zip(files, wrong_files(kind, json.loads(path.read_text())), strict=False):
        file.write_text(text)

    done = shop("merge", *(file for file in files if file.exists()))

    assert done.code == 2
    assert "FP816" in done.err


def test_a_file_that_cannot_be_read_is_told(shop: Shop, tmp_path: Path) -> None:
    done = shop("merge", tmp_path / "nowhere.json")

    assert (done.code, done.out) == (2, "")
    assert "FP101" in done.err


def test_the_nodes_of_a_gitlab_job_are_understood_when_asked_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI_NODE_INDEX", "2")
    monkeypatch.setenv("CI_NODE_TOTAL", "4")

    assert shop("validate", "--shard", "ci", "-o", "json").json["shard"]["index"] == 2
    # Whoever runs jobs in parallel for another reason must not get a part of the fleet without a word.
    assert "shard" not in shop("validate", "-o", "json").json
    monkeypatch.delenv("CI_NODE_TOTAL")
    assert "FP815" in shop("validate", "--shard", "ci").err


@pytest.mark.parametrize("text", ["0/3", "4/3", "1", "1/", "/3", "-1/3", "1/0", "1.0/3", "01/3", "1/99999", "all"])
def test_a_share_that_there_is_none_of_is_refused(shop: Shop, text: str) -> None:
    done = shop("validate", "--shard", text)

    assert done.code == 2
    assert "FP815" in done.err


def test_the_only_shard_of_one_is_a_run_as_ever(shop: Shop) -> None:
    assert shop("validate", "--shard", "1/1", "-o", "json").out == shop("validate", "-o", "json").out

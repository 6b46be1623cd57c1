"""What publishing promises: only what changed goes out, nothing unsigned, nothing older, nothing to the wrong place."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

ALL = {"austin-01", "berlin-01", "paris-01"}


def test_a_first_publication_sends_every_site_and_verifies(shop: Shop) -> None:
    done = shop.publish()

    assert done.code == 0
    assert done.outcomes() == dict.fromkeys(ALL, "published")
    assert all(receipt["reference"].endswith(":1.1.0") for receipt in done.json["receipts"])
    assert shop.verify().code == 0


def test_an_unchanged_fleet_is_neither_contacted_nor_sent(shop: Shop) -> None:
    shop.publish()
    shop.commit()

    done = shop.publish()

    assert (done.code, done.json["skipped"], done.json["uploads"], done.json["receipts"]) == (0, 3, 0, [])


def test_exactly_the_site_that_changed_moves(shop: Shop) -> None:
    shop.publish()
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 4}\n')

    assert shop("plan", "--to", shop.target, "-o", "json").json["changed"] == [
        {"site": "paris-01", "reasons": ["site file changed"]}
    ]
    done = shop.publish()

    assert done.outcomes() == {"paris-01": "published"}
    assert done.json["receipts"][0]["serial"] == 2
    assert shop.verify().code == 0


def test_a_change_that_changes_nothing_publishes_nothing(shop: Shop) -> None:
    shop.publish()
    shop.edit("layers/global.yaml", '# a comment\ntemplates: {app: "1.0.0"}\nvalues: {colour: red}\n')

    assert shop("plan", "--to", shop.target, "-o", "json").json["changed"] == []
    done = shop.publish()
    again = shop.publish()

    assert done.outcomes() == dict.fromkeys(ALL, "unchanged")
    assert done.json["uploads"] == 0
    assert again.json["skipped"] == 3


def test_a_layer_concerns_only_the_sites_that_use_it(shop: Shop) -> None:
    shop.publish()
    shop.edit("layers/regions/us.yaml", "values: {replicas: 7}\n")

    done = shop("plan", "--to", shop.target, "-o", "json")

    assert done.json["changed"] == [{"site": "austin-01", "reasons": ["layers/regions/us.yaml changed"]}]
    assert shop.publish().outcomes() == {"austin-01": "published"}


def test_a_template_bump_is_told_with_both_versions(shop: Shop) -> None:
    shop.publish()
    shutil.copytree(shop.folder / "templates/app/1.0.0", shop.folder / "templates/app/1.1.0")
    shop.edit("layers/global.yaml", 'templates: {app: "1.1.0"}\nvalues: {colour: blue}\n')

    reasons = {
        change["site"]: change["reasons"] for change in shop("plan", "--to", shop.target, "-o", "json").json["changed"]
    }

    assert reasons == {site: ["layers/global.yaml changed", "app 1.0.0 -> 1.1.0"] for site in ALL}


def test_one_bad_site_stops_no_other_and_keeps_its_last_good_artifact(shop: Shop) -> None:
    shop.publish()
    shop.edit("layers/regions/eu.yaml", "values: {colour: blue}\n")
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 0}\n')

    done = shop.publish()

    assert done.code == 3
    assert done.outcomes() == {"berlin-01": "published", "paris-01": "failed"}
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["file"], problem["line"]) == ("FP307", "fleets/labs/sites/paris-01.yaml", 2)
    assert {site["site"]: site["serial"] for site in shop.verify().json["sites"]} == {
        "austin-01": 1,
        "berlin-01": 3,
        "paris-01": 1,
    }


def test_a_repaired_site_is_published_by_the_next_run(shop: Shop) -> None:
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 0}\n')
    assert shop.publish().code == 3
    shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\n')

    assert shop.publish().outcomes() == {"paris-01": "published"}


def test_a_site_that_left_the_fleet_is_told_and_forgotten(shop: Shop) -> None:
    shop.publish()
    (shop.root / "sites/paris-01.yaml").unlink()
    shop.commit()

    assert shop("plan", "--to", shop.target, "-o", "json").json["removed"] == ["paris-01"]
    shop.publish()

    assert shop("plan", "--to", shop.target, "-o", "json").json["removed"] == []


def test_publishing_some_sites_leaves_the_others_to_the_next_run(shop: Shop) -> None:
    assert shop.publish("berlin-*").outcomes() == {"berlin-01": "published"}
    assert shop.publish().outcomes() == {"austin-01": "published", "paris-01": "published"}


def test_an_older_job_never_wins(shop: Shop) -> None:
    shop.publish("--serial", "9")
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\n')

    done = shop.publish("--serial", "8")

    assert done.outcomes() == dict.fromkeys(ALL, "superseded")
    assert {site["serial"] for site in shop.verify().json["sites"]} == {9}


def test_a_tag_that_is_there_never_moves(shop: Shop) -> None:
    shop.publish("--serial", "9")
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\n')

    done = shop.publish("--serial", "9")

    assert done.code == 3
    assert done.codes() == {"FP704"}


def test_a_rollback_is_a_new_serial_with_the_earlier_content(shop: Shop) -> None:
    first = shop.publish()
    shop.edit("layers/regions/us.yaml", "values: {replicas: 7}\n")
    shop.publish()
    shop.edit("layers/regions/us.yaml", "values: {replicas: 2}\n")

    (receipt,) = shop.publish().json["receipts"]

    before = {each["site"]: each["digest"] for each in first.json["receipts"]}
    assert (receipt["digest"], receipt["serial"]) == (before["austin-01"], 3)
    assert shop.verify().code == 0


def test_a_lost_ledger_costs_questions_and_no_uploads(shop: Shop) -> None:
    shop.publish()

    done = shop.publish("--all")

    assert done.outcomes() == dict.fromkeys(ALL, "unchanged")
    assert done.json["uploads"] == 0


def test_another_key_is_never_mixed_in(shop: Shop, tmp_path: Path) -> None:
    shop.publish()
    shop("keygen", tmp_path / "other")

    done = shop("publish", "--to", shop.target, "--key", tmp_path / "other.key", "-o", "json")

    assert done.code == 3
    assert done.codes() == {"FP605"}
    assert shop.verify().code == 0


def test_a_fleet_with_uncommitted_changes_goes_to_no_registry(shop: Shop) -> None:
    (shop.root / "sites/paris-01.yaml").write_text('labels: {region: us, kubernetes: "1.36"}\n')

    done = shop.publish(to="fleet")

    assert done.code == 2
    assert "FP801" in done.err
    assert "--allow-dirty" in done.err


def test_a_shallow_clone_is_refused_with_the_remedy(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.commit()
    shop.git("clone", "-q", "--depth", "1", f"file://{shop.folder}", str(tmp_path / "shallow"))
    monkeypatch.chdir(tmp_path / "shallow")

    done = shop.publish()

    assert done.code == 2
    assert "FP802" in done.err
    assert "--unshallow" in done.err
    assert shop.publish("--serial", "5").code == 0


def test_a_fleet_with_registries_goes_nowhere_else(shop: Shop) -> None:
    done = shop.publish(to="oci://elsewhere.example/press")

    assert done.code == 2
    assert "FP706" in done.err


@pytest.mark.parametrize(
    "to", ["", "nonsense", "oci://", "oci-layout:", "oci-archive:", "https://host/x", "oci://HOST/PREFIX"]
)
def test_a_target_that_is_none_is_refused(shop: Shop, to: str) -> None:
    done = shop("publish", "--to", to, "--key", shop.private)

    assert done.code in {2, 4}
    assert "FP707" in done.err


def test_a_key_that_is_none_is_refused_before_anything_is_done(shop: Shop) -> None:
    done = shop("publish", "--to", shop.target, "--key", shop.public)

    assert done.code == 4
    assert "FP60" in done.err


def test_a_damaged_ledger_is_told_and_publishing_all_repairs_it(shop: Shop) -> None:
    shop.publish()
    folder = Path(shop.target.partition(":")[2])
    for blob in folder.rglob("ledger/*/blobs/sha256/*"):
        blob.write_bytes(b"damaged")

    done = shop("plan", "--to", shop.target)
    assert done.code == 4
    assert "FP708" in done.err
    assert "publish --all" in done.err
    shop.commit()

    repaired = shop.publish("--all")
    assert (repaired.code, repaired.json["uploads"]) == (0, 0)
    assert shop("plan", "--to", shop.target, "-o", "json").json["unchanged"] == 3


def test_a_site_whose_template_backtracks_does_not_keep_the_others_from_being_published(shop: Shop) -> None:
    bomb = "{% if site == 'berlin-01' %}{{ ('a' * 40 ~ 'b') | regex_search('(a+)+$') }}{% endif %}"
    shop.edit("templates/app/1.0.0/template/bomb.txt.jinja", f"a\n{bomb}")

    done = shop.publish("--workers", "2")

    assert done.code == 3
    assert sorted(done.outcomes().values()) == ["failed", "published", "published"]
    (problem,) = done.json["problems"]
    place = ("templates/app/1.0.0/template/bomb.txt.jinja", 2)
    assert (problem["code"], problem["file"], problem["line"]) == ("FP313", *place)


def test_a_template_is_read_as_copier_reads_it_where_the_fleet_says_so(shop: Shop) -> None:
    shop.edit("templates/app/1.0.0/template/note.txt.jinja", "[{{ nobody_gave_this }}]\n")
    strict = shop.publish()
    fleet = (shop.root / "fleet.yaml").read_text()

    shop.edit("fleet.yaml", f"{fleet}templates: {{compat: {{app: copier}}}}\n")
    lenient = shop.publish()

    assert (strict.code, strict.codes()) == (3, {"FP305"})
    assert (lenient.code, set(lenient.outcomes().values())) == (0, {"published"})
    assert "# berlin-01" in shop("render", "berlin-01").out
    shop.edit("fleet.yaml", f"{fleet}templates: {{compat: {{app: foxops}}}}\n")
    assert shop("validate").code == 2

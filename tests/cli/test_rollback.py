"""`rollback`: an earlier artifact under a new serial, and a publish that leaves it alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema

from renderer.sign import generate_key

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

OUTPUT = Path(__file__).parents[2] / "schemas/output"


def roll_back(shop: Shop, *arguments: str | Path, key: Path | None = None) -> Done:
    done = shop("rollback", *arguments, "--to", shop.target, "--key", key or shop.private, "-o", "json")
    if done.out:
        jsonschema.validate(done.json, json.loads((OUTPUT / "rollback.schema.json").read_text()))
    return done


def serials(done: Done) -> dict[str, int]:
    return {site["site"]: site["serial"] for site in done.json["sites"]}


def contents(shop: Shop) -> dict[str, str]:
    return {site["site"]: site["content"] for site in shop.verify().json["sites"]}


def test_a_site_gets_its_earlier_content_under_a_new_serial(shop: Shop) -> None:
    shop.publish()
    good = contents(shop)
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {colour: blue}\n')
    shop.publish()
    bad = contents(shop)
    shop.commit()

    done = roll_back(shop, "region=eu", "--last-good")

    assert (done.code, done.outcomes()) == (0, {"berlin-01": "published", "paris-01": "published"})
    now = shop.verify()
    assert now.code == 0
    assert contents(shop) == {**good, "austin-01": bad["austin-01"]}
    assert serials(now)["berlin-01"] == serials(now)["paris-01"] == serials(now)["austin-01"] + 1


def test_publish_leaves_a_site_alone_until_its_files_change(shop: Shop) -> None:
    shop.publish()
    good = contents(shop)
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {colour: blue}\n')
    shop.publish()
    shop.commit()
    roll_back(shop, "berlin-01", "--last-good")

    again = shop.publish()
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {colour: red}\n')
    reverted = shop.publish()

    assert again.json["receipts"] == []
    assert reverted.outcomes() == {"austin-01": "published", "berlin-01": "unchanged", "paris-01": "published"}
    assert contents(shop) == good


def test_a_serial_can_be_named(shop: Shop) -> None:
    for colour in ("red", "blue", "red"):
        shop.edit("layers/global.yaml", f'templates: {{app: "1.0.0"}}\nvalues: {{colour: {colour}}}\n')
        shop.publish()
    first = min(receipt["serial"] for receipt in shop.publish("--all").json["receipts"])
    shop.commit()

    done = roll_back(shop, "berlin-01", "--to-serial", str(first - 1))

    assert done.code == 0
    assert shop.verify("berlin-01").code == 0


def test_what_cannot_be_rolled_back_is_told_and_stops_no_other(shop: Shop) -> None:
    shop.publish("berlin-01", "paris-01")
    shop.edit("sites/berlin-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\nvalues: {replicas: 5}\n')
    shop.publish("berlin-01")
    same_serial = roll_back(shop, "berlin-01", "--last-good")
    shop.commit()

    done = roll_back(shop, "berlin-01", "paris-01", "austin-01", "--last-good")

    assert "FP831" in same_serial.codes()
    assert done.code == 3
    assert done.outcomes() == {"berlin-01": "published", "paris-01": "failed", "austin-01": "failed"}
    told = {tuple(problem["sites"]): problem["what"] for problem in done.json["problems"]}
    assert "never had other content" in told["paris-01",]
    assert "nothing is published" in told["austin-01",]


def test_what_another_key_signed_is_not_blessed(shop: Shop, tmp_path: Path) -> None:
    shop.publish("berlin-01")
    shop.edit("sites/berlin-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\nvalues: {replicas: 5}\n')
    shop.publish("berlin-01")
    shop.commit()
    other, _ = generate_key(tmp_path / "other")
    before = serials(shop.verify("berlin-01"))

    done = roll_back(shop, "berlin-01", "--last-good", key=other)

    assert done.code == 3
    assert done.codes() & {"FP604", "FP605", "FP606"}
    assert serials(shop.verify("berlin-01")) == before


def test_rollback_wants_to_know_whom_and_to_what(shop: Shop) -> None:
    assert roll_back(shop, "berlin-01").code == 2
    assert roll_back(shop, "--last-good").code == 2
    assert roll_back(shop, "berlin-01", "--last-good", "--to-serial", "3").code == 2

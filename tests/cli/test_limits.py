"""Limits of fleet.yaml: `plan` tells, `publish` refuses before it does anything, a reason waives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from tests.cli.conftest import FLEET, TEMPLATE

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

OUTPUT = Path(__file__).parents[2] / "schemas/output"
LONG = '{from: "2000-01-01T00:00Z", to: "2100-01-01T00:00Z", reason: Audit., sites: region=us}'


def limited(shop: Shop, limits: str) -> None:
    shop.edit("fleet.yaml", f"{FLEET}rollout:\n  limits: {limits}\n")


@pytest.mark.parametrize(
    ("limits", "code", "said"),
    [
        ("{sites: 2}", "FP832", "3 sites would change, 2 are the most"),
        ("{share: {region: 50%}, at_least: 0}", "FP832", "2 of 2 sites with region=eu"),
        (f"{{freezes: [{LONG}]}}", "FP833", "austin-01"),
    ],
)
def test_what_is_beyond_a_limit_is_told_and_not_published(shop: Shop, limits: str, code: str, said: str) -> None:
    limited(shop, limits)

    plan = shop("plan", "--to", shop.target)
    done = shop.publish()

    assert plan.code == 1
    assert f"{code} " in plan.out
    assert said in plan.out
    assert done.code == 2
    assert code in done.err
    assert shop.verify().code == 1


def test_what_is_within_the_limits_is_published(shop: Shop) -> None:
    limited(shop, f"{{sites: 3, share: {{region: 50%}}, freezes: [{LONG}]}}")

    assert shop("plan", "--to", shop.target, "region=eu").code == 0
    assert shop.publish("region=eu").code == 0


def test_a_reason_waives_the_limits_and_is_recorded(shop: Shop) -> None:
    limited(shop, "{sites: 1}")

    empty = shop.publish("--waive-limits", " ")
    done = shop.publish("--waive-limits", "First roll-out of the fleet.")
    again = shop.publish("--waive-limits", "First roll-out of the fleet.")

    assert empty.code == 2
    assert done.code == 0
    jsonschema.validate(done.json, json.loads((OUTPUT / "publish.schema.json").read_text()))
    assert done.json["waived"] == {
        "reason": "First roll-out of the fleet.",
        "limits": ["3 sites would change, 1 are the most"],
    }
    assert again.json["waived"] is None


SECOND = """\
        apiVersion: v1
        kind: Service
        metadata: {name: app, namespace: default}
        spec: {selector: {app: app}, ports: [{port: 80}]}
        """


@pytest.mark.parametrize(("kinds", "code"), [("[]", 2), ("[ConfigMap]", 2), ("[Service]", 0)])
def test_only_kinds_that_may_be_deleted_are(shop: Shop, kinds: str, code: int) -> None:
    service = "templates/app/1.0.0/template/service.yaml.jinja"
    shop.edit(service, SECOND)
    limited(shop, f"{{delete: {kinds}}}")
    assert shop.publish("region=eu").code == 0
    (shop.folder / service).unlink()
    shop.commit()

    plan, done = shop("plan", "--to", shop.target), shop.publish()

    assert (plan.code, done.code) == (1 if code else 0, code)
    # The third site was never published: it has nothing to lose.
    assert ("objects of the kind Service would be deleted at 2 sites (berlin-01, paris-01)" in done.err) is bool(code)


def test_the_reason_of_a_waiver_stands_in_the_ledger(shop: Shop) -> None:
    limited(shop, "{sites: 1}")
    shop.publish("--waive-limits", "First roll-out of the fleet.")

    written = [path for path in (shop.folder.parent / "registry").rglob("*") if path.is_file()]

    assert sum(b'"waived":"First roll-out of the fleet."' in path.read_bytes() for path in written) == 2


def test_a_version_goes_to_a_ring_after_the_ring_before(shop: Shop) -> None:
    for path, text in TEMPLATE.items():
        shop.edit(path.replace("1.0.0", "1.1.0"), text)
    rings = FLEET.replace("region: [eu, us]", "region: [eu, us]\n  ring: [canary, broad]")
    for name, ring in {"berlin-01": "canary", "paris-01": "broad", "austin-01": "broad"}.items():
        file = shop.root / f"sites/{name}.yaml"
        file.write_text(file.read_text().replace("labels: {", f"labels: {{ring: {ring}, "))
    shop.edit("fleet.yaml", f"{rings}rollout:\n  limits: {{order: true}}\n")
    assert shop.publish().code == 0
    shop.edit("layers/global.yaml", 'templates: {app: "1.1.0"}\nvalues: {colour: red}\n')

    all_at_once, canary_first, then_all = shop.publish(), shop.publish("ring=canary"), shop.publish()

    assert all_at_once.code == 2
    assert "app@1.1.0 would go to 2 sites of broad" in all_at_once.err
    assert (canary_first.code, then_all.code) == (0, 0)


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ("{share: {regoin: 5%}}", "did you mean region?"),
        ("{order: true}", "ring"),
        ("{freezes: [{from: noon, to: never, reason: x}]}", "2026-12-20T00:00+01:00"),
        ('{freezes: [{from: "2026-02-01T00:00Z", to: "2026-01-01T00:00Z", reason: x}]}', "ends before it begins"),
        ("{sites: 0}", "sites"),
        (
            '{freezes: [{from: "2000-01-01T00:00Z", to: "2100-01-01T00:00Z", reason: x, sites: region=mars}]}',
            "region=mars",
        ),
    ],
)
def test_a_wrong_limit_is_refused(shop: Shop, limits: str, said: str) -> None:
    limited(shop, limits)

    done = shop("plan", "--to", shop.target)

    assert done.code == 2
    assert said in done.err

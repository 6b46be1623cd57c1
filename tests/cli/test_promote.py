"""`promote`: a ring gets what the ring before it has when the gates let it, and is told why not otherwise."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.cli.conftest import TEMPLATE

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

OUTPUT = Path(__file__).parents[2] / "schemas/output"
FLEET = """\
name: labs
labels:
  region: [eu]
  ring: [canary, early, broad]
  kubernetes: ["1.35"]
layers: [global.yaml, "rings/{ring}.yaml"]
rollout:
  gates:
    early: {}
    broad: {soak: 2d, approvals: 1}
"""
COPIER = TEMPLATE["templates/app/1.0.0/copier.yml"].rstrip() + "\n        timezone: {type: str, default: Etc/UTC}\n"


@pytest.fixture
def rings(shop: Shop) -> Shop:
    """Two canaries at 1.1.0, published; one early and one broad site at 1.0.0."""
    for path, text in TEMPLATE.items():
        for version in ("1.0.0", "1.1.0"):
            shop.edit(path.replace("1.0.0", version), COPIER if path.endswith("copier.yml") else text)
    for file in (shop.root / "sites").iterdir():
        file.unlink()
    (shop.root / "layers/regions/us.yaml").unlink()
    shop.edit("fleet.yaml", FLEET)
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {timezone: Europe/Berlin}\n')
    for ring in ("canary", "early", "broad"):
        shop.edit(f"layers/rings/{ring}.yaml", 'templates: {app: "1.1.0"}\n' if ring == "canary" else "# no pin\n")
    for name, ring in {"a": "canary", "b": "canary", "c": "early", "d": "broad"}.items():
        shop.edit(f"sites/{name}.yaml", f'labels: {{region: eu, ring: {ring}, kubernetes: "1.35"}}\n')
    assert shop.publish().code == 0
    return shop


def promote(shop: Shop, *arguments: str) -> Done:
    done = shop("promote", *arguments, "--to", shop.target, "-o", "json")
    if done.code < 2:
        jsonschema.validate(done.json, json.loads((OUTPUT / "promote.schema.json").read_text()))
    return done


def gates(done: Done) -> dict[str, bool]:
    (template,) = done.json["templates"]
    return {gate["gate"]: gate["passes"] for gate in template["gates"]}


def later(**time: Any) -> str:
    return (datetime.now(UTC) + timedelta(**time)).isoformat(timespec="seconds")


def test_a_ring_gets_what_the_ring_before_has(rings: Shop) -> None:
    done = promote(rings, "canary", "early")

    assert (done.code, gates(done)) == (0, {"failures": True})
    assert (rings.root / "layers/rings/early.yaml").read_text() == '# no pin\ntemplates:\n  app: "1.1.0"\n'
    assert promote(rings, "canary", "early").json["templates"] == []


def test_a_site_that_has_not_got_it_holds_the_ring_back(rings: Shop) -> None:
    rings.edit("sites/e.yaml", 'labels: {region: eu, ring: canary, kubernetes: "1.35"}\n')

    done = rings("promote", "canary", "early", "--to", rings.target)

    assert done.code == 1
    assert "holds   failures: 2 of 3 sites have app@1.1.0: e" in done.out
    assert "1 template held back" in done.out
    assert (rings.root / "layers/rings/early.yaml").read_text() == "# no pin\n"


def test_a_gate_says_until_when_it_holds_and_passes_then(rings: Shop) -> None:
    rings.edit("approvals.yaml", '- {template: app, version: "1.1.0", ring: broad, by: anna}\n')

    held = promote(rings, "canary", "broad", "--at", later(hours=47))
    passed = promote(rings, "canary", "broad", "--at", later(hours=49))

    assert (held.code, gates(held)) == (1, {"failures": True, "soak": False, "approvals": True})
    assert held.json["templates"][0]["gates"][1]["until"] is not None
    assert (passed.code, gates(passed)) == (0, {"failures": True, "soak": True, "approvals": True})


def test_an_approval_is_for_one_version_and_ring(rings: Shop) -> None:
    rings.edit("approvals.yaml", '- {template: app, version: "1.1.0", ring: early, by: anna}\n')

    assert gates(promote(rings, "canary", "broad", "--at", later(days=3)))["approvals"] is False


def test_windows_and_health_are_asked(rings: Shop) -> None:
    gate = '{window: "Mon-Fri 08:00-16:00", health: {from: health.json, age: 1d}}'
    rings.edit("fleet.yaml", FLEET.replace("early: {}", f"early: {gate}"))
    well = {"healthy": True, "time": "2026-03-04T11:00:00Z"}
    rings.edit("health.json", json.dumps({"sites": {"a": well, "b": well}}))

    held = promote(rings, "canary", "early", "--at", "2026-03-07T12:00Z")
    passed = promote(rings, "canary", "early", "--at", "2026-03-04T12:00Z")

    assert gates(held) == {"failures": True, "window": False, "health": False}
    assert held.json["templates"][0]["gates"][1]["until"] == "2026-03-09T07:00:00+00:00"
    assert gates(passed) == {"failures": True, "window": True, "health": True}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("early", "canary"), "does not come before"),
        (("canary", "late"), "no site can have ring=late"),
        (("late", "early"), "there is no ring late"),
        (("canary", "early", "--at", "noon"), "expected a time"),
        (("canary", "early", "--at", "2026-01-01T10:00"), "has no offset"),
    ],
)
def test_what_cannot_be_promoted_is_told(rings: Shop, arguments: tuple[str, ...], said: str) -> None:
    done = promote(rings, *arguments)

    assert done.code == 2
    assert said in done.err


def test_a_ring_at_two_versions_cannot_be_the_model(rings: Shop) -> None:
    rings.edit("layers/regions/us.yaml", 'templates: {app: "1.0.0"}\n')
    both = FLEET.replace("[eu]", "[eu, us]").replace(
        '"rings/{ring}.yaml"', '"rings/{ring}.yaml", "regions/{region}.yaml"'
    )
    rings.edit("fleet.yaml", both)
    rings.edit("sites/a.yaml", 'labels: {region: us, ring: canary, kubernetes: "1.35"}\n')

    done = promote(rings, "canary", "early")

    assert done.code == 2
    assert "canary has app at 1.0.0, 1.1.0" in done.err


def test_an_exception_says_nothing_about_its_ring(rings: Shop) -> None:
    own = 'templates: {app: "1.0.0"}\n'
    rings.edit("sites/e.yaml", f'labels: {{region: eu, ring: canary, kubernetes: "1.35"}}\n{own}')

    done = promote(rings, "canary", "early")

    assert done.json["templates"][0]["version"] == "1.1.0"
    assert gates(done) == {"failures": True}


def test_a_feed_that_cannot_be_read_stops_the_promotion(rings: Shop) -> None:
    rings.edit("fleet.yaml", FLEET.replace("early: {}", "early: {health: {from: health.json}}"))
    missing = promote(rings, "canary", "early")
    rings.edit("health.json", "[]")
    wrong = promote(rings, "canary", "early")

    assert (missing.code, wrong.code) == (4, 4)
    assert "FP830" in missing.err
    assert '"sites"' in wrong.err


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        ("canary: {}", "is the first ring"),
        ("eraly: {}", "did you mean early?"),
        ("early: {window: Monday 08:00-16:00}", "Mon-Thu 07:00-15:00"),
        ("early: {soak: 2 days}", "48h"),
        ("early: {health: {from: http://x.example}}", "https"),
        ("early: {health: {from: ../x.json}}", "outside"),
        ("early: {failures: 120%}", "2%"),
        ("early: {soack: 2d}", "did you mean soak?"),
    ],
)
def test_a_wrong_gate_is_refused(rings: Shop, gates: str, said: str) -> None:
    rings.edit("fleet.yaml", FLEET.split("rollout:", maxsplit=1)[0] + "rollout:\n  gates:\n    " + gates + "\n")

    done = rings("sites")

    assert done.code == 2
    assert said in done.err
    assert "fleet.yaml:" in done.err

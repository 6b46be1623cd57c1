"""Policies and waivers as a user meets them: what is told, what is published, what is looked at again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.build import write

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "tests/examples"
POLICY = """\
kind: Egress
name: egress
why: results stay
allow:
  - networks: [cluster]
  - sites: {region: eu}
    hosts: ["*.eu.example"]
  - sites: {region: us}
    hosts: ["*.us.example"]
"""
WAIVER = """\
waivers:
  - name: old-gateway
    finding: egress
    sites: {site: berlin-*}
    objects: [ConfigMap/default/*]
    reason: The gateway moves in spring.
    expires: "2027-03-31"
"""
BEFORE, AFTER = "2027-03-31", "2027-04-01"
TEMPLATE = "templates/app/1.0.0/template/config.yaml.jinja"


def policy(shop: Shop, text: str = POLICY) -> None:
    write(shop.folder / "schemas/policies/own.yaml", text)
    shop.commit()


@pytest.fixture
def asking(shop: Shop) -> Shop:
    """A fleet whose sites all name a host that nobody may ask."""
    policy(shop)
    shop.edit(TEMPLATE, (shop.folder / TEMPLATE).read_text() + "  gateway: https://gateway.old.example/\n")
    return shop


def validate(shop: Shop, *arguments: str) -> Done:
    done = shop("validate", "-o", "json", *arguments)
    schema = json.loads((REPOSITORY / "schemas/output/validate.schema.json").read_text())
    jsonschema.validate(done.json, schema)
    return done


def published(shop: Shop, today: str) -> dict[str, str]:
    done = shop.publish("--today", today)
    schema = json.loads((REPOSITORY / "schemas/output/publish.schema.json").read_text())
    jsonschema.validate(done.json, schema)
    return done.outcomes()


def test_a_host_that_nobody_may_ask_is_told_at_the_templates_line_and_stops_each_site(asking: Shop) -> None:
    done = validate(asking)

    assert (done.code, done.json["failed"]) == (1, 3)
    (problem,) = done.json["problems"]
    assert (problem["code"], problem["rule"], problem["object"]) == ("FP432", "egress", "ConfigMap/default/app")
    assert (problem["file"], problem["line"]) == (TEMPLATE, 11)


def test_a_host_of_another_region_stops_the_site_of_the_wrong_one_only(shop: Shop) -> None:
    policy(shop)
    shop.edit(TEMPLATE, (shop.folder / TEMPLATE).read_text() + "  gateway: https://results.us.example/\n")

    assert shop.publish().outcomes() == {"austin-01": "published", "berlin-01": "failed", "paris-01": "failed"}


def test_a_waiver_lets_its_sites_pass_and_is_counted_and_listed(asking: Shop) -> None:
    asking.edit("waivers.yaml", WAIVER)

    done = validate(asking, "--today", BEFORE)

    (waived,) = done.json["suppressed"]
    assert (done.code, done.json["failed"]) == (1, 2)
    assert (waived["code"], waived["severity"], waived["sites"]) == ("FP432", "error", ["berlin-01"])
    assert waived["waiver"] == {
        "name": "old-gateway",
        "reason": "The gateway moves in spring.",
        "expires": "2027-03-31",
        "file": "fleets/labs/waivers.yaml",
        "line": 2,
        "column": 5,
    }
    assert asking("validate", "berlin-01", "--today", BEFORE).out == "1 site checked, no errors, 1 finding waived\n"


def test_no_other_form_tells_what_is_waived_but_sarif_as_suppressed(asking: Shop) -> None:
    asking.edit("waivers.yaml", WAIVER)

    def say(form: str) -> str:
        return asking("validate", "berlin-01", "--today", BEFORE, "-o", form).out

    (result,) = json.loads(say("sarif"))["runs"][0]["results"]
    assert result["level"] == "error"
    assert result["suppressions"][0]["justification"].startswith("The gateway moves in spring.")
    assert json.loads(say("gitlab")) == []
    assert say("github") == "\n"
    assert "not ok" not in say("tap")
    assert "<failure" not in say("junit")
    assert "0 errors, 0 warnings" in say("markdown")


def test_the_day_after_its_end_the_finding_counts_again_and_the_end_is_told(asking: Shop) -> None:
    asking.edit("waivers.yaml", WAIVER)

    done = validate(asking, "berlin-01", "--today", AFTER)

    assert done.code == 1
    assert done.codes() == {"FP432", "FP245"}
    ended = next(problem for problem in done.json["problems"] if problem["code"] == "FP245")
    assert (ended["file"], ended["line"]) == ("fleets/labs/waivers.yaml", 2)


def test_a_site_is_looked_at_again_when_its_waiver_ends_and_keeps_its_last_artifact(asking: Shop) -> None:
    asking.edit("waivers.yaml", WAIVER)

    assert published(asking, BEFORE)["berlin-01"] == "published"
    assert "berlin-01" not in published(asking, BEFORE)
    assert published(asking, AFTER)["berlin-01"] == "failed"
    assert asking.verify("berlin-01").code == 0


def test_a_waiver_that_is_renewed_or_moved_costs_nothing(asking: Shop) -> None:
    asking.edit("waivers.yaml", WAIVER)
    published(asking, BEFORE)
    asking.edit("waivers.yaml", "# why: see the minutes\n" + WAIVER.replace("2027-03-31", "2027-06-30"))

    assert "berlin-01" not in published(asking, AFTER)


def test_a_changed_waiver_makes_only_its_sites_be_looked_at_and_publishes_nothing(asking: Shop) -> None:
    policy(asking, POLICY.replace("why:", "severity: warning\nwhy:"))
    asking.edit("waivers.yaml", WAIVER)
    published(asking, BEFORE)
    asking.edit("waivers.yaml", WAIVER.replace("ConfigMap/default/*", "ConfigMap/default/app"))

    assert published(asking, BEFORE) == {"berlin-01": "unchanged"}


def test_a_changed_policy_makes_all_sites_be_looked_at_and_publishes_nothing(shop: Shop) -> None:
    policy(shop)
    shop.publish()
    policy(shop, POLICY.replace("*.us.example", "*.usa.example"))

    assert shop.publish().outcomes() == {"austin-01": "unchanged", "berlin-01": "unchanged", "paris-01": "unchanged"}


def test_the_day_is_in_no_artifact(asking: Shop) -> None:
    asking.edit("waivers.yaml", WAIVER)
    first = asking.publish("berlin-01", "--today", BEFORE).json["receipts"][0]["digest"]
    shutil.rmtree(asking.folder.parent / "registry")

    assert asking.publish("berlin-01", "--today", "2027-01-01").json["receipts"][0]["digest"] == first


def test_rules_of_our_own_admission_policies_and_references_can_be_waived(shop: Shop) -> None:
    shutil.copy(REPOSITORY / "schemas/policies/load-balancers.yaml", shop.folder / "schemas")
    (shop.folder / "schemas/policies").mkdir()
    shutil.move(shop.folder / "schemas/load-balancers.yaml", shop.folder / "schemas/policies")
    service = """\
        apiVersion: v1
        kind: Service
        metadata: {name: lb, namespace: default, annotations: {site: "{{ site }}"}}
        spec: {type: LoadBalancer, selector: {app: none}, ports: [{port: 70000}]}
        """
    shop.edit("templates/app/1.0.0/template/service.yaml.jinja", service)
    found = {problem["rule"]: problem["code"] for problem in validate(shop, "berlin-01").json["problems"]}
    assert set(found.values()) == {"FP411", "FP412"} | ({"FP421"} & set(found.values()))
    waivers = "waivers:\n" + "".join(
        f"  - {{name: w{number}, finding: {rule}, reason: it is being corrected, expires: '2099-01-01',"
        f" objects: [Service/default/lb]}}\n"
        for number, rule in enumerate(found)
    )
    shop.edit("waivers.yaml", waivers)

    done = validate(shop, "berlin-01")

    # What a broken rule hid, is told once it is waived: the policies see the object then.
    assert done.json["problems"] == []
    assert {one["rule"] for one in done.json["suppressed"]} == set(found)


def lint(shop: Shop, today: str = BEFORE) -> list[tuple[str, str]]:
    shop.edit("layers/regions/eu.yaml", "values: {replicas: 4}\n")
    done = shop("lint", "-o", "json", "--today", today)
    return [(one["code"], one["what"]) for one in done.json["problems"]]


def test_lint_tells_no_waiver_that_is_needed(asking: Shop) -> None:
    asking.edit("waivers.yaml", WAIVER.replace("2027-03-31", "2027-12-31"))

    assert lint(asking) == []


def test_lint_tells_which_waivers_nothing_needs(asking: Shop) -> None:
    unused = WAIVER.replace("old-gateway", "unused").replace("ConfigMap/default", "Service/default")
    idle = WAIVER.replace("old-gateway", "idle").replace("berlin-*", "rome-*")
    ending = WAIVER.replace("old-gateway", "ending")
    listed = "".join(one.removeprefix("waivers:\n") for one in (unused, idle, ending))
    asking.edit("waivers.yaml", f"waivers:\n{listed}")

    assert lint(asking, "2027-03-20") == [
        ("FP244", "waiver idle covers no site: site rome-*"),
        ("FP246", "waiver unused waives nothing: egress is not found where it counts"),
        ("FP247", "waiver ending ends on 2027-03-31, in 11 days"),
    ]
    assert ("FP245", "waiver unused ended on 2027-03-31") in lint(asking, AFTER)


def test_lint_says_nothing_about_waivers_of_a_site_that_cannot_be_rendered(asking: Shop) -> None:
    asking.edit("waivers.yaml", WAIVER.replace("2027-03-31", "2027-12-31"))
    asking.edit("sites/berlin-01.yaml", 'labels: {region: eu, kubernetes: "1.35"}\nvalues: {replicas: 0}\n')

    assert [found for found in lint(asking) if found[0].startswith("FP24")] == []


def examples(validity: str) -> list[Path]:
    return sorted((EXAMPLES / validity / "waivers").iterdir())


def with_policies(shop: Shop) -> None:
    strict = POLICY.replace("name: egress", "name: strict-egress\nwaivable: false")
    policy(shop, f"{POLICY}---\n{strict}")
    shutil.copy(REPOSITORY / "schemas/policies/resources.yaml", shop.folder / "schemas/policies")


@pytest.mark.parametrize("path", examples("valid"), ids=lambda path: path.stem)
def test_a_good_waiver_file_has_no_problem(shop: Shop, path: Path) -> None:
    with_policies(shop)
    shop.edit("waivers.yaml", path.read_text())

    assert validate(shop).code == 0


@pytest.mark.parametrize("path", examples("invalid"), ids=lambda path: path.stem)
def test_a_bad_waiver_file_is_told_at_its_line(shop: Shop, path: Path) -> None:
    with_policies(shop)
    first, text = path.read_text().split("\n", 1)
    shop.edit("waivers.yaml", text)

    done = shop("validate", "-o", "sarif")

    results: list[Any] = json.loads(done.out)["runs"][0]["results"]
    assert done.code in (1, 2)
    assert {result["ruleId"] for result in results} == set(first.removeprefix("# expect: ").split())
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "fleets/labs/waivers.yaml"
        assert place["region"]["startLine"] >= 1
        assert "\n" in result["message"]["text"], "there is a hint"

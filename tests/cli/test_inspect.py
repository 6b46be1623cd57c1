"""The commands that look: what they print, in both forms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from renderer.fleet.workspace import Workspace
from renderer.read import load_schemas
from renderer.types import Manifest, Manifests
from renderer.validate import Validator

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

REPOSITORY = Path(__file__).parents[2]
OUTPUT = REPOSITORY / "schemas/output"


def test_sites_are_listed_with_labels_and_pins(shop: Shop) -> None:
    assert shop("sites").out.splitlines() == [
        "SITE       REGION  KUBERNETES  TEMPLATES",
        "austin-01  us      1.35        app@1.0.0",
        "berlin-01  eu      1.35        app@1.0.0",
        "paris-01   eu      1.36        app@1.0.0",
    ]


def test_sites_can_be_chosen_by_name_and_by_pattern(shop: Shop) -> None:
    chosen = shop("sites", "-o", "json", "paris-01", "*-01", "ber*").json["sites"]

    assert [site["site"] for site in chosen] == ["paris-01", "austin-01", "berlin-01"]


def test_an_unknown_site_is_told_with_what_is_like_it(shop: Shop) -> None:
    done = shop("render", "berlin-1")

    assert done.code == 2
    assert "FP210" in done.err
    assert "did you mean berlin-01?" in done.err


def test_explain_tells_the_value_its_place_and_what_it_overrode(shop: Shop) -> None:
    shop.edit("layers/regions/eu.yaml", "values:\n  colour: blue\n")

    assert shop("explain", "berlin-01", "colour").out == (
        'colour = "blue"\n'
        "  fleets/labs/layers/regions/eu.yaml:2\n"
        '  overrides "red" of fleets/labs/layers/global.yaml:2\n'
    )


def test_explain_without_a_key_tells_everything_and_a_wrong_key_what_is_like_it(shop: Shop) -> None:
    values = shop("explain", "paris-01", "-o", "json").json["values"]

    assert {value["key"]: value["value"] for value in values} == {
        "labels.region": "eu",
        "labels.kubernetes": "1.36",
        "templates.app": "1.0.0",
        "colour": "red",
        "replicas": 3,
    }
    assert "did you mean colour" in shop("explain", "paris-01", "color").err


def test_render_prints_one_yaml_stream(shop: Shop) -> None:
    done = shop("render", "berlin-01", "paris-01")

    assert done.out.startswith("---\n# berlin-01/config.yaml\napiVersion: v1\n")
    assert [document["data"]["site"] for document in yaml.safe_load_all(done.out)] == ["berlin-01", "paris-01"]


def test_render_writes_a_folder_per_site_and_replaces_what_it_wrote(shop: Shop, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert shop("render", "-o", out).code == 0
    (out / "berlin-01" / "left-over.yaml").write_text("x")

    shop("render", "berlin-01", "-o", out)

    written = sorted(str(path.relative_to(out)) for path in out.rglob("*.yaml"))
    assert written == ["austin-01/config.yaml", "berlin-01/config.yaml", "paris-01/config.yaml"]
    assert sorted(path.name for path in out.iterdir()) == [".fleetpress-rendered", "austin-01", "berlin-01", "paris-01"]


def test_render_never_writes_into_a_folder_with_other_files(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")

    done = shop("render", "-o", tmp_path / "mine")

    assert done.code == 4
    assert "FP803" in done.err
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


def test_diff_tells_object_and_field(shop: Shop) -> None:
    assert shop("diff", "berlin-01", "--to", shop.target).out == "+ ConfigMap/default/app\n"
    shop.publish()
    assert shop("diff", "berlin-01", "--to", shop.target).code == 0
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\n')

    done = shop("diff", "berlin-01", "--to", shop.target)

    assert done.code == 1
    assert done.out == '~ ConfigMap/default/app\n    ~ data.colour: "red" -> "blue"\n'


def test_bootstrap_gives_objects_that_flux_knows(shop: Shop) -> None:
    done = shop("bootstrap", "berlin-01", "--to", "fleet", "--key", shop.public)

    documents = list(yaml.safe_load_all(done.out))
    assert [document["kind"] for document in documents] == ["Secret", "OCIRepository", "Kustomization"]
    assert documents[1]["spec"]["url"] == "oci://registry.eu.example/press/labs/berlin-01"
    assert documents[0]["stringData"]["cosign.pub"] == shop.public.read_text()
    assert documents[1]["spec"]["verify"]["secretRef"]["name"] == documents[0]["metadata"]["name"]
    schemas = load_schemas(Workspace(REPOSITORY / "fleets/labs").fleet)
    flux = yaml.safe_dump_all(documents[1:]).encode()
    assert Validator(schemas).check(Manifests("berlin-01", (Manifest("flux.yaml", flux),)), "1.36") == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["sites"],
        ["validate"],
        ["plan", "--to", "TARGET"],
        ["publish", "--to", "TARGET", "--key", "KEY"],
        ["verify", "--to", "TARGET", "--key", "PUB"],
        ["diff", "berlin-01", "--to", "TARGET"],
        ["explain", "berlin-01"],
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("broken", [False, True], ids=["well", "with a bad site"])
def test_json_has_the_published_schema(shop: Shop, arguments: list[str], broken: bool) -> None:  # noqa: FBT001
    shop.publish()
    if broken:
        shop.edit("sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 0, colour: x}\n')
        shop.edit("layers/regions/eu.yaml", "values: {replicas: 5}\n")
    words = {"TARGET": shop.target, "KEY": str(shop.private), "PUB": str(shop.public)}

    done = shop(*(words.get(each, each) for each in arguments), "-o", "json")

    schema = json.loads((OUTPUT / f"{arguments[0]}.schema.json").read_text())
    jsonschema.Draft7Validator(schema).validate(done.json)
    assert done.json["schema"] == f"fleetpress/{arguments[0]}/v1"


def test_validate_tells_all_problems_at_once_with_their_places(shop: Shop) -> None:
    shop.edit(
        "sites/paris-01.yaml", 'labels: {region: eu, kubernetes: "1.36"}\nvalues: {replicas: 0, colour: green, x: 1}\n'
    )

    done = shop("validate", "-o", "json")

    assert done.code == 1
    assert done.json["failed"] == 1
    assert {problem["code"] for problem in done.json["problems"]} == {"FP306", "FP307", "FP208"}
    assert all(problem["file"] == "fleets/labs/sites/paris-01.yaml" for problem in done.json["problems"])
    assert all(problem["line"] == 2 for problem in done.json["problems"])
    assert all(problem["hint"] for problem in done.json["problems"])


@pytest.mark.parametrize("command", ["sites", "validate", "render", "plan", "publish", "verify", "diff", "explain"])
def test_help_shows_an_example(shop: Shop, command: str) -> None:
    done = shop(command, "--help")

    assert done.code == 0
    assert f"fleetpress {command}" in done.out.partition("Example:")[2]


def test_flags_can_be_environment_variables(shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLEETPRESS_TO", shop.target)
    monkeypatch.setenv("FLEETPRESS_OUTPUT", "json")
    monkeypatch.setenv("FLEETPRESS_KEY", str(shop.private))
    monkeypatch.setenv("FLEETPRESS_FLEET", str(shop.root))
    monkeypatch.chdir(tmp_path)

    assert shop("publish").outcomes()["berlin-01"] == "published"


def test_what_cannot_be_packed_does_not_validate(shop: Shop) -> None:
    shop.edit("templates/app/1.0.0/template/logo.png", "not really a picture")

    done = shop("validate", "-o", "json")

    assert done.code == 1
    assert done.codes() == {"FP502"}


def test_bootstrap_without_a_registry_says_what_is_missing(shop: Shop) -> None:
    fleet = (shop.root / "fleet.yaml").read_text()
    shop.edit("fleet.yaml", fleet.partition("registries:")[0])

    done = shop("bootstrap", "berlin-01", "--key", shop.public)

    assert done.code == 2
    assert "FP707" in done.err
    assert shop("bootstrap", "berlin-01", "--key", shop.public, "--to", "oci://any.example/x").code == 0


def test_ctrl_c_says_that_running_again_is_safe(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("renderer.fleet.queries.list_sites", interrupted)

    done = shop("sites")

    assert (done.code, done.err.strip()) == (130, "interrupted; running again is safe")


def test_a_selector_chooses_sites_by_label_template_and_value(shop: Shop) -> None:
    def names(*arguments: str) -> list[str]:
        return [site["site"] for site in shop("sites", "-o", "json", *arguments).json["sites"]]

    assert names("region=eu,kubernetes=1.36") == ["paris-01"]
    assert names("template:app<2", "paris-01") == ["austin-01", "berlin-01", "paris-01"]
    assert names("--where", "replicas>2") == ["paris-01"]
    assert names("region=eu", "--where", "!replicas") == ["berlin-01"]


def test_a_selector_with_a_slip_is_refused(shop: Shop) -> None:
    done = shop("sites", "regoin=eu")

    assert done.code == 2
    assert "did you mean region?" in done.err


def test_a_site_that_cannot_be_read_is_meant_by_every_selector_and_told(shop: Shop) -> None:
    shop.edit("sites/berlin-01.yaml", "labels: [\n")

    done = shop("validate", "region=us")

    assert done.code == 1
    assert "berlin-01" in done.out
    assert "2 sites checked, 1 site failed" in done.out


def test_sites_as_csv_have_a_column_for_each_template(shop: Shop) -> None:
    assert shop("sites", "-o", "csv", "region=us").out.splitlines() == [
        "site,region,kubernetes,template:app,file",
        "austin-01,us,1.35,1.0.0,fleets/labs/sites/austin-01.yaml",
    ]


def test_a_cell_of_the_csv_is_no_formula(shop: Shop) -> None:
    shop.edit("sites/austin-01.yaml", 'labels: {region: us, kubernetes: "1.35", owner: "=1+1"}\n')

    assert "'=1+1" in shop("sites", "-o", "csv", "austin-01").out


def test_wide_tells_layers_and_file(shop: Shop) -> None:
    assert shop("sites", "-o", "wide", "austin-01").out.splitlines()[1].split() == [
        "austin-01", "us", "1.35", "app@1.0.0", "global.yaml", "regions/us.yaml", "fleets/labs/sites/austin-01.yaml",
    ]  # fmt: skip

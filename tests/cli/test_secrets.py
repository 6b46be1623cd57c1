"""A secret in a fleet is found where it stands, stops its sites, and is shown by no command in any form."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import jsonschema
import pytest

from renderer.fleet.workspace import Workspace
from renderer.report.changes import DefaultChange, default_data, default_lines
from renderer.types import Document, Problem, Site
from renderer.validate import InputCheck
from tests.build import build_fleet, write
from tests.cli.conftest import FILES
from tests.secrets.planted import ALNUM, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Shop

ROOT = Path(__file__).parents[2]
SECRET = some(Random(5), ALNUM, 18)
LONG = some(Random(6), ALNUM, 90)
FORMS = ["text", "json", "junit", "tap", "sarif", "github", "gitlab", "markdown"]
ALLOW = """\
allow:
  - reason: The simulator knows it only, in test laboratories.
    keys: ["values.simulator.*"]
"""


def own_rules(shop: Shop, content: str) -> None:
    write(shop.folder / "schemas/policies/secrets.yaml", content)
    shop.commit()


def ask(shop: Shop, question: str) -> None:
    """One more question of the template, so that sites may have that value."""
    file = "templates/app/1.0.0/copier.yml"
    shop.edit(file, f"{(shop.folder / file).read_text()}{question}\n")


def problems(shop: Shop, *arguments: str) -> list[dict[str, object]]:
    done = shop("validate", *arguments, "-o", "json")
    jsonschema.validate(done.json, json.loads((ROOT / "schemas/output/validate.schema.json").read_text()))
    return list(done.json["problems"])


def test_a_secret_in_a_site_file_stands_at_its_line(shop: Shop) -> None:
    shop.edit("sites/paris-01.yaml", f"{SITE}values:\n  db:\n    password: {SECRET}\n")

    (found,) = problems(shop)

    assert (found["code"], found["file"], found["line"]) == ("FP440", "fleets/labs/sites/paris-01.yaml", 4)
    assert found["what"] == (
        "values.db.password: looks like a secret: Value of something that is called a password "
        "(assigned-password, 18 characters)"
    )
    assert found["sites"] == ["paris-01"]


def test_a_secret_in_a_layer_stops_all_its_sites_and_is_told_once(shop: Shop) -> None:
    shop.edit("layers/regions/eu.yaml", f"values:\n  token: {SECRET}{SECRET}\n")

    (found,) = problems(shop)

    assert (found["code"], found["file"], found["line"]) == ("FP440", "fleets/labs/layers/regions/eu.yaml", 2)
    assert found["sites"] == ["berlin-01", "paris-01"]


def test_a_secret_in_a_template_stands_at_the_templates_line(shop: Shop) -> None:
    file = "templates/app/1.0.0/template/config.yaml.jinja"
    shop.edit(file, (shop.folder / file).read_text() + f"  password: {SECRET}\n")

    found = problems(shop)

    assert {one["code"] for one in found} == {"FP441"}
    assert found[0]["file"] == file
    assert found[0]["line"] == 11
    assert str(found[0]["what"]).startswith("ConfigMap/app: data.password: looks like a secret")


def test_a_secret_that_only_the_rendered_line_gives_away_leads_to_its_value(shop: Shop) -> None:
    # Nothing in the site's file says that `colour` is the password of something.
    file = "templates/app/1.0.0/template/config.yaml.jinja"
    text = (shop.folder / file).read_text()
    shop.edit(file, text.replace("colour:", "admin_password:"))
    question = "templates/app/1.0.0/copier.yml"
    shop.edit(question, (shop.folder / question).read_text().replace(", choices: [blue, red]", ""))
    shop.edit("layers/global.yaml", f'templates: {{app: "1.0.0"}}\nvalues:\n  colour: {SECRET}\n')

    found = problems(shop)

    assert {(one["code"], one["file"], one["line"]) for one in found} == {("FP441", file, 9)}
    causes = found[0]["causes"]
    assert isinstance(causes, list)
    assert [(cause["file"], cause["line"]) for cause in causes] == [("fleets/labs/layers/global.yaml", 3)]


def test_a_secret_in_an_overlay_is_told(shop: Shop) -> None:
    overlay = f"""\
    sites: region=eu
    reason: the laboratory wants it
    objects:
      - target: {{kind: ConfigMap, name: app}}
        merge: {{data: {{api_key: {SECRET}{SECRET}}}}}
    """
    shop.edit("overlays/a.yaml", overlay)

    done = shop("validate")

    assert done.code != 0
    assert "FP440 fleets/labs/overlays/a.yaml:5" in done.out + done.err
    assert SECRET not in done.out + done.err


def test_what_the_fleet_allows_with_a_reason_passes(shop: Shop) -> None:
    ask(shop, "simulator: {type: yaml, default: {}}")
    shop.edit("layers/global.yaml", f'templates: {{app: "1.0.0"}}\nvalues: {{simulator: {{password: {SECRET}}}}}\n')
    assert {one["code"] for one in problems(shop)} == {"FP440"}

    own_rules(shop, ALLOW)

    assert problems(shop) == []


def test_a_rule_of_the_fleets_own_finds_what_it_says(shop: Shop) -> None:
    rule = r"rules: [{id: modality-pin, title: A PIN, keywords: [modpin-], pattern: '\bMODPIN-(?P<value>[0-9]{8})'}]"
    own_rules(shop, rule)
    shop.edit("layers/regions/us.yaml", "values: {analyser: MODPIN-20260101}\n")

    (found,) = problems(shop)

    assert found["what"] == "values.analyser: looks like a secret: A PIN (modality-pin, 8 characters)"


def test_a_rule_that_warns_stops_no_site(shop: Shop) -> None:
    rule = "rules: [{id: own, title: A thing, keywords: [zz], pattern: 'zz[0-9]{4}', severity: warning}]"
    own_rules(shop, rule)
    ask(shop, "serial: {type: str, default: none}")
    shop.edit("layers/global.yaml", 'templates: {app: "1.0.0"}\nvalues: {serial: zz1234}\n')
    file = "templates/app/1.0.0/template/config.yaml.jinja"
    shop.edit(file, (shop.folder / file).read_text() + "  serial: {{ serial }}\n")

    found = problems(shop)

    assert {(one["code"], one["severity"]) for one in found} == {("FP441", "warning")}
    assert shop("validate").code == 0


@pytest.mark.parametrize(
    ("content", "code", "what"),
    [
        ("rules: [{id: a, title: A, keywords: [ab], pattern: '(?=a)'}]", "FP442", "expected a pattern of RE2"),
        ("rules: [{id: jwt, title: A, keywords: [ab], pattern: 'a'}]", "FP442", "there is a rule jwt already"),
        ("allow: [{reason: because of this, rule: jwtt, keys: [a]}]", "FP442", "there is no rule jwtt"),
        ("allow: [{reason: because of this, keys: [a], value: '('}]", "FP442", "expected a pattern of RE2"),
        ("allow: [{keys: [a]}]", "FP201", "reason is missing"),
        ("allow: [{reason: because of this}]", "FP201", "expected one of the fields files, keys, value"),
        ("rulez: []", "FP202", "unknown key"),
        ("rules: [}", "FP102", ""),
    ],
)
def test_a_file_of_rules_that_cannot_be_used_is_told(shop: Shop, content: str, code: str, what: str) -> None:
    own_rules(shop, content)

    done = shop("validate")

    assert done.code == 2
    assert f"{code} schemas/policies/secrets.yaml:1" in done.err
    assert what in done.err
    assert "Traceback" not in done.err


SITE = 'labels: {region: eu, kubernetes: "1.36"}\n'


def rendered(kind: str, rest: str) -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n{rest}\n"


def leaks() -> Iterator[tuple[str, dict[str, str]]]:
    """What a message might quote: (what goes wrong, files that make it)."""
    template = "templates/app/1.0.0/template/config.yaml.jinja"
    yield "found in a site", {"sites/paris-01.yaml": f"{SITE}values:\n  password: {SECRET}\n"}
    yield "ambiguous number", {"sites/paris-01.yaml": f"{SITE}values:\n  password: 0{_digits()}\n"}
    yield "wrong type", {"sites/paris-01.yaml": f"{SITE}templates:\n  password: {{a: {SECRET}}}\n"}
    yield "label", {"sites/paris-01.yaml": f'labels: {{region: "postgres://lab:{LONG}@db", kubernetes: "1.36"}}\n'}
    yield (
        "answer refused by a validator",
        {
            "templates/app/1.0.0/copier.yml": "_subdirectory: template\n_templates_suffix: .jinja\n"
            'api_token: {type: str, validator: "{% if true %}{{ api_token }} is no token{% endif %}"}\n',
            "sites/paris-01.yaml": f"{SITE}values:\n  api_token: {SECRET}{SECRET}\n",
        },
    )
    yield (
        "default of a question refused",
        {
            "templates/app/1.0.0/copier.yml": "_subdirectory: template\n_templates_suffix: .jinja\n"
            f"password: {{type: int, default: {SECRET}}}\n"
        },
    )
    yield (
        "choice",
        {
            "templates/app/1.0.0/copier.yml": "_subdirectory: template\n_templates_suffix: .jinja\n"
            f"db_password: {{type: str, default: {SECRET}, choices: [a, b]}}\n"
        },
    )
    yield (
        "rendered schema",
        {template: f"apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{password: {SECRET}}}\n"},
    )
    yield (
        "rendered type",
        {template: f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: Bearer {LONG}}}\n"},
    )
    yield (
        "rendered name",
        {template: f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: 'postgres://lab:{LONG}@db'}}\n"},
    )
    yield "rendered YAML", {template: rendered("ConfigMap", f"data:\n  password: 0{_digits()}")}
    yield "not rendered", {template: f"{{{{ 'password: {SECRET}' | no_such_filter }}}}\n"}
    yield "failing template", {template: f"{{{{ raise_error('password={SECRET}') }}}}\n"}


def _digits() -> str:
    return some(Random(8), "12345678", 9)


@pytest.mark.parametrize(("case", "files"), list(leaks()), ids=[case for case, _ in leaks()])
def test_no_message_in_any_form_shows_a_secret(shop: Shop, case: str, files: dict[str, str]) -> None:
    del case
    for path, content in files.items():
        shop.edit(path, content)

    for form in FORMS:
        done = shop("validate", "-o", form)
        assert done.code != 0
        assert_silent(done.out + done.err)


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "paris-01"),
        ("explain", "paris-01", "-o", "json"),
        ("explain", "paris-01", "--object", "ConfigMap/app"),
        ("sites",),
        ("sites", "-o", "wide"),
        ("sites", "-o", "csv"),
        ("sites", "-o", "json"),
        ("sites", "--where", "db.password"),
        ("plan",),
        ("plan", "-o", "json"),
        ("lint",),
        ("lint", "-o", "json"),
        ("render", "paris-01"),
        ("template", "lint", "app"),
    ],
    ids=" ".join,
)
def test_no_command_shows_a_secret_of_a_site(shop: Shop, arguments: tuple[str, ...]) -> None:
    shop.edit(
        "sites/paris-01.yaml",
        f'labels: {{region: eu, kubernetes: "1.36", note: "token={SECRET}"}}\n'
        f"values:\n  db: {{password: {SECRET}, url: 'postgres://lab:{LONG}@db/lab'}}\n"
        f"  key: |\n    password: {SECRET}\n",
    )
    shop.edit("layers/regions/eu.yaml", f"values: {{db: {{password: {SECRET}x}}}}\n")

    done = shop(*arguments)

    assert_silent(done.out + done.err)


def test_what_was_published_before_the_rules_knew_it_is_not_shown_as_a_difference(shop: Shop) -> None:
    file = "templates/app/1.0.0/template/config.yaml.jinja"
    before = (shop.folder / file).read_text()
    own_rules(shop, 'allow: [{reason: nobody knew it then, files: ["*"]}]')
    shop.edit(file, before + f"  password: {SECRET}\n  app.ini: |\n    password = {SECRET}\n    port = 1\n")
    shop.publish("paris-01")
    shop.edit(file, before + "  app.ini: |\n    password = $PASSWORD\n    port = 2\n")

    for form in ("text", "json"):
        done = shop("diff", "paris-01", "--to", shop.target, "-o", form)
        assert done.code == 1
        assert "data.password" in done.out
        assert "(hidden: assigned-password, 18 characters)" in done.out
        assert_silent(done.out + done.err)


def test_a_default_that_changes_is_not_shown_when_it_is_a_secret() -> None:
    change = DefaultChange("app@1.0.0", "app@1.1.0", "admin_password", SECRET, f"{SECRET}2", 3)

    told = json.dumps(default_data([change])) + "\n".join(default_lines([change]))

    assert "admin_password" in told
    assert_silent(told)


def test_each_layer_is_searched_once_for_all_sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sites = {f"sites/lab-{number:02}.yaml": 'labels: {region: eu, kubernetes: "1.35"}\n' for number in range(30)}
    space = Workspace(build_fleet(tmp_path, {**FILES, **sites}))
    searched: list[str] = []

    def count(self: InputCheck, document: Document) -> list[Problem]:
        searched.append(document.file)
        return search(self, document)

    search = InputCheck._secrets
    monkeypatch.setattr(InputCheck, "_secrets", count)

    for file in space.index.sites.values():
        assert isinstance(space.site(file), Site)

    layers = [file for file in searched if "/layers/" in file]
    assert sorted(layers) == sorted(set(layers))
    assert len(searched) == len(space.index.sites) + len(layers)


def assert_silent(text: str) -> None:
    for length in (len(SECRET), 10):
        assert SECRET[:length] not in text
        assert SECRET[-length:] not in text
        assert LONG[:length] not in text
    assert _digits() not in text
    assert "Traceback" not in text

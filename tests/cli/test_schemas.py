"""`schemas`: definitions are filed, compared, replaced and taken away, all or none, and the catalogue says so."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from renderer import strict_yaml

if TYPE_CHECKING:
    from tests.cli.conftest import Done, Shop

REPOSITORY = Path(__file__).parents[2]
WIDGETS = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.acme.example
  creationTimestamp: "2024-05-01T10:00:00Z"
  managedFields: [{manager: kubectl}]
  resourceVersion: "7"
spec:
  group: acme.example
  names: {kind: Widget, listKind: WidgetList, plural: widgets, singular: widget}
  scope: Namespaced
  conversion: {strategy: None}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        description: A widget.
        type: object
        properties:
          spec:
            type: object
            required: [size]
            properties:
              description: {type: string, description: What it is for.}
              size: {type: integer, maximum: 10}
              mode: {type: string, enum: [fast, slow, =]}
status: {conditions: [], storedVersions: [v1]}
""".replace("slow, =]}", 'slow, "="]}')
GADGETS = WIDGETS.replace("widget", "gadget").replace("Widget", "Gadget")
NEWER = WIDGETS.replace("required: [size]", "required: [size, mode]").replace("maximum: 10", "maximum: 5")
WIDGET = "apiVersion: acme.example/v1\nkind: Widget\nmetadata: {name: a, namespace: default}\nspec: {size: 7}\n"
FILE = "widgets/widgets.acme.example.yaml"


@pytest.fixture
def crds(shop: Shop) -> Path:
    return shop.folder / "schemas" / "crds"


def given(shop: Shop, text: str = WIDGETS, name: str = "given.yaml") -> Path:
    path = shop.folder.parent / name
    path.write_text(dedent(text))
    return path


def add(shop: Shop, *sources: str | Path, project: str = "widgets", version: str = "1.0") -> Done:
    return shop("schemas", "add", *sources, "--project", project, "--version", version, "-o", "json")


def catalogue(crds: Path) -> Any:
    return strict_yaml.load((crds / "catalogue.yaml").read_bytes(), "catalogue.yaml").value


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def valid(done: Done, kind: str) -> None:
    jsonschema.validate(done.json, json.loads((REPOSITORY / f"schemas/output/{kind}.schema.json").read_text()))


def test_an_export_of_a_cluster_is_filed_without_what_the_cluster_wrote(shop: Shop, crds: Path) -> None:
    done = add(shop, given(shop))

    valid(done, "schemas-change")
    assert (done.code, done.json["written"]) == (0, True)
    value: Any = strict_yaml.load((crds / FILE).read_bytes(), FILE).value
    assert value["metadata"] == {"name": "widgets.acme.example"}
    assert "status" not in value
    text = (crds / FILE).read_text()
    assert "A widget" not in text
    assert "additionalPrinterColumns" not in text
    assert "conversion" not in text
    fields = value["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    assert fields["description"] == {"type": "string"}  # a field of that name, not prose


def test_what_is_filed_is_what_objects_are_checked_against(shop: Shop) -> None:
    shop.edit("templates/app/1.0.0/template/widget.yaml.jinja", WIDGET.replace("7", "70"))
    assert shop("validate", "-o", "json").codes() == {"FP404"}

    add(shop, given(shop))

    assert shop("validate", "-o", "json").codes() == {"FP403"}


def test_the_catalogue_holds_source_release_and_digests(shop: Shop, crds: Path) -> None:
    source = given(shop)
    add(shop, source, version="v1.0")

    (entry,) = catalogue(crds)
    assert (entry["project"], entry["source"], entry["version"]) == ("widgets", "given.yaml", "v1.0")
    assert entry["digest"] == f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"
    assert entry["files"] == [{"file": FILE, "sha256": hashlib.sha256((crds / FILE).read_bytes()).hexdigest()}]


def test_a_folder_a_list_and_standard_input_are_read_alike(
    shop: Shop, crds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = shop.folder.parent / "chart" / "crds"
    folder.mkdir(parents=True)
    (folder / "widgets.yaml").write_text("# comment\n---\n" + WIDGETS + "---\napiVersion: v1\nkind: Namespace\n")
    (folder / "notes.txt").write_text("not YAML: [")
    add(shop, folder)
    first = (crds / FILE).read_bytes()
    shop("schemas", "remove", FILE)
    listed = {"apiVersion": "v1", "kind": "List", "items": [strict_yaml.load(WIDGETS, "x").value]}
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(listed).encode())))

    assert add(shop, "-").code == 0

    assert (crds / FILE).read_bytes() == first
    assert catalogue(crds)[0]["source"] == "stdin"


def test_a_lone_equals_sign_is_text_as_it_is_to_kubernetes(shop: Shop, crds: Path) -> None:
    plain = WIDGETS.replace('enum: [fast, slow, "="]}', "enum:\n                - fast\n                - =\n")
    plain = plain.replace("mode: {type: string, enum", "mode:\n                type: string\n                enum")

    assert add(shop, given(shop, plain)).code == 0
    assert '- "="' in (crds / FILE).read_text()


def test_all_problems_are_told_at_once_and_nothing_is_written(shop: Shop, crds: Path) -> None:
    add(shop, given(shop))
    before = snapshot(crds)
    bad = WIDGETS.replace("widgets.acme.example", "wrong.acme.example").replace("storage: true", "storage: false")
    text = "---\n".join([WIDGETS, GADGETS, GADGETS, bad, WIDGETS.replace("/v1\n", "/v1beta1\n", 1)])

    done = add(shop, given(shop, text))

    valid(done, "schemas-change")
    assert (done.code, done.json["written"]) == (1, False)
    lines = text.splitlines()
    told = [(one["code"], lines[one["line"] - 1].split(":")[0].strip()) for one in done.json["problems"]]
    assert told == [
        ("FP250", "apiVersion"),
        ("FP408", "apiVersion"),  # the second GADGETS
        ("FP408", "name"),
        ("FP408", "versions"),
        ("FP408", "apiVersion"),  # v1beta1
    ]
    assert all(one["hint"] for one in done.json["problems"])
    assert snapshot(crds) == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("type: integer, maximum", "type: intger, maximum"), "cannot be used"),
        (
            ("        type: object\n        properties:\n          spec", "        properties:\n          spec"),
            "of type object",
        ),
        (("    served: true\n", "    served: maybe\n"), "spec.versions[0].served"),
        (("  group: acme.example", "  group: acme"), "metadata.name"),
        (("  scope: Namespaced", "  scope: Galaxy"), "spec.scope"),
        (("    schema:\n", "    shema:\n"), "openAPIV3Schema"),
    ],
)
def test_what_is_no_definition_is_refused(shop: Shop, crds: Path, change: tuple[str, str], told: str) -> None:
    done = add(shop, given(shop, WIDGETS.replace(*change)))

    assert done.codes() == {"FP408"}
    assert told in " ".join(one["what"] for one in done.json["problems"])
    assert not (crds / FILE).exists()


def test_files_without_definitions_and_files_that_are_not_there_are_told(shop: Shop) -> None:
    assert add(shop, given(shop, "a: 1\n")).codes() == {"FP408"}
    assert add(shop, given(shop, "a: [\n")).codes() == {"FP102"}
    missing = shop("schemas", "add", "nowhere.yaml", "nor-here", "--project", "a", "--version", "1")
    assert missing.code == 2
    assert missing.err.count("FP101") == 2


@pytest.mark.parametrize("flags", [["--project", "../up", "--version", "1"], ["--project", "a"], ["--version", "1"]])
def test_an_entry_needs_a_project_and_a_release(shop: Shop, flags: list[str]) -> None:
    assert shop("schemas", "add", given(shop), *flags).code == 2


def test_an_update_tells_what_may_break_and_changes_only_its_entry(shop: Shop, crds: Path) -> None:
    add(shop, given(shop))
    add(shop, given(shop, GADGETS), project="gadgets")
    path = crds / "catalogue.yaml"
    path.write_text(
        "# ours\n" + path.read_text().replace("- project: gadgets", "# gadgets are special\n- project: gadgets")
    )
    before = path.read_text()
    newer = given(shop, "---\n".join([NEWER, GADGETS.replace("adget", "idgit")]), "newer.yaml")

    checked = shop("schemas", "update", newer, "--check", "-o", "json")
    assert (checked.code, path.read_text()) == (1, before)
    done = shop("schemas", "update", newer, "--version", "2.0", "-o", "json")

    valid(done, "schemas-change")
    assert (done.code, done.json["breaking"], done.json["leftOut"]) == (
        0,
        2,
        ["gidgits.acme.example"],
    )
    (one,) = done.json["definitions"]
    assert [(change["field"], change["what"], change["breaking"]) for change in one["changes"]] == [
        ("spec.mode", "is required now", True),
        ("spec.size", "maximum changed: 10 -> 5", True),
    ]
    lines = set(path.read_text().splitlines()) - set(before.splitlines())
    assert {line.strip().split(":")[0] for line in lines} == {"source", "version", "digest", "sha256"}
    assert {"# ours", "# gadgets are special"} <= set(path.read_text().splitlines())
    assert shop("schemas", "list", "-o", "json").json["problems"] == []
    again = shop("schemas", "update", newer, "--check")
    assert again.code == 0


def test_an_update_of_what_is_not_filed_is_a_problem(shop: Shop) -> None:
    done = shop("schemas", "update", given(shop), "--version", "1", "-o", "json")

    assert (done.code, done.codes()) == (1, {"FP251"})
    assert shop("schemas", "update", given(shop)).code == 2


def test_what_the_generator_writes_is_compared_but_not_replaced(shop: Shop, crds: Path) -> None:
    add(shop, given(shop))
    module = "  module: example.com/widgets\n  license: MIT\n  generator: controller-gen v0.23.0\n"
    generated = f"- project: widgets\n  version: v1.0.0\n{module}  options: maxDescLen=0\n  packages: [api]\n"
    (crds / "catalogue.yaml").write_text(f"{generated}  files:\n  - file: {FILE}\n")
    before = snapshot(crds)

    assert shop("schemas", "update", given(shop, NEWER), "--check", "-o", "json").codes() == set()
    assert shop("schemas", "update", given(shop, NEWER), "--version", "2", "-o", "json").codes() == {"FP252"}
    assert shop("schemas", "remove", FILE, "-o", "json").codes() == {"FP252"}
    assert snapshot(crds) == before


@pytest.mark.parametrize("name", ["widgets.acme.example", "acme.example/Widget", FILE])
def test_a_definition_is_taken_away_by_any_of_its_names(shop: Shop, crds: Path, name: str) -> None:
    add(shop, given(shop, f"{WIDGETS}---\n{GADGETS}"))

    assert shop("schemas", "remove", name, "widgets/nothing.yaml", "-o", "json").codes() == {"FP251"}
    done = shop("schemas", "remove", name, "-o", "json")

    valid(done, "schemas-change")
    assert sorted(snapshot(crds)) == ["catalogue.yaml", "widgets/gadgets.acme.example.yaml"]
    assert [one["file"] for one in catalogue(crds)[0]["files"]] == ["widgets/gadgets.acme.example.yaml"]
    shop("schemas", "remove", "acme.example/Gadget")
    assert sorted(snapshot(crds)) == ["catalogue.yaml"]
    assert catalogue(crds) is None
    assert add(shop, given(shop)).code == 0


def test_the_list_tells_versions_sources_and_what_was_altered(shop: Shop, crds: Path) -> None:
    add(shop, given(shop))
    (crds / FILE).write_text((crds / FILE).read_text().replace("maximum: 10", "maximum: 11"))
    (crds / "by-hand.yaml").write_text(GADGETS)

    done = shop("schemas", "list", "-o", "json")

    valid(done, "schemas-list")
    assert done.code == 0
    assert [(one["kind"], one["served"], one.get("source")) for one in done.json["definitions"]] == [
        ("Gadget", ["v1"], None),
        ("Widget", ["v1"], "given.yaml"),
    ]
    (altered,) = done.json["problems"]
    assert (altered["code"], altered["severity"], altered["file"]) == ("FP253", "warning", f"schemas/crds/{FILE}")
    assert "1.29" in done.json["kubernetes"]["minors"]
    (crds / FILE).unlink()
    gone = shop("schemas", "list", "-o", "json")
    assert (gone.code, gone.codes()) == (1, {"FP253"})


def test_a_file_of_several_definitions_is_listed_and_compared_but_left_to_whoever_wrote_it(
    shop: Shop, crds: Path
) -> None:
    crds.mkdir(parents=True)
    (crds / "all.yaml").write_text(f"{GADGETS}---\n{WIDGETS}")
    before = snapshot(crds)

    listed = shop("schemas", "list", "-o", "json").json["definitions"]
    assert [(one["kind"], one["file"]) for one in listed] == [("Gadget", "all.yaml"), ("Widget", "all.yaml")]
    assert add(shop, given(shop)).codes() == {"FP250"}
    assert shop("schemas", "update", given(shop, NEWER), "--check", "-o", "json").json["breaking"] == 2
    assert shop("schemas", "update", given(shop, NEWER), "--version", "2", "-o", "json").codes() == {"FP408"}
    assert shop("schemas", "remove", "acme.example/Widget", "-o", "json").codes() == {"FP408"}
    assert snapshot(crds) == before


def test_a_catalogue_with_a_mistake_is_told_and_kept(shop: Shop, crds: Path) -> None:
    crds.mkdir(parents=True)
    (crds / "catalogue.yaml").write_text("- projct: a\n  source: b\n  version: 1\n  files: []\n")

    done = shop("schemas", "list")

    assert done.code == 2
    assert "did you mean project?" in done.err
    assert 'quote it: "1"' in done.err

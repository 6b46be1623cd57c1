"""`explain --object`: a rendered field leads to its template line, its values, and the files that set them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from renderer import overlay, read, render, strict_yaml
from renderer.fleet.explaining import Explainer, _leaves
from renderer.fleet.workspace import Workspace
from renderer.types import Manifests, ObjectKey, Site

if TYPE_CHECKING:
    from tests.cli.conftest import Shop

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "fleets" / "labs"


def fields(shop: Shop, *arguments: str) -> list[dict[str, Any]]:
    done = shop("explain", *arguments, "-o", "json")
    assert done.code == 0, done.err
    jsonschema.validate(done.json, json.loads((ROOT / "schemas/output/explain-object.schema.json").read_text()))
    return list(done.json["fields"])


def test_a_field_leads_to_the_line_the_value_and_the_file(shop: Shop) -> None:
    (found,) = fields(shop, "paris-01", "--object", "ConfigMap/default/app", "--field", "data.replicas")

    assert (found["value"], found["made_by"]["line"]) == ("3", 10)
    assert found["made_by"]["file"] == "templates/app/1.0.0/template/config.yaml.jinja"
    assert [(cause["key"], cause["file"]) for cause in found["causes"]] == [
        ("values.replicas", "fleets/labs/sites/paris-01.yaml")
    ]


def test_a_field_that_takes_a_default_leads_to_the_question(shop: Shop) -> None:
    (found,) = fields(shop, "berlin-01", "--object", "ConfigMap/app", "--field", "data.replicas")

    assert found["causes"] == []
    assert [place["file"] for place in found["defaults"]] == ["templates/app/1.0.0/copier.yml"]


def test_what_was_overridden_is_told(shop: Shop) -> None:
    shop.edit("layers/regions/eu.yaml", "values: {colour: blue}\n")

    done = shop("explain", "berlin-01", "--object", "ConfigMap/app", "--field", "data.colour")

    assert done.out.splitlines() == [
        'data.colour = "blue"',
        "  templates/app/1.0.0/template/config.yaml.jinja:9, rendered to config.yaml:9",
        '  values.colour = "blue" in fleets/labs/layers/regions/eu.yaml:1',
        '    overrides "red" of fleets/labs/layers/global.yaml:2',
    ]


def test_a_field_of_an_overlay_leads_to_the_overlay_and_its_neighbours_to_the_template(shop: Shop) -> None:
    shop.edit(
        "overlays/a.yaml",
        "sites: berlin-01\nreason: x\nobjects:\n"
        "  - {target: {kind: ConfigMap, name: app}, merge: {data: {more: words}}}\n",
    )

    found = {one["field"]: one["made_by"] for one in fields(shop, "berlin-01", "--object", "ConfigMap/app")}

    assert found["data.more"] == {"file": "fleets/labs/overlays/a.yaml", "line": 4}
    assert found["data.colour"] == {"file": "templates/app/1.0.0/template/config.yaml.jinja", "line": 9}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("berlin-01", "--object", "ConfigMap/ap"), "did you mean ConfigMap/default/app?"),
        (("berlin-01", "--object", "ConfigMap/app", "--field", "spec.replicas"), "has no field"),
        (("berlin-01", "--object", "ConfigMap/app", "--field", "data..x"), "has no field"),
        (("berlin-01", "colour", "--object", "ConfigMap/app"), "give one of KEY"),
        (("berlin-01", "--field", "x"), "give one of KEY"),
    ],
)
def test_what_cannot_be_explained_is_told(shop: Shop, arguments: tuple[str, ...], said: str) -> None:
    done = shop("explain", *arguments)

    assert done.code == 2
    assert said in done.err


def rendered_leaves(
    space: Workspace, site: Site, templates: list[render.Template]
) -> dict[tuple[Any, ...], Any] | None:
    """(object, path) -> value of every leaf; None for values that the templates refuse."""
    made = render.render_site(site, space.fleet.name, templates)
    if not isinstance(made, Manifests):
        return None
    found = overlay.Overlayer(read.merge_patch).apply(made, space.overlays.of(site))
    assert isinstance(found, overlay.Overlaid)
    leaves = {}
    for one in found.manifests.files:
        if one.path.endswith(".yaml"):
            for document in strict_yaml.load_all(one.content, one.path):
                assert isinstance(document.value, dict)
                key = (one.path, ObjectKey.of(document.value))
                leaves.update({(key, path): value for path, value in _leaves(document.value, ())})
    return leaves


def other_values(space: Workspace) -> dict[tuple[Any, ...], list[Any]]:
    """What the sites of the sample set each value to."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for file in space.index.sites.values():
        for trace in space.trace(file):
            if trace.path[0] == "values" and trace.value not in found.setdefault(trace.path[1:], []):
                found[trace.path[1:]].append(trace.value)
    return found


def with_value(values: Any, path: tuple[Any, ...], value: Any) -> Any:
    return {**values, path[0]: with_value(values[path[0]], path[1:], value)} if path else value


@pytest.mark.slow
@pytest.mark.parametrize("name", ["berlin-spreelab-01", "basel-rheinlab-01", "austin-lab-01", "tromso-polarlab-01"])
def test_every_field_that_a_value_changes_leads_back_to_that_value(name: str) -> None:
    """Each value becomes what another site has there; each field that changes must name the value among its causes."""
    space = Workspace(SAMPLE)
    site = space.site(space.file(name))
    assert isinstance(site, Site)
    explainer = Explainer(space, site)
    before = rendered_leaves(space, site, explainer.templates)
    assert before is not None
    explained = {
        (one.path, ObjectKey.of(document.value), leaf.path): leaf
        for one in explainer.final.files
        if one.path.endswith(".yaml")
        for document in strict_yaml.load_all(one.content, one.path)
        if isinstance(document.value, dict)
        for leaf in explainer.leaves(document, one, ())
    }
    others, checked, wrong = other_values(space), 0, []
    for trace in explainer.traces:
        path = trace.path[1:]
        if trace.path[0] != "values":
            continue
        for value in [one for one in others[path] if one != trace.value][:3]:
            after = rendered_leaves(
                space, replace(site, values=with_value(dict(site.values), path, value)), explainer.templates
            )
            for (key, leaf), found in before.items():
                if after is None or after.get((key, leaf), found) == found:
                    continue
                checked += 1
                told = explained[*key, leaf]
                if trace.path not in {cause.path for cause in told.causes}:
                    wrong.append((trace.path, key[0], leaf, told.made_by))
    assert not wrong, "\n".join(f"{path} {file} {leaf} {where}" for path, file, leaf, where in wrong)
    assert checked > 20


def test_every_value_of_every_sample_site_is_where_explain_says_it_is() -> None:
    """The leaves are those of the merge, and each stands in the file and line that is told, with its value."""
    space = Workspace(SAMPLE)
    files: dict[str, Any] = {}
    for file in space.index.sites.values():
        site = space.merged(file)
        assert isinstance(site, Site)
        traces = [trace for trace in space.trace(file) if trace.path[0] == "values"]
        assert [(trace.path[1:], trace.value) for trace in traces] == list(_leaves_of(dict(site.values)))
        for trace in traces:
            origin = trace.origin
            if origin.file not in files:
                files[origin.file] = strict_yaml.load((ROOT / origin.file).read_bytes(), origin.file)
            document = files[origin.file]
            assert document.origin(trace.path) == origin
            assert _value_at(document.value, trace.path) == trace.value


def _leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict) and (value or not path):
        for key, inner in value.items():
            yield from _leaves_of(inner, (*path, key))
    else:
        yield path, value


def _value_at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value

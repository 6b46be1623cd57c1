"""JSON Schemas for editors: of a template's answers, and of a fleet's layer and site files.

In: a workspace. Out: JSON text, the same for the same fleet. Never: writes a file, or renders.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from renderer import read, render
from renderer.errors import TemplateError
from renderer.fleet.migration import newest
from renderer.types import Problem, Rejected, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renderer.fleet.workspace import Workspace
    from renderer.types import Json

_DRAFT = "http://json-schema.org/draft-07/schema#"
# A null in a layer or site file deletes what a more general layer says (RFC 7386).
_DELETED: Json = {"type": "null"}


def template_schema(space: Workspace, name: str) -> str:
    """The schema of the answers to NAME or NAME@VERSION, labels and the site's name among them; or TemplateError."""
    template, _, version = name.partition("@")
    tree = space.tree(TemplatePin(template, version or newest(space, template)))
    schema: dict[str, Json] = {
        "$schema": _DRAFT,
        "title": f"answers to {tree.pin}",
        "type": "object",
        "properties": {question: _json(found) for question, found in render.answer_schemas(tree).items()},
        "required": list(render.required_answers(tree)),
        "additionalProperties": False,
    }
    return _text(schema)


def fleet_schema(space: Workspace) -> tuple[str, list[Problem]]:
    """The schema of the fleet's layer and site files, and what is wrong with sites and templates that are left out.

    A value may be what any of the pinned templates that ask for it takes: which one a file concerns, it does not say.
    """
    problems = list(space.index.problems)
    values: dict[str, list[Json]] = {}
    for pin in _pins(space, problems):
        try:
            found = render.answer_schemas(space.tree(pin), partial=True)
        except TemplateError as error:
            problems += error.problems
            continue
        for question, schema in found.items():
            known = values.setdefault(question, [])
            if schema not in known:
                known.append(_json(schema))
    taken = {*space.fleet.labels, "site", "fleet"}
    properties: dict[str, Json] = {name: _any(found) for name, found in sorted(values.items()) if name not in taken}
    schema = {
        "$schema": _DRAFT,
        "title": f"layer or site of the fleet {space.fleet.name}",
        "description": "Written by `fleetpress template schema`. Do not edit: run it again.",
        "type": ["object", "null"],
        "properties": {
            "labels": {"type": "object", "properties": _labels(space), "additionalProperties": {"type": "string"}},
            "templates": {
                "type": "object",
                "properties": _templates(space),
                "additionalProperties": {"type": ["string", "null"]},
            },
            "values": {"type": "object", "properties": properties, "additionalProperties": False},
        },
        "additionalProperties": False,
    }
    return _text(schema), list(dict.fromkeys(problems))


def _pins(space: Workspace, problems: list[Problem]) -> Iterable[TemplatePin]:
    """Every version that a site pins, once, in order."""
    pins: set[TemplatePin] = set()
    for file in space.index.sites.values():
        site = space.site(file)
        if isinstance(site, Rejected):
            problems += site.problems
        else:
            pins.update(site.templates)
    return sorted(pins, key=lambda pin: (pin.name, read.order(pin.version)))


def _labels(space: Workspace) -> dict[str, Json]:
    return {name: {"enum": list(values)} for name, values in space.fleet.labels.items()}


def _templates(space: Workspace) -> dict[str, Json]:
    """What may be pinned: the versions in the fleet's folder are offered, others and ranges are texts."""
    known: dict[str, list[Json]] = {}
    for pin in space.library.folders():
        known.setdefault(pin.name, []).append(pin.version)
    return {name: {"anyOf": [{"enum": versions}, {"type": ["string", "null"]}]} for name, versions in known.items()}


def _any(schemas: list[Json]) -> Json:
    described = next((s["description"] for s in reversed(schemas) if isinstance(s, dict) and s.get("description")), "")
    return {"description": described, "anyOf": [*schemas, _DELETED]}


def _json(value: object) -> Json:
    found: Json = json.loads(json.dumps(value))
    return found


def _text(schema: Json) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"

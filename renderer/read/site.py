"""One site: its file merged over its layers.

In: a fleet, its layers, a site file. Out: a Site, or Rejected with everything that is wrong with it at once.
Never: raises for what stands in a site or layer, or lets two sites share a map or list.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from renderer.errors import Code
from renderer.read.files import one_of, parse, quoted, read_file, similar, unreadable
from renderer.read.layers import PLACEHOLDER, layer_names, sections
from renderer.read.merge import merge_maps
from renderer.types import Digest, Document, Json, Origin, Problem, Rejected, Site, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.read.interface import Check, SiteFile
    from renderer.read.layers import Layers
    from renderer.types import Fleet

# What a template sees besides labels and values.
RESERVED: Final = ("site", "fleet")


def load_site(fleet: Fleet, layers: Layers, site_file: SiteFile, *, check: Check) -> Site | Rejected:
    """The site of `site_file`, values and template pins merged general to specific (RFC 7386)."""
    document = read_site(fleet, site_file, check)
    if not isinstance(document, Document):
        return _rejected(site_file, document)
    labels = site_labels(document)
    problems = _label_problems(fleet, document, labels)
    used = list(layer_names(fleet, _usable(fleet, labels)))
    for pattern, name in used:
        problems += _layer_problems(fleet, layers, document, pattern, name)
    if problems:
        return _rejected(site_file, problems)
    site = _merge(layers, site_file, document, labels, tuple(name for _, name in used))
    # Only who shares a base is asked what it sets itself; a fleet's worth of documents would fill the memory.
    return replace(site, own=document) if fleet.publishing.shared and isinstance(site, Site) else site


def read_site(fleet: Fleet, site_file: SiteFile, check: Check) -> Document | tuple[Problem, ...]:
    """The site's own file, not merged with anything."""
    try:
        content = read_file(f"{fleet.repository}/{site_file.path}")
    except OSError as error:
        return (unreadable(site_file.path, error),)
    if Digest.of(content) != site_file.digest:
        # What is made of it would be noted under the digest of a content that it was not made from.
        what = "the file is not what it was when the run began"
        hint = "run again while nobody edits the fleet; workers on other machines need the same commit"
        return (Problem(Code.FILE_CHANGED, what, Origin(site_file.path), hint),)
    return parse(content, site_file.path, "site", check)


def site_labels(document: Document) -> dict[str, str]:
    """The labels in a site's file, as far as they are text."""
    labels = document.value.get("labels") if isinstance(document.value, dict) else None
    if not isinstance(labels, dict):
        return {}
    return {label: value for label, value in labels.items() if isinstance(value, str)}


def _usable(fleet: Fleet, labels: Mapping[str, str]) -> dict[str, str]:
    """The labels that can choose a layer: a wrong one would only add a missing layer to its own problem."""
    return {label: value for label, value in labels.items() if value in fleet.labels.get(label, ())}


def _label_problems(fleet: Fleet, document: Document, labels: Mapping[str, str]) -> list[Problem]:
    problems = []
    free = [label for label in labels if label not in fleet.labels]
    for label, allowed in fleet.labels.items():
        if label not in labels:
            problems.append(_label_missing(document, label, allowed, similar(label, free)))
        elif labels[label] not in allowed:
            problems.append(_label_wrong(document, label, labels[label], allowed))
    for label in free:
        if label in RESERVED:
            what = f"the label {label} hides the name that templates know as {label}"
            problems.append(Problem(Code.VALUE_RESERVED, what, document.origin(("labels", label)), "rename the label"))
    return problems


def _label_missing(document: Document, label: str, allowed: tuple[str, ...], typo: str | None) -> Problem:
    what = f"the label {label} is missing, expected {one_of(allowed)}"
    hint = f'add it under labels, for example {label}: "{allowed[0]}"' if typo is None else f"rename the label {typo}"
    return Problem(Code.SITE_LABEL, what, document.origin(("labels",)), hint)


def _label_wrong(document: Document, label: str, value: str, allowed: tuple[str, ...]) -> Problem:
    what = f"the label {label} is {quoted(value)}, expected {one_of(allowed)}"
    meant = similar(value, allowed)
    hint = f"did you mean {meant}?" if meant else "choose one of them, or add the value to fleet.yaml"
    return Problem(Code.SITE_LABEL, what, document.origin(("labels", label)), hint)


def _layer_problems(fleet: Fleet, layers: Layers, document: Document, pattern: str, name: str) -> Iterable[Problem]:
    """What keeps a site from using one of its layers: the layer's problems, or that it does not exist."""
    layer = layers.get(name)
    if layer.document is not None or layer.problems:
        return layer.problems
    asking = PLACEHOLDER.findall(pattern)
    if not asking:
        where = Origin(f"{fleet.root.relative_to(fleet.repository).as_posix()}/fleet.yaml".removeprefix("./"))
        what = f"the layer {layer.file} does not exist"
        return (Problem(Code.LAYER_MISSING, what, where, "create it, or remove it from layers in fleet.yaml"),)
    labels = site_labels(document)
    because = ", ".join(f"{label}: {quoted(labels[label])}" for label in asking)
    what = f"the layer {layer.file} does not exist, expected for the label {because}"
    hint = "create the file, it may be empty, or correct the label"
    return (Problem(Code.LAYER_MISSING, what, document.origin(("labels", asking[-1])), hint),)


def _merge(
    layers: Layers, site_file: SiteFile, document: Document, labels: dict[str, str], names: tuple[str, ...]
) -> Site | Rejected:
    merged = merge_maps(layers.merged(names), sections(document))
    values, pins = _section(merged, "values"), _section(merged, "templates")
    sources = [layer.document for name in reversed(names) if (layer := layers.get(name)).document is not None]
    problems = _reserved(values, labels, [document, *(source for source in sources if source is not None)])
    if not pins:
        what = "the site has no template: neither its layers nor its own file pin one"
        hint = 'add one under templates, for example edge-platform: "1.0.0"'
        problems.append(Problem(Code.TEMPLATE_NONE, what, document.origin(("templates",)), hint))
    if problems:
        return _rejected(site_file, problems)
    templates = tuple(sorted(TemplatePin(name, version) for name, version in pins.items() if isinstance(version, str)))
    return Site(site_file.name, site_file.path, labels, values, templates, names)


def _section(merged: Mapping[str, Json], name: str) -> dict[str, Json]:
    section = merged.get(name)
    return section if isinstance(section, dict) else {}


def _reserved(values: Mapping[str, Json], labels: Mapping[str, str], documents: list[Document]) -> list[Problem]:
    """Values that a template could not tell from a label; `documents` specific to general."""
    problems = []
    for key in values:
        if key in labels or key in RESERVED:
            path = ("values", key)
            where = next((found.origin(path) for found in documents if path in found.positions), None)
            what = (
                f"the value {key} has the name of {'a label' if key in labels else 'what templates know the site by'}"
            )
            problems.append(Problem(Code.VALUE_RESERVED, what, where, "rename the value", key=key))
    return problems


def _rejected(site_file: SiteFile, problems: Iterable[Problem]) -> Rejected:
    return Rejected(site_file.name, tuple(replace(problem, site=site_file.name) for problem in problems))

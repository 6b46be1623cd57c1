"""fleet.yaml: reading it, and judging what its JSON Schema cannot.

In: a folder. Out: a Fleet, or ConfigurationError with every problem found. Never: reads a site, layer or template.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from renderer.errors import Code, ConfigurationError
from renderer.read.files import parse, quoted, read_file, similar, unreadable
from renderer.read.finding import FLEET_FILE, work_tree
from renderer.read.fleet_publishing import publishing_flaws, publishing_of
from renderer.read.fleet_rollout import rollout_flaws, rollout_of
from renderer.read.fleet_sources import (
    DEFAULT_FOLDER,
    lenient_templates,
    source_flaws,
    template_sources,
    templates_folder,
)
from renderer.read.layers import PLACEHOLDER
from renderer.read.site import RESERVED
from renderer.types import (
    ClusterSettings,
    Document,
    Fleet,
    Origin,
    Problem,
    Reference,
    References,
    Severity,
    SignatureFormat,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.read.interface import Check
    from renderer.types import Json, KeyPath

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LAYER_VALUE: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._+-]*[A-Za-z0-9_+-])?")
_FORMATS: Final = {
    "bundle": (SignatureFormat.BUNDLE,),
    "legacy": (SignatureFormat.LEGACY,),
    "both": (SignatureFormat.BUNDLE, SignatureFormat.LEGACY),
}
_REFERENCES: Final = {"warn": Severity.WARNING, "error": Severity.ERROR, "off": None}
_SCHEMAS: Final = "../../schemas"


def load_fleet(path: Path, *, check: Check) -> Fleet:
    """The fleet whose fleet.yaml is in the folder `path`; `check` vouches for the file's shape.

    Raises ConfigurationError with all problems.
    """
    root = path.resolve()
    document, value = _read(root, check)
    folders = {
        "templates": (root / templates_folder(value)).resolve(),
        "schemas": (root / str(value.get("schemas", _SCHEMAS))).resolve(),
    }
    repository = _repository(root, folders["templates"])
    document = replace(document, file=(root / FLEET_FILE).relative_to(repository).as_posix())
    if problems := [*_judge(document, value), *_outside(document, folders, repository)]:
        raise _error(problems)
    return _fleet(root, repository, folders, value, document)


def _fleet(
    root: Path, repository: Path, folders: Mapping[str, Path], value: dict[str, Any], document: Document
) -> Fleet:
    return Fleet(
        name=value["name"],
        root=root,
        repository=repository,
        labels={label: tuple(allowed) for label, allowed in value["labels"].items()},
        layers=tuple(value["layers"]),
        templates=folders["templates"],
        schemas=folders["schemas"],
        registries=dict(value.get("registries", {})),
        signature_formats=_FORMATS[value.get("signing", {}).get("format", "bundle")],
        allow_kinds=frozenset(value.get("validation", {}).get("allowKinds", ())),
        references=_references(value.get("validation", {})),
        cluster=ClusterSettings(**value.get("cluster", {})),
        sources=template_sources(value, document),
        lenient=lenient_templates(value),
        rollout=rollout_of(value),
        publishing=publishing_of(value),
    )


def _references(validation: dict[str, Any]) -> References:
    severity = _REFERENCES[validation.get("references", "warn")]
    return References(severity, tuple(validation.get("provided", ())))


def _read(root: Path, check: Check) -> tuple[Document, dict[str, Any]]:
    """The document and its map, named relative to where the repository probably begins."""
    file = (root / FLEET_FILE).relative_to(_repository(root, root / DEFAULT_FOLDER)).as_posix()
    try:
        found = parse(read_file(root / FLEET_FILE), file, "fleet", check)
    except FileNotFoundError:
        hint = "name a folder that contains one"
        raise _error([Problem(Code.FILE_UNREADABLE, "there is no such file", Origin(file), hint)]) from None
    except OSError as error:
        raise _error([unreadable(file, error)]) from None
    if not isinstance(found, Document):
        raise _error(found)
    if not isinstance(found.value, dict):
        got = "nothing" if found.value is None else "something else"
        what = f"expected a map with name, labels and layers, got {got}"
        raise _error([Problem(Code.INPUT_SCHEMA, what, Origin(file), "see the reference of fleet.yaml")])
    return found, found.value


def _repository(root: Path, templates: Path) -> Path:
    """Top of the git work tree, else the nearest folder above that contains the templates, else the fleet's own."""
    if (top := work_tree(root)) is not None:
        return top
    templates = templates.resolve()
    return next((folder for folder in (root, *root.parents[:-1]) if templates.is_relative_to(folder)), root)


def _outside(document: Document, folders: Mapping[str, Path], repository: Path) -> Iterator[Problem]:
    for key, folder in folders.items():
        if not folder.is_relative_to(repository):
            what = f"the folder for {key} lies outside the repository"
            hint = "keep it inside, so that git reviews what is published"
            yield Problem(Code.INPUT_SCHEMA, what, document.origin((key,)), hint)


def _judge(document: Document, value: dict[str, Any]) -> Iterator[Problem]:
    """What a JSON Schema cannot say, or not in a person's words."""
    labels: dict[str, list[str]] = value["labels"]

    def problem(code: Code, what: str, path: KeyPath, hint: str) -> Problem:
        return Problem(code, what, document.origin(path), hint)

    if _NAME.fullmatch(value["name"]) is None:
        what = f"the fleet's name is {quoted(value['name'])}, expected a DNS-1123 label of at most 63 characters"
        yield problem(Code.INPUT_SCHEMA, what, ("name",), "use lower-case letters, digits and dashes")
    if "region" not in labels:
        what = "the label region is missing: it decides the registry of a site"
        yield problem(Code.INPUT_SCHEMA, what, ("labels",), "add region with its values")
    for label in labels:
        if label in RESERVED:
            what = f"the label {label} hides the name that templates know as {label}"
            yield problem(Code.VALUE_RESERVED, what, ("labels", label), "rename the label")
    for index, layer in enumerate(value["layers"]):
        for what, hint in _layer_flaws(layer, labels):
            yield problem(Code.INPUT_SCHEMA, what, ("layers", index), hint)
    for what, key, hint in _registry_flaws(value.get("registries", {}), labels.get("region", ())):
        yield problem(Code.INPUT_SCHEMA, what, ("registries", *key), hint)
    for what, path, hint in (*source_flaws(value), *rollout_flaws(value), *publishing_flaws(value)):
        yield problem(Code.INPUT_SCHEMA, what, path, hint)


def _layer_flaws(layer: str, labels: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """(what, hint) for a layer that could leave layers/, or asks for a label that no site has."""
    parts = PurePosixPath(layer).parts
    if layer.startswith("/") or ".." in parts or "\\" in layer or not layer.endswith(".yaml"):
        yield (
            f"expected a path below layers/ that ends in .yaml, got {quoted(layer)}",
            "write it like regions/{region}.yaml",
        )
    for label in PLACEHOLDER.findall(layer):
        if label not in labels:
            typo = similar(label, labels)
            hint = f"did you mean {{{typo}}}?" if typo else "add the label to labels, with the values it may take"
            yield f"the layer {quoted(layer)} asks for the label {quoted(label)}, which labels does not have", hint
        for value in labels.get(label, ()):
            if _LAYER_VALUE.fullmatch(value) is None:
                what = f"the layer {quoted(layer)} cannot be found by the value {quoted(value)} of {label}"
                yield what, "use letters, digits, dots and dashes in the label's values"


def _registry_flaws(
    registries: Mapping[str, Json], regions: Iterable[str]
) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """(what, key path below registries, hint). Without any registries the fleet is published to folders only."""
    known = list(regions)
    for region in known if registries else ():
        if region not in registries:
            yield f"the region {quoted(region)} has no registry", (), f"add {region}: oci://HOST/PREFIX"
    for region, url in registries.items():
        if region not in known:
            typo = similar(region, known)
            hint = f"did you mean {typo}?" if typo else "add it to labels, or remove it here"
            yield f"{quoted(region)} is not a value of the label region", (region,), hint
        if not _is_registry(str(url)):
            hint = "write it like oci://registry.eu.labs.example/fleetpress"
            yield f"expected oci://HOST/PREFIX without tag, got {quoted(str(url))}", (region,), hint


def _is_registry(url: str) -> bool:
    """Whether site repositories can be put below `url`."""
    try:
        # A name below the prefix makes a bare host valid, and a tag, digest or trailing slash not.
        return url.startswith("oci://") and Reference.parse(f"{url[6:]}/site").tag is None
    except ValueError:
        return False


def _error(problems: Iterable[Problem]) -> ConfigurationError:
    found = tuple(problems)
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return ConfigurationError(f"{found[0].where}: {found[0].what}{more}", problems=found)

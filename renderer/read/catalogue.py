"""schemas/crds/catalogue.yaml: where each definition comes from.

In: a fleet. Out: a Catalogue, or all that is wrong with the file.
Never: reads a definition, or changes the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from renderer.errors import ConfigurationError
from renderer.read.files import parse, read_file, walk
from renderer.types import Document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.read.interface import Check
    from renderer.types import Fleet, Origin

CATALOGUE: Final = "catalogue.yaml"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a definition comes from: `source` is a Go module (`generated`), or what was given to `schemas add`."""

    project: str
    source: str
    version: str
    generated: bool
    sha256: str
    where: Origin


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`files`: path below schemas/crds -> where it comes from. `content` is None when there is no catalogue."""

    file: str
    content: bytes | None = None
    files: Mapping[str, Provenance] = field(default_factory=dict)


def crds_folder(fleet: Fleet) -> Path:
    """Where the fleet's definitions are."""
    return fleet.schemas / "crds"


def load_catalogue(fleet: Fleet, check: Check) -> Catalogue:
    """The catalogue; an empty one where there is none. Raises ConfigurationError with all problems."""
    path = crds_folder(fleet) / CATALOGUE
    file = path.relative_to(fleet.repository).as_posix()
    if not path.is_file():
        return Catalogue(file)
    content = read_file(str(path))
    document = parse(content, file, "catalogue", check)
    if not isinstance(document, Document):
        raise ConfigurationError(f"{document[0].where}: {document[0].what}", problems=document)
    return Catalogue(file, content, dict(_files(document)))


def definition_files(fleet: Fleet) -> Mapping[str, bytes]:
    """Path below schemas/crds -> content, of every definition, sorted."""
    folder = crds_folder(fleet)
    if not folder.is_dir():
        return {}
    found = ((path, entry) for path, entry in walk(str(folder), hidden=False) if path.endswith(".yaml"))
    return {path: read_file(entry.path) for path, entry in sorted(found, key=lambda one: one[0]) if path != CATALOGUE}


def _files(document: Document) -> list[tuple[str, Provenance]]:
    entries: Any = document.value or []
    return [
        (
            one["file"],
            Provenance(
                entry["project"],
                entry.get("module") or entry["source"],
                entry["version"],
                "module" in entry,
                one.get("sha256", ""),
                document.origin((index, "files", number, "file")),
            ),
        )
        for index, entry in enumerate(entries)
        for number, one in enumerate(entry["files"])
    ]

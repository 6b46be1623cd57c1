"""Small real fleet repositories for tests."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

from renderer.read import Check, Layers, SiteFile, list_sites, load_fleet

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.types import Document, Fleet, Problem

FLEET = """\
name: labs
labels:
  region: [eu, us]
  kubernetes: ["1.34", "1.35"]
layers: [global.yaml, "regions/{region}.yaml"]
"""
LABELS = 'labels: {region: eu, kubernetes: "1.34"}\n'


def build_fleet(repository: Path, files: Mapping[str, str | bytes], *, name: str = "labs") -> Path:
    """Write a repository with one fleet; the fleet's folder.

    Paths are relative to the fleet's folder if they begin with fleet.yaml, layers/ or sites/, else to the repository.
    What is not given gets a default: FLEET as fleet.yaml, empty layers (global, eu, us), an empty templates folder.
    """
    root = repository / "fleets" / name
    defaults = {
        "fleet.yaml": FLEET,
        "layers/global.yaml": "",
        "layers/regions/eu.yaml": "",
        "layers/regions/us.yaml": "",
    }
    (repository / "templates").mkdir(parents=True, exist_ok=True)
    for path, content in {**defaults, **files}.items():
        inside = path.startswith(("fleet.yaml", "layers/", "sites/"))
        write(root / path if inside else repository / path, content)
    return root


def write(path: Path, content: str | bytes) -> None:
    """Write a file and the folders above it; text is dedented."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else dedent(content).encode())


def accept(kind: str, document: Document) -> list[Problem]:
    """A check that finds every shape right."""
    del kind, document
    return []


def open_fleet(
    repository: Path, files: Mapping[str, str | bytes], *, check: Check = accept
) -> tuple[Fleet, Layers, Mapping[str, SiteFile]]:
    """Build and load: the fleet, its layers, its site files by name."""
    fleet = load_fleet(build_fleet(repository, files), check=check)
    return fleet, Layers(fleet, check), list_sites(fleet).sites

"""Kapitan on the generated fleet: the same templates and the same values, as classes and targets.

In: a generated fleet, sites, an executable. Out: an inventory in a folder, CPU seconds a site, and what was written.
Never: asks more of Kapitan than rendering: neither its schemas nor its secrets are used.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import yaml

from benchmarks.loops import FAST, Fleet, answered, environment, questions
from benchmarks.machine import cpu_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_COMPILE: Any = [
    {
        "output_path": ".",
        "input_type": "jinja2",
        "input_paths": ["templates/template"],
        "suffix_remove": True,
        "suffix_stripped": ".jinja",
    }
]


class Kapitan:
    """An inventory of `sites` in `folder`: a class for each layer, a target for each site."""

    def __init__(self, root: Path, folder: Path, sites: Sequence[Path], program: str) -> None:
        self.fleet, self.folder, self.program = Fleet(root), folder, program
        shutil.copytree(self.fleet.template, folder / "templates")
        defaults = questions(yaml.load((self.fleet.template / "copier.yml").read_bytes(), FAST))
        # Kapitan knows no defaults that depend on answers: those are put into the target.
        made = environment(self.fleet)
        for path in (self.fleet.root / "layers").rglob("*.yaml"):
            name = path.relative_to(self.fleet.root / "layers")
            self._write(f"inventory/classes/{name.with_suffix('.yml')}", _parameters(_read(path).get("values", {})))
        constant = {name: value for name, value in defaults.items() if not _depends(value) and value is not None}
        self._write("inventory/classes/defaults.yml", _parameters(constant))
        for path in sites:
            site = _read(path)
            labels = site["labels"]
            values = {**site["values"], **labels, "site": path.stem, "fleet": "bench"}
            depending = {name: value for name, value in defaults.items() if _depends(value)}
            answers = answered(made, depending, values)
            classes = ["defaults", *(_class(self.fleet, one) for one in self.fleet.layers(labels))]
            target = {"classes": classes, **_parameters({name: answers[name] for name in (*values, *depending)})}
            target["parameters"]["kapitan"] |= {"compile": _COMPILE}
            target["parameters"]["kapitan"]["vars"] |= {"target": path.stem}
            self._write(f"inventory/targets/{path.stem}.yml", target)

    def compile(self) -> float:
        """CPU seconds of `kapitan compile` for all targets, in one process."""
        before = cpu_seconds()
        command = [self.program, "compile", "-p", "1", "-J", ".", "templates", "templates/template", "--quiet"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return cpu_seconds() - before

    def written(self, site: str) -> dict[str, bytes]:
        """Path -> content of what was compiled for a site."""
        folder = self.folder / "compiled" / site
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    def _write(self, path: str, value: object) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml.safe_dump(value), encoding="utf-8")


def _parameters(values: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": {"kapitan": {"vars": values}}}


def _class(fleet: Fleet, layer: Path) -> str:
    return ".".join(layer.relative_to(fleet.root / "layers").with_suffix("").parts)


def _depends(default: object) -> bool:
    return isinstance(default, str) and "{{" in default


def _read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), FAST) or {}

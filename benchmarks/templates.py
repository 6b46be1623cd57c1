"""What rendering one site costs: Copier, FoxOps' engine and fleetpress on the same template and the same answers.

In: how many rounds. Out: a table, and JSON with every round. Never: asserts a time, or compares figures of two runs: in
each round every engine has its turn, on sites that it has not seen before.

    python benchmarks/templates.py --rounds 10 --output build/templates.json
    FLEETPRESS_FOXOPS_PYTHON=/opt/foxops/bin/python python benchmarks/templates.py     # also FoxOps
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.generate import TEMPLATE, VERSION, generate
from benchmarks.machine import ROOT, cpu_seconds, describe, load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.render import Memo, Template
    from renderer.types import Manifests, Site

FOXOPS_VARIABLE = "FLEETPRESS_FOXOPS_PYTHON"
# Sites that fleetpress renders in its turn: enough to be above the clock's resolution.
_BLOCK = 40
_ORIGIN = "copier, directory"


@dataclass
class Arena:
    """One generated fleet, its template, and a folder for what is written. `differing` are engines with other bytes."""

    folder: Path
    sites: list[Site]
    template: Path
    fleet: str
    differing: set[str] = field(default_factory=set)

    @classmethod
    def build(cls, folder: Path, count: int, seed: int, file_share: float) -> Arena:
        """A fleet of `count` sites in `folder`."""
        from renderer.fleet.workspace import Workspace
        from renderer.types import Site

        space = Workspace(generate(folder / "fleet", sites=count, seed=seed, file_share=file_share).root)
        read = [space.site(file) for file in space.index.sites.values()]
        sites = [site for site in read if isinstance(site, Site)]
        return cls(folder, sites, space.fleet.templates / TEMPLATE / VERSION, space.fleet.name)

    def compiled(self, memo: Memo | None) -> Template:
        """The template, compiled anew."""
        from renderer import read, render
        from renderer.fleet.workspace import Workspace
        from renderer.types import TemplatePin

        fleet = Workspace(self.folder / "fleet" / "fleets" / self.fleet).fleet
        return render.compile_template(read.load_template(fleet, TemplatePin(TEMPLATE, VERSION)), memo)

    def given(self, site: Site) -> dict[str, Any]:
        """What the site gives to its template."""
        return {**site.values, **site.labels, "site": site.name, "fleet": self.fleet}

    def target(self, name: str) -> Path:
        """A new folder to write to, named like the site."""
        return Path(tempfile.mkdtemp(dir=self.folder)) / name


class Copier:
    """`copier.run_copy` from a folder, or from a git repository's tag."""

    def __init__(self, arena: Arena, name: str, source: str, tag: str | None) -> None:
        self.arena, self.name, self.source, self.tag = arena, name, source, tag

    def turn(self, sites: Sequence[Site]) -> float:
        """CPU seconds for the first of the sites."""
        import copier

        site, target = sites[0], self.arena.target(sites[0].name)
        start = cpu_seconds()
        copier.run_copy(self.source, target, self.arena.given(site), vcs_ref=self.tag, defaults=True, quiet=True)
        spent = cpu_seconds() - start
        written = {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}
        ours = _render(self.arena, self.arena.compiled(None), site)
        if written != {file.path: file.content for file in ours.files}:
            self.arena.differing.add(self.name)
        shutil.rmtree(target.parent)
        return spent


class FoxOps:
    """FoxOps' engine in a process of the Python that has it.

    Its format has no options and no exclusions: white space comes out otherwise, and every file for every site.
    """

    name = "FoxOps' engine"

    def __init__(self, arena: Arena, python: str, stack: ExitStack) -> None:
        self.arena = arena
        self.template = _as_foxops(arena)
        self.answers = arena.compiled(None).answers
        command = [python, str(ROOT / "benchmarks" / "foxops_engine.py")]
        self.process = stack.enter_context(
            subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
        )

    def turn(self, sites: Sequence[Site]) -> float:
        """CPU seconds for the first of the sites."""
        site, target = sites[0], self.arena.target(sites[0].name)
        answers = self.answers(site.name, self.arena.given(site))
        order = {"template": str(self.template), "target": str(target), "answers": answers}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"FoxOps' engine ended; run benchmarks/foxops_engine.py with {FOXOPS_VARIABLE} by hand")
        shutil.rmtree(target.parent)
        return float(json.loads(line))


@dataclass
class Ours:
    """fleetpress in memory; `cold` compiles the template for each site, `written` writes the files too."""

    arena: Arena
    name: str
    memo: Memo | None = None
    cold: bool = False
    written: bool = False
    template: Template | None = None

    def turn(self, sites: Sequence[Site]) -> float:
        """CPU seconds a site."""
        block = sites[:2] if self.cold else sites
        target = self.arena.target("sites")
        template = self.template = self.template or self.arena.compiled(self.memo)
        gc.collect()
        start = cpu_seconds()
        for site in block:
            rendered = _render(self.arena, self.arena.compiled(None) if self.cold else template, site)
            if self.written:
                _write(target / site.name, rendered)
        spent = (cpu_seconds() - start) / len(block)
        shutil.rmtree(target.parent)
        if self.memo is not None:
            self._compare(template, block)
        return spent

    def _compare(self, template: Template, block: Sequence[Site]) -> None:
        plain = self.arena.compiled(None)
        if any(_render(self.arena, template, site) != _render(self.arena, plain, site) for site in block):
            self.arena.differing.add(self.name)


def _render(arena: Arena, template: Template, site: Site) -> Manifests:
    from renderer.render import render_site
    from renderer.types import Manifests

    outcome = render_site(site, arena.fleet, [template])
    assert isinstance(outcome, Manifests), "the comparison is made with good sites"
    return outcome


def _write(folder: Path, manifests: Manifests) -> None:
    for file in manifests.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=bench", "-c", "user.email=bench@labs.example", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def _as_repository(folder: Path) -> Path:
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "release")
    _git(folder, "tag", VERSION)
    return folder


def _as_foxops(arena: Arena) -> Path:
    """The same template in FoxOps' format: every file is one, so the suffix goes, and parts stand among the files."""
    folder = arena.folder / "foxops"
    for path in arena.template.rglob("*.jinja"):
        inside = path.relative_to(arena.template)
        to = inside.relative_to("template").with_suffix("") if inside.parts[0] == "template" else inside
        (folder / "template" / to).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / "template" / to)
    answers = arena.compiled(None).answers(arena.sites[0].name, arena.given(arena.sites[0]))
    assert answers is not None, "the comparison is made with good sites"
    variables = {name: _variable(value) for name, value in answers.items()}
    (folder / "fengine.yaml").write_text(json.dumps({"variables": variables}), encoding="utf-8")
    return _as_repository(folder)


def _variable(value: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"description": "of the benchmark"}
    if isinstance(value, dict):
        return {**about, "type": "object", "children": {name: _variable(inner) for name, inner in value.items()}}
    if isinstance(value, list):
        kind = "object" if value and isinstance(value[0], dict) else "string"
        children = (
            {"children": {name: _variable(inner) for name, inner in value[0].items()}} if kind == "object" else {}
        )
        return {**about, "type": "list", "element_type": kind, **children}
    return {**about, "type": {bool: "boolean", int: "integer"}.get(type(value), "string")}


def engines(arena: Arena, foxops: str | None, stack: ExitStack) -> list[Any]:
    """Everything that takes part, the one that others are compared with first."""
    from renderer.render import Memo

    git = _as_repository(Path(shutil.copytree(arena.template, arena.folder / "git")))
    return [
        Copier(arena, _ORIGIN, str(arena.template), None),
        Copier(arena, "copier, git tag", f"git+file://{git}", VERSION),
        *([FoxOps(arena, foxops, stack)] if foxops else []),
        Ours(arena, "fleetpress, cold", cold=True),
        Ours(arena, "fleetpress, no memo"),
        Ours(arena, "fleetpress, memo", memo=Memo()),
        Ours(arena, "fleetpress, memo, written to disk", memo=Memo(), written=True),
    ]


def measure(rounds: int, warm: int, seed: int, file_share: float, foxops: str | None) -> dict[str, Any]:
    """Milliseconds of every round for every engine, and the median ratio to Copier. A first round is not counted."""
    with tempfile.TemporaryDirectory(prefix="fleetpress-bench-") as folder, ExitStack() as stack:
        arena = Arena.build(Path(folder), warm + (rounds + 1) * _BLOCK, seed, file_share)
        # Sites come in no order: those of one country would be nearly alike.
        arena.sites.sort(key=lambda site: site.name[::-1])
        found = engines(arena, foxops, stack)
        for engine in found:
            if isinstance(engine, Ours) and not engine.cold:
                engine.turn(arena.sites[:warm])
        blocks = [arena.sites[start : start + _BLOCK] for start in range(warm, len(arena.sites), _BLOCK)]
        rows = [[engine.turn(block) for engine in found] for block in blocks][1:]
        return {**_summary(found, rows), "differing": sorted(arena.differing), "counts": _counts(found)}


def _summary(found: Sequence[Any], rows: Sequence[Sequence[float]]) -> dict[str, Any]:
    def of(index: int) -> Mapping[str, Any]:
        ratios = [row[0] / row[index] for row in rows]
        return {
            "ms": round(1000 * median(row[index] for row in rows), 3),
            "ratio": round(median(ratios), 1),
            "ratio_least": round(min(ratios), 1),
            "ratio_most": round(max(ratios), 1),
            "rounds_ms": [round(1000 * row[index], 3) for row in rows],
        }

    return {"engines": {engine.name: of(index) for index, engine in enumerate(found)}}


def _counts(found: Sequence[Any]) -> dict[str, Any]:
    memos = {engine.name: engine.memo for engine in found if isinstance(engine, Ours) and engine.memo is not None}
    counted = ("hits", "misses", "forgotten", "checked", "wrong")
    return {name: {what: getattr(memo.counts, what) for what in counted} for name, memo in memos.items()}


def main(arguments: Sequence[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="CPU time of rendering one site, engine by engine.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--warm", type=int, default=300, help="sites that the memo has seen before")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file-share", type=float, default=0.30, help="of the files, the site's alone")
    parser.add_argument("--output", type=Path, help="file for the figures as JSON")
    asked = parser.parse_args(arguments)
    machine, before = describe(), load()
    found = measure(asked.rounds, asked.warm, asked.seed, asked.file_share, os.environ.get(FOXOPS_VARIABLE))
    print(f"{'engine':<36}{'CPU ms a site':>14}{'Copier takes so many times as much':>38}")
    for name, figures in found["engines"].items():
        spread = f"{figures['ratio']:g}x ({figures['ratio_least']:g}-{figures['ratio_most']:g})"
        note = "   OTHER BYTES" if name in found["differing"] else ""
        print(f"{name:<36}{figures['ms']:>14.3f}{spread:>38}{note}")
    if asked.output:
        parameters = {name: value for name, value in vars(asked).items() if name != "output"}
        report = {"format": 1, "machine": machine, "load": before, "parameters": parameters, **found}
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        asked.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

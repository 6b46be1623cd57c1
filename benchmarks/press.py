"""How many sites a second are read, rendered, validated, packed and signed; and how much memory that takes.

In: sizes of fleets. Out: a table, and JSON with every run, the machine and the measured shares.
Never: asserts a time. Fleets are generated outside the timing; each figure comes from a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.generate import generate
from benchmarks.machine import ROOT, describe, load, processors
from benchmarks.synthetic import BYTE_SHARE, FILE_SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FORMAT = 1
_SHARE_SAMPLE = 1000
_STAGES = ("read", "plan", "render", "validate", "pack", "sign")


@dataclass(frozen=True, slots=True)
class Bench:
    """One generated fleet to measure, and a key to sign with."""

    root: Path
    key: Path
    scratch: Path

    def probe(self, what: str, **options: int | Path) -> dict[str, Any]:
        """Run one measurement in a fresh process with an empty cache; `load` is what else the machine did before."""
        flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        command = [sys.executable, "-m", "benchmarks.probe", what, str(self.root), "--key", str(self.key), *flags]
        environment = os.environ | {"FLEETPRESS_CACHE": tempfile.mkdtemp(dir=self.scratch)}
        before = load()
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        return {**json.loads(done.stdout), "load": before}


def measure_fleet(bench: Bench, asked: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """(what, figures) of everything that is measured for one fleet; the runs of a kind take turns."""
    yield "share", bench.probe("share", sample=_SHARE_SAMPLE)
    yield "stages", bench.probe("stages", sample=asked.sample)
    for turn in range(asked.repeat):
        for workers in asked.workers:
            yield "press", {"workers": workers, **bench.probe("press", workers=workers)}
        if asked.publish:
            target = bench.scratch / f"target-{turn}"
            workers = max(asked.workers)
            yield "publish", {"workers": workers, **bench.probe("publish", workers=workers, target=target)}
            shutil.rmtree(target)
    if asked.rounds:
        yield "copier", bench.probe("copier", rounds=asked.rounds)


def measure(sites: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Everything about a fleet of `sites` sites; the table's rows are printed as they come."""
    from renderer.sign import generate_key

    figures: dict[str, Any] = {"sites": sites, "press": [], "publish": []}
    with tempfile.TemporaryDirectory(prefix="fleetpress-bench-") as folder:
        scratch = Path(folder)
        shares = {"file_share": asked.file_share, "site_share": asked.site_share}
        root = generate(scratch / "fleet", sites=sites, seed=asked.seed, **shares).root
        key, _ = generate_key(scratch / "bench")
        for what, found in measure_fleet(Bench(root, key, scratch), asked):
            print(f"{sites:>9,} {_ROWS[what](found)}", flush=True)
            if isinstance(figures.get(what), list):
                figures[what].append(found)
            else:
                figures[what] = found
    if len({run["digest"] for run in figures["press"]}) > 1:
        raise SystemExit("the runs did not make the same artifacts: their times cannot be compared")
    return figures


def _share_row(found: dict[str, Any]) -> str:
    return (
        f"a site: {found['files_per_site']:g} files, {found['documents_per_site']:g} documents, "
        f"{found['bytes_per_site']:,} bytes; its own: {found['site_files']:.1%} of files, "
        f"{found['site_bytes']:.1%} of bytes; distinct: {found['distinct_files']:.1%} of files"
    )


def _stages_row(found: dict[str, Any]) -> str:
    split = " ".join(f"{stage} {found[f'{stage}_ms']:.3f}" for stage in _STAGES)
    total = sum(found[f"{stage}_ms"] for stage in _STAGES)
    worker = f"a worker's start {found['worker_ms']:.0f} ms, as much as {found['worker_sites']} sites"
    return f"CPU ms a site: {split} = {total:.3f}; {worker}   (load {found['load']:g})"


def _run_row(name: str, found: dict[str, Any], sites: int) -> str:
    return (
        f"{name:<8} {found['workers']} workers: {found['wall_s']:8.2f} s {sites / found['wall_s']:7,.0f} sites/s "
        f"{found['cpu_s']:8.2f} s CPU {1000 * found['cpu_s'] / sites:6.2f} ms/site "
        f"({1000 * found['parent_cpu_s'] / sites:.2f} in the parent)   "
        f"parent {found['parent_mib']:.0f} MiB, worker {found['worker_mib']:.0f} MiB   (load {found['load']:g})"
    )


def _press_row(found: dict[str, Any]) -> str:
    return _run_row("press", found, found["sites"]) + (f"   {found['failed']} FAILED" if found["failed"] else "")


def _publish_row(found: dict[str, Any]) -> str:
    code = found["exit_code"]
    return _run_row("publish", found, found["sites"]) + (f"   EXIT CODE {code}" if code else "")


def _copier_row(found: dict[str, Any]) -> str:
    return (
        f"copier {found['copier_ms']:g} ms CPU a site: {found['render_ratio']:g}x our rendering "
        f"({found['render_ratio_least']:g}-{found['render_ratio_most']:g}), {found['press_ratio']:g}x our whole "
        f"artifact ({found['press_ratio_least']:g}-{found['press_ratio_most']:g}); "
        f"same bytes: {'yes' if found['same_bytes'] else 'NO'}   (load {found['load']:g})"
    )


_ROWS = {
    "share": _share_row,
    "stages": _stages_row,
    "press": _press_row,
    "publish": _publish_row,
    "copier": _copier_row,
}


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Sites per second over generated fleets.")
    parser.add_argument("--sites", type=_numbers, default=[1000], help="sizes of fleets, such as 1000,10000")
    parser.add_argument(
        "--workers", type=_numbers, default=sorted({1, processors()}, reverse=True), help="default: all processors, 1"
    )
    parser.add_argument("--repeat", type=int, default=3, help="runs of each kind, in turns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file-share", type=float, default=FILE_SHARE, help="of the files, the site's alone")
    parser.add_argument("--site-share", type=float, default=BYTE_SHARE, help="of the bytes, the site's alone")
    parser.add_argument("--sample", type=int, default=300, help="sites over which the stages are told apart")
    parser.add_argument("--rounds", type=int, default=8, help="of the comparison with Copier; 0 leaves it out")
    parser.add_argument("--publish", action="store_true", help="also run `fleetpress publish` into archives")
    parser.add_argument("--output", type=Path, help="file for the figures as JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> None:
    """Measure, print and write."""
    asked = parse(arguments)
    machine = describe()
    print(" · ".join(f"{name} {value}" for name, value in machine.items() if isinstance(value, str | int)))
    fleets = [measure(sites, asked) for sites in asked.sites]
    if asked.output:
        parameters = {name: value for name, value in vars(asked).items() if name != "output"}
        command = " ".join(("python benchmarks/press.py", *arguments))
        report = {"format": _FORMAT, "machine": machine, "command": command, "parameters": parameters, "fleets": fleets}
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        asked.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

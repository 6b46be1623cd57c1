"""What bad sites cost: `fleetpress publish` of a fleet in order, and of the same fleet with some sites that must fail.

In: sizes and shares. Out: a line for each pair of runs, the median ratio, JSON. Both fleets take turns.
Never: asserts a time. Ends when a good site was not published, or a bad one failed for another reason than its own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.generate import Generated, generate
from benchmarks.machine import describe, load, processors
from benchmarks.press import Bench

if TYPE_CHECKING:
    from collections.abc import Sequence

_PARTIAL = 3


def publish(made: Generated, scratch: Path, workers: int) -> dict[str, Any]:
    """Publish a fleet into new archives; the figures of the run, which must have failed where it had to."""
    target = scratch / "target"
    found = Bench(made.root, scratch / "bench.key", scratch).probe("publish", workers=workers, target=target)
    shutil.rmtree(target)
    failed: dict[str, list[str]] = json.loads(found.pop("failures"))
    wrong = {site: codes for site, codes in failed.items() if made.poisoned.get(site) not in codes}
    missing = made.poisoned.keys() - failed.keys()
    if wrong or missing or found["exit_code"] != (_PARTIAL if made.poisoned else 0):
        raise SystemExit(f"exit code {found['exit_code']}; failed without reason: {wrong}; did not fail: {missing}")
    return {**found, "failed": len(failed)}


def compare(asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Turns of both fleets, each a clean and a poisoned run."""
    from renderer.sign import generate_key

    turns = []
    with tempfile.TemporaryDirectory(prefix="fleetpress-bench-") as folder:
        scratch = Path(folder)
        generate_key(scratch / "bench")
        fleets = {
            name: generate(scratch / name, sites=asked.sites, seed=asked.seed, poison=poison)
            for name, poison in (("clean", 0.0), ("poisoned", asked.poison))
        }
        for turn in range(asked.repeat):
            # Which one begins changes from turn to turn: the machine is never quite the same for the second.
            order = list(fleets.items())[:: -1 if turn % 2 else 1]
            runs = {name: publish(made, scratch, asked.workers) for name, made in order}
            ratios = {f"{figure}_ratio": _ratio(runs, f"{figure}_s") for figure in ("cpu", "wall")}
            turns.append({**runs, **ratios, "load": load()})
            print(_row(turns[-1]), flush=True)
    return turns


def _ratio(runs: dict[str, Any], figure: str) -> float:
    bad, clean = float(runs["poisoned"][figure]), float(runs["clean"][figure])
    return round(bad / clean, 3)


def _row(turn: dict[str, Any]) -> str:
    clean, bad = turn["clean"], turn["poisoned"]
    return (
        f"clean {clean['cpu_s']:.1f} s CPU, {clean['wall_s']:.1f} s; with {bad['failed']:,} bad sites "
        f"{bad['cpu_s']:.1f} s CPU, {bad['wall_s']:.1f} s; ratio {turn['cpu_ratio']:.2f} CPU, "
        f"{turn['wall_ratio']:.2f} wall   (load {turn['load']:g})"
    )


def main(arguments: Sequence[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="What bad sites cost.")
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--poison", type=float, default=0.01, help="share of sites that must fail")
    parser.add_argument("--workers", type=int, default=processors())
    parser.add_argument("--repeat", type=int, default=3, help="turns of both fleets")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", type=Path, help="file for the figures as JSON")
    asked = parser.parse_args(arguments)
    turns = compare(asked)
    ratios = {figure: median(turn[figure] for turn in turns) for figure in ("cpu_ratio", "wall_ratio")}
    print(f"median ratio: {ratios['cpu_ratio']:.3f} CPU, {ratios['wall_ratio']:.3f} wall")
    if asked.output:
        parameters = {name: value for name, value in vars(asked).items() if name != "output"}
        report = {"machine": describe(), "parameters": parameters, "turns": turns, "median": ratios}
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        asked.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

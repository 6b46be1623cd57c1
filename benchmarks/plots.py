"""Draws the figures of docs/performance.md from the JSON that the benchmarks wrote.

In: files of press.py and peers.py. Out: SVG files. Never: measures, or draws a figure that is in no file.

matplotlib is no dependency of fleetpress: `pip install matplotlib` first.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

_LEAST = 3


def growth(report: dict[str, Any], path: Path) -> None:
    """Seconds and memory of a cold run against the number of sites, both axes logarithmic."""
    figure, (left, right) = _subplots(2)
    for workers in sorted({run["workers"] for fleet in report["fleets"] for run in fleet["press"]}):
        points = [
            (
                fleet["sites"],
                min((run for run in fleet["press"] if run["workers"] == workers), key=lambda run: run["wall_s"]),
            )
            for fleet in report["fleets"]
            if any(run["workers"] == workers for run in fleet["press"])
        ]
        name = f"{workers} worker{'s' if workers > 1 else ''}"
        sites = [count for count, _ in points]
        left.loglog(sites, [run["wall_s"] for _, run in points], marker="o", label=name)
        right.semilogx(sites, [run["worker_mib"] or run["parent_mib"] for _, run in points], marker="o", label=name)
    left.set(title="cold run", xlabel="sites", ylabel="seconds")
    right.set(title="memory of a worker", xlabel="sites", ylabel="MiB", ylim=(0, None))
    for axes in (left, right):
        axes.grid(visible=True, alpha=0.3)
        axes.legend()
    _save(figure, path)


def peers(report: dict[str, Any], path: Path) -> None:
    """CPU milliseconds a site, a bar for each."""
    figure, (axes,) = _subplots(1)
    rows = sorted(report["rows"], key=lambda row: row["ms_a_site"], reverse=True)
    bars = axes.barh([row["who"] for row in rows], [row["ms_a_site"] for row in rows], log=True)
    axes.bar_label(bars, [f"{row['ms_a_site']:.{_LEAST}g} ms" for row in rows], padding=4)
    axes.set(title="processor time a site, logarithmic", xlabel="ms", xlim=(0.1, 10_000))
    _save(figure, path)


def _subplots(count: int) -> tuple[Any, Any]:
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    figure, axes = pyplot.subplots(1, count, figsize=(5 * count, 3.2), squeeze=False)
    return figure, axes[0]


def _save(figure: Any, path: Path) -> None:
    """The same figures give the same bytes: no date, and identifiers that do not change."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.rcParams["svg.hashsalt"] = "fleetpress"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Draw the figures of docs/performance.md.")
    parser.add_argument("--press", type=Path, required=True, help="JSON of press.py")
    parser.add_argument("--peers", type=Path, required=True, help="JSON of peers.py")
    parser.add_argument("--folder", type=Path, default=Path("docs/performance"))
    asked = parser.parse_args()
    growth(json.loads(asked.press.read_bytes()), asked.folder / "growth.svg")
    peers(json.loads(asked.peers.read_bytes()), asked.folder / "peers.svg")


if __name__ == "__main__":
    main()

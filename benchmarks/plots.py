"""Draws the figures of docs/performance.md from the JSON that the benchmarks wrote.

In: files of incremental.py and peers.py. Out: SVG files. Never: measures, or draws a figure that is in no file.

matplotlib is no dependency of fleetpress: `pip install matplotlib` first.
"""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

_LEAST = 3
_COMMANDS = ("cold", "bump", "one site", "nothing changed")


def growth(report: dict[str, Any], path: Path) -> None:
    """Seconds and memory of whole commands against the number of sites, both axes logarithmic."""
    figure, (left, right) = _subplots(2)
    sites = [row["sites"] for row in report["rows"]]
    for name in _COMMANDS:
        left.loglog(sites, [row[name]["wall"] for row in report["rows"]], marker="o", label=name)
        right.loglog(sites, [row[name]["peak_kib"] / 1024 for row in report["rows"]], marker="o", label=name)
    left.set(title="fleetpress publish", xlabel="sites", ylabel="seconds")
    right.set(title="largest process", xlabel="sites", ylabel="MiB", ylim=(10, 1000))
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
    parser.add_argument("--incremental", type=Path, required=True, help="JSON of incremental.py")
    parser.add_argument("--peers", type=Path, required=True, help="JSON of peers.py")
    parser.add_argument("--folder", type=Path, default=Path("docs/performance"))
    asked = parser.parse_args()
    growth(json.loads(asked.incremental.read_bytes()), asked.folder / "growth.svg")
    peers(json.loads(asked.peers.read_bytes()), asked.folder / "peers.svg")


if __name__ == "__main__":
    main()

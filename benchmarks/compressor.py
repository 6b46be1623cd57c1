"""Bytes and time of the compressors that could write an artifact's layer, over the sample fleet (ADR 0004).

In: a fleet's folder. Out: a table, bytes and CPU milliseconds per site and compressor, and the ratio to the chosen one.
Never: writes anything but `--output`, or installs a compressor: one that is not there is said to be missing.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import zlib
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.machine import ROOT, describe, installed, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Compress = Callable[[bytes], bytes]

_CHOSEN = "libdeflate 6"
_GZIP = 31  # zlib's window bits for a gzip header and the largest window


def compressors() -> tuple[dict[str, Compress], list[str]]:
    """Name -> function to gzip, and the names of packages that are missing."""
    found: dict[str, Compress] = {}
    missing = []
    for package, add in (("deflate", _libdeflate), ("isal", _isal), ("zlib-ng", _zlib_ng)):
        if installed(package) == "not installed":
            missing.append(package)
        else:
            found.update(add())
    found["zlib 6"] = lambda data: zlib.compress(data, 6, wbits=_GZIP)
    return found, missing


def _libdeflate() -> Mapping[str, Compress]:
    module: Any = importlib.import_module("deflate")

    def at(level: int) -> Compress:
        return lambda data: bytes(module.gzip_compress(data, level))

    return {f"libdeflate {level}": at(level) for level in (1, 4, 6, 9)}


def _isal() -> Mapping[str, Compress]:
    module: Any = importlib.import_module("isal.isal_zlib")
    return {"isal 2": lambda data: bytes(module.compress(data, 2, wbits=_GZIP))}


def _zlib_ng() -> Mapping[str, Compress]:
    module: Any = importlib.import_module("zlib_ng.zlib_ng")
    return {"zlib-ng 6": lambda data: bytes(module.compress(data, 6, wbits=_GZIP))}


def archives(root: Path) -> list[bytes]:
    """The tar of every good site of a fleet."""
    from renderer.fleet.press import Order, Render, Rendered
    from renderer.fleet.workspace import Workspace
    from renderer.pack.tar import tar

    task = Render(root)
    task.prepare()
    outcomes = [task(Order(file)) for file in Workspace(root).index.sites.values()]
    sites = [outcome.manifests for outcome in outcomes if isinstance(outcome, Rendered)]
    return [tar((file.path, file.content) for file in manifests.files) for manifests in sites]


def compare(tars: Sequence[bytes], repeat: int) -> dict[str, dict[str, float]]:
    """Name -> figures per site. All compressors take turns `repeat` times; times are medians of a turn."""
    found, _ = compressors()
    times: dict[str, list[float]] = {name: [] for name in found}
    sizes: dict[str, int] = {}
    for _turn in range(repeat):
        for name, compress in found.items():
            start = time.process_time_ns()
            sizes[name] = sum(len(compress(data)) for data in tars)
            times[name].append((time.process_time_ns() - start) / 1e6 / len(tars))
    for name, compress in found.items():
        assert all(zlib.decompress(compress(data), wbits=_GZIP) == data for data in tars), f"{name} lost something"
    return {name: {"bytes": round(sizes[name] / len(tars)), "cpu_ms": round(median(times[name]), 4)} for name in found}


def main(arguments: Sequence[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Bytes and time of compressors over a fleet's archives.")
    parser.add_argument("--fleet", type=Path, default=ROOT / "fleets" / "labs")
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--output", type=Path, help="file for the figures as JSON")
    asked = parser.parse_args(arguments)
    tars = archives(asked.fleet)
    before, figures = load(), compare(tars, asked.repeat)
    missing = compressors()[1]
    size = round(sum(map(len, tars)) / len(tars))
    print(f"{len(tars)} sites, {size:,} bytes of tar each   (load {before:g})")
    base = figures.get(_CHOSEN, figures["zlib 6"])
    print(f"{'':<14}{'bytes':>8}{'ms CPU':>10}{'bytes':>9}{'time':>9}")
    for name, one in figures.items():
        relative = f"{one['bytes'] / base['bytes']:>8.2f}x{one['cpu_ms'] / base['cpu_ms']:>8.2f}x"
        print(f"{name:<14}{one['bytes']:>8,}{one['cpu_ms']:>10.3f}{relative}")
    for package in missing:
        print(f"{package}: not installed, not measured")
    if asked.output:
        machine = describe()
        packages = {name: installed(name) for name in ("deflate", "isal", "zlib-ng")}
        report = {"machine": machine, "packages": packages, "sites": len(tars), "tar_bytes": size, "load": before}
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**report, "compressors": figures, "missing": missing}, indent=2)
        asked.output.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""What a signed push to a real registry costs: processor time of the client and of the registry, pushes a second.

In: docker-registry (Distribution) on the path or in build/judges/bin; how many sites. Out: a table and JSON.
Never: leaves this machine, or counts the time in which artifacts are made up.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.machine import ROOT, describe, load
from benchmarks.stores import Maker

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.machine import Figures

_LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")
_PATIENCE = 20.0  # seconds
_PREFIX = "press"


@contextmanager
def registry(folder: Path) -> Iterator[tuple[str, int]]:
    """Address and process id of a registry that keeps its data in `folder`, for as long as the block lasts."""
    program = shutil.which("docker-registry", path=f"{ROOT / 'build/judges/bin'}{os.pathsep}{os.environ['PATH']}")
    if program is None:
        sys.exit("docker-registry is not installed: run `make judges`")
    config = {
        "version": 0.1,
        "log": {"level": "info", "accesslog": {"disabled": True}},
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": "127.0.0.1:0", "secret": "none"},
    }
    (folder / "config.yml").write_text(json.dumps(config))  # YAML contains JSON
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "serve", str(folder / "config.yml")], stdout=log, stderr=log)
    try:
        yield _address(process, folder / "log"), process.pid
    finally:
        process.terminate()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end and process.poll() is None:
        found = _LISTENING.search(log.read_text())
        if found:
            return found[1]
        time.sleep(0.02)
    sys.exit(f"docker-registry did not start: {log.read_text()[-2000:]}")


def cpu_of(process: int) -> float:
    """User and system seconds of a running process."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(folder: Path, sites: int, size: int, threads: int) -> dict[str, Figures]:
    """Push all sites; push each with new content; ask about all of them once more."""
    with registry(folder) as (address, process):
        runs = {"new site": 1, "new content": 2, "nothing to send": 2}
        return {name: _push(address, process, sites, size, threads, serial) for name, serial in runs.items()}


def _push(address: str, process: int, sites: int, size: int, threads: int, serial: int) -> Figures:
    from renderer.publish import TargetOptions, open_target, publish_all

    maker = Maker(size, address, _PREFIX)
    releases = list(maker.releases(range(sites), serial))
    target = open_target(f"oci://{address}/{_PREFIX}", options=TargetOptions(plain_http=True, threads=threads))
    theirs, ours, wall = cpu_of(process), time.process_time(), time.perf_counter()
    receipts = list(publish_all(target, releases))
    wall, ours, theirs = time.perf_counter() - wall, time.process_time() - ours, cpu_of(process) - theirs
    target.close()
    failed = [receipt.problems[0].what for receipt in receipts if receipt.problems]
    assert not failed, failed[0]
    return {
        "client_cpu_ms": round(ours * 1e3 / sites, 3),
        "registry_cpu_ms": round(theirs * 1e3 / sites, 3),
        "sites_a_second": round(sites / wall, 1),
        "uploads": sum(receipt.uploads for receipt in receipts),
    }


def main(arguments: Sequence[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="What a signed push to a real registry costs.")
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--layer", type=int, default=12_000, help="bytes of a layer")
    parser.add_argument("--threads", type=int, default=8)
    parser.add_argument("--folder", type=Path, action="append", help="where the registry keeps its data; repeatable")
    parser.add_argument("--output", type=Path, help="file for the figures as JSON")
    asked = parser.parse_args(arguments)
    before, report = load(), {}
    print(f"{asked.sites:,} sites, layers of {asked.layer:,} bytes, {asked.threads} threads   (load {before:g})")
    print(f"{'':<28}{'client ms':>10}{'registry ms':>12}{'sites/s':>9}{'uploads':>9}")
    for number, parent in enumerate(asked.folder or [Path(tempfile.gettempdir())]):
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            report[f"folder {number + 1}"] = found = measure(Path(folder), asked.sites, asked.layer, asked.threads)
        for name, one in found.items():
            row = f"{one['client_cpu_ms']:>10}{one['registry_cpu_ms']:>12}{one['sites_a_second']:>9}{one['uploads']:>9}"
            print(f"folder {number + 1}, {name:<18}{row}")
    if asked.output:
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        made = {"machine": describe(), "sites": asked.sites, "layer": asked.layer, "load": before, "figures": report}
        asked.output.write_text(f"{json.dumps(made, indent=2)}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

"""One measurement in a process of its own, so that memory and caches are those of one run.

In: what to measure, as arguments. Out: one line of JSON on stdout. Never: writes into the fleet, or judges a figure.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import resource
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.machine import cpu_seconds, spread
from benchmarks.versus import against_copier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.machine import Figures
    from renderer.fleet.destination import Destination
    from renderer.fleet.press import Pressed
    from renderer.fleet.workspace import Workspace
    from renderer.read import SiteFile
    from renderer.sign import Signer
    from renderer.types import Manifests, Site, TemplatePin

Result = TypeVar("Result")


def press(root: Path, workers: int, key: Path) -> Figures:
    """Read, render, validate, pack and sign all sites, in the order of `pipeline.publish_sites`; publish to nowhere."""
    from renderer import engine
    from renderer.fleet.destination import Destination
    from renderer.fleet.press import Order, Press, Pressed
    from renderer.fleet.workspace import Workspace
    from renderer.sign import load_signer

    space = Workspace(root)
    signer = load_signer(key)
    destination = Destination.parse(space.fleet, "oci-archive:nowhere")
    orders = [Order(file) for file in space.index.sites.values()]
    signed = failed = size = 0
    listing = sha256()
    for outcome in engine.for_size(len(orders), engine.Workers(workers)).map(Press(root), orders):
        if isinstance(outcome, Pressed):
            signed += _sign(space, destination, outcome, signer)
            size += len(outcome.artifact.layer.data)
            listing.update(str(outcome.artifact.manifest.digest).encode())
        else:
            failed += 1
    return {
        "sites": len(orders),
        "failed": failed,
        "signatures": signed,
        "layer_bytes": size,
        "digest": listing.hexdigest(),
    }


def _sign(space: Workspace, destination: Destination, pressed: Pressed, signer: Signer) -> int:
    from renderer.sign import sign_artifact
    from renderer.types import Reference

    name = destination.repository(pressed.made.site, pressed.made.region)
    assert isinstance(name, Reference), "archives may hold the sites of every region"
    formats = space.fleet.signature_formats
    return len([sign_artifact(pressed.artifact, name.name, signer, form) for form in formats])


def publish(root: Path, workers: int, key: Path, target: Path) -> Figures:
    """The whole command `fleetpress publish`, into new archives on this disk."""
    from renderer.cli.main import run

    arguments = ["--fleet", str(root), "--to", f"oci-archive:{target}", "--key", str(key), "--serial", "1"]
    sys.argv = ["fleetpress", "publish", *arguments, "--workers", str(workers), "-o", "json"]
    printed = io.StringIO()
    code: object = 0
    try:
        with contextlib.redirect_stdout(printed):
            run()
    except SystemExit as end:
        code = end.code
    files = sum(len(names) for _, _, names in os.walk(target))
    report = json.loads(printed.getvalue())
    failures: dict[str, list[str]] = {one["site"]: [] for one in report["receipts"] if one["outcome"] == "failed"}
    for problem in report["problems"]:
        for site in problem["sites"]:
            failures.setdefault(site, []).append(problem["code"])
    ended = code if isinstance(code, int) else 1
    return {"sites": len(report["receipts"]), "exit_code": ended, "files": files, "failures": json.dumps(failures)}


def stages(root: Path, key: Path, sample: int) -> Figures:
    """CPU milliseconds per site and stage in one process, of sites that come after as many others.

    `first_site_ms` is what the first site costs: schemas are compiled when they are first used. `worker_ms` is what a
    worker process costs up to the end of its first site: as much as pressing `worker_sites` sites.
    """
    from renderer.engine.collector import calmed
    from renderer.fleet.workspace import Workspace

    space = Workspace(root)
    line = _Line(space, key)
    files = spread(list(space.index.sites.values()), 2 * sample)
    # Every other one, so that both halves are spread over the fleet.
    before, measured = files[::2], files[1::2]
    with calmed():  # as in a worker
        start = time.process_time_ns()
        line.run(before[0])
        first = (time.process_time_ns() - start) / 1e6
        for file in before[1:]:
            line.run(file)
        line.spent.clear()
        for file in measured:
            line.run(file)
    split = {f"{stage}_ms": round(spent / 1e6 / len(measured), 3) for stage, spent in line.spent.items()}
    worker = _worker_ms(root, before[0])
    more = {"worker_ms": round(worker, 1), "worker_sites": round(worker / sum(split.values()))}
    return {"first_site_ms": round(first, 1), "sample": len(measured), **split, **more}


def _worker_ms(root: Path, file: SiteFile) -> float:
    """CPU milliseconds of a worker that is started for one site."""
    from renderer.engine import Processes
    from renderer.fleet.press import Order, Press

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    list(Processes(1).map(Press(root), [Order(file)]))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


class _Line:
    """The stages of a site one after the other, the CPU time of each added up in `spent`."""

    def __init__(self, space: Workspace, key: Path) -> None:
        from renderer import pack, plan, render, sign, validate

        self.space, self.spent = space, dict[str, int]()
        memo = render.Memo()
        self.templates = {pin: render.compile_template(space.tree(pin), memo) for pin in _pins(space)}
        self.validator = validate.Validator.of(space.fleet, space.schemas)
        self.signer = sign.load_signer(key)
        self.pack, self.plan, self.render, self.sign = pack, plan, render, sign

    def run(self, file: SiteFile) -> None:
        """Read, fingerprint, render, validate, pack and sign one site."""
        from renderer.types import Artifact, Manifests, Site

        fleet = self.space.fleet
        site = self._timed("read", lambda: self.space.site(file))
        assert isinstance(site, Site), "the stages are measured with good sites"
        self._timed("plan", lambda: self._fingerprint(site))
        templates = [self.templates[pin] for pin in site.templates]
        manifests = self._timed("render", lambda: self.render.render_site(site, fleet.name, templates))
        assert isinstance(manifests, Manifests), "the stages are measured with good sites"
        self._timed("validate", lambda: self.validator.check(manifests, site.labels["kubernetes"], site.file))
        artifact = self._timed("pack", lambda: self.pack.pack(manifests))
        assert isinstance(artifact, Artifact), "the stages are measured with good sites"
        name, form = f"registry.invalid/{fleet.name}/{site.name}", fleet.signature_formats[0]
        self._timed("sign", lambda: self.sign.sign_artifact(artifact, name, self.signer, form))

    def _fingerprint(self, site: Site) -> None:
        trees = {pin: self.space.tree(pin).digest for pin in site.templates}
        self.space.inputs(site)
        self.plan.fingerprint(site, self.space.fleet.name, trees, self.space.settings)

    def _timed(self, stage: str, work: Callable[[], Result]) -> Result:
        start = time.process_time_ns()
        result = work()
        self.spent[stage] = self.spent.get(stage, 0) + time.process_time_ns() - start
        return result


def share(root: Path, sample: int) -> Figures:
    """What a site renders to, and which share of that no other site of the sample has too."""
    seen: dict[bytes, int] = {}
    files: list[tuple[bytes, int]] = []
    documents = 0
    rendered = _rendered(root, sample)
    for manifests in rendered:
        for one in manifests.files:
            digest = sha256(one.content).digest()
            seen[digest] = seen.get(digest, 0) + 1
            files.append((digest, len(one.content)))
            documents += one.content.count(b"\nkind: ")
    size = sum(length for _, length in files)
    own = [length for digest, length in files if seen[digest] == 1]
    count = len(rendered)
    return {
        "sample": count,
        "files_per_site": round(len(files) / count, 1),
        "documents_per_site": round(documents / count, 1),
        "bytes_per_site": round(size / count),
        "site_files": round(len(own) / len(files), 4),
        "site_bytes": round(sum(own) / size, 4),
        "distinct_files": round(len(seen) / len(files), 4),
    }


def _rendered(root: Path, sample: int) -> list[Manifests]:
    from renderer import render
    from renderer.fleet.workspace import Workspace
    from renderer.types import Manifests, Site

    space = Workspace(root)
    templates = {pin: render.compile_template(space.tree(pin)) for pin in _pins(space)}
    sites = [space.site(file) for file in spread(list(space.index.sites.values()), sample)]
    outcomes = [
        render.render_site(site, space.fleet.name, [templates[pin] for pin in site.templates])
        for site in sites
        if isinstance(site, Site)
    ]
    return [outcome for outcome in outcomes if isinstance(outcome, Manifests)]


def _pins(space: Workspace) -> Sequence[TemplatePin]:
    from renderer.types import Site

    site = space.site(next(iter(space.index.sites.values())))
    assert isinstance(site, Site), "the first site of the fleet is good"
    return site.templates


def measured(work: Callable[[], Figures]) -> Figures:
    """The figures of `work` with its wall and CPU time and peak memory, those of its child processes included."""
    wall, cpu, own = time.perf_counter(), cpu_seconds(), time.process_time()
    figures = work()
    wall, cpu, own = time.perf_counter() - wall, cpu_seconds() - cpu, time.process_time() - own
    return {
        **figures,
        "wall_s": round(wall, 3),
        "cpu_s": round(cpu, 3),
        "parent_cpu_s": round(own, 3),
        "parent_mib": round(_peak(), 1),
        # The kernel counts in KiB; a child starts with the size that its parent had when it was started.
        "worker_mib": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024, 1),
    }


def _peak() -> float:
    """Peak resident memory of this process in MiB; VmHWM, unlike ru_maxrss, forgets the process that started it."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


def main() -> None:
    """Command line: what to measure, the fleet's folder, and options."""
    parser = argparse.ArgumentParser(description="One measurement; `press.py` starts it.")
    parser.add_argument("what", choices=("press", "publish", "stages", "share", "copier"))
    parser.add_argument("root", type=Path)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--key", type=Path, default=Path("bench.key"))
    parser.add_argument("--target", type=Path, default=Path("target"))
    parser.add_argument("--sample", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=8)
    asked = parser.parse_args()
    works: dict[str, Callable[[], Figures]] = {
        "press": lambda: press(asked.root, asked.workers, asked.key),
        "publish": lambda: publish(asked.root, asked.workers, asked.key, asked.target),
        "stages": lambda: stages(asked.root, asked.key, asked.sample),
        "share": lambda: share(asked.root, asked.sample),
        "copier": lambda: against_copier(asked.root, asked.rounds),
    }
    print(json.dumps(measured(works[asked.what])))


if __name__ == "__main__":
    main()

"""What it costs to keep artifacts in a folder: layouts that are folders, and layouts that are tar files, in turns.

In: how many sites, how large a layer. Out: a table and JSON: processor and wall time a site, files, bytes on the disk.
Never: renders or signs; artifacts are made up, and the time that this takes is not counted.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.machine import describe, load, spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.machine import Figures
    from renderer.types import Release

SCHEMES = ("oci-layout", "oci-archive")
_SAMPLE = 5_000  # sites that are read back
_MIB = 1024


class Maker:
    """Makes releases, and knows how much time that took."""

    def __init__(self, size: int, host: str = "registry.example", prefix: str = "press") -> None:
        self._size, self._host, self._prefix = size, host, prefix
        self.cpu = self.wall = 0.0

    def releases(self, sites: Sequence[int], serial: int) -> Iterator[Release]:
        """A release for each site, with a layer of some `size` bytes that nothing compresses."""
        for site in sites:
            cpu, wall = time.process_time(), time.perf_counter()
            made = self.release(site, serial)
            self.cpu += time.process_time() - cpu
            self.wall += time.perf_counter() - wall
            yield made

    def release(self, site: int, serial: int) -> Release:
        """The release of one site: an artifact as pack makes it, and a signature of the size that sign makes."""
        from renderer.types import Artifact, Blob, Digest, Reference, Release, Signature, SignatureFormat, compact_json

        kind = "application/vnd.oci.image.manifest.v1+json"
        name = f"site-{site:06}"
        config = Blob.of(b"{}", "application/vnd.cncf.flux.config.v1+json")
        layer = Blob.of(random.Random(f"{site}/{serial}").randbytes(self._size), "application/x.layer+gzip")
        value: dict[str, Any] = {"schemaVersion": 2, "mediaType": kind, "config": config.descriptor}
        notes = {"dev.fleetpress.content": str(layer.digest), "dev.fleetpress.site": name}
        manifest = Blob.of(compact_json({**value, "layers": [layer.descriptor], "annotations": notes}), kind)
        bundle = Blob.of(compact_json({"of": str(manifest.digest), "filler": "x" * 900}), "application/x.bundle+json")
        signature = {**value, "layers": [bundle.descriptor], "subject": manifest.descriptor}
        signed = Signature(
            SignatureFormat.BUNDLE,
            "key",
            manifest.digest,
            (config, bundle),
            Blob.of(compact_json(signature), kind),
            bundle.media_type,
            {"dev.sigstore.bundle.content": "dsse-envelope"},
        )
        artifact = Artifact(name, config, layer, manifest, Digest.of(layer.data))
        return Release(artifact, Reference(self._host, f"{self._prefix}/fleet/{name}"), serial, (signed,))


def measure(scheme: str, folder: Path, sites: int, size: int) -> Figures:
    """All sites into a new folder, one site again, and some sites read back; in a process of its own."""
    return {
        **_publish(scheme, folder, range(sites), size, 1, "cold"),
        **_room(folder, sites),
        **_publish(scheme, folder, [sites // 2], size, 2, "one"),
        **_read(scheme, folder, spread(range(sites), _SAMPLE), size),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MIB, 1),
    }


def _publish(scheme: str, folder: Path, sites: Sequence[int], size: int, serial: int, name: str) -> Figures:
    from renderer.publish import open_target, publish_all

    maker = Maker(size)
    cpu, wall = time.process_time(), time.perf_counter()
    target = open_target(f"{scheme}:{folder}")
    done = sum(receipt.outcome == "published" for receipt in publish_all(target, maker.releases(sites, serial)))
    target.close()
    cpu, wall = time.process_time() - cpu - maker.cpu, time.perf_counter() - wall - maker.wall
    assert done == len(sites), "all are published"
    each = 1e6 / len(sites)
    return {f"{name}_cpu_us": round(cpu * each, 1), f"{name}_wall_us": round(wall * each, 1)}


def _read(scheme: str, folder: Path, sites: Sequence[int], size: int) -> Figures:
    """Read as `verify` does: tags, manifest, layer, signature."""
    from renderer.publish import open_target, signature_manifests

    maker = Maker(size)
    releases = [maker.release(site, 1) for site in sites]
    cpu = time.process_time()
    target = open_target(f"{scheme}:{folder}")
    for release in releases:
        where, artifact = release.repository, release.artifact
        assert target.get_manifest(where, "1.1.0") == artifact.manifest
        assert target.get_blob(where, artifact.layer.digest, limit=2 * size) == artifact.layer.data
        assert signature_manifests(target, where, artifact.manifest.digest)
    target.close()
    return {"read_cpu_us": round((time.process_time() - cpu) * 1e6 / len(sites), 1)}


def _room(folder: Path, sites: int) -> Figures:
    files = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return {"files": len(files), "disk_bytes": round(sum(file.st_blocks * 512 for file in files) / sites)}


def in_turns(sites: int, size: int, rounds: int, parent: Path | None) -> dict[str, list[Figures]]:
    """Figures of each scheme, one set a round, each measured in a new process and a new folder."""
    found: dict[str, list[Figures]] = {scheme: [] for scheme in SCHEMES}
    context = multiprocessing.get_context("spawn")
    for _ in range(rounds):
        for scheme in SCHEMES:
            with tempfile.TemporaryDirectory(dir=parent) as folder, context.Pool(1) as pool:
                found[scheme].append(pool.apply(measure, (scheme, Path(folder) / "out", sites, size)))
    return found


def main(arguments: Sequence[str]) -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="What it costs to keep artifacts in a folder.")
    parser.add_argument("--sites", type=int, default=10_000)
    parser.add_argument("--layer", type=int, default=12_000, help="bytes of a layer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to write; the system's temporary folder if not given")
    parser.add_argument("--output", type=Path, help="file for the figures as JSON")
    asked = parser.parse_args(arguments)
    before, figures = load(), in_turns(asked.sites, asked.layer, asked.rounds, asked.folder)
    middle = {
        scheme: {key: median(float(one[key]) for one in sets) for key in sets[0]} for scheme, sets in figures.items()
    }
    folders, archives = (middle[scheme] for scheme in SCHEMES)
    print(f"{asked.sites:,} sites, layers of {asked.layer:,} bytes, {asked.rounds} rounds   (load {before:g})")
    print(f"{'':<14}{SCHEMES[0]:>14}{SCHEMES[1]:>14}{'ratio':>9}")
    for key, value in folders.items():
        ratio = f"{value / archives[key]:>8.2f}x" if archives[key] else ""
        print(f"{key:<14}{value:>14,.1f}{archives[key]:>14,.1f}{ratio}")
    if asked.output:
        report = {"machine": describe(), "sites": asked.sites, "layer": asked.layer, "load": before, "rounds": figures}
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        asked.output.write_text(f"{json.dumps(report, indent=2)}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])

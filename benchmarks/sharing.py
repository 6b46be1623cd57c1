"""One artifact for each site beside shared bases: what is pushed for a change, and what a cluster pulls.

In: fleet sizes. Out: a table and JSON: how much is each site's own, how many bases, pushes and bytes, in both modes.
Never: estimates. The fleet is generated, published into folders, changed, published again; bytes are those of the
manifests, layers and signatures that are there then.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any, Final

from benchmarks.generate import TEMPLATE, VERSION, generate
from benchmarks.machine import describe
from renderer import pipeline
from renderer.engine import Workers
from renderer.fleet.books import Books
from renderer.fleet.destination import Destination
from renderer.fleet.run import Run
from renderer.fleet.workspace import Workspace
from renderer.pack import base_named, own_files
from renderer.publish import open_targets, published
from renderer.sign import generate_key, load_signer
from renderer.types import BASES, Outcome, Reference, Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from renderer.publish import Published, Target
    from renderer.types import Receipt

# The first file of the generated template says nothing of the site, the last one much.
_SHARED_FILE: Final = "template/platform/metrics/metrics.yaml.jinja"
_OWN_FILE: Final = "template/platform/loadbalancer/loadbalancer.yaml.jinja"
SHARING: Final = """\
publishing:
  mode: shared-base
  own: [node_cidr, node_ips, lb_pool, ingress_host, ingress_aliases, analyzers, segment]
"""
# So many sites are pulled for the means.
_SAMPLE: Final = 100
_CONFIG_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Scene:
    """A generated fleet, published to a folder of its own."""

    root: Path
    target: Path
    key: Path

    def publish(self, serial: int) -> list[Receipt]:
        """All receipts of a publication that has no failures."""
        space = Workspace(self.root)
        destination = Destination.parse(space.fleet, f"oci-layout:{self.target}")
        target = open_targets(destination.targets)
        books = Books(target, destination)
        signer = load_signer(self.key)
        run = Run(space, destination, target, signer, serial, Workers(1))
        todo = pipeline.survey(space, books, space.index.sites.keys(), signer.key_id)
        receipts = list(pipeline.publish_sites(run, books, todo))
        failed = [one for one in receipts if one.outcome is Outcome.FAILED]
        if failed:
            raise SystemExit(f"{failed[0].site}: {failed[0].problems[0].what}")
        target.close()
        return receipts

    def pulled(self, receipts: Sequence[Receipt]) -> dict[str, int]:
        """Site -> the bytes that its cluster pulls after a publication, for a sample of all and of the changed."""
        space = Workspace(self.root)
        destination = Destination.parse(space.fleet, f"oci-layout:{self.target}")
        target = open_targets(destination.targets)
        news = {one.site for one in receipts if one.outcome is Outcome.PUBLISHED}
        names = list(space.index.sites)
        sample = {*names[:: max(1, len(names) // _SAMPLE)], *(sorted(news & set(names))[:_SAMPLE])}
        return {
            name: sum(
                _size(target, place, found)
                for what, place, found in _followed(space, destination, target, name)
                if what in news
            )
            for name in sorted(sample)
        }

    def own_share(self) -> float:
        """The share of a site's files that is in its part, on average over the sample."""
        space = Workspace(self.root)
        destination = Destination.parse(space.fleet, f"oci-layout:{self.target}")
        target = open_targets(destination.targets)
        names = list(space.index.sites)
        shares = []
        for name in names[:: max(1, len(names) // _SAMPLE)]:
            part, base = (found.files for _, _, found in _followed(space, destination, target, name))
            shares.append(len(own_files(part)) / (len(own_files(part)) + len(base)))
        return mean(shares)


def _followed(
    space: Workspace, destination: Destination, target: Target, name: str
) -> Iterator[tuple[str, Reference, Published]]:
    """The artifacts that a site's cluster follows: what they are called, and where they are."""
    site = space.site(space.file(name))
    assert isinstance(site, Site)
    place = destination.repository(name, site.region)
    assert isinstance(place, Reference)
    found = _found(target, place)
    yield name, place, found
    if (key := base_named(found.files)) is not None:
        base = destination.base(key, site.region)
        yield f"{BASES}{key}", base, _found(target, base)


def _found(target: Target, place: Reference) -> Published:
    found = published(target, place)
    assert found is not None, f"{place} is published"
    return found


def _size(target: Target, place: Reference, found: Published) -> int:
    """Manifest, config and layer, and the same of each signature."""
    size = len(found.manifest.data) + _CONFIG_BYTES + _layers(found.manifest.data)
    for entry in target.referrers(place, found.manifest.digest):
        digest = str(entry["digest"])
        manifest = target.get_manifest(place, type(found.manifest.digest).parse(digest))
        assert manifest is not None
        size += len(manifest.data) + _CONFIG_BYTES + _layers(manifest.data)
    return size


def _layers(manifest: bytes) -> int:
    return sum(layer["size"] for layer in json.loads(manifest)["layers"])


def _bump(root: Path, before: str, after: str, path: str) -> None:
    """A version of the template in which one file says more, for all sites."""
    templates = root.parents[1] / "templates" / TEMPLATE
    shutil.copytree(templates / before, templates / after)
    file = templates / after / path
    file.write_text(f"{file.read_text()}# {after}\n")
    layer = root / "layers/global.yaml"
    layer.write_text(layer.read_text().replace(before, after))


def _edit(root: Path) -> None:
    """Another network for one site."""
    file = min((root / "sites").rglob("*.yaml"))
    text = file.read_text()
    file.write_text(text.replace("  lb_pool: [10.", "  lb_pool: [11."))


def _measure(scene: Scene, change: Callable[[Path], None] | None, serial: int) -> dict[str, Any]:
    if change is not None:
        change(scene.root)
    receipts = scene.publish(serial)
    sent = [one for one in receipts if one.outcome is Outcome.PUBLISHED]
    bytes_of = scene.pulled(receipts)
    pulling = [size for size in bytes_of.values() if size]
    bases = sum(one.site.startswith(BASES) for one in sent)
    return {
        "bases": bases,
        "sites": len(sent) - bases,
        "uploads": sum(one.uploads for one in receipts),
        "bytes": mean(pulling) if pulling else 0.0,
    }


def measure(folder: Path, sites: int) -> dict[str, Any]:
    """Both modes over the same fleet and the same changes."""
    key, _ = generate_key(folder / "bench")
    changes: dict[str, Callable[[Path], None] | None] = {
        "cold": None,
        "bump, a shared file": lambda root: _bump(root, VERSION, "1.1.0", _SHARED_FILE),
        "bump, a file of each site's own": lambda root: _bump(root, "1.1.0", "1.2.0", _OWN_FILE),
        "edit of one site": _edit,
    }
    found: dict[str, Any] = {"sites": sites}
    for mode, more in (("site", ""), ("shared-base", SHARING)):
        root = generate(folder / mode, sites=sites).root
        fleet = root / "fleet.yaml"
        fleet.write_text(fleet.read_text() + more)
        scene = Scene(root, folder / f"{mode}-target", key)
        found[mode] = {
            name: _measure(scene, change, 1 + serial) for serial, (name, change) in enumerate(changes.items())
        }
        found["own files"] = scene.own_share() if more else None
    return found


def main() -> None:
    """Command line: see --help."""
    parser = argparse.ArgumentParser(description="Compare one artifact for each site with shared bases.")
    parser.add_argument("--sites", default="2000", help="sizes of fleets, separated by commas")
    parser.add_argument("--output", type=Path, help="also write JSON there")
    asked = parser.parse_args()
    results = []
    for sites in map(int, asked.sites.split(",")):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            results.append(measure(Path(folder), sites))
        print(f"{sites:,} sites: {results[-1]['own files']:.1%} of a site's files are its own")
        for mode in ("site", "shared-base"):
            for change, one in results[-1][mode].items():
                print(
                    f"{sites:,} sites, {mode}, {change}: pushed {one['bases']:,} bases and {one['sites']:,} of sites"
                    f" ({one['uploads']:,} uploads); a cluster that pulls gets {one['bytes']:,.0f} bytes"
                )
    if asked.output:
        asked.output.write_text(json.dumps({"machine": describe(), "results": results}, indent=2) + "\n")


if __name__ == "__main__":
    main()

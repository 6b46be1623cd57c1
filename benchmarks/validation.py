"""What validation costs: documents a second, cold and remembered, beside a plain jsonschema loop, in one run.

In: the sample fleet, and generated fleets of N sites. Out: a table, and JSON.
Never: compares figures of different runs. Rendering is not timed; the ways take turns over the same blocks of sites.

    python benchmarks/validation.py                      # the sample fleet and 1,000 generated sites
    python benchmarks/validation.py --sites 100,10000 --output build/validation.json
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import yaml

from benchmarks.generate import generate
from benchmarks.machine import describe, load
from renderer import render
from renderer.fleet.workspace import Workspace
from renderer.strict_yaml import split
from renderer.types import Manifests, Site
from renderer.validate import Validator, reports
from renderer.validate.catalog import Catalog
from renderer.validate.crds import CrdSet
from renderer.validate.kind import KindSchema
from renderer.validate.kubernetes import Kubernetes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from renderer.types import SchemaSet

SAMPLE = Path(__file__).resolve().parents[1] / "fleets" / "labs"
_BLOCK = 25
# One site of a block goes through the plain loop: it is that much slower.
_PLAIN = 1
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FILES = (".yaml", ".yml", ".json")


@dataclass(slots=True)
class Way:
    """One way to validate: what it took for how many documents, and how many of them it really looked at."""

    name: str
    check: Callable[[Site, Manifests], int]
    documents: int = 0
    validated: int = 0
    cpu: float = 0.0

    def run(self, block: Sequence[tuple[Site, Manifests]]) -> None:
        """Validate a block of sites; problems would make the figures worthless, so there may be none."""
        before, started = Counter.seen, time.process_time()
        problems = sum(self.check(site, manifests) for site, manifests in block)
        self.cpu += time.process_time() - started
        self.validated += Counter.seen - before
        self.documents += sum(documents(manifests) for _, manifests in block)
        assert problems == 0, f"{self.name} found {problems} problems"

    def figures(self) -> dict[str, float | int]:
        """Documents, how many were looked at, documents a second of processor time."""
        share = round(self.validated / max(self.documents, 1), 4)
        rate = round(self.documents / self.cpu) if self.cpu else 0
        return {"documents": self.documents, "validated": self.validated, "share": share, "documents_per_second": rate}


class Counter:
    """How many documents were looked at, not remembered: counted where the memo calls the checks."""

    seen = 0

    @classmethod
    def install(cls) -> None:
        """Count from now on."""
        # Where the memo looks them up; it hands them out to nobody.
        names = vars(reports)
        file, several = names["check_file"], names["check_documents"]

        def check_file(path: str, content: bytes, catalog: Catalog) -> Any:
            cls.seen += len(split(content))
            return file(path, content, catalog)

        def check_documents(found: Any, catalog: Catalog) -> Any:
            cls.seen += len(found)
            return several(found, catalog)

        names.update(check_file=check_file, check_documents=check_documents)


@dataclass(slots=True)
class Kept:
    """Verdicts of an earlier run, in memory: what a store costs is another matter."""

    known: dict[bytes, bytes] = field(default_factory=dict)

    def find(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """What was put under those of `keys` that are known."""
        return {key: self.known[key] for key in keys if key in self.known}

    def put(self, key: bytes, verdict: bytes) -> None:
        """Keep it."""
        self.known[key] = verdict


class Plain:
    """What one would write: PyYAML's C loader, and one validator of jsonschema for each kind. No rules, no CEL."""

    def __init__(self, schemas: SchemaSet) -> None:
        self._crds = CrdSet.of(schemas.crds)
        self._kinds: dict[tuple[str, str, str], Any] = {}

    def check(self, site: Site, manifests: Manifests) -> int:
        """How many documents of a site are refused."""
        minor, refused = site.labels["kubernetes"], 0
        for one in manifests.files:
            if one.path.endswith(_FILES):
                for value in yaml.load_all(one.content, _LOADER):
                    validator = self._validator(minor, value) if isinstance(value, dict) else None
                    Counter.seen += 1
                    refused += validator is not None and not validator.is_valid(value)
        return refused

    def _validator(self, minor: str, value: dict[str, Any]) -> Any:
        key = (minor, str(value.get("apiVersion")), str(value.get("kind")))
        if key not in self._kinds:
            catalog = Catalog(Kubernetes(minor), self._crds, CrdSet(), frozenset())
            found = catalog.find(*key[1:])
            self._kinds[key] = found.schema.words() if isinstance(found, KindSchema) else None
        return self._kinds[key]


def documents(manifests: Manifests) -> int:
    """How many documents a site has."""
    return sum(len(split(one.content)) for one in manifests.files if one.path.endswith(_FILES))


def rendered(space: Workspace) -> Iterator[tuple[Site, Manifests]]:
    """Every site of a fleet, rendered."""
    compiled: dict[Any, Any] = {}
    for file in space.index.sites.values():
        site = space.site(file)
        assert isinstance(site, Site), f"{file.name} cannot be read"
        for pin in site.templates:
            if pin not in compiled:
                compiled[pin] = render.compile_template(space.tree(pin))
        found = render.render_site(site, space.fleet.name, [compiled[pin] for pin in site.templates])
        assert isinstance(found, Manifests), f"{site.name} cannot be rendered"
        yield site, found


def measure(root: Path) -> dict[str, Any]:
    """The figures of one fleet."""
    space = Workspace(root)
    kept = Kept()
    first = Validator.of(space.fleet, space.schemas, kept)
    later = Validator.of(space.fleet, space.schemas, kept)
    ways = [
        Way("cold", lambda site, manifests: len(first.check(manifests, site.labels["kubernetes"]))),
        Way("again, in the same run", lambda site, manifests: len(first.check(manifests, site.labels["kubernetes"]))),
        Way("again, in a later run", lambda site, manifests: len(later.check(manifests, site.labels["kubernetes"]))),
    ]
    plain = Way("jsonschema loop", Plain(space.schemas).check)
    block: list[tuple[Site, Manifests]] = []
    for one in rendered(space):
        block.append(one)
        if len(block) == _BLOCK:
            turns(ways, plain, block)
            block = []
    turns(ways, plain, block)
    figures = {way.name: way.figures() for way in (*ways, plain)}
    return {"sites": len(space.index.sites), "load": load(), "ways": figures}


def turns(ways: Sequence[Way], plain: Way, block: Sequence[tuple[Site, Manifests]]) -> None:
    """Each way over one block; the plain loop over a part of it."""
    if block:
        for way in ways:
            way.run(block)
        plain.run(block[:_PLAIN])


def table(fleets: dict[str, dict[str, Any]]) -> str:
    """A row for each fleet and way."""
    lines = [f"{'fleet':24} {'way':24} {'documents':>10} {'looked at':>10} {'share':>8} {'documents/s':>12}"]
    for name, found in fleets.items():
        for way, one in found["ways"].items():
            share = f"{one['share']:.2%}"
            lines.append(
                f"{name:24} {way:24} {one['documents']:>10,} {one['validated']:>10,} {share:>8}"
                f" {one['documents_per_second']:>12,}"
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, write JSON."""
    parser = argparse.ArgumentParser(description="Documents a second, cold and remembered.")
    parser.add_argument("--sites", default="1000", help="sizes of generated fleets, separated by commas; 0 for none")
    parser.add_argument("--output", type=Path, help="file for the figures as JSON")
    asked = parser.parse_args(arguments)
    Counter.install()
    fleets = {"sample": measure(SAMPLE)}
    for size in filter(None, (int(part) for part in asked.sites.split(","))):
        with tempfile.TemporaryDirectory(prefix="fleetpress-") as folder:
            generated = generate(Path(folder) / "fleet", sites=size)
            fleets[f"{size:,} generated sites"] = measure(generated.root)
    sys.stdout.write(table(fleets) + "\n")
    if asked.output:
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        asked.output.write_text(json.dumps({"machine": describe(), "fleets": fleets}, indent=2) + "\n")


if __name__ == "__main__":
    main()

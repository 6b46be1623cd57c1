"""What semantic rules and references cost: `python -m tests.validate.measure_rules`. Not a test; prints a table.

The distinct rendered files of the sample fleet are checked with and without rules, each file once, as the memo has it;
then all sites with and without references, memo warm.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.types import Manifest, Manifests, References
from renderer.validate import Validator, objects
from renderer.validate.catalog import Catalog
from renderer.validate.crds import CrdSet
from renderer.validate.facts import Facts
from renderer.validate.kubernetes import Kubernetes
from tests.validate.measure import MINOR, REPOSITORY, schema_set

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROUNDS = 7


def rendered() -> list[Manifests]:
    """The sample fleet's sites."""
    with tempfile.TemporaryDirectory() as folder:
        program = "from renderer.cli.main import run; run()"
        fleet = str(next((REPOSITORY / "fleets").iterdir()))
        command = [sys.executable, "-c", program, "render", "--fleet", fleet, "-o", folder]
        subprocess.run(command, check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return [site(path) for path in sorted(Path(folder).iterdir())]


def site(folder: Path) -> Manifests:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Manifests(
        folder.name, tuple(Manifest(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files)
    )


@contextmanager
def without(**names: object) -> Iterator[None]:
    """`objects` with some of its functions doing nothing."""
    kept = {name: getattr(objects, name) for name in names}
    for name, stand_in in names.items():
        setattr(objects, name, stand_in)
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(objects, name, function)


def check_all(files: dict[bytes, str], catalog: Catalog) -> float:
    started = time.process_time()
    for content, path in files.items():
        objects.check_file(path, content, catalog)
    return time.process_time() - started


def per_site(sites: list[Manifests], references: References) -> float:
    validator = Validator(schema_set(), references=references)
    best = float("inf")
    for _ in range(_ROUNDS):
        started = time.process_time()
        for one in sites:
            validator.check(one, MINOR)
        best = min(best, time.process_time() - started)
    return best / len(sites)


def main() -> None:
    say = sys.stdout.write
    sites = rendered()
    files = {file.content: file.path for one in sites for file in one.files}
    catalog = Catalog(Kubernetes(MINOR), CrdSet.of(schema_set().crds), CrdSet(), frozenset())
    check_all(files, catalog)
    plain, ruled, whole = [], [], []
    for _ in range(_ROUNDS):
        with without(broken=lambda *_: (), facts_of=lambda _: Facts()):
            plain.append(check_all(files, catalog))
        with without(facts_of=lambda _: Facts()):
            ruled.append(check_all(files, catalog))
        whole.append(check_all(files, catalog))
    say(f"sites, distinct files {len(sites):>29,} {len(files):>7,}\n")
    for name, times in (("without rules", plain), ("with rules", ruled), ("with rules and facts", whole)):
        more = 100 * (min(times) / min(plain) - 1)
        say(f"files/s, {name:<24}{len(files) / min(times):>14,.0f}   {more:+.0f} %\n")
    off, on = per_site(sites, References(None)), per_site(sites, References())
    say(f"us per site, memo warm: without references {1e6 * off:,.0f}, with {1e6 * on:,.0f}\n")


if __name__ == "__main__":
    main()

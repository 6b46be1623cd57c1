"""What semantic rules and references cost: `python -m tests.validate.measure_rules`. Not a test; prints a table.

The distinct rendered files of the sample fleet are checked, each once, as the memo has it; rules and facts are timed
alone. Then all sites are checked with and without references, memo warm.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderer.strict_yaml import load_all
from renderer.types import Manifest, Manifests, References
from renderer.validate import Validator
from renderer.validate.catalog import Catalog, group_of
from renderer.validate.crds import CrdSet
from renderer.validate.facts import facts_of
from renderer.validate.kubernetes import Kubernetes
from renderer.validate.needs import Subject
from renderer.validate.objects import check_file
from renderer.validate.rules_table import broken
from tests.validate.measure import MINOR, REPOSITORY, schema_set

if TYPE_CHECKING:
    from collections.abc import Callable

_ROUNDS = 7


def rendered() -> list[Manifests]:
    """The sample fleet's sites."""
    with tempfile.TemporaryDirectory() as folder:
        program = "from renderer.cli.main import run; run()"
        fleet = str(next((REPOSITORY / "fleets").iterdir()))
        command = [sys.executable, "-c", program, "render", "--fleet", fleet, "-o", folder]
        subprocess.run(command, check=True, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return [site(path) for path in sorted(Path(folder).iterdir()) if path.is_dir()]


def site(folder: Path) -> Manifests:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return Manifests(
        folder.name, tuple(Manifest(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files)
    )


def best(act: Callable[[], object]) -> float:
    """CPU seconds of the best round: other programs on the machine only ever add to it."""
    times = []
    for _ in range(_ROUNDS):
        started = time.process_time()
        act()
        times.append(time.process_time() - started)
    return min(times)


def per_site(sites: list[Manifests], references: References) -> float:
    validator = Validator(schema_set(), references=references)
    return best(lambda: [validator.check(one, MINOR) for one in sites]) / len(sites)


def main() -> None:
    say = sys.stdout.write
    sites = rendered()
    files = {file.content: file.path for one in sites for file in one.files if file.path.endswith(".yaml")}
    catalog = Catalog(Kubernetes(MINOR), CrdSet.of(schema_set().crds), CrdSet(), frozenset())
    loaded: list[Any] = [document.value for content, path in files.items() for document in load_all(content, path)]
    subjects = [(group_of(value["apiVersion"]), value["kind"], value) for value in loaded]
    whole = best(lambda: [check_file(path, content, catalog) for content, path in files.items()])
    rules = best(lambda: [broken(*subject) for subject in subjects])
    facts = best(lambda: [facts_of(Subject(*subject, 0)) for subject in subjects])
    rest = whole - rules - facts
    say(f"sites, distinct files, objects {len(sites):>10,} {len(files):>7,} {len(subjects):>7,}\n")
    say(f"objects/s without rules and facts {len(subjects) / rest:>15,.0f}\n")
    say(f"objects/s with them {len(subjects) / whole:>29,.0f}\n")
    say(f"rules, facts: more time {100 * rules / rest:>22.1f} % {100 * facts / rest:>7.1f} %\n")
    off, on = per_site(sites, References(None)), per_site(sites, References())
    say(f"us per site, memo warm: without references {1e6 * off:,.0f}, with {1e6 * on:,.0f}\n")


if __name__ == "__main__":
    main()

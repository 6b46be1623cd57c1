"""What validation costs: `python -m tests.validate.measure` from the repository's top. Not a test; prints a table.

All figures come from one run: the site-file check, a cold start in a fresh process, and distinct documents validated by
jsonschema-rs against the same documents validated by `jsonschema` with the same schemas and a reused validator.
"""

from __future__ import annotations

import copy
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderer import strict_yaml
from renderer.types import Digest, Document, Manifest, Manifests, SchemaSet
from renderer.validate import Validator, check_input
from renderer.validate.catalog import Catalog
from renderer.validate.crds import CrdSet
from renderer.validate.kind import KindSchema
from renderer.validate.kubernetes import Kubernetes

if TYPE_CHECKING:
    from collections.abc import Callable

REPOSITORY = Path(__file__).parents[2]
VALID = REPOSITORY / "tests" / "examples" / "valid" / "rendered"
MINOR = "1.35"


def schema_set() -> SchemaSet:
    paths = sorted((REPOSITORY / "schemas" / "crds").glob("*/*.yaml"))
    return SchemaSet(tuple((str(path), path.read_bytes()) for path in paths), Digest.of(b""))


def contents() -> list[tuple[str, bytes]]:
    return [(path.name, path.read_bytes()) for path in sorted(VALID.iterdir())]


def seconds(act: Callable[[], object], rounds: int) -> float:
    """The best of three, per round."""
    best = float("inf")
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(rounds):
            act()
        best = min(best, time.perf_counter() - started)
    return best / rounds


def pairs() -> list[tuple[KindSchema, dict[str, Any]]]:
    catalog = Catalog(Kubernetes(MINOR), CrdSet.of(schema_set().crds), CrdSet(), frozenset())
    found = []
    for name, content in contents():
        for document in strict_yaml.load_all(content, name):
            value: Any = document.value
            kind = catalog.find(value["apiVersion"], value["kind"])
            if isinstance(kind, KindSchema):
                found.append((kind, value))
    return found


def distinct(count: int) -> list[tuple[KindSchema, dict[str, Any]]]:
    """`count` documents that all differ, evenly over the kinds of the examples."""
    examples = pairs()
    made = []
    for number in range(count):
        kind, value = examples[number % len(examples)]
        value = copy.deepcopy(value)
        value.setdefault("metadata", {})["name"] = f"site-{number}"
        made.append((kind, value))
    return made


def whole(count: int) -> float:
    """Files per second of Validator.check: hashing, parsing, names, secrets, schema, lists, duplicates."""
    checker = Validator(schema_set())
    files = [(name, content) for name, content in contents() if not name.startswith("crd")]
    sites = [
        Manifests("lab", (Manifest(name, content + f"# {number}\n".encode()),))
        for number in range(count // len(files))
        for name, content in files
    ]
    for site in sites[: len(files)]:
        checker.check(site, MINOR)
    started = time.perf_counter()
    for site in sites[len(files) :]:
        checker.check(site, MINOR)
    return (len(sites) - len(files)) / (time.perf_counter() - started)


def rate(
    act: Callable[[KindSchema, dict[str, Any]], object], documents: list[tuple[KindSchema, dict[str, Any]]]
) -> float:
    """Documents per second."""
    return len(documents) / seconds(lambda: [act(kind, value) for kind, value in documents], 1)


def main() -> None:
    say = sys.stdout.write
    subprocess.run([sys.executable, "-m", "tests.validate.measure_cold"], check=True, cwd=REPOSITORY)
    site = strict_yaml.load((REPOSITORY / "tests/examples/valid/site/values.yaml").read_bytes(), "site.yaml")
    broken = Document("site.yaml", {"labels": {"region": 5}, "valeus": {}})
    documents = distinct(3_000)
    words = {id(kind): kind.schema.words() for kind, _ in documents}
    fast = rate(lambda kind, value: kind.schema.validator.is_valid(value), documents)
    slow = rate(lambda kind, value: words[id(kind)].is_valid(value), documents[:600])
    say(f"valid site file, us {1e6 * seconds(lambda: check_input('site', site), 20_000):>31.2f}\n")
    say(f"broken site file, us {1e6 * seconds(lambda: check_input('site', broken), 200):>30.0f}\n")
    say(f"documents/s, jsonschema-rs {fast:>24,.0f}\n")
    say(f"documents/s, jsonschema {slow:>27,.0f}\n")
    say(f"ratio {fast / slow:>45,.0f}\n")
    say(f"documents/s, with list rules {rate(KindSchema.violations, documents):>22,.0f}\n")
    say(f"files/s, Validator.check, all distinct {whole(6_000):>12,.0f}\n")


if __name__ == "__main__":
    main()

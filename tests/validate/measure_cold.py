"""What a worker's start costs: `python -m tests.validate.measure_cold`. Prints milliseconds; run by measure.py."""

from __future__ import annotations

import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def main() -> None:
    """Import, read the CRD files, check each example once; the kinds of the examples are compiled on the way."""
    started = time.perf_counter()
    from renderer.types import Digest, Manifest, Manifests, SchemaSet
    from renderer.validate import Validator

    imported = time.perf_counter()
    paths = sorted((REPOSITORY / "schemas" / "crds").glob("*/*.yaml"))
    checker = Validator(SchemaSet(tuple((str(path), path.read_bytes()) for path in paths), Digest.of(b"")))
    read = time.perf_counter()
    files = [path.read_bytes() for path in sorted((REPOSITORY / "tests/examples/valid/rendered").iterdir())]
    for content in files:
        checker.check(Manifests("lab", (Manifest("a.yaml", content),)), "1.35")
    done = time.perf_counter()
    kinds = {line for content in files for line in content.splitlines() if line.startswith(b"kind:")}
    for name, value in (
        ("import", imported - started),
        ("read CRD files", read - imported),
        (f"first check of {len(kinds)} kinds", done - read),
        ("all", done - started),
    ):
        sys.stdout.write(f"cold start, ms, {name:24} {1000 * value:>10.1f}\n")


if __name__ == "__main__":
    main()

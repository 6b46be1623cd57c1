"""Golden cases of differences: a file in `cases/` with `before`, `after` and `expected` is a test.

`python -m tests.diff.golden` writes what is expected anew; look at the difference before you commit it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from renderer.diff import Rules, diff_objects, read_objects
from renderer.fleet.workspace import Workspace
from renderer.report.objects import changes_text
from renderer.validate import Shapes

REPOSITORY = Path(__file__).parents[2]
CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))


class _Block(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(dumper: _Block, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Block.add_representer(str, _text)


@lru_cache(maxsize=1)
def shapes() -> Shapes:
    """The kinds of Kubernetes and of the sample fleet's CRDs."""
    return Shapes(Workspace(REPOSITORY / "fleets/labs").schemas)


def load(path: Path) -> dict[str, Any]:
    """A case."""
    case: dict[str, Any] = yaml.safe_load(path.read_text())
    return case


def files(side: str | dict[str, str]) -> dict[str, bytes]:
    """One side of a case: a file, or several by path."""
    found = side if isinstance(side, dict) else {"objects.yaml": side}
    return {path: content.encode() for path, content in found.items()}


def told(case: dict[str, Any]) -> str:
    """What the case's difference is told as."""
    rules = Rules(shapes(), ignore_defaults=case.get("ignoreDefaults", False))
    before, after = (read_objects(files(case[side])) for side in ("before", "after"))
    return changes_text(diff_objects(before, after, rules)) + "\n"


def main() -> None:
    """Write `expected` of all cases."""
    for path in CASES:
        case = load(path)
        path.write_text(yaml.dump({**case, "expected": told(case)}, Dumper=_Block, sort_keys=False, width=200))


if __name__ == "__main__":
    main()

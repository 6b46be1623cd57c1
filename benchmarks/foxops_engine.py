"""Renders with FoxOps' own engine; `templates.py` starts it with a Python that has FoxOps, which ours need not have.

In: a line of JSON for each site: a template in a git repository, a new folder, the answers. Out: a line of JSON with
the CPU seconds spent, child processes included. Never: imports anything of ours.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
from pathlib import Path
from typing import Any


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _render(initialize: Any, order: dict[str, Any]) -> float:
    target = Path(order["target"])
    start = _cpu_seconds()
    asyncio.run(initialize(Path(order["template"]), "https://git.labs.example/edge", "1.0.0", order["answers"], target))
    return _cpu_seconds() - start


def main() -> None:
    """Serve orders until stdin ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # the engine logs to stdout
    logging.disable(logging.CRITICAL)
    from foxops.engine import initialize_incarnation  # type: ignore[import-not-found,unused-ignore]

    for line in sys.stdin:
        print(json.dumps(_render(initialize_incarnation, json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()

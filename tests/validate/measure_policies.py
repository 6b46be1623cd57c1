"""What the fleet's own policies cost: `python -m tests.validate.measure_policies`. Not a test; prints a table."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.fleet.press import Order, Render, Rendered
from renderer.fleet.workspace import Workspace
from renderer.types import Site
from renderer.validate import Policies
from renderer.validate.policies_evidence import evidence_of

if TYPE_CHECKING:
    from collections.abc import Callable

FLEET = Path(__file__).parents[2] / "fleets/labs"


def seconds(work: Callable[[], object]) -> float:
    """Processor time, the best of five runs."""
    times = []
    for _ in range(5):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    """Render all sites once, then ask the policies about them again and again."""
    space = Workspace(FLEET)
    task = Render(space.root)
    task.prepare()
    found = ((space.site(file), task(Order(file))) for file in space.index.sites.values())
    pairs = [
        (site.labels, outcome.manifests)
        for site, outcome in found
        if isinstance(site, Site) and isinstance(outcome, Rendered)
    ]
    asked = [file for _, manifests in pairs for file in manifests.files]
    distinct = {file.content: file for file in asked}
    size = sum(map(len, distinct))
    warm = Policies.of(space.schemas, space.fleet.labels)

    def ask(policies: Policies) -> None:
        for labels, manifests in pairs:
            policies.check(manifests, labels)

    ask(warm)
    cold = seconds(lambda: ask(Policies.of(space.schemas, space.fleet.labels)))
    again = seconds(lambda: ask(warm))
    read = seconds(lambda: [evidence_of(".yaml", file.content) for file in distinct.values()])
    say = sys.stdout.write
    say(f"{len(pairs)} sites, {len(asked):,} files, {len(distinct):,} of them distinct, {size / 1e6:.2f} MB\n")
    say(f"from scratch {cold:.3f} s, {len(distinct) / cold:,.0f} distinct files/s\n")
    say(f"again {again / len(pairs) * 1e3:.3f} ms a site\n")
    say(f"reading and searching alone {read:.3f} s, {size / read / 1e6:.1f} MB/s\n")


if __name__ == "__main__":
    main()

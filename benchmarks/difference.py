"""What a difference over a fleet costs beside rendering: in the workers for each site, and in the parent for all.

In: how many sites are compared, and as how many the parent sees them. Out: a table. Never: asserts a time.
A generated fleet is compared with itself at a template version whose images are newer; every site changes.
"""

from __future__ import annotations

import argparse
import re
import shutil
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.generate import TEMPLATE, VERSION, generate
from renderer import diff, report
from renderer.fleet.baselines import FolderBaseline, Pairing, SupposingRender
from renderer.fleet.comparing import Compare, Compared
from renderer.fleet.press import Order
from renderer.fleet.supposing import suppose
from renderer.fleet.workspace import Workspace
from renderer.report import difference_html, difference_markdown, differences
from renderer.types import Change, FleetDifference, Rejected, Shared, SiteChange

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from renderer.read import SiteFile

Result = TypeVar("Result")
_NEXT = "1.1.0"
_IMAGE = re.compile(r"(image: .*?:\d+\.\d+\.)\d+")


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line: see --help."""
    parser = argparse.ArgumentParser(description="Measure what a difference over a fleet costs.")
    parser.add_argument("--sites", type=int, default=1000, help="compared, in this process")
    parser.add_argument("--told", type=int, default=100_000, help="as how many sites the parent groups and tells them")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        root = generate(Path(folder) / "fleet", sites=asked.sites).root
        _newer(root.parents[1] / "templates" / TEMPLATE)
        outcomes = _workers(Workspace(root))
        _parent(Workspace(root), outcomes, asked.told)


def _newer(template: Path) -> None:
    """A version in which every image is newer."""
    shutil.copytree(template / VERSION, template / _NEXT)
    for path in (template / _NEXT).rglob("*.jinja"):
        path.write_text(_IMAGE.sub(r"\g<1>99", path.read_text()))


def _workers(space: Workspace) -> list[Compared]:
    """Compare every site, as a worker does; the second half of the sites is what counts, when all is compiled."""
    supposition = suppose(space, [f"{TEMPLATE}={_NEXT}"], [])
    now, then = SupposingRender(space.root, None), SupposingRender(space.root, supposition)
    now.prepare()
    then.prepare()
    compare = Compare(space.root, FolderBaseline(space.root), supposition)
    compare.prepare()
    names = list(space.index.sites)
    outcomes, spent = [], {"rendering both sides, validating one": 0.0, "comparing": 0.0}
    for number, name in enumerate(names):
        file = space.index.sites[name]
        rendering, _ = _timed(partial(_render, now, then, file))
        whole, outcome = _timed(partial(compare, Pairing(name, file, file)))
        assert not isinstance(outcome, Rejected)
        outcomes.append(outcome)
        if number >= len(names) // 2:
            spent["rendering both sides, validating one"] += rendering
            spent["comparing"] += whole - rendering
    for what, seconds in spent.items():
        print(f"{what:<40} {1e3 * seconds / (len(names) - len(names) // 2):8.3f} ms CPU a site")
    return outcomes


def _render(now: SupposingRender, then: SupposingRender, file: SiteFile) -> None:
    """What `diff` does of a site before it compares."""
    before, after = now.examine(Order(file)), then.examine(Order(file))
    assert isinstance(before, tuple)
    assert isinstance(after, tuple)
    now.unchecked(before[0])
    then.make(*after)


def _parent(space: Workspace, outcomes: Sequence[Compared], count: int) -> None:
    """Group and tell `count` sites with the changes that were found."""
    found = [outcome.change for outcome in outcomes if outcome.change is not None]
    news = {one.change.digest: one.news for one in outcomes if one.change is not None and one.news is not None}
    sites = [replace(found[number % len(found)], site=f"site-{number:06d}") for number in range(count)]
    labels = tuple(space.fleet.labels)
    told, shared, whole = _show("grouping", lambda: _grouped(sites, news, labels))
    _size("text", lambda: report.REPORTERS["text"](differences.difference(whole, told, shared)))
    _size("json", lambda: report.REPORTERS["json"](differences.difference(whole, told, shared)))
    _size("markdown", lambda: difference_markdown.difference(whole, told))
    _size("html", lambda: difference_html.difference(whole, told))


def _grouped(
    sites: Sequence[SiteChange], news: dict[str, Change], labels: tuple[str, ...]
) -> tuple[list[differences.Told], tuple[Shared, ...], FleetDifference]:
    groups = diff.make_groups(sites, news, labels)
    whole = FleetDifference("the work tree", "a newer version", labels, len(sites), groups)
    return [differences.Told(group, *diff.in_common(group)) for group in groups], diff.by_object(groups), whole


def _show(what: str, run: Callable[[], Result]) -> Result:
    seconds, result = _timed(run)
    print(f"{what:<40} {seconds:8.2f} s CPU")
    return result


def _size(what: str, run: Callable[[], str]) -> None:
    seconds, text = _timed(run)
    print(f"{what:<40} {seconds:8.2f} s CPU {len(text.encode()) / 1e6:9.3f} MB {len(text.splitlines()):>9,} lines")


def _timed(run: Callable[[], Result]) -> tuple[float, Result]:
    start = time.process_time()
    result = run()
    return time.process_time() - start, result


if __name__ == "__main__":
    main()

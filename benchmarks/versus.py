"""fleetpress against `copier.run_copy`, side by side in one process.

In: a generated fleet. Out: ratios of CPU time per site, their spread, and whether both wrote the same bytes.
Never: compares figures of different runs. The two take turns, so that what else the machine does hits both alike.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks.machine import cpu_seconds, spread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.machine import Figures
    from renderer.types import Manifests, Site, TemplatePin

# Sites that fleetpress presses for each one that Copier renders: enough to be above the clock's resolution.
_BLOCK = 40


def against_copier(root: Path, rounds: int) -> Figures:
    """CPU time of Copier's rendering over that of ours, and over that of a whole artifact, each the median of `rounds`.

    Copier gets one site a round and writes it into a new folder, which is what it does; we get `_BLOCK` sites that were
    not seen before, with templates and schemas compiled. A first round of both is not counted: it pays for imports.
    """
    bench = Bench(root)
    rows = [bench.round(number) for number in range(rounds + 1)][1:]
    renders = [copier / render for copier, render, _ in rows]
    presses = [copier / press for copier, _, press in rows]
    return {
        "rounds": rounds,
        "block": _BLOCK,
        "copier_ms": round(1000 * median(copier for copier, _, _ in rows), 2),
        "render_ms": round(1000 * median(render for _, render, _ in rows), 3),
        "press_ms": round(1000 * median(press for _, _, press in rows), 3),
        "render_ratio": round(median(renders), 1),
        "render_ratio_least": round(min(renders), 1),
        "render_ratio_most": round(max(renders), 1),
        "press_ratio": round(median(presses), 1),
        "press_ratio_least": round(min(presses), 1),
        "press_ratio_most": round(max(presses), 1),
        "same_bytes": bench.same,
    }


class Bench:
    """Both sides, warm. `same` is false as soon as one site came out differently."""

    def __init__(self, root: Path) -> None:
        from renderer.fleet.press import Press
        from renderer.fleet.workspace import Workspace
        from renderer.render import Memo

        self.root, self.space, self.same = root, Workspace(root), True
        self.files = spread(list(self.space.index.sites.values()), len(self.space.index.sites))
        self.press = Press(root)
        self.press.prepare()
        self.memo = Memo()
        self.templates: dict[TemplatePin, Any] = {}

    def round(self, number: int) -> tuple[float, float, float]:
        """CPU seconds per site: Copier, our rendering, our whole artifact. Each side has sites of its own."""
        sites = self._sites(2 * number)
        render = _timed(lambda: [self._render(site) for site in sites]) / len(sites)
        copier = self._copier(sites[0])
        press = self._press(2 * number + 1)
        return copier, render, press

    def _sites(self, block: int) -> list[Site]:
        from renderer.types import Site

        found = [self.space.site(file) for file in self._block(block)]
        return [site for site in found if isinstance(site, Site)]

    def _block(self, block: int) -> Sequence[Any]:
        # A small fleet has too few sites for all rounds: the blocks then begin again, and the figures are too good.
        return [self.files[(block * _BLOCK + index) % len(self.files)] for index in range(_BLOCK)]

    def _press(self, block: int) -> float:
        from renderer.fleet.press import Order

        orders = [Order(file) for file in self._block(block)]
        return _timed(lambda: [self.press(order) for order in orders]) / len(orders)

    def _render(self, site: Site) -> Manifests:
        from renderer import render
        from renderer.types import Manifests

        for pin in site.templates:
            if pin not in self.templates:
                self.templates[pin] = render.compile_template(self.space.tree(pin), self.memo)
        outcome = render.render_site(site, self.space.fleet.name, [self.templates[pin] for pin in site.templates])
        assert isinstance(outcome, Manifests), "the comparison is made with good sites"
        return outcome

    def rendered(self, name: str) -> dict[str, bytes]:
        """Path -> content of a site's files."""
        from renderer.types import Site

        site = self.space.site(self.space.file(name))
        assert isinstance(site, Site), "the comparison is made with good sites"
        return {one.path: one.content for one in self._render(site).files}

    def _copier(self, site: Site) -> float:
        import copier

        fleet = self.space.fleet
        pin = site.templates[0]
        template = str(fleet.templates / pin.name / pin.version)
        data = {**site.values, **site.labels, "site": site.name, "fleet": fleet.name}
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / site.name
            spent = _timed(lambda: copier.run_copy(template, target, data, defaults=True, quiet=True))
            written = {
                path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()
            }
        self.same &= written == {one.path: one.content for one in self._render(site).files}
        return spent


def _timed(work: Callable[[], object]) -> float:
    """CPU seconds of `work`, child processes included."""
    start = cpu_seconds()
    work()
    return cpu_seconds() - start

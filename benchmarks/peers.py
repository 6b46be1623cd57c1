"""fleetpress against what one would use or write instead, side by side in one run.

In: a generated fleet. Out: CPU milliseconds a site, ratios round by round, as a table and as JSON. In each round every
one takes its turn with sites of its own, so that what else the machine does hits all alike; the ratio is that of one
round.
Never: compares figures of different runs, or hides what a peer leaves out: see `DOES`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.generate import generate
from benchmarks.kapitan import Kapitan
from benchmarks.loops import Careful, Naive
from benchmarks.machine import cpu_seconds, describe
from benchmarks.versus import Bench

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.machine import Figures

DOES = {
    "fleetpress": "read, render, validate (schemas, semantic rules, CEL, references), pack",
    "fleetpress, rendering": "render only, values given",
    "Copier": "render, write files",
    "Kapitan": "read the inventory, render, write files",
    "careful loop": "read, render, parse, jsonschema; C loader, everything shared that can be",
    "naive loop": "read, render, parse, jsonschema; nothing shared",
}
_TARGETS, _CAREFUL = 100, 10


@dataclass
class Peers:
    """Everybody, warm; `kapitan` is its executable, or None where there is none."""

    root: Path
    folder: Path
    kapitan: str | None

    def __post_init__(self) -> None:
        self.ours = Bench(self.root)
        self.careful, self.naive = Careful(self.root), Naive(self.root)
        self.files = [self.root.parents[1] / file.path for file in self.ours.files]
        self.same = True

    def round(self, number: int) -> dict[str, float]:
        """CPU seconds a site of each."""
        copier, render, press = self.ours.round(2 * number)
        found = {"fleetpress": press, "fleetpress, rendering": render, "Copier": copier}
        sites = [self.files[(number * _TARGETS + index) % len(self.files)] for index in range(_TARGETS)]
        if self.kapitan:
            found["Kapitan"] = self._kapitan(sites, number)
        found["careful loop"] = _timed(lambda: [self.careful(site) for site in sites[:_CAREFUL]]) / _CAREFUL
        found["naive loop"] = _timed(lambda: self.naive(sites[_CAREFUL]))
        return found

    def _kapitan(self, sites: Sequence[Path], number: int) -> float:
        assert self.kapitan is not None, "the caller looked"
        peer = Kapitan(self.root, self.folder / f"kapitan-{number}", sites, self.kapitan)
        spent = peer.compile()
        # Kapitan drops the last line break of a template, and cannot leave a file out.
        written, ours = peer.written(sites[0].stem), self.ours.rendered(sites[0].stem)
        self.same &= all(written[path].rstrip(b"\n") == content.rstrip(b"\n") for path, content in ours.items())
        return spent / len(sites)


def measure(peers: Peers, rounds: int) -> list[Figures]:
    """A row for each; the first round is not counted, for it pays for imports and compilation."""
    rows = [peers.round(number) for number in range(rounds + 1)][1:]
    return [_row(name, rows) for name in rows[0]]


def _row(name: str, rows: Sequence[dict[str, float]]) -> Figures:
    ratios = [row[name] / row["fleetpress"] for row in rows]
    return {
        "who": name,
        "does": DOES[name],
        "ms_a_site": round(1000 * median(row[name] for row in rows), 3),
        "ratio": round(median(ratios), 2),
        "ratio_least": round(min(ratios), 2),
        "ratio_most": round(max(ratios), 2),
    }


def _timed(work: Callable[[], object]) -> float:
    start = cpu_seconds()
    work()
    return cpu_seconds() - start


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="fleetpress against Copier, Kapitan and loops of one's own.")
    parser.add_argument("--sites", type=int, default=1000, help="size of the generated fleet")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kapitan", help="Kapitan's executable, from an environment of its own; left out without it")
    parser.add_argument("--output", type=Path, help="write JSON here")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fleet = generate(Path(folder) / "fleet", sites=asked.sites)
        peers = Peers(fleet.root, Path(folder), asked.kapitan)
        rows = measure(peers, asked.rounds)
    print(f"{'':22}  {'CPU ms a site':>13}  {'times ours':>10}  least - most")
    for row in rows:
        spread = f"{row['ratio_least']} - {row['ratio_most']}"
        print(f"{row['who']:22}  {row['ms_a_site']:>13}  {row['ratio']:>10}  {spread:20}  {row['does']}")
    same = peers.same and peers.ours.same
    print("same bytes from all that render" if same else "THE BYTES DIFFER: the figures mean nothing")
    if asked.output:
        asked.output.parent.mkdir(parents=True, exist_ok=True)
        result = {
            "machine": describe(),
            "parameters": {"sites": asked.sites, "rounds": asked.rounds},
            "rows": rows,
            "same_bytes": same,
        }
        asked.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""What runs cost that have little to do: nothing changed, one site changed, everything bumped.

In: fleet sizes. Out: a table and JSON: wall and processor time, peak memory, files and bytes of target and cache.
Never: measures anything but whole commands, as a user runs them; each is a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.generate import TEMPLATE, VERSION, generate
from benchmarks.machine import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_RUNS = 3
_WHO = ("-c", "user.name=bench", "-c", "user.email=bench@example.com", "-c", "commit.gpgsign=false", "-c", "gc.auto=0")


class Bench:
    """One generated fleet in git, a folder that it is published to, and a cache of its own."""

    def __init__(self, folder: Path, sites: int, workers: int) -> None:
        self.folder = folder
        self.repository = folder / "repository"
        self.workers = workers
        self.sites = sites
        self.names = generate(self.repository, sites=sites).sites
        self.key = folder / "bench.key"
        subprocess.run(["fleetpress", "keygen", str(folder / "bench")], check=True, capture_output=True)
        self.changed = 0
        self.git("init", "-q")
        self.commit()

    def git(self, *arguments: str) -> None:
        """Run git in the repository."""
        subprocess.run(["git", *_WHO, *arguments], cwd=self.repository, check=True, capture_output=True)

    def commit(self) -> None:
        """Commit whatever changed."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")
        # A person's git has looked at the files; the first look after a commit by another user has not.
        self.git("status")

    def run(self, command: str, *arguments: str) -> dict[str, float]:
        """A command about the fleet, measured."""
        return self.run_alone(command, "--fleet", str(self.repository / "fleets/bench"), *arguments)

    def run_alone(self, *arguments: str) -> dict[str, float]:
        """Wall and processor seconds and peak KiB of one command, children included."""
        line = ["fleetpress", *arguments]
        environment = os.environ | {"FLEETPRESS_CACHE": str(self.folder / "cache"), "XDG_STATE_HOME": str(self.folder)}
        # Where it is set, Python compiles every module of a source checkout in every run, which no installation does.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        with subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            told = process.stderr.read()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - start
        if process.returncode:
            raise SystemExit(f"{' '.join(line)} ended with {process.returncode}: {told.decode()[:2000]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return {"wall": wall, "cpu": cpu, "peak_kib": used.ru_maxrss}

    def publish(self) -> dict[str, float]:
        """`fleetpress publish`, measured."""
        workers = ("--workers", str(self.workers))
        return self.run("publish", "--to", self.target, "--key", str(self.key), *workers)

    @property
    def target(self) -> str:
        """What it is published to."""
        return f"oci-archive:{self.folder / 'registry'}"

    def change_site(self, number: int) -> None:
        """Change a value of one site, and commit."""
        (file,) = (self.repository / "fleets/bench/sites").rglob(f"{self.names[number]}.yaml")
        file.write_text(re.sub(r"api\.", "apo.", file.read_text()))
        self.commit()

    def bump(self) -> None:
        """A change of the template that changes one shared file of every site."""
        (path,) = sorted((self.repository / "templates" / TEMPLATE / VERSION / "template").rglob("*.jinja"))[:1]
        path.write_text(f"# bumped\n{path.read_text()}")
        self.commit()

    def publish_one(self) -> dict[str, float]:
        """One more site changed, and published."""
        self.changed += 1
        self.change_site(self.changed)
        return self.publish()

    def asked(self) -> dict[str, Any]:
        """Questions about one site, and its rollback."""
        name, to = self.names[self.changed], ("--to", self.target)
        public = str(self.key.with_suffix(".pub"))
        serial = str(self.changed + 100)
        return {
            "verify, one site": _least(lambda: self.run("verify", name, *to, "--key", public)),
            "diff, one site": _least(lambda: self.run("diff", name, *to)),
            "rollback, one site": self.run(
                *("rollback", name, "--last-good", *to, "--key", str(self.key), "--serial", serial)
            ),
        }

    def measured(self) -> dict[str, Any]:
        """All rows, in the order in which they happen to a fleet."""
        found: dict[str, Any] = {"sites": self.sites, "cold": self.publish()}
        found["target"] = _held(self.folder / "registry")
        found["help"] = _least(lambda: self.run_alone("--help"))
        found["nothing changed"] = _least(self.publish)
        self.change_site(0)
        found["plan, one site"] = _least(lambda: self.run("plan", "--to", self.target))
        found["one site"] = _least(self.publish_one)
        found |= self.asked()
        found["validate, kept verdicts"] = self.run("validate", "--workers", str(self.workers))
        self.bump()
        found["bump"] = self.publish()
        found["cache"] = _held(self.folder / "cache")
        return found


def _least(run: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Of some runs, which are short, the one that was disturbed least."""
    return min((run() for _ in range(_RUNS)), key=lambda one: one["cpu"])


def _held(folder: Path) -> dict[str, int]:
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return {"files": len(sizes), "bytes": sum(sizes)}


def _table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [f"{'sites':>8}  {'run':24} {'wall s':>8} {'CPU s':>8} {'MiB':>6}"]
    for row in rows:
        for name, one in row.items():
            if isinstance(one, dict) and "wall" in one:
                peak = one["peak_kib"] / 1024
                lines.append(f"{row['sites']:>8,}  {name:24} {one['wall']:8.2f} {one['cpu']:8.2f} {peak:6.0f}")
        lines += [
            f"{'':8}  {name}: {row[name]['files']:,} files, {row[name]['bytes'] / 2**20:,.0f} MiB"
            for name in ("target", "cache")
        ]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--sites", default="1000,10000", help="sizes, with commas between")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    rows = []
    for sites in map(int, given.sites.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            rows.append(Bench(Path(folder), sites, given.workers).measured())
        print(_table(rows[-1:]), flush=True)
    if given.output:
        result = {"machine": describe(), "command": sys.argv, "rows": rows}
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()

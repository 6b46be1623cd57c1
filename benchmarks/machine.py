"""What a figure was measured on and with, and the clocks and samples that the benchmarks share.

In: the machine. Out: plain JSON data. Never: names the machine, its users or its folders.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

Facts: TypeAlias = "dict[str, str | int | float | dict[str, str]]"
Figures: TypeAlias = "dict[str, float | int | bool | str]"
Item = TypeVar("Item")

ROOT = Path(__file__).parents[1]
# What the time of a run is spent in, or what it is compared with.
_PACKAGES = ("jinja2", "pyyaml", "jsonschema-rs", "deflate", "cryptography", "kubernetes-validate", "copier")


def describe() -> Facts:
    """Processor, memory, kernel, versions, commit and date."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "cpu": _cpu(),
        "processors": processors(),
        "memory_mib": _memory(),
        "kernel": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": {name: installed(name) for name in _PACKAGES},
    }


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_seconds() -> float:
    """User and system time so far, of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """`count` of the items, or all, at even distances."""
    taken = min(count, len(items))
    return [items[index * len(items) // taken] for index in range(taken)]


def installed(package: str) -> str:
    """The version of an installed distribution, or that there is none."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def load() -> float:
    """How many processes wanted a processor during the last minute, about: what else the machine was doing."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else -1.0


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.machine()


def _memory() -> int:
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", {}):
        return -1
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20

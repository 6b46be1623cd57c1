"""What a worker must have in common with the process that sends it work, to make the same bytes.

In: the program and its packages as they are installed here. Out: text by name, to be compared. Never: imports a package
only to ask it for its version.
"""

from __future__ import annotations

import os
import re
import sys
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import renderer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DISTRIBUTION = "fleetpress"
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_SHOWN = 12


def identity() -> dict[str, str]:
    """Python, this program down to its source, and the version of every package that it needs."""
    found = {
        "Python": f"{sys.version_info.major}.{sys.version_info.minor}",
        _DISTRIBUTION: f"{renderer.__version__} ({_source()[:_SHOWN]})",
    }
    from importlib import metadata

    for name in _needs():
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def differences(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """`name here, name there` of each entry that is not the same; empty for equals."""
    names = sorted(expected.keys() | found.keys())
    pairs = [(name, expected.get(name, "none"), found.get(name, "none")) for name in names]
    return [f"{name} is {there}, expected {here}" for name, here, there in pairs if here != there]


def _needs() -> list[str]:
    """The packages that are always installed with this one; extras change no byte of an artifact."""
    from importlib import metadata

    try:
        needs = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    found = [_NAME.match(need) for need in needs if "extra ==" not in need]
    return sorted(match[0].lower() for match in found if match)


def _source() -> str:
    """Digest of our own modules, and of the rules beside them: two builds of one version number may differ."""
    root = Path(renderer.__file__).parent
    digest = sha256()
    for path in sorted(map(Path, source_files())):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def source_files() -> Iterator[str]:
    """Paths of the files that this program is made of, in no order."""
    for folder, folders, names in os.walk(Path(renderer.__file__).parent):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (f"{folder}/{name}" for name in names)

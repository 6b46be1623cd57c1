"""The index of a fleet's site files.

In: a fleet. Out: name, path and digest of every sites/**/*.yaml, and problems for files that cannot be a site.
Never: parses a file; 100,000 of them are listed and hashed in about a second.
"""

from __future__ import annotations

import re
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from renderer.errors import Code
from renderer.read.files import printable, quoted, read_file, unreadable, walk
from renderer.read.interface import SiteFile, SiteIndex
from renderer.types import Digest, Origin, Problem

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from renderer.types import Fleet

# A DNS-1123 label; 53 characters leave room for what Helm and controllers append to names.
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,51}[a-z0-9])?")
_SUFFIX: Final = ".yaml"


def list_sites(fleet: Fleet) -> SiteIndex:
    """All site files of the fleet, sorted by name; no sites/ folder means no sites.

    Names that begin with a dot, and files that are not .yaml, are none of our business. Two files of one name are both
    left out: nothing says which is the site.
    """
    folder = fleet.root / "sites"
    prefix = f"{folder.relative_to(fleet.repository).as_posix()}/"
    problems: list[Problem] = []
    found = _find(str(folder), prefix, problems)
    twice = {name for (name, _), (following, _) in pairwise(found) if name == following}
    sites: dict[str, SiteFile] = {}
    for name, file in found:
        if name not in twice and (digest := _digest(f"{fleet.repository}/{file}", name, file, problems)):
            sites[name] = SiteFile(name, file, digest)
    for name in twice:
        problems += _duplicates(name, [file for other, file in found if other == name])
    return SiteIndex(sites, tuple(sorted(problems, key=lambda problem: str(problem.where))))


def _find(folder: str, prefix: str, problems: list[Problem]) -> list[tuple[str, str]]:
    """(name, file relative to the repository) of every site file, sorted."""
    found = []
    try:
        for path, entry in walk(folder, hidden=False):
            if path.endswith(_SUFFIX) and not entry.is_symlink() and _NAME.fullmatch(entry.name[: -len(_SUFFIX)]):
                found.append((entry.name[: -len(_SUFFIX)], prefix + path))
            elif problem := _refuse(prefix + path, entry):
                problems.append(problem)
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(unreadable(prefix.rstrip("/"), error))
    return sorted(found)


def _refuse(file: str, entry: os.DirEntry[str]) -> Problem | None:
    """Why a file is not a site, if its place or ending says that it should be one."""
    shown = Origin(printable(file))
    if entry.is_symlink():
        hint = "replace the link by the file itself"
        return Problem(Code.FILE_UNREADABLE, "a site file cannot be a symbolic link", shown, hint)
    if entry.name.endswith(".yml"):
        name = entry.name.removesuffix(".yml")
        return Problem(
            Code.SITE_NAME, "a site file must end in .yaml, got .yml", shown, f"rename to {quoted(name)}.yaml"
        )
    if entry.name.endswith(_SUFFIX):
        name = entry.name.removesuffix(_SUFFIX)
        what = f"the file's name makes the site {quoted(name)}, expected a DNS-1123 label of at most 53 characters"
        return Problem(Code.SITE_NAME, what, shown, "rename the file: lower-case letters, digits and dashes")
    return None


def _duplicates(name: str, files: list[str]) -> Iterable[Problem]:
    for file in files:
        others = ", ".join(other for other in files if other != file)
        what = f"the site {name} has more than one file, another is {others}"
        yield Problem(Code.SITE_DUPLICATE, what, Origin(file), "rename or remove one of them", site=name)


def _digest(path: str, name: str, file: str, problems: list[Problem]) -> Digest | None:
    try:
        return Digest(sha256(read_file(path)).hexdigest())
    except OSError as error:
        found = unreadable(file, error)
        problems.append(Problem(found.code, found.what, found.where, found.hint, site=name))
        return None

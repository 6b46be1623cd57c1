"""The index of a fleet's site files.

In: a fleet. Out: name, path and digest of every sites/**/*.yaml, and problems for files that cannot be a site.
Never: parses a file; 100,000 of them are listed and hashed in about a second.
"""

from __future__ import annotations

import re
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from renderer.errors import Code
from renderer.read.files import digest_and_oid, printable, quoted, unreadable, walk
from renderer.read.interface import SiteFile, SiteIndex
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from renderer.types import Digest, Fleet

# A DNS-1123 label; 53 characters leave room for what Helm and controllers append to names.
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,51}[a-z0-9])?")
_SUFFIX: Final = ".yaml"


def list_sites(fleet: Fleet, committed: Mapping[str, str] = MappingProxyType({})) -> SiteIndex:
    """All site files of the fleet, sorted by name; no sites/ folder means no sites.

    `committed` maps paths to the ids that git gives their content in the commit, to know which files are `settled`.
    Names that begin with a dot, and files that are not .yaml, are none of our business. Two files of one name are both
    left out: nothing says which is the site.
    """
    folder = fleet.root / "sites"
    prefix = f"{folder.relative_to(fleet.repository).as_posix()}/"
    problems: list[Problem] = []
    found = _find(str(folder), prefix, problems)
    twice = {name for (name, _), (following, _) in pairwise(found) if name == following}
    sites: dict[str, SiteFile] = {}
    settled: set[str] = set()
    for name, file in found:
        oid = committed.get(file, "")
        if name not in twice and (read := _digest(f"{fleet.repository}/{file}", name, file, len(oid), problems)):
            sites[name] = SiteFile(name, file, read[0])
            if oid and read[1] == oid:
                settled.add(name)
    for name in twice:
        problems += _duplicates(name, [file for other, file in found if other == name])
    return SiteIndex(sites, tuple(sorted(problems, key=lambda problem: str(problem.where))), frozenset(settled))


def site_name(path: str) -> str | None:
    """The name of the site whose file is at `path`, None if it cannot be one."""
    name = path.rpartition("/")[2]
    return name[: -len(_SUFFIX)] if name.endswith(_SUFFIX) and _NAME.fullmatch(name[: -len(_SUFFIX)]) else None


def _find(folder: str, prefix: str, problems: list[Problem]) -> list[tuple[str, str]]:
    """(name, file relative to the repository) of every site file, sorted."""
    found = []
    try:
        for path, entry in walk(folder, hidden=False):
            name = site_name(entry.name)
            if name is not None and not entry.is_symlink():
                found.append((name, prefix + path))
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


def _digest(path: str, name: str, file: str, length: int, problems: list[Problem]) -> tuple[Digest, str] | None:
    try:
        return digest_and_oid(path, length)
    except OSError as error:
        found = unreadable(file, error)
        problems.append(Problem(found.code, found.what, found.where, found.hint, site=name))
        return None

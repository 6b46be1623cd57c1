"""The folder on this machine for what can be had again: templates from elsewhere, and what earlier runs found out.

In: the environment. Out: folders that nobody else can write to.
Never: trusts what others could have changed: it decides what is signed and published.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.types import Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "FLEETPRESS_CACHE"
_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder that FLEETPRESS_CACHE names, else the user's."""
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE]).absolute()
    from platformdirs import user_cache_path

    return user_cache_path("fleetpress", appauthor=False)


def private_folder(name: str, environ: Mapping[str, str] = os.environ) -> Path | Problem:
    """The folder `name` of the cache, made when it is not there; a Problem when it cannot be used safely."""
    folder = cache_folder(environ) / name
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Writing a file is the only way to know that one can: a read-only file system has the same permission bits.
        probe = folder / f".{os.getpid()}.probe"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        what = f"the cache {folder} cannot be used: {error.strerror or type(error).__name__}"
        hint = f"set {VARIABLE} to a folder that can be written; without one every run looks at the whole fleet"
        return Problem(Code.CACHE_UNUSABLE, what, hint=hint, severity=Severity.WARNING)
    return refusal(folder) or folder


def refusal(path: Path) -> Problem | None:
    """Why a file or folder of the cache is not trusted: somebody else owns it, or may write to it."""
    if not hasattr(os, "geteuid"):
        return None
    found = path.lstat()
    if found.st_uid == os.geteuid() and not found.st_mode & _OTHERS and not stat.S_ISLNK(found.st_mode):
        return None
    what = f"the cache {path} is not used, because somebody else could have changed it"
    hint = "remove it, or if nobody has used it but you: `chmod -R go-w`, and let it belong to the user who runs this"
    return Problem(Code.CACHE_UNSAFE, what, hint=hint, severity=Severity.WARNING)

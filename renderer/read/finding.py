"""Where a fleet and its repository are.

In: a folder. Out: the folder with fleet.yaml that is meant, the top of the work tree around it. Never: reads a file, or
asks git: what is found here is what git is asked about, while everything else starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from renderer.errors import Code, ConfigurationError
from renderer.types import Problem

if TYPE_CHECKING:
    from pathlib import Path

FLEET_FILE: Final = "fleet.yaml"


def find_fleet(start: Path) -> Path:
    """The folder with the fleet.yaml that a command started in `start` means.

    That is `start` itself, a folder above it, or the only fleets/*/ in one of these, up to the top of the work tree.
    Raises ConfigurationError when there is none or more than one.
    """
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FLEET_FILE).is_file():
            return folder
        found = sorted(path.parent for path in folder.glob(f"fleets/*/{FLEET_FILE}"))
        if len(found) == 1:
            return found[0]
        if found:
            from renderer.read.files import one_of

            names = one_of(path.name for path in found)
            problem = Problem(Code.USAGE, f"there is more than one fleet here: {names}", hint="say which one you mean")
            raise ConfigurationError(problem.what, problems=[problem])
        if is_top(folder):
            break
    what = f"there is no {FLEET_FILE} here, and no fleets/*/{FLEET_FILE} here or above"
    raise ConfigurationError(what, problems=[Problem(Code.USAGE, what, hint="name the folder that contains it")])


def work_tree(folder: Path) -> Path | None:
    """The top of the work tree that a resolved folder lies in, by what is on disk."""
    return next((one for one in (folder, *folder.parents) if is_top(one)), None)


def is_top(folder: Path) -> bool:
    """Whether a work tree begins here; in linked work trees and submodules `.git` is a file."""
    return (folder / ".git").exists()

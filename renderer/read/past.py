"""A repository as it was when something was published from it.

In: a fleet whose repository is in git, a serial. Out: a template in the commit with that serial, and the commits since.
Never: checks anything out. Whether it is what was published, its digest tells the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.read.git_objects import READ_TIMEOUT, Objects, files_at
from renderer.read.revision import head
from renderer.read.templates import missing, tree_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from renderer.types import Fleet, TemplatePin, TemplateTree


def commits_since(repository: Path, serial: int, paths: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(short id, subject) of the commits after the one with this serial that touch one of `paths`, the newest first.

    None when the serial is no count of first-parent commits. Raises SourceFailure, EnvironmentFailure.
    """
    revision = head(repository)
    back = (revision.serial or 0) - serial
    if back <= 0 or serial < 1:
        return ()
    with Objects(repository, {}) as objects:
        commit = _commit_at(objects, revision.commit, back)
        options = ("-z", "--format=%h%x09%s", f"{commit}..{revision.commit}", "--")
        places = [f":(top,literal){path}" for path in paths]
        said = objects.run(lambda git: git.log(*options, *places, kill_after_timeout=READ_TIMEOUT)) if commit else ""
    found = (line.partition("\t") for line in said.split("\0") if line)
    return tuple((oid, subject) for oid, _, subject in found)


def _commit_at(objects: Objects, newest: str, back: int) -> str:
    options = ("--first-parent", f"--skip={back}", "--max-count=1", newest, "--")
    return objects.run(lambda git: git.rev_list(*options, kill_after_timeout=READ_TIMEOUT))


def past_template(fleet: Fleet, pin: TemplatePin, serial: int) -> TemplateTree:
    """The version as it lay in the fleet's folder `serial` first-parent commits after the beginning.

    Raises TemplateError when that commit does not have it, or is not there; EnvironmentFailure without git.
    """
    revision = head(fleet.repository)
    back = (revision.serial or 0) - serial
    if back < 0 or serial < 1:
        raise missing(pin, {})
    path = (fleet.templates / pin.name / pin.version).relative_to(fleet.repository).as_posix()
    with Objects(fleet.repository, {}) as objects:
        commit = _commit_at(objects, revision.commit, back)
        if not commit:
            raise missing(pin, {})
        return tree_of(pin, path, tuple(files_at(objects, pin, commit, path)))

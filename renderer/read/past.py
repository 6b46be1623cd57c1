"""A template as it was when something was published from it.

In: a fleet whose repository is in git, a serial. Out: the template in the commit with that serial.
Never: checks anything out. Whether it is what was published, its digest tells the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.read.git_objects import READ_TIMEOUT, Objects, files_at
from renderer.read.revision import head
from renderer.read.templates import missing, tree_of

if TYPE_CHECKING:
    from renderer.types import Fleet, TemplatePin, TemplateTree


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
        options = ("--first-parent", f"--skip={back}", "--max-count=1", revision.commit, "--")
        commit = objects.run(lambda git: git.rev_list(*options, kill_after_timeout=READ_TIMEOUT))
        if not commit:
            raise missing(pin, {})
        return tree_of(pin, path, tuple(files_at(objects, pin, commit, path)))

"""What all tasks over a fleet share: the worker's own view of it.

In: the fleet's folder and the day; nothing else crosses to a worker with a task. Out: a Workspace there, and digests by
which a worker on another machine sees that it has the same files. Sites are not among them: each order brings its own
digest.
Never: sends a key, a login or the environment along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer import read, validate
from renderer.fleet.workspace import Workspace

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

_MISSING = "missing"


class FleetTask:
    """Base of the tasks; `space` is there once it is prepared. `today` decides which waivers count, see Workspace."""

    def __init__(self, root: Path, today: date | None = None) -> None:
        # A worker elsewhere has another working directory, and perhaps another day.
        self.root = root.absolute()
        self.today = today

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.root, self.today)

    def ground(self) -> dict[str, str]:
        """See `Task.ground`: fleet.yaml, lock, waivers; the folders of layers, overlays, templates and schemas."""
        files = {name: read.digest_of(self.root / name) for name in ("fleet.yaml", "templates.lock", "waivers.yaml")}
        found = {name: str(digest or _MISSING) for name, digest in files.items()}
        if files["fleet.yaml"] is None:
            return found
        fleet = read.load_fleet(self.root, check=validate.check_input)
        for folder in (fleet.root / "layers", fleet.root / "overlays", fleet.templates, fleet.schemas):
            found[folder.relative_to(fleet.repository).as_posix()] = str(read.digest_of_folder(folder))
        return found

    def prepare(self) -> None:
        """Read fleet.yaml; everything else is read when the first site needs it."""
        self.space = Workspace(self.root, self.today)

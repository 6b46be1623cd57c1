"""A fleet as it was in a commit, or as it is in git's index, in a folder of its own for the time of a comparison.

In: a workspace, `git:REF` or `index`. Out: the folder of the earlier fleet, and which sites may differ.
Never: touches the work tree, writes to the repository, or leaves the folder behind.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from renderer import read, validate
from renderer.errors import Code, ConfigurationError
from renderer.fleet.task import FleetTask
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from renderer.fleet.workspace import Workspace
    from renderer.read import Objects, PastFile

INDEX: Final = "index"
GIT: Final = "git:"
_SITES: Final = "sites/"


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier fleet's folder. `changed` are the sites whose files differ, None when all may."""

    root: Path
    changed: frozenset[str] | None


@contextmanager
def earlier(space: Workspace, against: str) -> Iterator[Earlier]:
    """Open the fleet as it was. Raises ConfigurationError for an unknown commit, and when the fleet was not there."""
    repository = space.fleet.repository
    with read.open_objects(repository) as objects, TemporaryDirectory(prefix="fleetpress-") as folder:
        top = Path(folder).resolve()
        (top / ".git").mkdir()  # where the repository begins
        yield _Checkout(space, objects, top, _lister(objects, against)).made(against)


def _lister(objects: Objects, against: str) -> Callable[[str], dict[str, PastFile]]:
    if against == INDEX:
        return partial(read.list_index, objects)
    return partial(read.list_commit, objects, read.resolve_commit(objects, against.removeprefix(GIT)))


@dataclass(frozen=True, slots=True)
class _Checkout:
    """Writes to `top` what of an earlier repository the fleet is made of."""

    space: Workspace
    objects: Objects
    top: Path
    listed: Callable[[str], dict[str, PastFile]]

    def made(self, against: str) -> Earlier:
        home = self.space.fleet.root.relative_to(self.space.fleet.repository).as_posix()
        prefix = "" if home == "." else f"{home}/"
        files = self.listed(prefix.rstrip("/"))
        if f"{prefix}fleet.yaml" not in files:
            what = f"{against} has no {prefix}fleet.yaml"
            hint = "compare with a commit that has the fleet"
            raise ConfigurationError(what, problems=[Problem(Code.BASELINE_UNKNOWN, what, hint=hint)])
        sites = {path: file for path, file in files.items() if path.startswith(prefix + _SITES)}
        self._write({path: file for path, file in files.items() if path not in sites})
        root = self.top / home
        fleet = read.load_fleet(root, check=validate.check_input)
        for folder in (fleet.templates, fleet.schemas):
            folder.mkdir(parents=True, exist_ok=True)
            self._write(self.listed(folder.relative_to(self.top).as_posix()))
        if FleetTask(root).ground() != FleetTask(self.space.root).ground():
            self._write(sites)
            return Earlier(root, None)
        changed = self._changed(sites)
        self._write({path: file for path, file in sites.items() if PurePosixPath(path).stem in changed})
        return Earlier(root, changed)

    def _changed(self, sites: Mapping[str, PastFile]) -> frozenset[str]:
        """Names of the sites whose files are not what they were."""
        now = {file.path: name for name, file in self.space.index.sites.items()}
        gone = {PurePosixPath(path).stem for path in sites if path not in now}
        known = {path: file.oid for path, file in sites.items()}
        differing = {name for path, name in now.items() if known.get(path) != self._oid(path)}
        return frozenset(gone | differing)

    def _oid(self, path: str) -> str:
        """The id that git gives to what the work tree has at a path."""
        content = (self.space.fleet.repository / path).read_bytes()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

    def _write(self, files: Mapping[str, PastFile]) -> None:
        for path, file in files.items():
            target = self.top / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.objects.content(file.oid))
            if file.runnable:
                target.chmod(0o755)

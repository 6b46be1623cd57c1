"""Why a site differs from what is published: which inputs moved, in which commits, and what each field has of it.

In: a workspace, a site, its ledger entry, its changes. Out: a WhyChanged.
Never: fetches or publishes anything, or guesses at commits when the serial is no count of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from renderer import plan, read
from renderer.errors import ConfigurationError, EnvironmentFailure, TemplateError
from renderer.fleet.explaining import Explainer
from renderer.report.causes import FieldCause, WhyChanged
from renderer.types import Action, Item, Rejected, Site, Spot

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from renderer.fleet.workspace import Workspace
    from renderer.plan import Entry
    from renderer.report.explained import Explained
    from renderer.types import FieldChange, Json, KeyPath, ObjectChange, Trace


def why_changed(space: Workspace, name: str, entry: Entry | None, changes: Sequence[ObjectChange]) -> WhyChanged:
    """The reasons of a site's `changes`. Raises ConfigurationError when it cannot be read or rendered."""
    site = space.site(space.file(name))
    if isinstance(site, Rejected):
        raise ConfigurationError(f"site {name} cannot be read", problems=site.problems)
    if entry is None:
        return WhyChanged(name, ("it was never published",), (), _added(changes))
    moved = dict(_moved(space, site, entry))
    paths = tuple(path for paths in moved.values() for path in paths)
    commits = _commits(space, entry.serial, paths)
    explainer = Explainer(space, site)
    causes = [cause for change in changes for cause in _causes(explainer, change, frozenset(paths))]
    return WhyChanged(name, tuple(moved), commits, tuple(causes), entry.serial, entry.published)


def _moved(space: Workspace, site: Site, entry: Entry) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(reason, the files that it is about)."""
    file = space.file(site.name)
    if entry.file != file.digest:
        yield "site file changed", (file.path,)
    traces = {str(trace.path[1]): trace for trace in space.trace(file) if trace.path[0] == "templates"}
    for reason in plan.reasons_for(entry, space.inputs(site)):
        yield reason, _files(space, reason.partition(" ")[0], traces)


def _files(space: Workspace, name: str, traces: dict[str, Trace]) -> tuple[str, ...]:
    """The files of an input: a layer, a template's folder or the file that pins it, or what is shared by all sites."""
    fleet = space.fleet
    home = fleet.root.relative_to(fleet.repository).as_posix()
    template = name.partition("@")[0]
    if template in traces:
        folder = (fleet.templates / template).relative_to(fleet.repository).as_posix()
        return traces[template].origin.file, folder
    if name == "schemas":
        return (fleet.schemas.relative_to(fleet.repository).as_posix(),)
    return () if name == "fleetpress" else (f"{home}/{name}",)


def _commits(space: Workspace, serial: int, paths: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(id, subject) of the commits since the published one that touch the files, the newest first."""
    try:
        return read.commits_since(space.fleet.repository, serial, paths) if paths else ()
    except (TemplateError, EnvironmentFailure):
        return ()


def _added(changes: Iterable[ObjectChange]) -> tuple[FieldCause, ...]:
    return tuple(FieldCause(change) for change in changes)


def _causes(explainer: Explainer, change: ObjectChange, moved: frozenset[str]) -> Iterator[FieldCause]:
    found = explainer.known(change.key)
    if not found or change.action is Action.REMOVED or not change.fields:
        yield FieldCause(change)
        return
    document, manifest = found[0]
    for field in change.fields:
        path = _path(document.value, field)
        explained = explainer.leaves(document, manifest, path) if path is not None else []
        yield FieldCause(change, field, tuple(_told(explained, moved)))


def _told(explained: Iterable[Explained], moved: frozenset[str]) -> Iterator[Explained]:
    """Of each leaf the values from files that changed; all of them when none did, as when the template moved."""
    for one in explained:
        fresh = tuple(cause for cause in one.causes if cause.origin.file in moved)
        yield replace(one, causes=fresh or one.causes)


def _path(value: Json, field: FieldChange) -> KeyPath | None:
    """Where a changed field stands in the object as it is now; None for one that is gone."""
    path: list[str | int] = []
    for step in field.path:
        at: str | int | None = None
        if isinstance(step, Item) and isinstance(value, list):
            at = next((n for n, one in enumerate(value) if _is(one, step)), None)
        elif isinstance(step, Spot):
            at = step.after
        elif isinstance(step, str):
            at = step
        try:
            value = value[at]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            return None
        assert at is not None, "nothing is found at None"  # noqa: S101
        path.append(at)
    return tuple(path)


def _is(value: Json, item: Item) -> bool:
    return isinstance(value, dict) and all(value.get(name) == wanted for name, wanted in item.names)

"""The overlays of a fleet.

In: a fleet. Out: its overlays in the order of their paths, and a digest over them. Never: applies one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from renderer.errors import Code, ConfigurationError
from renderer.read.files import parse, printable, read_file, unreadable, walk
from renderer.read.templates import digest_files
from renderer.types import Digest, Document, ObjectPattern, Origin, Overlay, OverlayEdit, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.read.interface import Check
    from renderer.read.selector import Selector
    from renderer.types import Fleet, KeyPath, Site


@dataclass(frozen=True, slots=True)
class Overlays:
    """All overlays, each with its selector, and one digest over their files."""

    found: tuple[tuple[Selector, Overlay], ...]
    digest: Digest

    def of(self, site: Site) -> tuple[Overlay, ...]:
        """The overlays of a site, in the order in which they are applied."""
        return tuple(overlay for selector, overlay in self.found if selector.holds(site.name, site.labels, site))


def load_overlays(fleet: Fleet, *, check: Check) -> Overlays:
    """overlays/**.yaml; no folder, none. Raises ConfigurationError with all problems of all files."""
    problems: list[Problem] = []
    contents = list(_contents(fleet, problems))
    found = list(_loaded(fleet, contents, check, problems))
    if problems:
        raise ConfigurationError(f"{problems[0].where}: {problems[0].what}", problems=problems)
    return Overlays(tuple(found), digest_files((file, 0o644, content) for file, content in contents))


def _loaded(
    fleet: Fleet, contents: list[tuple[str, bytes]], check: Check, problems: list[Problem]
) -> Iterator[tuple[Selector, Overlay]]:
    if contents:  # most fleets have none, and need no selectors for it
        from renderer.read.selector import parse_selector
    for file, content in contents:
        document = parse(content, file, "overlay", check)
        if not isinstance(document, Document):
            problems += document
            continue
        overlay = _overlay(file, document)
        try:
            yield parse_selector(overlay.selector, fleet), overlay
        except ConfigurationError as error:
            where = document.origin(("sites",))
            problems += [Problem(one.code, one.what, where, one.hint) for one in error.problems]


def _contents(fleet: Fleet, problems: list[Problem]) -> Iterator[tuple[str, bytes]]:
    folder = fleet.root / "overlays"
    prefix = folder.relative_to(fleet.repository).as_posix()
    try:
        for path, entry in sorted(walk(str(folder), hidden=False), key=lambda item: item[0]):
            if entry.is_symlink() or not path.endswith(".yaml"):
                what = "expected a file that ends in .yaml" + (", got a link" if entry.is_symlink() else "")
                hint = "rename or remove it"
                problems.append(Problem(Code.FILE_UNREADABLE, what, Origin(printable(f"{prefix}/{path}")), hint))
            else:
                yield f"{prefix}/{path}", read_file(entry.path)
    except FileNotFoundError:
        return
    except OSError as error:
        problems.append(unreadable(prefix, error))


def _overlay(file: str, document: Document) -> Overlay:
    value: Any = document.value
    edits = tuple(_edit(document, ("objects", index), raw) for index, raw in enumerate(value["objects"]))
    return Overlay(file, value["sites"], value["reason"], edits)


def _edit(document: Document, path: KeyPath, raw: dict[str, Any]) -> OverlayEdit:
    target = raw["target"]
    pattern = ObjectPattern(target["kind"], target["name"], target.get("namespace"), target.get("group"))
    operations = tuple(raw.get("patch", ()))
    origins = tuple(document.origin((*path, "patch", number)) for number in range(len(operations)))
    return OverlayEdit(pattern, document.origin(path), raw.get("merge"), operations, origins)

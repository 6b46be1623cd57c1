"""Applies overlays to the rendered objects of a site.

In: manifests, and the site's overlays in their order. Out: the same manifests with the objects edited, and where each
edited file was edited; or Rejected with every edit that does not apply any more.
Never: touches a file without a meant object: its bytes, comments included, stay. What it edits is written anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from renderer import strict_yaml
from renderer.errors import Code
from renderer.types import Digest, Origin, Problem, Rejected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.types import Json, Manifest, Manifests, ObjectPattern, Overlay, OverlayEdit

# (value, patch) -> value: RFC 7386.
Merge = Callable[[Any, Any], Any]
_SUFFIXES: Final = (".yaml", ".yml", ".json")
_KEPT: Final = 4096


@dataclass(frozen=True, slots=True)
class Overlaid:
    """The manifests, and path -> the place of the last edit that touched it."""

    manifests: Manifests
    edited: Mapping[str, Origin] = field(default_factory=dict)


class _Edited(NamedTuple):
    """A file after edits: `content` None when nothing is left, `used` the numbers of the edits that found an object."""

    content: bytes | None
    used: frozenset[int]
    problems: tuple[Problem, ...]


class Overlayer:
    """Edits files, each distinct one once for all sites with the same overlays."""

    def __init__(self, merge: Merge) -> None:
        self._merge = merge
        self._known: dict[tuple[Digest, tuple[str, ...]], _Edited] = {}

    def apply(self, manifests: Manifests, overlays: Sequence[Overlay]) -> Overlaid | Rejected:
        """All edits of all overlays; an edit that finds no object is a problem like one that fails."""
        edits = [edit for overlay in overlays for edit in overlay.edits]
        if not edits:
            return Overlaid(manifests)
        files: list[Manifest] = []
        edited: dict[str, Origin] = {}
        used: set[int] = set()
        problems: list[Problem] = []
        for one in manifests.files:
            found = self._file(one, edits)
            used |= found.used
            problems += found.problems
            if found.content is not None:
                files.append(replace(one, content=found.content) if found.used else one)
            if found.used:
                edited[one.path] = edits[max(found.used)].origin
        problems += [_unused(edit) for number, edit in enumerate(edits) if number not in used]
        if problems:
            told = dict.fromkeys(replace(problem, site=manifests.site) for problem in problems)
            return Rejected(manifests.site, tuple(told))
        return Overlaid(replace(manifests, files=tuple(files)), edited)

    def _file(self, one: Manifest, edits: Sequence[OverlayEdit]) -> _Edited:
        if not one.path.endswith(_SUFFIXES) or not any(edit.pattern.kind.encode() in one.content for edit in edits):
            return _Edited(one.content, frozenset(), ())
        key = (Digest.of(one.content), tuple(str(edit.origin) for edit in edits))
        if key not in self._known:
            if len(self._known) >= _KEPT:
                self._known.clear()
            self._known[key] = self._edit(one, edits)
        return self._known[key]

    def _edit(self, one: Manifest, edits: Sequence[OverlayEdit]) -> _Edited:
        try:
            values: list[Any] = [document.value for document in strict_yaml.load_all(one.content, one.path)]
        except strict_yaml.YamlError:
            # Validation tells what is wrong with it.
            return _Edited(one.content, frozenset(), ())
        used: set[int] = set()
        problems: list[Problem] = []
        for number, edit in enumerate(edits):
            for index, value in enumerate(values):
                if _matches(edit.pattern, value):
                    used.add(number)
                    outcome = self._changed(value, edit)
                    if isinstance(outcome, Problem):
                        problems.append(outcome)
                    else:
                        values[index] = outcome
            values = [value for value in values if value is not None]
        content: bytes | None = one.content
        if used and not problems:
            try:
                content = strict_yaml.dump_all(values) if values else None
            except ValueError as error:
                origin = edits[max(used)].origin
                what = f"the edited {one.path} cannot be written: {error}"
                problems.append(Problem(Code.OVERLAY_UNAPPLIED, what, origin, "quote the value, or correct it"))
        return _Edited(content, frozenset(used), tuple(problems))

    def _changed(self, value: Any, edit: OverlayEdit) -> Any | Problem:
        """The object after an edit, None when it is removed, or why the edit does not apply."""
        if edit.merge is not None:
            return self._merge(value, dict(edit.merge))
        if not edit.operations:
            return None
        return _patched(value, edit)


def _patched(value: Any, edit: OverlayEdit) -> Any | Problem:
    from jsonpatch import JsonPatchException, JsonPatchTestFailed, apply_patch
    from jsonpointer import JsonPointerException

    for operation, origin in zip(edit.operations, edit.origins, strict=True):
        name, path = operation["op"], operation["path"]
        try:
            value = apply_patch(value, [dict(operation)])
        except JsonPatchTestFailed:
            what = f"{edit.pattern}: {path} is not what the overlay tests it for"
            return Problem(Code.OVERLAY_UNAPPLIED, what, origin, "look at what is rendered now, and adapt or remove it")
        except (JsonPatchException, JsonPointerException, TypeError):
            what = f"{edit.pattern}: cannot {name} {path}: the object has no such place"
            return Problem(Code.OVERLAY_UNAPPLIED, what, origin, "look at what is rendered now, and adapt the path")
    if isinstance(value, dict):
        return value
    what = f"{edit.pattern}: the patch leaves no object"
    return Problem(Code.OVERLAY_UNAPPLIED, what, edit.origin, "use `delete: true` to leave an object out")


def _unused(edit: OverlayEdit) -> Problem:
    what = f"the site renders no {edit.pattern}"
    return Problem(Code.OVERLAY_UNAPPLIED, what, edit.origin, "correct the target, or leave the site out of `sites`")


def _matches(pattern: ObjectPattern, value: Json) -> bool:
    if not isinstance(value, dict) or value.get("kind") != pattern.kind:
        return False
    metadata = value.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    group = str(value.get("apiVersion") or "").rpartition("/")[0]
    if pattern.group is not None and group != pattern.group:
        return False
    inside = pattern.namespace is None or fnmatchcase(str(names.get("namespace") or ""), pattern.namespace)
    return inside and fnmatchcase(str(names.get("name") or ""), pattern.name)

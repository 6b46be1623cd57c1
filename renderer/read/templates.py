"""Template versions as they lie in the repository.

In: a fleet, a pin. Out: a TemplateTree. Never: renders, parses or follows a link.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from renderer.errors import Code, TemplateError
from renderer.read.files import one_of, printable, quoted, read_file, similar, unreadable, walk
from renderer.types import Digest, Origin, Problem, TemplateFile, TemplateTree

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from renderer.types import Fleet, TemplatePin

_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")
_LARGEST: Final = 64 << 20
_OWNER_RUNS: Final = 0o100


def list_versions(fleet: Fleet) -> Mapping[str, tuple[str, ...]]:
    """Template -> its versions: 1.9.0 before 1.10.0, and what is not a number, such as `next`, last."""
    return {name: versions for name in _folders(fleet.templates) if (versions := _versions(fleet, name))}


def load_template(fleet: Fleet, pin: TemplatePin) -> TemplateTree:
    """All files of a template version, sorted by path. Raises TemplateError with all problems."""
    if not (_PART.fullmatch(pin.name) and _PART.fullmatch(pin.version)) or pin.version not in _versions(
        fleet, pin.name
    ):
        raise TemplateError(f"there is no template {quoted(str(pin))}", problems=[_missing(fleet, pin)])
    folder = fleet.templates / pin.name / pin.version
    file = folder.relative_to(fleet.repository).as_posix()
    problems: list[Problem] = []
    files = _read_all(str(folder), file, problems)
    if problems:
        raise TemplateError(f"the template {pin} cannot be used: {problems[0].what}", problems=problems)
    return TemplateTree(pin, file, tuple(files), digest_files((f.path, f.mode, f.content) for f in files))


def digest_files(files: Iterable[tuple[str, int, bytes]]) -> Digest:
    """Digest over (path, mode, content) in the given order.

    Every part is preceded by its length in eight bytes, so that no two lists of files give the same bytes.
    """
    state = sha256()
    for path, mode, content in files:
        name = path.encode()
        for part in (name, b"%o" % mode, content):
            state.update(len(part).to_bytes(8))
            state.update(part)
    return Digest(state.hexdigest())


def _read_all(folder: str, file: str, problems: list[Problem]) -> list[TemplateFile]:
    files = []
    size = 0
    try:
        for path, entry in sorted(walk(folder), key=lambda item: item[0]):
            where = f"{file}/{path}"
            if flaw := _flaw(path, entry):
                problems.append(Problem(Code.TEMPLATE_REFUSED, flaw[0], Origin(printable(where)), flaw[1]))
                continue
            found = entry.stat(follow_symlinks=False)
            size += found.st_size
            if size > _LARGEST:
                what = f"the template has more than {_LARGEST >> 20} MiB"
                problems.append(Problem(Code.TEMPLATE_REFUSED, what, Origin(file), "remove what is not rendered"))
                break
            # git keeps no other permission bit, so no other may reach an artifact.
            mode = 0o755 if found.st_mode & _OWNER_RUNS else 0o644
            files.append(TemplateFile(path, mode, read_file(entry.path)))
    except OSError as error:
        problems.append(unreadable(file, error))
    return files


def _flaw(path: str, entry: os.DirEntry[str]) -> tuple[str, str] | None:
    """(what, hint) for an entry that an artifact could not carry safely."""
    if entry.is_symlink():
        return "a template cannot contain a symbolic link", "replace the link by the file itself"
    if not entry.is_file(follow_symlinks=False):
        return "a template cannot contain pipes, sockets or devices", "remove it"
    if "\\" in path or any(ord(c) < ord(" ") or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in path):
        return "the path contains a backslash, a control character or bytes that are not UTF-8", "rename the file"
    return None


def _missing(fleet: Fleet, pin: TemplatePin) -> Problem:
    versions = _versions(fleet, pin.name) if _PART.fullmatch(pin.name) else ()
    if versions:
        what = f"the template {pin.name} has no version {quoted(pin.version)}, expected {one_of(versions)}"
        meant = similar(pin.version, versions)
        hint = f"did you mean {pin.name}@{meant}?" if meant else "pin one of them, or add the version"
    else:
        names = list(list_versions(fleet))
        what = f"there is no template {quoted(pin.name)}" + (f", expected {one_of(names)}" if names else "")
        meant = similar(pin.name, names)
        hint = f"did you mean {meant}?" if meant else "pin one of them, or add the template"
    return Problem(Code.TEMPLATE_MISSING, what, hint=hint)


def _versions(fleet: Fleet, name: str) -> tuple[str, ...]:
    return tuple(sorted(_folders(fleet.templates / name), key=_order))


def _folders(parent: Path) -> list[str]:
    """Names of the folders in `parent`, sorted; links are not folders, and a missing parent has none."""
    try:
        return sorted(path.name for path in parent.iterdir() if _PART.fullmatch(path.name) and _is_folder(path))
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _order(version: str) -> tuple[bool, list[tuple[bool, int, str]], bool, str]:
    """Sort key: numbers by value, a pre-release before its release, names such as `next` after all."""
    release, dash, _ = version.partition("-")
    parts = [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in release.split(".")]
    return not version[0].isdecimal(), parts, not dash, version

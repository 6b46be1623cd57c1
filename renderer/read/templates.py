"""Template versions as they lie in the repository.

In: a fleet, a pin. Out: a TemplateTree. Never: renders, parses or follows a link.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from renderer.errors import Code, TemplateError
from renderer.read.files import one_of, printable, quoted, read_file, similar, unreadable, walk
from renderer.read.ranges import VERSION, order
from renderer.types import Digest, Origin, Problem, TemplateFile, TemplateTree

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from renderer.types import Fleet, TemplatePin

# Bytes of one template version, wherever it comes from.
LARGEST: Final = 64 << 20
_OWNER_RUNS: Final = 0o100
# The folder of a template version that holds its golden cases.
TESTS: Final = "tests/"


def list_versions(fleet: Fleet) -> Mapping[str, tuple[str, ...]]:
    """Template -> its versions: 1.9.0 before 1.10.0, and what is not a number, such as `next`, last."""
    return {name: versions for name in _folders(fleet.templates) if (versions := _versions(fleet, name))}


def has_folder(fleet: Fleet, pin: TemplatePin) -> bool:
    """Whether the version lies in the fleet's folder of templates."""
    parts = (pin.name, pin.version)
    return all(map(VERSION.fullmatch, parts)) and pin.version in _folders(fleet.templates / pin.name)


def load_template(fleet: Fleet, pin: TemplatePin) -> TemplateTree:
    """A version in the fleet's folder; no lock is asked. Raises TemplateError."""
    files = load_files(fleet, pin)
    folder = (fleet.templates / pin.name / pin.version).relative_to(fleet.repository).as_posix()
    return replace(tree_of(pin, folder, files), lenient=pin.name in fleet.lenient)


def load_files(fleet: Fleet, pin: TemplatePin) -> list[TemplateFile]:
    """All files of a version in the fleet's folder, sorted by path, its tests too. Raises TemplateError."""
    if not has_folder(fleet, pin):
        raise missing(pin, list_versions(fleet))
    folder = fleet.templates / pin.name / pin.version
    file = folder.relative_to(fleet.repository).as_posix()
    problems: list[Problem] = []
    files = _read_all(str(folder), file, problems)
    if problems:
        raise TemplateError(f"the template {pin} cannot be used: {problems[0].what}", problems=problems)
    return files


def tree_of(pin: TemplatePin, file: str, files: Iterable[TemplateFile]) -> TemplateTree:
    """A template version made of `files`, sorted by path, which messages find below `file`.

    Its tests are no part of it: what a site gets does not depend on them, nor does what a lock holds a version to.
    """
    sorted_files = tuple(one for one in files if not one.path.startswith(TESTS))
    return TemplateTree(pin, file, sorted_files, digest_files((f.path, f.mode, f.content) for f in sorted_files))


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
            if size > LARGEST:
                problems.append(too_large(file))
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
    return name_flaw(path)


def name_flaw(path: str) -> tuple[str, str] | None:
    """(what, hint) for a path that an artifact could not carry safely."""
    if "\\" in path or any(ord(c) < ord(" ") or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in path):
        return "the path contains a backslash, a control character or bytes that are not UTF-8", "rename the file"
    return None


def too_large(file: str) -> Problem:
    """Problem for a template with more than LARGEST bytes."""
    what = f"the template has more than {LARGEST >> 20} MiB"
    return Problem(Code.TEMPLATE_REFUSED, what, Origin(file), "remove what is not rendered")


def missing(pin: TemplatePin, known: Mapping[str, tuple[str, ...]]) -> TemplateError:
    """The error of a pin that is not among the `known` versions by template."""
    return TemplateError(f"there is no template {quoted(str(pin))}", problems=[_missing(known, pin)])


def _missing(known: Mapping[str, tuple[str, ...]], pin: TemplatePin) -> Problem:
    versions = known.get(pin.name, ())
    if versions:
        what = f"the template {pin.name} has no version {quoted(pin.version)}, expected {one_of(versions)}"
        meant = similar(pin.version, versions)
        hint = f"did you mean {pin.name}@{meant}?" if meant else "pin one of them, or add the version"
    else:
        names = list(known)
        what = f"there is no template {quoted(pin.name)}" + (f", expected {one_of(names)}" if names else "")
        meant = similar(pin.name, names)
        hint = f"did you mean {meant}?" if meant else "pin one of them, or add the template"
    return Problem(Code.TEMPLATE_MISSING, what, hint=hint)


def _versions(fleet: Fleet, name: str) -> tuple[str, ...]:
    return tuple(sorted(_folders(fleet.templates / name), key=order))


def _folders(parent: Path) -> list[str]:
    """Names of the folders in `parent`, sorted; links are not folders, and a missing parent has none."""
    try:
        return sorted(path.name for path in parent.iterdir() if VERSION.fullmatch(path.name) and _is_folder(path))
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()

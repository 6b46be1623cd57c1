"""Releasing a template: the working version `next` becomes a version that does not change any more.

In: a workspace, a pin. Out: the version's folder, its changelog entry, its line in the lock.
Never: overwrites a version, leaves half of one behind, or freezes a template that cannot be used.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from renderer import read, render, scaffold
from renderer.errors import Code, ConfigurationError, EnvironmentFailure, TemplateError
from renderer.read import NEXT, Lock, Locked, SourceKind
from renderer.scaffold import Rewrite
from renderer.types import Origin, Problem, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.fleet.workspace import Workspace
    from renderer.types import Digest, TemplateFile, TemplateTree

_CHANGELOG: Final = "CHANGELOG.md"
_UNRELEASED: Final = "unreleased"
# `## 1.4.0`, `## [1.4.0] - 2026-11-20`, `## Unreleased`
_HEADING: Final = re.compile(r"^##[ \t]+\[?([^\s\]]+)\]?([^\r\n]*)\r?$\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Released:
    """A new version: its folder relative to the repository, and what its changelog says."""

    pin: TemplatePin
    folder: str
    notes: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class _Changelog:
    """The changelog as the released version has it, as `next` has it from now on, and the entry itself."""

    released: str
    working: str
    notes: str


def release(space: Workspace, pin: TemplatePin) -> Released:
    """Freeze templates/NAME/next as `pin`. Raises ConfigurationError with all that forbids it; nothing is written then.

    Raises EnvironmentFailure when the disk does not take it; what was written is removed again.
    """
    working = read.load_template(space.fleet, TemplatePin(pin.name, NEXT))
    problems = list(_version_problems(space, pin))
    changelog = _changelog(working, pin.version, problems)
    try:
        render.compile_template(working)
    except TemplateError as error:
        problems += error.problems
    if problems or changelog is None:
        raise ConfigurationError(f"{pin} cannot be released: {problems[0].what}", problems=problems)
    files = [_with_changelog(file, changelog.released) for file in read.load_files(space.fleet, working.pin)]
    digest = read.tree_of(pin, working.file, files).digest
    folder = space.fleet.templates / pin.name / pin.version
    _freeze(folder, files)
    try:
        scaffold.rewrite([*_changelog_edit(space, working, changelog), *_lock_edit(space, pin, digest)])
    except EnvironmentFailure:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Released(pin, folder.relative_to(space.fleet.repository).as_posix(), changelog.notes, digest)


def _version_problems(space: Workspace, pin: TemplatePin) -> Iterator[Problem]:
    wanted = read.parse_version(pin.version)
    if wanted is None:
        yield _problem(f"{pin.version[:60]!r} is no version", "give one such as 1.4.0 or 2.0.0-rc.1")
        return
    lock = space.library.lock or Lock()
    locked = (known.version for known in lock.versions if known.name == pin.name)
    there = {*read.list_versions(space.fleet).get(pin.name, ()), *locked} - {NEXT}
    if pin.version in there:
        yield _problem(f"{pin} exists already", "a released version does not change: choose a higher one")
        return
    highest = max((version for version in there if read.parse_version(version)), key=read.order, default=None)
    if highest is not None and read.order(pin.version)[:2] <= read.order(highest)[:2]:
        yield _problem(f"{pin} is not higher than {highest}, the newest version", f"choose one above {highest}")


def _changelog(working: TemplateTree, version: str, problems: list[Problem]) -> _Changelog | None:
    where = Origin(f"{working.file}/{_CHANGELOG}")
    content = _content(working, _CHANGELOG)
    if content is None:
        hint = f"write what is new below `## Unreleased` in {where.file}"
        problems.append(replace(_problem(f"{working.pin.name} has no {_CHANGELOG}", hint), where=Origin(working.file)))
        return None
    try:
        found = _split_changelog(content.decode(), version)
    except UnicodeDecodeError:
        found = None
    if found is None:
        hint = f"write what is new below `## Unreleased` or `## {version}`"
        problems.append(replace(_problem(f"{_CHANGELOG} says nothing about {version}", hint), where=where))
    return found


def _split_changelog(text: str, version: str) -> _Changelog | None:
    """The entry of `version`, or else what is unreleased under its name; None without either."""
    headings = list(_HEADING.finditer(text))
    ends = [*(heading.start() for heading in headings[1:]), len(text)]
    entries = zip(headings, ends, strict=False)  # without headings there is one end too many
    bodies = {heading[1].lower(): (heading, text[heading.end() : end]) for heading, end in entries}
    unreleased = bodies.get(_UNRELEASED)
    own = bodies.get(version.lower())
    if own is not None and own[1].strip():
        if unreleased is None or unreleased[1].strip():
            return _Changelog(text, text, own[1].strip())
        heading, body = unreleased
        return _Changelog(text[: heading.start()] + text[heading.end() + len(body) :], text, own[1].strip())
    if own is not None or unreleased is None or not unreleased[1].strip():
        return None
    heading, body = unreleased
    line = heading[0]
    named = line.replace(heading[1], version, 1)
    before, after = text[: heading.start()], text[heading.end() :]
    newline = "\r\n" if line.endswith("\r\n") else "\n"
    return _Changelog(f"{before}{named}{after}", f"{before}{line}{newline}{named}{after}", body.strip())


def _with_changelog(file: TemplateFile, text: str) -> TemplateFile:
    return replace(file, content=text.encode()) if file.path == _CHANGELOG else file


def _content(tree: TemplateTree, path: str) -> bytes | None:
    return next((file.content for file in tree.files if file.path == path), None)


def _freeze(folder: Path, files: Sequence[TemplateFile]) -> None:
    """Write a folder under a name that no pin can have, then give it its name."""
    made: Path | None = None
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        made.chmod(0o755)
        for file in files:
            path = made / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
        made.rename(folder)
    except OSError as error:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
        _unwritable(folder, error)


def _unwritable(folder: Path, error: OSError) -> NoReturn:
    what = f"{folder.parent.name}/{folder.name} cannot be written: {error.strerror or type(error).__name__}"
    hint = "make room, or correct the permissions, and run again"
    raise EnvironmentFailure(what, problems=[Problem(Code.OUTPUT_UNWRITABLE, what, hint=hint)]) from None


def _changelog_edit(space: Workspace, working: TemplateTree, changelog: _Changelog) -> Iterator[Rewrite]:
    before, after = _content(working, _CHANGELOG) or b"", changelog.working.encode()
    if before != after:
        yield Rewrite(space.fleet.repository / working.file / _CHANGELOG, before, after)


def _lock_edit(space: Workspace, pin: TemplatePin, digest: Digest) -> Iterator[Rewrite]:
    """A fleet without a lock gets none by a release."""
    lock = space.library.lock
    if lock is not None:
        locked = replace(lock, versions={**lock.versions, pin: Locked(SourceKind.DIRECTORY, digest)})
        path = read.lock_path(space.fleet)
        yield Rewrite(path, path.read_bytes(), read.dump_lock(locked).encode())


def _problem(what: str, hint: str) -> Problem:
    return Problem(Code.TEMPLATE_RELEASE, what, hint=hint)

"""Puts files that were made in a temporary folder where they belong: all of them, or none.

In: the folder they were made in, and the one they go to. Out: their paths.
Never: overwrites a file, follows a symbolic link below the target, or leaves half of the files behind.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from renderer.errors import Code, ConfigurationError, EnvironmentFailure
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def place(made: Path, target: Path) -> tuple[str, ...]:
    """Copy every file below `made` to the same path below `target`; their paths, sorted.

    Raises ConfigurationError with every file that is there already, EnvironmentFailure when a file cannot be written.
    """
    files = sorted(path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file())
    refuse_taken(target, files)
    done: list[Path] = []
    try:
        for file in files:
            _make_parents(target / file, done)
            _write(target / file, (made / file).read_bytes(), done)
    except BaseException as error:
        _undo(done)
        if isinstance(error, OSError):
            raise _unwritable(target, error) from None
        raise
    return tuple(files)


def refuse_taken(target: Path, files: Iterable[str]) -> None:
    """Raise ConfigurationError for the `files` that `target` has already, or that would lie below a link or a file."""
    hint = "choose another name or folder; nothing was written"
    taken = dict.fromkeys(obstacle for file in files if (obstacle := _obstacle(target, file)))
    problems = [Problem(Code.SCAFFOLD_EXISTS, "the file exists already", Origin(path), hint) for path in taken]
    if problems:
        raise ConfigurationError(f"files exist already in {target}", problems=problems)


def _obstacle(target: Path, file: str) -> str | None:
    """The path, relative to `target`, that is in the way of `file`."""
    parts = file.split("/")
    for count in range(1, len(parts)):
        above = "/".join(parts[:count])
        if (target / above).is_symlink() or ((target / above).exists() and not (target / above).is_dir()):
            return above
    return file if os.path.lexists(target / file) else None


def _make_parents(path: Path, done: list[Path]) -> None:
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir()
        done.append(folder)


def _write(path: Path, content: bytes, done: list[Path]) -> None:
    with path.open("xb") as file:
        done.append(path)
        file.write(content)


def _undo(done: list[Path]) -> None:
    for path in reversed(done):
        try:
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink()
        except OSError:
            # Somebody else has put a file there meanwhile, or the disk is gone: the first failure is what counts.
            continue


def _unwritable(target: Path, error: OSError) -> EnvironmentFailure:
    what = f"{error.filename or target} cannot be written: {error.strerror or type(error).__name__}"
    problem = Problem(Code.OUTPUT_UNWRITABLE, what, hint="name a folder that you may write to; nothing was written")
    return EnvironmentFailure(what, problems=[problem])

"""Finds the files of FoxOps and Copier in checkouts, and creates site files.

In: paths. Out: the tools' files by the folder they stand in; new files. Never: follows a symbolic link, or overwrites.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import Code, ConfigurationError, EnvironmentFailure
from renderer.scaffold.importing import Tool
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FOXOPS_FILE = ".fengine.yaml"
_COPIER_FILE = ".copier-answers"
_PASSED_OVER = (".git",)
# What a person answers fits into kilobytes; strict YAML takes no more than this either.
_LARGEST = 1 << 20


def find_records(tool: Tool, paths: Iterable[Path]) -> dict[Path, list[Path]]:
    """Folder -> the tool's files in it, both by name; raises ConfigurationError for a path that is no folder."""
    found: dict[Path, list[Path]] = {}
    for path in paths:
        folder = path.resolve()
        if not folder.is_dir():
            what = f"{path} is no folder"
            raise ConfigurationError(
                what, problems=[Problem(Code.USAGE, what, hint="name checkouts, or a folder of them")]
            )
        for file in _walk(tool, folder):
            files = found.setdefault(file.parent, [])
            if file not in files:
                files.append(file)
    return found


def _walk(tool: Tool, folder: Path) -> Iterator[Path]:
    for current, folders, files in os.walk(folder, onerror=_fail):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER)
        for name in sorted(files):
            file = Path(current, name)
            if _is_record(tool, name) and not file.is_symlink():
                yield file


def _is_record(tool: Tool, name: str) -> bool:
    if tool is Tool.FOXOPS:
        return name == _FOXOPS_FILE
    return name.startswith(_COPIER_FILE) and name.endswith((".yml", ".yaml"))


def _fail(error: OSError) -> None:
    what = f"{error.filename} cannot be read: {error.strerror}"
    raise EnvironmentFailure(what, problems=[Problem(Code.FILE_UNREADABLE, what, hint="check its permissions")])


def read_checkout_file(path: Path) -> bytes:
    """At most a little more than strict YAML takes; raises OSError."""
    with path.open("rb") as file:
        return file.read(_LARGEST + 1)


def create_file(path: Path, content: bytes) -> None:
    """Write a new file; raises FileExistsError, or EnvironmentFailure when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise
    except OSError as error:
        path.unlink(missing_ok=True)
        what = f"{path} cannot be written: {error.strerror or type(error).__name__}"
        hint = "correct it and run the command again: sites that are there already are left as they are"
        raise EnvironmentFailure(what, problems=[Problem(Code.OUTPUT_UNWRITABLE, what, hint=hint)]) from None

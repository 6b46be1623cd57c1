"""Writes new content over existing files: all of them, or none.

In: paths with the bytes that were read and those to write. Out: files on disk.
Never: leaves half a file, or writes over what somebody else changed meanwhile.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from renderer.errors import Code, EnvironmentFailure
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence


class Rewrite(NamedTuple):
    """One file: what it must still hold, and what it will hold."""

    path: Path
    before: bytes
    after: bytes


def rewrite(files: Sequence[Rewrite]) -> None:
    """Replace the content of every file; permissions stay. Raises EnvironmentFailure.

    All new content is on the disk before the first file is replaced, so that a full disk changes nothing.
    """
    made: list[tuple[Path, Path]] = []
    try:
        for file in files:
            if file.path.read_bytes() != file.before:
                raise _failure(file.path, "it has changed since it was read", "run the command again")
            made.append((_beside(file), file.path))
        for new, path in made:
            new.replace(path)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise _failure(Path(error.filename or "a file"), why, "make room, or correct the permissions") from None
    finally:
        for new, _ in made:
            new.unlink(missing_ok=True)


def _beside(file: Rewrite) -> Path:
    """A new file in the same folder, with the same permissions."""
    descriptor, name = tempfile.mkstemp(prefix=f".{file.path.name}.", dir=file.path.parent)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(file.after)
    new = Path(name)
    new.chmod(file.path.stat().st_mode & 0o777)
    return new


def _failure(path: Path, why: str, hint: str) -> EnvironmentFailure:
    what = f"{path} cannot be written: {why}"
    return EnvironmentFailure(what, problems=[Problem(Code.OUTPUT_UNWRITABLE, what, hint=hint)])

"""Rendered manifests as files in a folder, or as one YAML stream.

In: Manifests, site by site. Out: files, or bytes. Never: writes into a folder that it did not make itself, follows a
link, or leaves half a site behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from renderer.errors import Code, EnvironmentFailure
from renderer.types import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from renderer.types import Manifest, Manifests

_MARKER = ".fleetpress-rendered"


def write_stream(stream: BinaryIO) -> Callable[[Manifests], None]:
    """A function that writes each site's files to `stream`, each document with a comment that says where it is from."""

    def write(manifests: Manifests) -> None:
        for file in manifests.files:
            body = file.content.removeprefix(b"---\n")
            stream.write(
                f"---\n# {manifests.site}/{file.path}\n".encode() + body + (b"" if body.endswith(b"\n") else b"\n")
            )
        stream.flush()

    return write


def write_files(folder: Path) -> Callable[[Manifests], None]:
    """A function that writes each site to `folder`/SITE, replacing what an earlier run wrote there.

    Raises EnvironmentFailure when `folder` has other content than ours, or cannot be written.
    """
    try:
        _claim(folder)
    except OSError as error:
        raise _unwritable(folder, error.strerror or type(error).__name__) from None

    def write(manifests: Manifests) -> None:
        try:
            _write_folder(folder / manifests.site, manifests.files)
        except OSError as error:
            raise _unwritable(folder, error.strerror or type(error).__name__) from None

    return write


def _claim(folder: Path) -> None:
    marker = folder / _MARKER
    if folder.is_dir() and not marker.exists() and any(folder.iterdir()):
        raise _unwritable(folder, "it has files that this command did not write")
    folder.mkdir(parents=True, exist_ok=True)
    marker.touch()


def write_text(path: Path, text: str) -> None:
    """Make `path` hold `text`; it is whole at any time. Raises EnvironmentFailure."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, new = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(new).chmod(0o644)
        Path(new).replace(path)
    except OSError as error:
        raise _unwritable(path, error.strerror or type(error).__name__) from None


def replace_folder(final: Path, files: Sequence[Manifest]) -> None:
    """Make `final` hold `files` and nothing else; it is whole at any time. Raises EnvironmentFailure."""
    try:
        _write_folder(final, files)
    except OSError as error:
        raise _unwritable(final, error.strerror or type(error).__name__) from None


def _write_folder(final: Path, files: Sequence[Manifest]) -> None:
    new = Path(tempfile.mkdtemp(prefix=f".{final.name}.", dir=final.parent))
    try:
        for file in files:
            path = new / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.content)
            path.chmod(file.mode)
        new.chmod(0o755)
        if final.is_symlink() or final.exists():
            old = Path(tempfile.mkdtemp(prefix=".old.", dir=final.parent)) / final.name
            final.rename(old)
            new.rename(final)
            shutil.rmtree(old.parent)
        else:
            new.rename(final)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _unwritable(folder: Path, why: str) -> EnvironmentFailure:
    what = f"{folder} cannot be written: {why}"
    problem = Problem(Code.OUTPUT_UNWRITABLE, what, hint="name a new or empty folder that you may write to")
    return EnvironmentFailure(what, problems=[problem])

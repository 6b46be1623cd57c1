"""Renders with Copier itself, to compare with: the same files, as (path, bytes, mode)."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from renderer.types import Digest, TemplateFile, TemplatePin, TemplateTree

if TYPE_CHECKING:
    from collections.abc import Mapping

Files = dict[str, tuple[bytes, int]]


def read_tree(folder: Path, *, name: str = "sample", version: str = "1.0.0") -> TemplateTree:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = tuple(
        TemplateFile(path.relative_to(folder).as_posix(), path.stat().st_mode & 0o777, path.read_bytes())
        for path in paths
    )
    return TemplateTree(TemplatePin(name, version), f"templates/{name}/{version}", files, Digest.of(b""))


def copier_files(
    source: Path, target: Path, answers: Mapping[str, Any], *, unsafe: bool = False, answers_file: bool = True
) -> Files:
    """Run Copier without its user settings; the folder `target` is called like the site."""
    from copier import Phase, Settings, run_copy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        worker = run_copy(
            str(source),
            target,
            data=dict(answers),
            defaults=True,
            unsafe=unsafe,
            quiet=True,
            settings=Settings(),
        )
        if not answers_file:
            with Phase.use(Phase.RENDER):
                (target / worker.answers_relpath).unlink(missing_ok=True)
    return {
        Path(root, name).relative_to(target).as_posix(): (
            Path(root, name).read_bytes(),
            Path(root, name).stat().st_mode & 0o777,
        )
        for root, _, names in os.walk(target)
        for name in names
    }

"""Copier's `pathjoin` global.

In: texts. Out: one path as text. Never: looks at a file system.
"""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath


def pathjoin(*path: str, mode: str = "posix") -> str:
    """Join `path` the POSIX or the Windows way; `native` would depend on the machine and is refused."""
    if mode == "posix":
        return str(PurePosixPath(*path))
    if mode == "windows":
        return str(PureWindowsPath(*path))
    raise ValueError(f"pathjoin's mode is 'posix' or 'windows', got {mode!r}: 'native' depends on the machine")

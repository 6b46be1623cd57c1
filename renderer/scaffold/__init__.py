"""scaffold: files that people or clusters need once."""

from renderer.scaffold.bootstrap import bootstrap
from renderer.scaffold.migrations import (
    Change,
    Planner,
    Use,
    diff_lines,
    read_migrations,
    sorted_changes,
)
from renderer.scaffold.migrations import File as EditedFile
from renderer.scaffold.migrations import Kind as ChangeKind
from renderer.scaffold.nested import holds
from renderer.scaffold.rewriting import Rewrite, rewrite

__all__ = [
    "Change",
    "ChangeKind",
    "EditedFile",
    "Planner",
    "Rewrite",
    "Use",
    "bootstrap",
    "diff_lines",
    "holds",
    "read_migrations",
    "rewrite",
    "sorted_changes",
]

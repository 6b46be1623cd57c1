"""scaffold: files that people or clusters need once."""

from renderer.scaffold.bootstrap import bootstrap
from renderer.scaffold.copying import (
    ask,
    fill,
    packaged_questions,
    packaged_settings,
    refuse_missing,
    refuse_unknown,
)
from renderer.scaffold.habit import site_folder
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
from renderer.scaffold.placing import place, refuse_taken
from renderer.scaffold.rewriting import Rewrite, rewrite
from renderer.scaffold.supplies import CI_FILES, EDITOR_SCHEMAS, copy_supplies

__all__ = [
    "CI_FILES",
    "EDITOR_SCHEMAS",
    "Change",
    "ChangeKind",
    "EditedFile",
    "Planner",
    "Rewrite",
    "Use",
    "ask",
    "bootstrap",
    "copy_supplies",
    "diff_lines",
    "fill",
    "holds",
    "packaged_questions",
    "packaged_settings",
    "place",
    "read_migrations",
    "refuse_missing",
    "refuse_taken",
    "refuse_unknown",
    "rewrite",
    "site_folder",
    "sorted_changes",
]

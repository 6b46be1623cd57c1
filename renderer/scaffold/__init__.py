"""scaffold: files that people or clusters need once."""

from renderer.scaffold.bootstrap import bootstrap, bootstrap_shared
from renderer.scaffold.cataloguing import Added, add_entry, drop_files, manifest, renew_files
from renderer.scaffold.checkouts import create_file, find_records, read_checkout_file
from renderer.scaffold.copying import (
    ask,
    fill,
    packaged_questions,
    packaged_settings,
    refuse_missing,
    refuse_unknown,
)
from renderer.scaffold.editing import set_text
from renderer.scaffold.habit import site_folder
from renderer.scaffold.importing import Draft, Record, Rules, Tool, draft_site, read_record, unpin, without_user
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
from renderer.scaffold.source import EditError
from renderer.scaffold.supplies import CI_FILES, EDITOR_SCHEMAS, copy_supplies
from renderer.scaffold.writing import site_file, unwritable

__all__ = [
    "CI_FILES",
    "EDITOR_SCHEMAS",
    "Added",
    "Change",
    "ChangeKind",
    "Draft",
    "EditError",
    "EditedFile",
    "Planner",
    "Record",
    "Rewrite",
    "Rules",
    "Tool",
    "Use",
    "add_entry",
    "ask",
    "bootstrap",
    "bootstrap_shared",
    "copy_supplies",
    "create_file",
    "diff_lines",
    "draft_site",
    "drop_files",
    "fill",
    "find_records",
    "holds",
    "manifest",
    "packaged_questions",
    "packaged_settings",
    "place",
    "read_checkout_file",
    "read_migrations",
    "read_record",
    "refuse_missing",
    "refuse_taken",
    "refuse_unknown",
    "renew_files",
    "rewrite",
    "set_text",
    "site_file",
    "site_folder",
    "sorted_changes",
    "unpin",
    "unwritable",
    "without_user",
]

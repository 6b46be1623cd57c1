"""report: results as text for people and as data for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily
from renderer.report.progress import progress

if TYPE_CHECKING:
    from renderer.report import causes, definitions, explained, inventory, quality, results, rollout
    from renderer.report.files import replace_folder, write_text
    from renderer.report.merging import merge_reports
    from renderer.report.problems import problems_text
    from renderer.report.report import REPORTERS, Report
else:
    __getattr__ = lazily(
        __name__,
        {
            "files": "replace_folder write_text",
            "merging": "merge_reports",
            "problems": "problems_text",
            "report": "REPORTERS Report",
        },
        "causes definitions explained inventory quality results rollout",
    )

__all__ = [
    "REPORTERS",
    "Report",
    "causes",
    "definitions",
    "explained",
    "inventory",
    "merge_reports",
    "problems_text",
    "progress",
    "quality",
    "replace_folder",
    "results",
    "rollout",
    "write_text",
]

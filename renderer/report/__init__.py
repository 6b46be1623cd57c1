"""report: results as text for people and as data for programs."""

from renderer.report import definitions, explained, inventory, quality, results, rollout
from renderer.report.files import replace_folder, write_text
from renderer.report.merging import merge_reports
from renderer.report.problems import problems_text
from renderer.report.progress import progress
from renderer.report.report import REPORTERS, Report

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

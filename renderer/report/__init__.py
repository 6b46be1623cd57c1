"""report: results as text for people and as data for programs, and the object-level difference."""

from renderer.report import explained, inventory, quality, results, rollout
from renderer.report.files import replace_folder, write_text
from renderer.report.objects import ObjectChange, diff_objects, read_objects
from renderer.report.problems import problems_text
from renderer.report.progress import progress
from renderer.report.report import REPORTERS, Report

__all__ = [
    "REPORTERS",
    "ObjectChange",
    "Report",
    "diff_objects",
    "explained",
    "inventory",
    "problems_text",
    "progress",
    "quality",
    "read_objects",
    "replace_folder",
    "results",
    "rollout",
    "write_text",
]

"""The command `lint`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from renderer.engine import Workers

_PROBLEMS = 1


@click.command(
    short_help="Look for what has no effect.",
    epilog=options.example("fleetpress lint", "fleetpress lint --strict -o gitlab"),
)
@options.option("--strict", is_flag=True, help="Treat warnings as errors.")
@options.fleet
@options.today
@options.workers
@options.findings
def lint(strict: bool, fleet: Path | None, today: date, workers: Workers, output: str) -> None:
    """Look over layers, sites, labels and template versions for what has no effect, or stands where it need not.

    Values that nobody reads or that are set already, layers without sites, label values and versions that nobody
    uses, values that all sites of a layer repeat, copied sites. Reads the whole fleet, and renders only the sites that
    waivers are about, to tell which waivers nothing needs.
    """
    from renderer import report
    from renderer.fleet import linting, quality, queries

    space = session.open_workspace(fleet, today)
    facts = report.progress(linting.read_facts(space, workers), len(space.index.sites), "reading")
    found = linting.lint_fleet(space, facts, workers)
    problems = list(dict.fromkeys(session.located(space, found.problems)))
    if strict:
        problems = quality.strict(problems)
    result = report.results.fleet_lint(found.sites, found.layers, problems)
    session.say_found(space, result, problems, space.index.sites, output)
    sys.exit(_PROBLEMS if queries.has_errors(problems) else 0)

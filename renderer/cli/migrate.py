"""The command `migrate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from pathlib import Path

_PROBLEMS = 1


@click.command(
    short_help="Adapt variables to a newer template.",
    epilog=options.example(
        "fleetpress migrate edge-platform --to 1.5.0",
        "fleetpress migrate edge-platform --to 1.5.0 --write",
        "fleetpress migrate edge-platform --from 1.4.0 --to 1.5.0 'berlin-*'",
    ),
)
@click.argument("template")
@options.sites
@click.option(
    "--to",
    "end",
    envvar="FLEETPRESS_MIGRATE_TO",
    show_envvar=True,
    metavar="VERSION",
    help="Version whose variables the files shall fit.  [default: the newest]",
)
@click.option(
    "--from",
    "start",
    envvar="FLEETPRESS_MIGRATE_FROM",
    show_envvar=True,
    metavar="VERSION",
    help="Version that the files fit now.  [default: the one that each site pins]",
)
@options.option("--write", is_flag=True, help="Change the files. Without it, only show what would change.")
@options.fleet
@options.output
def migrate(
    template: str,
    sites: tuple[str, ...],
    end: str | None,
    start: str | None,
    write: bool,
    fleet: Path | None,
    output: str,
) -> None:
    """Rename, move, drop and map the variables in layer and site files as the migrations of TEMPLATE say.

    Nothing is written while there is a problem. Pins are not changed. All sites without SITE.
    """
    from renderer import report
    from renderer.fleet import migration

    space = session.open_workspace(fleet)
    chosen = frozenset(session.choose(space, sites)) if sites else None
    request = migration.Request(template, end or migration.newest(space, template), start, chosen)
    plan = migration.plan_migration(space, request)
    failed = migration.has_errors(plan)
    if write and not failed:
        migration.write_migration(space, plan)
    session.say(report.quality.migration(*plan.told(), written=write and not failed), output)
    sys.exit(_PROBLEMS if failed else 0)

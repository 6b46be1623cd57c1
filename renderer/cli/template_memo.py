"""The command about what templates have rendered anew for each site: `template why-site-specific`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.engine import Workers


@click.command(
    short_help="Show why files differ from site to site.",
    epilog=options.example(
        "fleetpress template why-site-specific edge-platform",
        "fleetpress template why-site-specific edge-platform@1.5.0 'berlin-*' -o json",
    ),
)
@click.argument("template", metavar="NAME[@VERSION]")
@options.sites
@options.option(
    "--sample",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Look at so many sites at most, at even distances.",
)
@options.fleet
@options.workers
@options.output
def why_site_specific(
    template: str, sites: tuple[str, ...], sample: int, fleet: Path | None, workers: Workers, output: str
) -> None:
    """Show, for each file of a template, how many different outputs it has over the fleet, and which variables do it.

    A file that comes out alike for many sites is rendered and validated once for all of them. `reads` counts the
    combinations of values that a file reads, `without` how many were left if it did not read that variable. `bytes`
    is the file's share of all distinct output. All versions that sites take without VERSION.
    """
    from renderer.fleet import variation
    from renderer.report.variation import why_site_specific as told

    space = session.open_workspace(fleet)
    names = session.choose(space, sites, workers)
    taken = min(sample, len(names))
    chosen = [names[index * len(names) // taken] for index in range(taken)]
    found = variation.why_site_specific(space, template, chosen, workers)
    session.say(told(list(found)), output)


COMMANDS: Mapping[str, click.Command] = {"why-site-specific": why_site_specific}

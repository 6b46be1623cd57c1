"""Carrying artifacts to where no registry can be reached: `export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from renderer.engine import Workers

_PARTIAL, _NOTHING, _ENVIRONMENT = 3, 1, 4


@click.command(
    short_help="Put artifacts and their signatures into one file.",
    epilog=options.example(
        "fleetpress export berlin-spreelab-01 --from fleet --key keys/labs.pub --file /media/stick/berlin.tar",
        "fleetpress export country=de --key keys/labs.pub --file germany.tar",
    ),
)
@options.required_sites
@options.fleet
@options.option(
    "--from",
    "source",
    default="oci-archive:build/registry",
    show_default=True,
    metavar="TARGET",
    help="Where the artifacts are; what `--to` is for other commands.",
)
@click.option(
    "--file",
    envvar="FLEETPRESS_EXPORT_FILE",
    show_envvar=True,
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The tar file to write: an OCI image layout. It must not be there.",
)
@options.public_key
@options.plain_http
@options.ca_file
@options.workers
@options.output
def export(
    sites: tuple[str, ...],
    fleet: Path | None,
    source: str,
    file: Path,
    keys: tuple[Path, ...],
    plain_http: bool,
    ca_file: Path | None,
    workers: Workers,
    output: str,
) -> None:
    """Put what is published for sites into one file, to carry it to a registry that cannot be reached from here.

    Each artifact is verified first, as `verify` does; what a cluster would refuse is left out. The file holds the
    newest serial of each site, with all signatures.
    """
    from renderer import report
    from renderer.errors import Code
    from renderer.fleet import exporting
    from renderer.fleet.verifying import verify
    from renderer.publish import Parcel
    from renderer.types import Outcome

    space = session.open_workspace(fleet, follows=True)
    trusted = session.open_public_keys(keys)
    destination, target = session.open_destination(space, session.Connection(source, plain_http, ca_file))
    books = session.open_books(space, target, destination)
    names = session.choose(space, sites, workers)
    parcel = Parcel(file)
    checked = verify(space, names, destination, target, trusted, books)
    receipts = list(report.progress(exporting.export(checked, target, parcel), len(names), "exporting"))
    parcel.close()
    session.say(report.results.exported(receipts, source, str(file)), output)
    codes = {problem.code for receipt in receipts for problem in receipt.problems}
    unreachable = codes & {Code.REGISTRY_FAILED, Code.REGISTRY_AUTH}
    carried = any(receipt.outcome is Outcome.EXPORTED for receipt in receipts)
    sys.exit(_ENVIRONMENT if unreachable else _PARTIAL if codes and carried else _NOTHING if codes else 0)

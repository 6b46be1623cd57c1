"""The command `merge`: the results of shards as one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    short_help="Put the results of shards together.",
    epilog=options.example(
        "fleetpress merge build/publish-*.json", "fleetpress merge build/validate-*.json -o junit > report.xml"
    ),
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=options.FILE)
@options.findings
def merge(files: tuple[Path, ...], output: str) -> None:
    """Put together what `validate`, `plan`, `publish` or `verify` have written in shards with `-o json`.

    The result is that of the whole run, in any form; so is the exit code: the highest of the shards', 4 when one is
    missing.
    """
    from renderer import report

    merged, code = report.merge_reports(session.read_files(files))
    session.say(merged, output)
    sys.exit(code)

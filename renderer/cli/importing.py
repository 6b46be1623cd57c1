"""Commands that take over what other programs rendered: `import foxops`, `import copier`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from collections.abc import Callable

_PROBLEMS = 1


@click.group("import", short_help="Take sites over from FoxOps or Copier.")
def import_() -> None:
    """Make site files of what FoxOps or Copier rendered, one checkout for each site. Overwrites nothing."""


def _shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """The parameters of both commands."""
    for decorate in (
        options.output,
        options.option("--dry-run", is_flag=True, help="Write nothing, only show what would be imported."),
        options.option(
            "--unpin", is_flag=True, help="Leave out values that equal what the template makes without them."
        ),
        options.option(
            "--sites",
            "sites_file",
            type=click.Path(dir_okay=False, path_type=Path),
            help="YAML file: checkout -> name and labels of its site.",
        ),
        options.option(
            "--label",
            "labels",
            multiple=True,
            metavar="KEY=VALUE",
            help="Label of all sites; may be given several times.",
        ),
        options.option(
            "--map-version",
            "versions",
            multiple=True,
            metavar="FROM=VERSION",
            help="What to pin in place of a version.",
        ),
        options.option(
            "--template", "templates", multiple=True, metavar="SOURCE=NAME", help="The fleet's name of a template."
        ),
        options.option(
            "--into",
            required=True,
            type=click.Path(file_okay=False, path_type=Path),
            help="Folder with fleet.yaml.",
        ),
        click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)),
    ):
        function = decorate(function)
    return function


@import_.command(
    "foxops",
    short_help="Take sites over from FoxOps.",
    epilog=options.example(
        "fleetpress import foxops checkouts --into fleets/labs --dry-run"
        " --template https://git.labs.example/base.git=base --map-version main=next --sites sites.yaml"
    ),
)
@_shared
def foxops(**given: Any) -> None:
    """Make a site of each folder at or below PATH that has a .fengine.yaml.

    The values that people gave are taken, not the defaults that FoxOps filled in.
    """
    _run("foxops", **given)


@import_.command(
    "copier",
    short_help="Take sites over from Copier.",
    epilog=options.example(
        "fleetpress import copier checkouts --into fleets/labs --unpin --label region=eu"
        " --template gh:labs/base=base --sites sites.yaml"
    ),
)
@_shared
def copier(**given: Any) -> None:
    """Make a site of each folder at or below PATH that has .copier-answers.yml, or several such files.

    Copier keeps every answer, given or not. With --unpin, those that the template would give anyway are left out.
    """
    _run("copier", **given)


def _run(
    tool: str,
    *,
    paths: tuple[Path, ...],
    into: Path,
    templates: tuple[str, ...],
    versions: tuple[str, ...],
    labels: tuple[str, ...],
    sites_file: Path | None,
    unpin: bool,
    dry_run: bool,
    output: str,
) -> None:
    from renderer import report
    from renderer.fleet import importing
    from renderer.report.imports import imports
    from renderer.scaffold import Tool

    request = importing.Request(
        Tool(tool),
        paths,
        _pairs("--template", templates),
        _pairs("--map-version", versions),
        _pairs("--label", labels),
        importing.read_sites_file(sites_file) if sites_file else {},
        unpin,
        not dry_run,
    )
    count, found = importing.import_sites(session.open_workspace(into), request)
    sites = list(report.progress(found, count, "importing"))
    session.say(imports(tool, sites, written=not dry_run), output)
    sys.exit(_PROBLEMS if not all(site.file for site in sites) else 0)


def _pairs(flag: str, given: tuple[str, ...]) -> dict[str, str]:
    """`KEY=VALUE` texts as a mapping; the last equals sign divides, since an address may have others."""
    pairs: dict[str, str] = {}
    for text in given:
        key, equals, value = text.rpartition("=")
        if not (equals and key and value):
            raise click.UsageError(f"{flag}: expected KEY=VALUE, got {text[:80]!r}")
        pairs[key] = value
    return pairs

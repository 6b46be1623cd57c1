"""The group `schemas`: the definitions that custom resources are checked against."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from renderer.fleet.definitions import Plan, Stock
    from renderer.types import Fleet

_DIFFERS = 1

_sources = click.argument("sources", nargs=-1, required=True, metavar="FILE|DIR|-...")
_source = options.option("--source", help="Where the files come from, for the catalogue.  [default: their names]")
_kind = options.option("--kind", "kinds", multiple=True, help="Take only this kind; may be given several times.")


# Not FLEETPRESS_VERSION: too general for a variable that every command of a job would see.
_version = click.option(
    "--version",
    envvar="FLEETPRESS_SCHEMAS_VERSION",
    show_envvar=True,
    help="Release that the definitions are of, for the catalogue.",
)
_check = click.option(
    "--check",
    envvar="FLEETPRESS_SCHEMAS_CHECK",
    show_envvar=True,
    is_flag=True,
    help="Change no file; exit code 1 when a file would change.",
)


@click.group(short_help="List, add, update definitions.")
def schemas() -> None:
    """Keep the CustomResourceDefinitions in schemas/crds, without a network and without a cluster."""


@schemas.command(
    "list",
    short_help="Show what objects are checked against.",
    epilog=options.example("fleetpress schemas list", "fleetpress schemas list -o json"),
)
@options.fleet
@options.output
def list_(fleet: Path | None, output: str) -> None:
    """Show the definitions of the fleet, the versions that they serve (* is stored), and where they come from.

    A file that cannot be used, or differs from what the catalogue says, is a problem.
    """
    from renderer import report
    from renderer.fleet import definitions, queries

    _, stock = _stock(fleet)
    carried = report.definitions.Kubernetes(*definitions.kubernetes())
    session.say(report.definitions.listed(definitions.rows(stock), carried, stock.problems), output)
    sys.exit(_DIFFERS if queries.has_errors(stock.problems) else 0)


@schemas.command(
    short_help="File new definitions.",
    epilog=options.example(
        "fleetpress schemas add grafana/crds/ --project grafana --version 5.19.0",
        "kubectl get crd -o yaml | fleetpress schemas add - --project cluster --version 2024-05-01 --kind Widget",
    ),
)
@_sources
@click.option(
    "--project",
    envvar="FLEETPRESS_PROJECT",
    show_envvar=True,
    required=True,
    help="Folder below schemas/crds that they go to.",
)
@_version
@_source
@_kind
@options.fleet
@options.output
def add(sources: tuple[str, ...], fleet: Path | None, output: str, **naming: Any) -> None:
    """File the CustomResourceDefinitions in files, in folders such as a chart's crds/, or on standard input (-).

    They are checked as the API server would, and stripped of all that objects are not checked against: status, what a
    cluster wrote, descriptions. The catalogue gets source, release and digests. With one problem, nothing is written.
    """
    from renderer.fleet import definitions

    _need_version(naming)
    _refuse_project(naming["project"])
    held, stock = _stock(fleet)
    _finish(held, stock, "add", definitions.plan_add(stock, _given(sources), definitions.Naming(**naming)), output)


@schemas.command(
    short_help="Replace definitions by newer ones.",
    epilog=options.example(
        "fleetpress schemas update grafana/crds/ --version 5.20.0",
        "fleetpress schemas update grafana/crds/ --check",
    ),
)
@_sources
@_version
@_source
@_kind
@_check
@options.fleet
@options.output
def update(sources: tuple[str, ...], check: bool, fleet: Path | None, output: str, **naming: Any) -> None:
    """Replace the definitions that are filed by newer ones, and show what differs.

    Changes that can break rendered objects are marked with !: fields removed, fields required, versions no longer
    served, values no longer taken. Kinds that are not filed are left out. Without --check, --version is needed.
    """
    from renderer.fleet import definitions

    if not check:
        _need_version(naming)
    held, stock = _stock(fleet)
    plan = definitions.plan_update(stock, _given(sources), definitions.Naming(**naming))
    if not check:
        plan = definitions.guarded(stock, plan)
    _finish(held, stock, "update", plan, output, check=check)


@schemas.command(
    short_help="Take definitions away.",
    epilog=options.example("fleetpress schemas remove grafanas.grafana.integreatly.org"),
)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@options.fleet
@options.output
def remove(names: tuple[str, ...], fleet: Path | None, output: str) -> None:
    """Take definitions away: by PLURAL.GROUP, GROUP/KIND, or the file below schemas/crds."""
    from renderer.fleet import definitions

    held, stock = _stock(fleet)
    plan = definitions.guarded(stock, definitions.plan_remove(stock, names))
    _finish(held, stock, "remove", plan, output)


def _stock(fleet: Path | None) -> tuple[Fleet, Stock]:
    from renderer import read, validate
    from renderer.fleet import definitions

    found = read.load_fleet(fleet if fleet is not None else read.find_fleet(Path.cwd()), check=validate.check_input)
    return found, definitions.read_stock(found)


def _given(sources: tuple[str, ...]) -> Any:
    from renderer.fleet import definitions

    return definitions.read_given(sources, sys.stdin.buffer.read() if "-" in sources else b"")


def _need_version(naming: dict[str, Any]) -> None:
    if not naming["version"]:
        raise click.UsageError("Missing option '--version': the catalogue holds the release of each definition.")


def _refuse_project(project: str) -> None:
    import re

    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", project):
        raise click.UsageError(f"--project: expected lower-case letters, digits and dashes, got {project[:60]!r}")


def _finish(fleet: Fleet, stock: Stock, action: str, plan: Plan, output: str, *, check: bool = False) -> None:
    from renderer import report
    from renderer.fleet import definitions

    written = not (plan.failed or check)
    if written:
        definitions.write(fleet, stock, plan)
    session.say(
        report.definitions.changed(action, plan.renewals, plan.left_out, plan.problems, written=written), output
    )
    sys.exit(_DIFFERS if plan.failed or (check and plan.files) else 0)

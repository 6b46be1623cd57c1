"""Commands that run the pipeline: `validate`, `render`, `plan`, `publish`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from datetime import date

    from renderer.engine import Workers
    from renderer.types import Shard

_PROBLEMS, _PARTIAL = 1, 3


@click.command(
    short_help="Check the fleet and what it renders to.",
    epilog=options.example(
        "fleetpress validate", "fleetpress validate 'berlin-*' -o json", "fleetpress validate -o github"
    ),
)
@options.sites
@options.fleet
@options.today
@options.workers
@options.shard
@options.findings
def validate(
    sites: tuple[str, ...], fleet: Path | None, today: date, workers: Workers, shard: Shard, output: str
) -> None:
    """Check every site file, layer and template, and everything that they render to. Publishes nothing."""
    from renderer import report
    from renderer.fleet import queries

    space = session.open_workspace(fleet, today)
    names = session.choose(space, sites, workers, shard)
    outcomes = queries.check(space, names, workers)
    failed, problems = queries.tally(report.progress(outcomes, len(names), "validating"))
    shared = [*space.index.problems, *queries.check_schemas(space)]
    found = dict.fromkeys([*shared, *session.located(space, problems)])
    code = _PROBLEMS if failed or queries.has_errors(shared) else 0
    result = report.results.validation(len(names), list(found), failed).of_shard(shard, code)
    session.say_found(space, result, found, names, output)
    sys.exit(code)


@click.command(
    short_help="Render sites, publish nothing.",
    epilog=options.example("fleetpress render berlin-spreelab-01 | less", "fleetpress render -o build/rendered"),
)
@options.sites
@options.fleet
@options.today
@options.workers
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    envvar="FLEETPRESS_RENDER_OUTPUT",
    show_envvar=True,
    help="Folder for SITE/PATH, or - for one YAML stream on stdout.",
)
def render(sites: tuple[str, ...], fleet: Path | None, today: date, workers: Workers, output: str) -> None:
    """Render sites as their clusters would get them, without publishing anything. All sites without SITE."""
    from renderer import report
    from renderer.fleet import queries
    from renderer.report.files import write_files, write_stream

    space = session.open_workspace(fleet, today)
    names = session.choose(space, sites, workers)
    rendered = report.progress(queries.check(space, names, workers), len(names), "rendering")
    write = write_stream(sys.stdout.buffer) if output == "-" else write_files(Path(output))
    failed, problems = queries.tally(rendered, write)
    session.tell([*space.index.problems, *session.located(space, problems)])
    sys.exit(_PROBLEMS if failed or space.index.problems else 0)


@click.command(
    short_help="Show what would be published, and why.",
    epilog=options.example("fleetpress plan --to fleet", "fleetpress plan -o json"),
)
@options.sites
@options.fleet
@options.today
@options.to
@options.plain_http
@options.ca_file
@options.workers
@options.shard
@options.findings
def plan(
    sites: tuple[str, ...],
    fleet: Path | None,
    today: date,
    to: str,
    plain_http: bool,
    ca_file: Path | None,
    workers: Workers,
    shard: Shard,
    output: str,
) -> None:
    """Show which sites `publish` would publish, and why. Renders and changes nothing."""
    space = session.open_workspace(fleet, today, follows=True)
    from renderer import pipeline, report

    connection = session.Connection(to, plain_http, ca_file)
    destination, target = session.open_destination(space, connection)
    books = session.open_books(space, target, destination, shard)
    names = session.choose_any(space, sites, workers, shard)
    found = pipeline.make_plan(space, books, names, workers, shard)
    beyond = session.beyond_limits(space, found, session.reach_of(books, destination, connection), workers)
    problems = [*space.index.problems, *session.located(space, found.problems), *beyond]
    result = report.results.plan(found.changed, found.unchanged, found.removed, problems, found.defaults)
    code = _PROBLEMS if problems else 0
    session.say_found(space, result.of_shard(shard, code), problems, names, output)
    sys.exit(code)


@click.command(
    short_help="Publish what has changed.",
    epilog=options.example(
        "fleetpress publish --to fleet --key keys/labs.key",
        "fleetpress publish 'berlin-*' --to oci-archive:build/registry --key keys/labs.key",
    ),
)
@options.sites
@options.fleet
@options.today
@options.to
@options.private_key
@options.serial
@options.option(
    "--all", "everything", is_flag=True, help="Do not believe the ledger: ask the registry about every site."
)
@options.allow_dirty
@options.option(
    "--waive-limits", metavar="REASON", help="Publish beyond rollout.limits of fleet.yaml, for this reason."
)
@options.option(
    "--waive-moves",
    metavar="REASON",
    help="Publish although objects go from a shared base to a site's part or back, for this reason.",
)
@options.plain_http
@options.ca_file
@options.workers
@options.shard
@options.findings
def publish(
    sites: tuple[str, ...],
    fleet: Path | None,
    today: date,
    to: str,
    key: Path,
    serial: int | None,
    everything: bool,
    allow_dirty: bool,
    waive_limits: str | None,
    waive_moves: str | None,
    plain_http: bool,
    ca_file: Path | None,
    workers: Workers,
    shard: Shard,
    output: str,
) -> None:
    """Render, validate, pack, sign and publish what has changed since the last publication.

    A site that fails keeps its last good artifact and stops no other: the exit code is 3 then. Where sites share bases,
    it holds back the base that its cluster follows.
    """
    space = session.open_workspace(fleet, today, follows=True)
    from renderer import pipeline, report
    from renderer.fleet.run import Run
    from renderer.types import Outcome

    session.refuse_shards(space, shard)
    signer = session.open_key(key)
    release = pipeline.choose_serial(space, serial, to, allow_dirty=allow_dirty)
    connection = session.Connection(to, plain_http, ca_file, read_only=False)
    destination, target = session.open_destination(space, connection)
    books = session.open_books(space, target, destination, shard, fresh=everything)
    names = session.choose_any(space, sites, workers, shard)
    reach = session.reach_of(books, destination, connection)
    waived = session.keep_limits(space, reach, names, workers, waive_limits)
    reasons = waived.reason if waived else "", (waive_moves or "").strip()
    run = Run(space, destination, target, signer, release, workers, *reasons)
    todo = pipeline.survey(space, books, names, signer.key_id, shard)
    published = pipeline.publish_sites(run, books, todo, names if sites else None)
    receipts = list(report.progress(published, len(todo.changed), "publishing"))
    told = [problem for receipt in receipts for problem in receipt.problems]
    problems = [*space.index.problems, *session.located(space, told)]
    result = report.results.publication(receipts, todo.unchanged, to, problems, waived)
    failed = space.index.problems or any(receipt.outcome is Outcome.FAILED for receipt in receipts)
    code = _PARTIAL if failed else 0
    session.say_found(space, result.of_shard(shard, code), problems, names, output)
    sys.exit(code)

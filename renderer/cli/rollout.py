"""The commands `bump`, `promote` and `rollback`: which sites are at what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from renderer.engine import Workers

_DIFFERS, _PARTIAL = 1, 3


@click.command(
    short_help="Move sites to a version of a template.",
    epilog=options.example(
        "fleetpress bump edge-platform 1.5.0 --ring canary",
        "fleetpress bump edge-platform 1.5.0 'region=eu,ring in (canary,early)' --dry-run",
        "fleetpress bump lab-app 2.1.0 berlin-havelklinik-02",
    ),
)
@click.argument("template")
@click.argument("version")
@options.sites
@options.option("--ring", metavar="RING", help="Sites of this ring; the same as the selector ring=RING.")
@options.option("--exceptions", is_flag=True, help="Also move sites that pin the template in their own file.")
@options.option("--migrate", is_flag=True, help="Also adapt the variables, as `fleetpress migrate --write` does.")
@options.option(
    "--impact/--no-impact", default=True, show_default=True, help="Render the sites that move, and tell what changes."
)
@options.option("--dry-run", is_flag=True, help="Change no file.")
@click.option(
    "--check",
    is_flag=True,
    envvar="FLEETPRESS_BUMP_CHECK",
    show_envvar=True,
    help="Change no file; exit code 1 when a file would change.",
)
@options.fleet
@options.workers
@options.output
def bump(
    template: str,
    version: str,
    sites: tuple[str, ...],
    ring: str | None,
    exceptions: bool,
    migrate: bool,
    impact: bool,
    dry_run: bool,
    check: bool,
    fleet: Path | None,
    workers: Workers,
    output: str,
) -> None:
    """Move the pin of TEMPLATE to VERSION, up or down, for sites, a ring, or all sites that use it.

    A pin is changed where it stands, if nobody else takes it from there; else it is put into a layer that only these
    sites have, such as their ring's; else into each site's own file, which is where it goes for sites that were named
    one by one. Only lines of pins change.
    """
    from renderer import report
    from renderer.fleet import pinning
    from renderer.fleet.comparisons import impact_of
    from renderer.types import TemplatePin

    space = session.open_workspace(fleet)
    chosen = [*sites, *([f"ring={ring}"] if ring else [])]
    names = frozenset(session.choose(space, chosen, workers))
    pin = TemplatePin(template, version)
    one_by_one = bool(chosen) and all(name in space.index.sites for name in chosen)
    request = pinning.PinRequest(pin, names, exceptions or one_by_one, in_layers=not one_by_one)
    plan = pinning.plan_bump(space, request, workers, migrate=migrate)
    # Before the files change: what is compared with is what stands there.
    found = impact_of(space, plan, workers, session.watched) if impact and plan.moved and not plan.problems else None
    write = not (dry_run or check or plan.problems)
    if write:
        pinning.write_pins(space, [plan])
    session.say(report.rollout.bump(plan, found, written=write), output)
    sys.exit(_DIFFERS if plan.problems or (check and plan.files) else 0)


@click.command(
    short_help="Give a ring what the ring before has.",
    epilog=options.example(
        "fleetpress promote canary early --to fleet",
        "fleetpress promote early broad 'region=eu' --template edge-platform --to fleet --check",
    ),
)
@click.argument("before", metavar="FROM")
@click.argument("after", metavar="RING")
@options.sites
@click.option(
    "--template",
    envvar="FLEETPRESS_PROMOTE_TEMPLATE",
    show_envvar=True,
    metavar="NAME",
    help="Promote this template only.  [default: all of them]",
)
@options.option("--at", "at", metavar="TIME", help="Judge as of this time, such as 2026-01-31T12:00Z.  [default: now]")
@options.option("--dry-run", is_flag=True, help="Change no file.")
@click.option(
    "--check",
    is_flag=True,
    envvar="FLEETPRESS_PROMOTE_CHECK",
    show_envvar=True,
    help="Change no file; exit code 1 when a gate holds or a file would change.",
)
@options.fleet
@options.to
@options.plain_http
@options.ca_file
@options.workers
@options.output
def promote(
    before: str,
    after: str,
    sites: tuple[str, ...],
    template: str | None,
    at: str | None,
    dry_run: bool,
    check: bool,
    fleet: Path | None,
    to: str,
    plain_http: bool,
    ca_file: Path | None,
    workers: Workers,
    output: str,
) -> None:
    """Move the pins of RING to the versions that the ring FROM has, when the gates of fleet.yaml let them pass.

    What a gate says, and until when it holds, is told for each template. The ledger at --to says what FROM has had, and
    since when. With SITE or SELECTOR, only these of the ring are promoted.
    """
    from renderer import publish, report
    from renderer.fleet import pinning, promotion

    space = session.open_workspace(fleet, follows=True)
    destination, target = session.open_destination(space, session.Connection(to, plain_http, ca_file))
    books = session.open_books(space, target, destination)
    ring = f"{space.fleet.rollout.label}={after}"
    names = session.choose(space, [f"{one},{ring}" for one in sites] or [ring], workers)
    request = promotion.Request(before, after, frozenset(names), session.time_of(at), template)
    found = promotion.Promoter(space, books.entries, publish.fetch, workers).promote(request)
    plans = [one.plan for one in found]
    failed = any(plan.problems for plan in plans) or not all(one.passes for one in found)
    write = not (dry_run or check or any(plan.problems for plan in plans))
    if write:
        pinning.write_pins(space, plans)
    session.say(report.rollout.promotion((before, after), found, written=write), output)
    sys.exit(_DIFFERS if failed or (check and any(plan.files for plan in plans)) else 0)


@click.command(
    short_help="Give sites their earlier artifact again.",
    epilog=options.example(
        "fleetpress rollback berlin-spreelab-01 --last-good --to fleet --key keys/labs.key",
        "fleetpress rollback ring=canary --to-serial 41 --to fleet --key keys/labs.key",
    ),
)
@options.required_sites
@options.option("--last-good", is_flag=True, help="Go back to what a site had before its present content.")
@options.option("--to-serial", type=click.IntRange(min=1), metavar="SERIAL", help="Go back to this serial.")
@options.fleet
@options.today
@options.to
@options.private_key
@options.serial
@options.allow_dirty
@options.plain_http
@options.ca_file
@options.workers
@options.output
def rollback(
    sites: tuple[str, ...],
    last_good: bool,
    to_serial: int | None,
    fleet: Path | None,
    today: date,
    to: str,
    key: Path,
    serial: int | None,
    allow_dirty: bool,
    plain_http: bool,
    ca_file: Path | None,
    workers: Workers,
    output: str,
) -> None:
    """Publish an earlier artifact of sites under a new serial. Nothing is rendered.

    Only what this key has signed before is published again. `publish` then leaves the sites alone until their files
    change: put these right in git next.
    """
    from renderer import pipeline, report
    from renderer.fleet.rollback import roll_back
    from renderer.fleet.run import Run
    from renderer.fleet.sharing import refuse_shared
    from renderer.types import Outcome

    if last_good == (to_serial is not None):
        raise click.UsageError("give either --last-good or --to-serial SERIAL")
    space = session.open_workspace(fleet, today, follows=True)
    hint = "`git revert` the commit and publish: the bases and parts of then go out again, checked together"
    refuse_shared(space.fleet, "an earlier part may not fit the base of today", hint)
    signer = session.open_key(key)
    release = pipeline.choose_serial(space, serial, to, allow_dirty=allow_dirty)
    destination, target = session.open_destination(space, session.Connection(to, plain_http, ca_file, read_only=False))
    run = Run(space, destination, target, signer, release, workers)
    books = session.open_books(space, target, destination)
    names = session.choose(space, sites, workers)
    receipts = list(roll_back(run, books, names, to_serial))
    problems = list(session.located(space, [problem for receipt in receipts for problem in receipt.problems]))
    session.say(report.results.rollback(receipts, to, problems), output)
    sys.exit(_PARTIAL if any(receipt.outcome is Outcome.FAILED for receipt in receipts) else 0)

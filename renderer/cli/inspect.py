"""Commands that only look: `sites`, `verify`, `explain`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.engine import Workers
    from renderer.fleet.workspace import Workspace
    from renderer.report import Report
    from renderer.types import Shard


_PROBLEMS, _ENVIRONMENT = 1, 4


@click.command(
    short_help="List sites, labels and template pins.",
    epilog=options.example(
        "fleetpress sites 'berlin-*'",
        "fleetpress sites 'ring=canary,template:edge-platform<1.5' -o wide",
        "fleetpress sites --where 'cilium.mtu>1500' -o csv",
    ),
)
@options.sites
@options.fleet
@options.option(
    "--where",
    multiple=True,
    metavar="CONDITION",
    help="Only sites with such a value: KEY, !KEY, or KEY and =, !=, <, <=, > or >= and a VALUE; several all hold.",
)
@options.workers
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "wide", "csv", "json"]),
    default="text",
    show_default=True,
    envvar="FLEETPRESS_OUTPUT",
    show_envvar=True,
    help="Form of the result; wide and csv tell layers and files too.",
)
def sites(sites: tuple[str, ...], fleet: Path | None, where: tuple[str, ...], workers: Workers, output: str) -> None:
    """List sites with their labels, template pins and layers."""
    from renderer import report
    from renderer.fleet import queries

    space = session.open_workspace(fleet)
    chosen = session.choose(space, session.narrowed(sites, where), workers)
    found, problems = queries.list_sites(space, chosen)
    session.say(report.inventory.sites(found, output), "json" if output == "json" else "text")
    session.tell(problems)
    sys.exit(1 if problems else 0)


@click.command(
    short_help="Check what is published.", epilog=options.example("fleetpress verify --to fleet --key keys/labs.pub")
)
@options.sites
@options.fleet
@options.to
@options.public_key
@options.plain_http
@options.ca_file
@options.workers
@options.shard
@options.findings
def verify(
    sites: tuple[str, ...],
    fleet: Path | None,
    to: str,
    keys: tuple[Path, ...],
    plain_http: bool,
    ca_file: Path | None,
    workers: Workers,
    shard: Shard,
    output: str,
) -> None:
    """Check what is published: digests, content, site, serial and signature of every artifact."""
    from renderer import report
    from renderer.errors import Code
    from renderer.fleet.verifying import verify as check

    space = session.open_workspace(fleet, follows=True)
    trusted = session.open_public_keys(keys)
    destination, target = session.open_destination(space, session.Connection(to, plain_http, ca_file))
    books = session.open_books(space, target, destination, shard)
    names = session.choose(space, sites, workers, shard)
    checked = check(space, names, destination, target, trusted, books)
    receipts = list(report.progress(checked, len(names), "verifying"))
    result = report.results.verification(receipts, to)
    problems = [problem for receipt in receipts for problem in receipt.problems]
    codes = {problem.code for problem in problems}
    unreachable = codes & {Code.REGISTRY_FAILED, Code.REGISTRY_AUTH}
    code = _ENVIRONMENT if unreachable else _PROBLEMS if codes else 0
    session.say_found(space, result.of_shard(shard, code), problems, names, output)
    sys.exit(code)


@click.command(
    short_help="Show where a value, or a rendered field, comes from.",
    epilog=options.example(
        "fleetpress explain berlin-spreelab-01 cilium.mtu",
        "fleetpress explain berlin-spreelab-01 --object HelmRelease/flux-system/cilium --field spec.values.MTU",
        "fleetpress explain berlin-spreelab-01 --why-changed --to fleet",
    ),
)
@options.site
@click.argument("key", default="")
@options.option(
    "--object", "target", metavar="OBJECT", help="KIND/NAMESPACE/NAME: explain what is rendered, not what is set."
)
@options.option(
    "--why-changed", is_flag=True, help="Explain what differs from what is published: inputs, commits, fields."
)
@options.option(
    "--field",
    "field",
    default="",
    metavar="FIELD",
    help="A field of the object, such as spec.replicas.  [default: all]",
)
@options.fleet
@options.to
@options.plain_http
@options.ca_file
@options.output
def explain(
    site: str,
    key: str,
    target: str | None,
    why_changed: bool,
    field: str,
    fleet: Path | None,
    to: str,
    plain_http: bool,
    ca_file: Path | None,
    output: str,
) -> None:
    """Show the value of KEY at SITE, the file and line that set it, and what it overrode. All values without KEY.

    With --object, show for a field of a rendered object the line of a template that made it, the values which that line
    reads, and the files that set these. With --why-changed, show the same for what differs from what is published.
    """
    from renderer import report
    from renderer.fleet import explaining, queries

    if bool(key) + bool(target) + why_changed > 1 or (field and not target):
        raise click.UsageError("give one of KEY, --object (perhaps with --field), and --why-changed")
    space = session.open_workspace(fleet, follows=why_changed)
    if target:
        found = explaining.explain_object(space, site, target, field)
        session.say(report.explained.rendered_fields(site, target, found), output)
    elif why_changed:
        session.say(_why_changed(space, site, session.Connection(to, plain_http, ca_file)), output)
    else:
        session.say(report.results.explanation(site, queries.explain(space, site, key)), output)


def _why_changed(space: Workspace, site: str, connection: session.Connection) -> Report:
    from renderer import diff, report
    from renderer.engine import Workers
    from renderer.errors import ConfigurationError
    from renderer.fleet import causes, comparisons
    from renderer.plan import Candidates
    from renderer.publish import TargetOptions

    destination, target = session.open_destination(space, connection)
    books = session.open_books(space, target, destination)
    name = space.file(site).name
    options = TargetOptions(plain_http=connection.plain_http, ca_file=connection.ca_file, read_only=True)
    asked = Candidates({name: ()}, 0, ())
    compared = comparisons.compare(
        space,
        comparisons.against_published(space, books, asked, options, destination),
        comparisons.Asked(Workers(1)),
    )
    if compared.failed:
        raise ConfigurationError(f"site {name} cannot be compared", problems=compared.problems)
    changes = diff.ungrouped(compared.groups).get(name, ())
    return report.causes.why_changed(causes.why_changed(space, name, books.entries.get(name), changes))

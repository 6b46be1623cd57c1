"""`diff`: what changes between what sites render to and what they had, as text, data, Markdown or a page."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from datetime import date

    from renderer.engine import Workers
    from renderer.fleet.books import Books
    from renderer.fleet.comparisons import Comparison
    from renderer.fleet.destination import Destination
    from renderer.fleet.supposing import Supposition
    from renderer.fleet.workspace import Workspace
    from renderer.types import FleetDifference

_DIFFERENT, _PARTIAL = 1, 3
_PUBLISHED, _TREE, _FOLDERS = "published", "tree", ("tree", "index")


_against = options.option(
    "--against",
    metavar="WHAT",
    help="published, git:REF, index (git's), tree (the work tree), or a file of `diff --save`.  "
    "[default: published; tree with --what-if or --set]",
)
_versions = options.option(
    "--what-if", "versions", multiple=True, metavar="NAME=VERSION", help="Suppose a template version; several."
)
_settings = options.option(
    "--set",
    "settings",
    multiple=True,
    metavar="[SELECTOR:]PATH=VALUE",
    help="Suppose a value, YAML, for the sites of a selector; several.",
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line compares with what."""

    space: Workspace
    sites: tuple[str, ...]
    against: str
    connection: session.Connection
    supposition: Supposition | None

    def ledgers(self) -> tuple[Books, Destination] | None:
        """What is published, when that is what is compared with; from here on sites are looked up in it."""
        if self.against != _PUBLISHED:
            return None
        destination, target = session.open_destination(self.space, self.connection)
        return session.open_books(self.space, target, destination), destination


@click.command(
    short_help="Show what changes, grouped over the fleet.",
    epilog=options.example(
        "fleetpress diff berlin-spreelab-01",
        "fleetpress diff --against git:main -o markdown",
        "fleetpress diff --what-if edge-platform=next 'ring=broad'",
        "fleetpress diff --set region=eu:cilium.mtu=1400 -o html > difference.html",
        "kubectl get deploy,svc,cm -A -o yaml | fleetpress diff berlin-spreelab-01 --live -",
    ),
)
@options.sites
@options.fleet
@options.today
@_against
@_versions
@_settings
@options.option("--ignore-defaults", is_flag=True, help="Leave out what the API server would fill in anyway.")
@options.option(
    "--by",
    type=click.Choice(["change", "site"]),
    default="change",
    show_default=True,
    help="Tell equal changes once, or each site's own; for text.",
)
@options.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), help="Write what the sites render to into a file, too."
)
@options.option(
    "--live",
    type=click.Path(dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Compare one site with objects that `kubectl get -o yaml` wrote; - reads them from stdin.",
)
@options.option("--all-live", is_flag=True, help="With --live, show every object that is not rendered.")
@options.to
@options.plain_http
@options.ca_file
@options.workers
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "markdown", "html"]),
    default="text",
    show_default=True,
    envvar="FLEETPRESS_OUTPUT",
    show_envvar=True,
    help="Form of the result.",
)
def diff(
    sites: tuple[str, ...],
    fleet: Path | None,
    today: date,
    against: str | None,
    versions: tuple[str, ...],
    settings: tuple[str, ...],
    ignore_defaults: bool,
    by: str,
    save: Path | None,
    live: str | None,
    all_live: bool,
    to: str,
    plain_http: bool,
    ca_file: Path | None,
    workers: Workers,
    output: str,
) -> None:
    """Show what changes between what sites had and what they render to now, per object and field.

    Sites with the same change are told together. Exit code 1 when something differs, 3 when a site cannot be compared.
    """
    from renderer.fleet import comparisons
    from renderer.fleet.supposing import suppose

    space = session.open_workspace(fleet, today, follows=_is_published(against, versions, settings) and live is None)
    if live is not None:
        _live(space, sites, live, output, all_live=all_live)
    supposition = suppose(space, versions, settings)
    connection = session.Connection(to, plain_http, ca_file)
    asked = _Asked(space, sites, against or (_TREE if supposition else _PUBLISHED), connection, supposition)
    ledgers = asked.ledgers()
    names = session.choose(space, sites, workers)
    with _comparison(asked, names, ledgers) as comparison:
        how = comparisons.Asked(workers, supposition, ignore_defaults=ignore_defaults)
        found = comparisons.compare(space, comparison, how, session.watched(len(comparison.pairings)))
    if save is not None:
        comparisons.save(space, names, how, save)
    session.tell(list(session.located(space, found.problems)))
    click.echo(_said(found, by, output))
    sys.exit(_PARTIAL if found.failed else _DIFFERENT if found.changed or found.left else 0)


@click.command(
    short_help="Pick the fewest sites that show a change.",
    epilog=options.example(
        "fleetpress canary --what-if edge-platform=next",
        "fleetpress canary --against git:origin/main 'ring in (canary,early)' -o json",
    ),
)
@options.sites
@options.fleet
@_against
@_versions
@_settings
@options.option("--cover", is_flag=True, default=True, help="Cover every distinct change of an object: always so.")
@options.to
@options.plain_http
@options.ca_file
@options.workers
@options.output
def canary(
    sites: tuple[str, ...],
    fleet: Path | None,
    against: str | None,
    versions: tuple[str, ...],
    settings: tuple[str, ...],
    cover: bool,
    to: str,
    plain_http: bool,
    ca_file: Path | None,
    workers: Workers,
    output: str,
) -> None:
    """Pick the smallest set of sites that has every distinct change between them, of all sites or those given.

    Of sites that would do, the ones of the earliest ring are picked. The names can be given to `bump` and `publish`.
    """
    del cover
    from renderer import diff as differing
    from renderer.fleet import comparisons
    from renderer.fleet.supposing import suppose
    from renderer.report import differences

    space = session.open_workspace(fleet, follows=_is_published(against, versions, settings))
    supposition = suppose(space, versions, settings)
    connection = session.Connection(to, plain_http, ca_file)
    asked = _Asked(space, sites, against or (_TREE if supposition else _PUBLISHED), connection, supposition)
    ledgers = asked.ledgers()
    names = session.choose(space, sites, workers)
    with _comparison(asked, names, ledgers) as comparison:
        how = comparisons.Asked(workers, supposition)
        found = comparisons.compare(space, comparison, how, session.watched(len(comparison.pairings)))
    session.tell(list(session.located(space, found.problems)))
    chosen = differing.cover(found.groups, comparisons.ring_rank(space, found))
    session.say(differences.canaries(found, chosen), output)
    sys.exit(_PARTIAL if found.failed else 0)


def _is_published(against: str | None, *suppositions: tuple[str, ...]) -> bool:
    """Whether the comparison is with what is published."""
    return against == _PUBLISHED or (against is None and not any(suppositions))


def _comparison(
    asked: _Asked, names: Sequence[str], ledgers: tuple[Books, Destination] | None
) -> AbstractContextManager[Comparison]:
    from renderer import pipeline
    from renderer.fleet import comparisons
    from renderer.publish import TargetOptions

    space, against, whole = asked.space, asked.against, not asked.sites
    if against in _FOLDERS or against.startswith("git:"):
        return comparisons.against_folder(space, against, names, whole=whole)
    if ledgers is None:
        return nullcontext(comparisons.against_snapshot(space, Path(against), names, whole=whole))
    (books, destination), connection = ledgers, asked.connection
    # What is supposed is in no ledger: then every site has to be looked at.
    found = pipeline.survey(space, books, names, None)
    shown = found if asked.supposition is None else comparisons.with_all(found, names)
    if not whole:
        # Who asks about some sites is not told that others left.
        shown = replace(shown, removed=())
    reached = TargetOptions(plain_http=connection.plain_http, ca_file=connection.ca_file, read_only=True)
    return nullcontext(comparisons.against_published(space, books, shown, reached, destination))


def _said(found: FleetDifference, by: str, output: str) -> str:
    from renderer import report
    from renderer.diff import by_object, in_common, ungrouped
    from renderer.report import difference_html, difference_markdown, differences

    # Of one site there is nothing to group.
    if output == "text" and (by == "site" or found.compared == 1):
        return differences.by_site(ungrouped(found.groups)) or differences.headline(found)
    told = [differences.Told(group, *in_common(group)) for group in found.groups]
    if output == "markdown":
        return difference_markdown.difference(found, told)
    if output == "html":
        return difference_html.difference(found, told)
    return report.REPORTERS[output](differences.difference(found, told, by_object(found.groups)))


def _live(space: Workspace, sites: tuple[str, ...], file: str, output: str, *, all_live: bool) -> None:
    """Compare with a cluster, and end."""
    from renderer import report
    from renderer.fleet.live import compare_live

    if len(sites) != 1 or output not in ("text", "json"):
        raise click.UsageError("--live compares one SITE, as text or json")
    try:
        with click.open_file(file, "rb") as stream:
            export = stream.read()
    except OSError as error:
        raise click.UsageError(f"cannot read {file}: {error.strerror}") from None
    changes = compare_live(space, sites[0], export, "stdin" if file == "-" else file, all_live=all_live)
    session.say(report.results.live_difference(sites[0], changes), output)
    sys.exit(_DIFFERENT if changes else 0)

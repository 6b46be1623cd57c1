"""Commands about template versions: `template lock`, `template release`, `template versions`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.engine import Workers

_DIFFERS = 1


@click.command(
    short_help="Hold template versions to their content.",
    epilog=options.example(
        "fleetpress template lock",
        "fleetpress template lock --check",
        "fleetpress template lock --upgrade edge-platform",
        "fleetpress template lock edge-platform@1.6.0",
    ),
)
@click.argument("templates", nargs=-1, metavar="[NAME[@VERSION]]...")
@click.option(
    "--check",
    envvar="FLEETPRESS_LOCK_CHECK",
    show_envvar=True,
    is_flag=True,
    help="Write nothing; exit 1 when the lock would change, or a source offers other content than it has.",
)
@click.option(
    "--upgrade",
    envvar="FLEETPRESS_LOCK_UPGRADE",
    show_envvar=True,
    is_flag=True,
    help="Take the newest version of each range, and what `next` and each NAME@VERSION are now.",
)
@options.fleet
@options.workers
@options.output
def lock(
    templates: tuple[str, ...], check: bool, upgrade: bool, fleet: Path | None, workers: Workers, output: str
) -> None:
    """Write templates.lock: every template version that the fleet pins, with its commit and the digest of its content.

    NAME limits this to some templates; NAME@VERSION adds a version that nothing pins yet. Versions in the fleet's
    folder are locked whether they are pinned or not. What is locked stays so until `--upgrade` names it.
    """
    from renderer import read
    from renderer.fleet import locking
    from renderer.report import templates as told

    space = session.open_workspace(fleet)
    order = locking.LockOrder.parse(templates, upgrade=upgrade, check=check)
    made = locking.make_lock(space, order, workers)
    if made.changed and not check:
        locking.write_lock(space, made.lock)
    file = read.lock_path(space.fleet).relative_to(space.fleet.repository).as_posix()
    session.say(told.lock(made.rows, made.ranges, made.problems, changed=made.changed, file=file), output)
    sys.exit(_DIFFERS if made.problems or (check and made.differs) else 0)


@click.command(
    short_help="Freeze `next` as a version.",
    epilog=options.example("fleetpress template release edge-platform 1.6.0"),
)
@click.argument("name")
@click.argument("version")
@options.fleet
@options.output
def release(name: str, version: str, fleet: Path | None, output: str) -> None:
    """Copy the working version `next` of NAME to VERSION, which does not change from then on.

    VERSION must be higher than every other one, and CHANGELOG.md must say what is new: what stands below `Unreleased`
    goes below VERSION. The template must compile. With a lock, the version is locked.
    """
    from renderer.fleet import releasing
    from renderer.report import templates as told
    from renderer.types import TemplatePin

    released = releasing.release(session.open_workspace(fleet), TemplatePin(name, version))
    session.say(told.release(released.pin, released.digest, released.folder, released.notes), output)


@click.command(
    short_help="List the versions that there are.",
    epilog=options.example(
        "fleetpress template versions",
        "fleetpress template versions edge-platform --renovate --file public/edge-platform.json",
    ),
)
@click.argument("name", default="")
@click.option(
    "--renovate",
    envvar="FLEETPRESS_VERSIONS_RENOVATE",
    show_envvar=True,
    is_flag=True,
    help="Write what Renovate's datasource `custom` reads; needs NAME.",
)
@click.option(
    "--file",
    envvar="FLEETPRESS_VERSIONS_FILE",
    show_envvar=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of stdout.",
)
@click.option(
    "--changelog-url",
    envvar="FLEETPRESS_CHANGELOG_URL",
    show_envvar=True,
    default="",
    help="With --renovate: the address of the changelog.",
)
@click.option(
    "--homepage",
    envvar="FLEETPRESS_HOMEPAGE",
    show_envvar=True,
    default="",
    help="With --renovate: the address of the template's page.",
)
@options.fleet
@options.output
def versions(
    name: str, renovate: bool, file: Path | None, changelog_url: str, homepage: str, fleet: Path | None, output: str
) -> None:
    """List every version of the template NAME, or of all templates: in the fleet's folder and at the sources."""
    from renderer import report
    from renderer.fleet import queries
    from renderer.fleet.locking import replace_file
    from renderer.report import templates as told

    if renovate and not name:
        raise click.UsageError("--renovate needs NAME: Renovate reads one file for each template")
    rows = queries.template_versions(session.open_workspace(fleet), name)
    if renovate:
        links = {key: url for key, url in (("changelogUrl", changelog_url), ("homepage", homepage)) if url}
        text = told.renovate(rows, links)
    else:
        text = report.REPORTERS[output](told.versions(rows))
    if file is None:
        click.echo(text)
    else:
        replace_file(file, f"{text}\n".encode())


COMMANDS: Mapping[str, click.Command] = {"lock": lock, "release": release, "versions": versions}

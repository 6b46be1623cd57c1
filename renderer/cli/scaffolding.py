"""Commands that make files to begin with: `init`, `new site`, `new template`."""

from __future__ import annotations

import sys
from os.path import relpath
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renderer.fleet.starters import Asking

_answers = options.option(
    "--answer", "answers", multiple=True, metavar="KEY=VALUE", help="Answer to a question; may be given several times."
)
_defaults = options.option("--defaults", is_flag=True, help="Ask nothing: what is not given gets its default.")


@click.command(
    short_help="Make a fleet repository.",
    epilog=options.example(
        "fleetpress init shops",
        "fleetpress init shops --defaults --answer regions='[eu, us]' --answer ci=github",
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@options.option("--name", help="Name of the fleet.  [default: the name of DIR]")
@_answers
@_defaults
@options.output
def init(folder: Path, name: str | None, answers: tuple[str, ...], defaults: bool, output: str) -> None:
    """Make a fleet repository in DIR: fleet.yaml, layers, a site, a template, schemas for editors, CI jobs.

    Asks in a terminal. Elsewhere every question that is not answered by a flag gets its default. Overwrites nothing.
    """
    from renderer import report
    from renderer.fleet import starters

    asking = _asking([*answers, *([f"name={name}"] if name else [])], defaults=defaults)
    made = starters.new_fleet(folder, asking)
    here = [] if folder.resolve() == Path.cwd() else [f"cd {folder}"]
    fresh = [] if (folder / ".git").exists() else ["git init"]
    steps = [*here, *fresh, "git add -A", "git commit -m 'First fleet'", "fleetpress validate"]
    session.say(report.results.made("fleet", str(folder), made.files, steps), output)


@click.group(short_help="Make a site or a template.")
def new() -> None:
    """Make a new site or a new template in a fleet repository."""


@new.command(
    "site",
    short_help="Make a site.",
    epilog=options.example(
        "fleetpress new site hamburg-port-01",
        "fleetpress new site hamburg-port-01 --label region=eu --label country=de --label ring=broad",
    ),
)
@click.argument("name")
@options.option(
    "--label", "labels", multiple=True, metavar="KEY=VALUE", help="Label of the site; may be given several times."
)
@_answers
@_defaults
@options.fleet
@options.output
def new_site(
    name: str, labels: tuple[str, ...], answers: tuple[str, ...], defaults: bool, fleet: Path | None, output: str
) -> None:
    """Make the file of the site NAME, in the folder where the fleet's other sites would have it.

    Asks for the labels of fleet.yaml, and for the values that the site's templates need and no layer gives.
    """
    from renderer import report
    from renderer.fleet import newcomer

    space = session.open_workspace(fleet)
    made = newcomer.new_site(space, name, _pairs("--label", labels), _asking(answers, defaults=defaults))
    session.say(report.results.made("site", relpath(made.folder), made.files, [f"fleetpress validate {name}"]), output)


@new.command(
    "template",
    short_help="Make a template.",
    epilog=options.example("fleetpress new template label-printer"),
)
@click.argument("name")
@_answers
@_defaults
@options.fleet
@options.output
def new_template(name: str, answers: tuple[str, ...], defaults: bool, fleet: Path | None, output: str) -> None:
    """Make the template NAME, with the version `next` that people work on."""
    from renderer import report
    from renderer.fleet import starters

    space = session.open_workspace(fleet)
    made = starters.new_template(space, name, _asking(answers, defaults=defaults))
    session.say(report.results.made("template", relpath(made.folder), made.files, ["fleetpress validate"]), output)


def _asking(answers: Iterable[str], *, defaults: bool) -> Asking:
    from renderer.fleet.starters import Asking

    return Asking(_pairs("--answer", answers), interactive=sys.stdin.isatty() and not defaults)


def _pairs(flag: str, texts: Iterable[str]) -> dict[str, str]:
    """The KEY=VALUE pairs of a flag; raises click.UsageError for another form, and for a key that is given twice."""
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals):
            raise click.UsageError(f"{flag} expects KEY=VALUE, got {text[:80]!r}")
        if key in pairs:
            raise click.UsageError(f"{flag} has {key} twice")
        pairs[key] = value
    return pairs

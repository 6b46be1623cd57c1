"""Commands about the quality of templates: `template lint`, `template test`, `template schema`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.cli import options, session

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROBLEMS = 1

_names = click.argument("names", nargs=-1, metavar="[NAME[@VERSION]]...")


@click.command(
    short_help="Look for what is wrong or doubtful.",
    epilog=options.example("fleetpress template lint", "fleetpress template lint edge-platform@1.5.0 --strict"),
)
@_names
@options.option("--strict", is_flag=True, help="Treat warnings as errors.")
@options.fleet
@options.findings
def lint(names: tuple[str, ...], strict: bool, fleet: Path | None, output: str) -> None:
    """Tell everything that is wrong in template versions, and what is doubtful.

    Without NAME all versions: those in the fleet's folder, and those that templates.lock has from elsewhere.
    """
    from renderer import report
    from renderer.fleet import quality, queries, versions

    space = session.open_workspace(fleet)
    pins = versions.choose(space, names)
    problems = list(dict.fromkeys(quality.lint(space, pins)))
    if strict:
        problems = quality.strict(problems)
    owned = [replace(problem, site=versions.owner(pins, problem)) for problem in problems]
    session.say_found(space, report.quality.lint(pins, problems), owned, map(str, pins), output)
    sys.exit(_PROBLEMS if queries.has_errors(problems) else 0)


@click.command(
    short_help="Run the golden cases.",
    epilog=options.example("fleetpress template test", "fleetpress template test edge-platform@1.5.0 --update"),
)
@_names
@options.option("--update", is_flag=True, help="Make what is rendered now the expected files.")
@options.fleet
@options.output
def test(names: tuple[str, ...], update: bool, fleet: Path | None, output: str) -> None:
    """Render the golden cases of template versions, and compare with the expected files.

    Without NAME all versions: those in the fleet's folder, and those that templates.lock has from elsewhere.
    """
    from renderer import report
    from renderer.fleet import quality, versions

    space = session.open_workspace(fleet)
    cases = list(quality.run_cases(space, versions.choose(space, names), update=update))
    session.say(report.quality.cases(cases), output)
    sys.exit(_PROBLEMS if any(case.outcome == "failed" for case in cases) else 0)


@click.command(
    short_help="Print a JSON Schema for editors.",
    epilog=options.example(
        "fleetpress template schema edge-platform@1.5.0",
        "fleetpress template schema -o schemas/generated/labs.schema.json",
    ),
)
@click.argument("name", default="", metavar="[NAME[@VERSION]]")
@click.option(
    "-o",
    "--output",
    default="-",
    show_default=True,
    envvar="FLEETPRESS_SCHEMA_OUTPUT",
    show_envvar=True,
    help="File to write, or - for stdout.",
)
@options.fleet
def schema(name: str, output: str, fleet: Path | None) -> None:
    """Print the JSON Schema of a template's answers, the newest version's without VERSION.

    Without NAME, the schema of the fleet's layer and site files: its labels, its templates, and the values that the
    pinned templates ask for.
    """
    from renderer import report
    from renderer.fleet import answers

    space = session.open_workspace(fleet)
    if name:
        text = answers.template_schema(space, name)
    else:
        text, problems = answers.fleet_schema(space)
        session.tell(problems)
    if output == "-":
        click.echo(text, nl=False)
    else:
        report.write_text(Path(output), text)


COMMANDS: Mapping[str, click.Command] = {"lint": lint, "test": test, "schema": schema}

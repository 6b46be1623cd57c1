"""Options that several commands share. Each is also an environment variable, `FLEETPRESS_` and its name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from renderer.cli import session

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.types import Shard

Function = TypeVar("Function", bound="Callable[..., Any]")


def option(*names: str, **settings: Any) -> Callable[[Function], Function]:
    """`click.option` with the environment variable named after the longest flag."""
    flag = max((name for name in names if name.startswith("--")), key=len).partition("/")[0]
    variable = f"FLEETPRESS_{flag.removeprefix('--').upper().replace('-', '_')}"
    return click.option(*names, envvar=variable, show_envvar=True, **settings)


def example(*lines: str) -> str:
    r"""An epilog that shows how the command is used; `\\b` keeps click from joining its lines."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


FILE = click.Path(dir_okay=False, path_type=Path)
fleet = option(
    "--fleet",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder with fleet.yaml.  [default: the only fleet in, above or below this folder]",
)
output = option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", show_default=True, help="Form of the result."
)
_findings = option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "junit", "tap", "sarif", "github", "gitlab", "markdown"]),
    default="text",
    show_default=True,
    help="Form of the result; all but text and json tell the problems only.",
)


def findings(function: Function) -> Function:
    """`-o` of a command that looks for problems. What stops the run is told in the form that was asked for, too."""

    @wraps(function)
    def told(*arguments: Any, output: str, **settings: Any) -> Any:
        kind = "-".join(click.get_current_context().command_path.split()[1:])
        with session.reporting(kind, output):
            return function(*arguments, output=output, **settings)

    return _findings(cast("Function", told))


to = option(
    "--to",
    default="oci-archive:build/registry",
    show_default=True,
    metavar="TARGET",
    help="oci-layout:DIR, oci-archive:DIR, oci://HOST/PREFIX ({region} is replaced), or `fleet` for the registries of "
    "fleet.yaml.",
)
plain_http = option("--plain-http", is_flag=True, help="Speak http with the registry; for tests on one machine.")
ca_file = option(
    "--ca-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="PEM file of the authority that the registry uses.",
)
_workers = option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes to work with; the result is the same for any number.  [default: one per processor]",
)
_engine = option(
    "--engine",
    default="processes",
    show_default=True,
    metavar="ENGINE",
    help="serial, processes, dask (a cluster on this machine), or dask://HOST:PORT; the result is the same for any.",
)


def _shard_of(_context: click.Context, _option: click.Parameter, text: str | None) -> Shard:
    return session.shard_of(text)


shard = option(
    "--shard",
    metavar="I/N",
    callback=_shard_of,
    help="Only the sites of share I of N, for jobs side by side; `ci`: as CI_NODE_INDEX and CI_NODE_TOTAL say.",
)


def workers(function: Function) -> Function:
    """`--workers` and `--engine`, given to the command as one `engine.Workers`, and closed after it."""

    @wraps(function)
    def working(*arguments: Any, workers: int | None, engine: str, **settings: Any) -> Any:
        opened = session.open_workers(workers, engine)
        return function(*arguments, workers=opened, **settings)

    return _workers(_engine(cast("Function", working)))


public_key = click.option(
    "--key",
    "keys",
    # Not FLEETPRESS_KEY: a job that publishes and verifies has both keys.
    envvar="FLEETPRESS_PUBLIC_KEY",
    show_envvar=True,
    multiple=True,
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Public key file; may be given several times, any of them will do.",
)


def _day(_context: click.Context, _parameter: click.Parameter, text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"expected a day such as 2027-03-31, got {text[:40]!r}") from None


today = option(
    "--today",
    metavar="DATE",
    callback=_day,
    help="Day that decides which waivers count, such as 2027-03-31.  [default: today in UTC]",
)
site = click.argument("site")
# A site's name, a glob, or a selector (docs/reference/selectors.md).
sites = click.argument("sites", nargs=-1, metavar="[SITE|SELECTOR]...")
required_sites = click.argument("sites", nargs=-1, required=True, metavar="SITE|SELECTOR...")
private_key = option(
    "--key", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Private key to sign with."
)
serial = option(
    "--serial",
    type=click.IntRange(min=1),
    help="Serial of this publication.  [default: number of first-parent commits up to HEAD]",
)
allow_dirty = option("--allow-dirty", is_flag=True, help="Publish to a registry although files are not committed.")

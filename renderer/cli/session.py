"""What commands do before and after their work: open the fleet, choose sites, open the target, print the report."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import date

    from renderer.engine import Workers
    from renderer.fleet.books import Books
    from renderer.fleet.comparisons import Watch
    from renderer.fleet.destination import Destination
    from renderer.fleet.run import Reach
    from renderer.fleet.workspace import Workspace
    from renderer.pipeline import Plan
    from renderer.publish import Target
    from renderer.report import Report
    from renderer.report.results import Waived
    from renderer.sign import PublicKey, Signer
    from renderer.types import Problem, Shard


_PLAIN = ("text", "json")


@dataclass(frozen=True, slots=True)
class Connection:
    """How `--to` is reached."""

    to: str
    plain_http: bool = False
    ca_file: Path | None = None
    read_only: bool = True


def open_workspace(fleet: Path | None, today: date | None = None, *, follows: bool = False) -> Workspace:
    """The fleet that was asked for, or the one that is there; `today` for commands to which waivers matter.

    One that `follows` what changed will ask git about every file. Git begins at once, while everything else starts.
    """
    from renderer.read import find_fleet, look_early

    root = fleet if fleet is not None else find_fleet(Path.cwd())
    checkout = look_early(root) if follows else None
    from renderer.fleet.workspace import Workspace

    return Workspace(root, today, checkout)


def choose(
    space: Workspace, selectors: Sequence[str], workers: Workers | None = None, shard: Shard | None = None
) -> list[str]:
    """Names of the sites that `selectors` (names, globs such as `berlin-*`, or `ring=canary`) mean; all for none."""
    from renderer.fleet.selection import select
    from renderer.types import Shard

    return select(space, selectors, workers or open_workers(), shard or Shard())


def choose_any(space: Workspace, selectors: Sequence[str], workers: Workers, shard: Shard) -> Collection[str]:
    """`choose`, for who does not go through all sites of a fleet: without selectors they are a set of its index."""
    every = not selectors and shard.is_all
    return space.index.sites.keys() if every else choose(space, selectors, workers, shard)


def shard_of(text: str | None) -> Shard:
    """The shard that was asked for: I/N, what the CI says for `ci`, or everything. Raises ConfigurationError."""
    from renderer.errors import Code, ConfigurationError
    from renderer.types import Problem, Shard

    if text is None:
        return Shard()
    asked = text
    if text == "ci":
        asked = f"{os.environ.get('CI_NODE_INDEX', '')}/{os.environ.get('CI_NODE_TOTAL', '')}"
    try:
        return Shard.parse(asked)
    except ValueError as error:
        what = f"--shard {text}: {error}"
        hint = "give I/N such as 3/16, or `ci` in a job of GitLab with `parallel: N`"
        raise ConfigurationError(what, problems=[Problem(Code.SHARD_INVALID, what, hint=hint)]) from None


def refuse_shards(space: Workspace, shard: Shard) -> None:
    """Raise ConfigurationError for jobs side by side, when sites share bases: none would know all sites of a base."""
    from renderer.fleet.sharing import refuse_shared

    if not shard.is_all:
        hint = "publish in one job; --workers and --engine spread its work"
        refuse_shared(space.fleet, "a shard has only some of the sites of each base", hint)


def narrowed(selectors: Sequence[str], conditions: Sequence[str]) -> list[str]:
    """The selectors, each with conditions on values added: `cilium.mtu>1500`, `!cilium.mtu`."""
    added = ",".join(f"!value:{one[1:]}" if one.startswith("!") else f"value:{one}" for one in conditions)
    return [f"{selector},{added}" for selector in selectors] or [added] if added else list(selectors)


def time_of(text: str | None) -> datetime:
    """The moment that was asked for, now without one."""
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"expected a time such as 2026-01-31T12:00Z, got {text[:40]!r}") from None
    if found.tzinfo is None:
        raise click.BadParameter(f"{text} has no offset; write 2026-01-31T12:00Z or 2026-01-31T12:00+01:00")
    return found.astimezone(UTC)


def open_destination(space: Workspace, connection: Connection) -> tuple[Destination, Target]:
    """Where the sites go, and the target to reach it with."""
    from renderer.fleet.destination import Destination
    from renderer.publish import TargetOptions, open_targets

    destination = Destination.parse(space.fleet, connection.to)
    options = TargetOptions(
        plain_http=connection.plain_http, ca_file=connection.ca_file, read_only=connection.read_only
    )
    target = open_targets(destination.targets, options=options)
    click.get_current_context().call_on_close(target.close)
    return destination, target


def open_books(
    space: Workspace, target: Target, destination: Destination, shard: Shard | None = None, *, fresh: bool = False
) -> Books:
    """The ledgers, and from here on `space.index`, with what this machine remembers of both.

    To be opened before sites are chosen: who chooses without it lists and hashes the files of all sites.
    """
    from renderer.fleet import books
    from renderer.types import Shard

    opened, problems = books.open_books(space, target, destination, shard or Shard(), fresh=fresh)
    click.get_current_context().call_on_close(opened.close)
    tell(problems)
    return opened


def open_key(path: Path) -> Signer:
    """The private key at `path`; its password comes from the environment, or from the person at the terminal."""
    from renderer.errors import Code, KeyFailure
    from renderer.sign import load_signer

    password = os.environ.get("FLEETPRESS_KEY_PASSWORD", os.environ.get("COSIGN_PASSWORD"))
    try:
        signer = load_signer(path, password.encode() if password is not None else None)
    except KeyFailure as error:
        asked = password is None and any(problem.code is Code.KEY_PASSWORD for problem in error.problems)
        if not (asked and sys.stdin.isatty()):
            raise
        signer = load_signer(path, click.prompt(f"Password of {path}", hide_input=True, err=True).encode())
    tell(signer.warnings)
    return signer


def open_public_keys(paths: Sequence[Path]) -> list[PublicKey]:
    """The public keys at `paths`."""
    from renderer.sign import load_public_key

    return [load_public_key(path) for path in paths]


def open_workers(asked: int | None = None, engine: str = "processes") -> Workers:
    """What to work with; whatever it opens is closed when the command ends."""
    from renderer.engine import Workers

    workers = Workers(asked if asked is not None else _processors(), engine)
    click.get_current_context().call_on_close(workers.close)
    return workers


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_files(paths: Sequence[Path]) -> dict[str, bytes]:
    """The files' contents by name. Raises ConfigurationError with all that cannot be read."""
    from renderer.errors import Code, ConfigurationError
    from renderer.types import Origin, Problem

    found: dict[str, bytes] = {}
    problems = []
    for path in paths:
        try:
            found[str(path)] = path.read_bytes()
        except OSError as error:
            what = f"cannot read the file: {error.strerror}"
            problems.append(Problem(Code.FILE_UNREADABLE, what, Origin(str(path))))
    if problems:
        raise ConfigurationError("files cannot be read", problems=problems)
    return found


def watched(total: int) -> Watch:
    """Shows how a comparison of so many sites gets on."""
    from renderer.report import progress

    return lambda outcomes: progress(outcomes, total, "comparing")


def beyond_limits(space: Workspace, plan: Plan, reach: Reach, workers: Workers) -> list[Problem]:
    """What a plan changes beyond the limits of fleet.yaml."""
    from renderer.types import Limits

    if space.fleet.rollout.limits == Limits():
        return []
    from renderer.fleet.blast import beyond_limits as judge

    changed = [*plan.changed, *plan.removed]
    return judge(space, changed, plan.moves, reach, datetime.now(UTC), workers)


def reach_of(books: Books, destination: Destination, connection: Connection) -> Reach:
    """How limits that look at what is published find it."""
    from renderer.fleet.run import Reach
    from renderer.publish import TargetOptions

    options = TargetOptions(plain_http=connection.plain_http, ca_file=connection.ca_file, read_only=True)
    return Reach(books, destination, options)


def keep_limits(
    space: Workspace, reach: Reach, names: Collection[str], workers: Workers, reason: str | None
) -> Waived | None:
    """What a publication is allowed beyond the limits of fleet.yaml, and why.

    Raises ConfigurationError when it is beyond them, and nobody said why it may.
    """
    from renderer import pipeline
    from renderer.errors import ConfigurationError
    from renderer.report.results import Waived
    from renderer.types import Limits

    if space.fleet.rollout.limits == Limits():
        return None
    problems = beyond_limits(space, pipeline.make_plan(space, reach.books, names, workers), reach, workers)
    if problems and not (reason and reason.strip()):
        raise ConfigurationError("the publication is beyond the limits of fleet.yaml", problems=problems)
    return Waived(reason.strip(), tuple(problems)) if problems and reason else None


def tell(problems: Sequence[Problem]) -> None:
    """Problems that stop nothing, on stderr."""
    from renderer.report import problems_text

    if problems:
        click.echo(problems_text(problems), err=True)


def say(report: Report, form: str) -> None:
    """The result, on stdout, in the form that was asked for."""
    from renderer.report import REPORTERS

    click.echo(REPORTERS[form](report))


def say_found(
    space: Workspace, result: Report, problems: Iterable[Problem], subjects: Iterable[str], form: str
) -> None:
    """A result that is about problems, on stdout, in any form."""
    if form in _PLAIN and result.share is None:
        say(result, form)  # it has told them, and nobody asks for the names of all sites
        return
    home = (space.fleet.root / "fleet.yaml").relative_to(space.fleet.repository).as_posix()
    say(result.about(problems, subjects, home), form)


@contextmanager
def reporting(kind: str, form: str) -> Iterator[None]:
    """While this is open, an error that stops the run is told in the form that was asked for too.

    A job that shows annotations would show none otherwise. Text goes to stderr as ever, and JSON has no such form.
    """
    from renderer.errors import FleetpressError

    try:
        yield
    except FleetpressError as error:
        if form not in _PLAIN and error.problems:
            from renderer.report import Report

            say(Report(kind, {}, "").about(error.problems, [], "fleet.yaml"), form)
        raise


def located(space: Workspace, problems: Sequence[Problem]) -> Iterator[Problem]:
    """The problems of sites, with the file and line of the value that caused each."""
    from renderer.fleet.locating import locate

    return locate(space, problems)

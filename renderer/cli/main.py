"""The `fleetpress` command.

In: arguments and environment. Out: data on stdout, talk on stderr, an exit code (docs/reference/exit-codes.md).
Never: shows a traceback, unless FLEETPRESS_DEBUG is set.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

import click

from renderer import __version__
from renderer.cli.commands import COMMANDS

if TYPE_CHECKING:
    from typing import NoReturn

_FAILED, _ENVIRONMENT, _INTERRUPTED = 2, 4, 130
# A command keeps nearly all that it makes until it ends: looking for cycles finds none, and is a tenth of a short run.
_COLLECTOR = (50_000, 20, 50)


_EXIT_CODES = """\b
Exit codes:
  0    done, nothing differs
  1    differences (diff) or problems (validate, verify) found
  2    usage or configuration error, nothing was done
  3    some sites failed, the rest is published
  4    registry, key or environment failure, safe to run again
  130  interrupted
"""


@click.group(
    commands=COMMANDS,
    epilog=_EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="fleetpress")
def main() -> None:
    """Turn the variables of a fleet of clusters into signed OCI artifacts that Flux pulls."""


def run() -> NoReturn:
    """Entry point of the command."""
    gc.set_threshold(*_COLLECTOR)
    try:
        code = main.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = _FAILED
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo("interrupted; running again is safe", err=True)
        code = _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output went away, as `head` does; Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = _ENVIRONMENT
    except Exception as error:  # noqa: BLE001 - the last place where a person can be spared a traceback
        code = _explained(error)
    gc.freeze()  # what is left goes with the process, and need not be looked through when Python ends
    sys.exit(code if isinstance(code, int) else 0)


def _explained(error: Exception) -> int:
    from renderer.errors import Code, FleetpressError
    from renderer.report.problems import problems_text
    from renderer.secrets import mask_message

    if "FLEETPRESS_DEBUG" in os.environ:
        raise error
    if isinstance(error, FleetpressError):
        click.echo(problems_text(error.problems) or mask_message(f"error {error}"), err=True)
        return error.exit_code
    click.echo(
        f"error {Code.INTERNAL} {type(error).__name__}: {mask_message(str(error))}\n"
        "  This is a defect of fleetpress: please report it with the output of FLEETPRESS_DEBUG=1.",
        err=True,
    )
    return _ENVIRONMENT

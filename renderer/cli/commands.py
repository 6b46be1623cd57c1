"""All commands by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.cli.cluster import bootstrap, keygen
from renderer.cli.difference import canary, diff
from renderer.cli.importing import import_
from renderer.cli.inspect import explain, sites, verify
from renderer.cli.lint import lint
from renderer.cli.merging import merge
from renderer.cli.migrate import migrate
from renderer.cli.press import plan, publish, render, validate
from renderer.cli.rollout import bump, promote, rollback
from renderer.cli.scaffolding import init, new
from renderer.cli.schemas import schemas
from renderer.cli.template import template

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

COMMANDS: Mapping[str, click.Command] = {
    "init": init,
    "new": new,
    "sites": sites,
    "validate": validate,
    "lint": lint,
    "render": render,
    "plan": plan,
    "publish": publish,
    "verify": verify,
    "merge": merge,
    "diff": diff,
    "canary": canary,
    "explain": explain,
    "bootstrap": bootstrap,
    "keygen": keygen,
    "template": template,
    "schemas": schemas,
    "bump": bump,
    "promote": promote,
    "rollback": rollback,
    "migrate": migrate,
    "import": import_,
}

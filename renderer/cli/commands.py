"""All commands by name, each imported when somebody asks for it: a command does not wait for the others.

In: a command's name. Out: the command. Never: imports one to tell its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

# Where each is: the module of this folder, and the name there.
_HOMES = {
    "init": "scaffolding.init",
    "new": "scaffolding.new",
    "sites": "inspect.sites",
    "validate": "press.validate",
    "lint": "lint.lint",
    "render": "press.render",
    "plan": "press.plan",
    "publish": "press.publish",
    "verify": "inspect.verify",
    "export": "exporting.export",
    "merge": "merging.merge",
    "diff": "difference.diff",
    "canary": "difference.canary",
    "explain": "inspect.explain",
    "bootstrap": "cluster.bootstrap",
    "keygen": "cluster.keygen",
    "template": "template.template",
    "schemas": "schemas.schemas",
    "bump": "rollout.bump",
    "promote": "rollout.promote",
    "rollback": "rollout.rollback",
    "migrate": "migrate.migrate",
    "import": "importing.import_",
}


class _Commands(Mapping[str, "click.Command"]):
    """The commands in the order of `_HOMES`."""

    def __getitem__(self, name: str) -> click.Command:
        module, _, attribute = _HOMES[name].partition(".")
        command: click.Command = getattr(import_module(f"renderer.cli.{module}"), attribute)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


COMMANDS: Mapping[str, click.Command] = _Commands()

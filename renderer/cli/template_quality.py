"""Commands about the quality of templates: `template lint`, `template test`, `template schema`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

COMMANDS: Mapping[str, click.Command] = {}

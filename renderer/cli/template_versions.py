"""Commands about template versions: `template lock`, `template release`, `template versions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import click

COMMANDS: Mapping[str, click.Command] = {}

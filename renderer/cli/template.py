"""The group `template`: what the people who write templates use."""

from __future__ import annotations

import click

from renderer.cli import template_memo, template_quality, template_versions


@click.group(
    short_help="Lock, release, check templates.",
    commands={**template_versions.COMMANDS, **template_quality.COMMANDS, **template_memo.COMMANDS},
)
def template() -> None:
    """Lock the template versions that the fleet pins, release new ones, and check templates."""

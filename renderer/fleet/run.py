"""What one publication is made with.

In: nothing. Out: a frozen value. Never: does I/O.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renderer.engine import Workers
    from renderer.fleet.destination import Destination
    from renderer.fleet.workspace import Workspace
    from renderer.publish import Target
    from renderer.sign import Signer


@dataclass(frozen=True, slots=True)
class Run:
    """What one publication is made with."""

    space: Workspace
    destination: Destination
    target: Target
    signer: Signer
    serial: int
    workers: Workers
    waived: str = ""

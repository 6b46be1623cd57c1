"""What one publication is made with, and how what is published is reached.

In: nothing. Out: a frozen value. Never: does I/O, but for the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from renderer.engine import Workers
    from renderer.fleet.books import Books
    from renderer.fleet.destination import Destination
    from renderer.fleet.workspace import Workspace
    from renderer.publish import Target, TargetOptions
    from renderer.sign import Signer


@dataclass(frozen=True, slots=True)
class Run:
    """What one publication is made with.

    `waived` is why it may go beyond the fleet's limits, `moving` why objects may go from a base to a site's part or
    back.
    """

    space: Workspace
    destination: Destination
    target: Target
    signer: Signer
    serial: int
    workers: Workers
    waived: str = ""
    moving: str = ""

    def now(self) -> str:
        """The time that the ledger notes."""
        return datetime.now(UTC).isoformat(timespec="seconds")

    @property
    def reasons(self) -> str:
        """Both, as the ledger keeps them."""
        return "; ".join(dict.fromkeys(filter(None, (self.waived, self.moving))))


@dataclass(frozen=True, slots=True)
class Reach:
    """Where the fleet is published, and how that is reached: only a limit on deletions has to look."""

    books: Books
    destination: Destination
    options: TargetOptions

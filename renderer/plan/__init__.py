"""plan: what is there now + what was published -> what to do, with a reason for each site. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily
from renderer.plan.fingerprint import fingerprint

if TYPE_CHECKING:
    from renderer.plan.cohort import cohort_key
    from renderer.plan.ledger import (
        LEDGER_TYPE,
        Base,
        Edition,
        Entry,
        Inputs,
        Ledger,
        LedgerError,
        join,
        ledger_error,
        merge,
        newer,
    )
    from renderer.plan.plan import Candidates, Move, candidates, moves_for, reasons_for
else:
    __getattr__ = lazily(
        __name__,
        {
            "cohort": "cohort_key",
            "ledger": "LEDGER_TYPE Base Edition Entry Inputs Ledger LedgerError join ledger_error merge newer",
            "plan": "Candidates Move candidates moves_for reasons_for",
        },
    )

__all__ = [
    "LEDGER_TYPE",
    "Base",
    "Candidates",
    "Edition",
    "Entry",
    "Inputs",
    "Ledger",
    "LedgerError",
    "Move",
    "candidates",
    "cohort_key",
    "fingerprint",
    "join",
    "ledger_error",
    "merge",
    "moves_for",
    "newer",
    "reasons_for",
]

"""What a secret looks like, and how to find or hide one.

In: text, values, rules. Out: hits by rule and place, or the same text without what is secret in it.
Never: keeps, prints or raises with a secret, and never asks anybody whether one is real.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.secrets.keywords import pattern_flaw
    from renderer.secrets.masking import hidden, mask, mask_lines, mask_message, mask_value
    from renderer.secrets.rules import Allowed, Rule, RuleSet, shipped_rules
    from renderer.secrets.scanner import Hit, Scanner
    from renderer.secrets.values import ValueHit, scan_value
else:
    __getattr__ = lazily(
        __name__,
        {
            "keywords": "pattern_flaw",
            "masking": "hidden mask mask_lines mask_message mask_value",
            "rules": "Allowed Rule RuleSet shipped_rules",
            "scanner": "Hit Scanner",
            "values": "ValueHit scan_value",
        },
    )

__all__ = [
    "Allowed",
    "Hit",
    "Rule",
    "RuleSet",
    "Scanner",
    "ValueHit",
    "hidden",
    "mask",
    "mask_lines",
    "mask_message",
    "mask_value",
    "pattern_flaw",
    "scan_value",
    "shipped_rules",
]

"""What a secret looks like, and how to find or hide one.

In: text, values, rules. Out: hits by rule and place, or the same text without what is secret in it.
Never: keeps, prints or raises with a secret, and never asks anybody whether one is real.
"""

from renderer.secrets.keywords import pattern_flaw
from renderer.secrets.masking import hidden, mask, mask_lines, mask_message, mask_value
from renderer.secrets.rules import Allowed, Rule, RuleSet, shipped_rules
from renderer.secrets.scanner import Hit, Scanner
from renderer.secrets.values import ValueHit, scan_value

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

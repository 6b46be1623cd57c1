"""Words for a secret that was found.

In: a hit and where it stands. Out: a Problem. Never: has the secret, or any part of it, at hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from renderer.errors import Code
    from renderer.secrets import Hit

_HINT = (
    "keep it in a secret store and refer to it (ExternalSecret), or encrypt it with SOPS; what is no secret is allowed "
    "with a reason in schemas/policies/secrets.yaml. A secret that was committed has to be replaced"
)


def told(code: Code, hit: Hit, place: str, where: Origin) -> Problem:
    """The problem of `hit`; `place` is its key in the file."""
    what = f"looks like a secret: {hit.rule.title} ({hit.rule.id}, {hit.length} characters)"
    return Problem(code, f"{place}: {what}" if place else what, where, _HINT, severity=hit.rule.severity)

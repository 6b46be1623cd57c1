"""rollout: whether a version may go on to the next ring, and how much may change at once. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.rollout.gates import Facts, Health, Standing, Verdict, judge
    from renderer.rollout.limits import Breach, Radius, active, breaches, needs_labels
else:
    __getattr__ = lazily(
        __name__,
        {
            "gates": "Facts Health Standing Verdict judge",
            "limits": "Breach Radius active breaches needs_labels",
        },
    )

__all__ = [
    "Breach",
    "Facts",
    "Health",
    "Radius",
    "Standing",
    "Verdict",
    "active",
    "breaches",
    "judge",
    "needs_labels",
]

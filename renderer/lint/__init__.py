"""lint: what in a fleet's hierarchy of layers and sites has no effect, or stands where it need not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.lint.facts import Leaf, SiteFacts, leaves_of
    from renderer.lint.survey import Fleetwide, Survey
    from renderer.lint.views import Views
else:
    __getattr__ = lazily(
        __name__,
        {
            "facts": "Leaf SiteFacts leaves_of",
            "survey": "Fleetwide Survey",
            "views": "Views",
        },
    )

__all__ = ["Fleetwide", "Leaf", "SiteFacts", "Survey", "Views", "leaves_of"]

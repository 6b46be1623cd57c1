"""lint: what in a fleet's hierarchy of layers and sites has no effect, or stands where it need not."""

from renderer.lint.facts import Leaf, SiteFacts, leaves_of
from renderer.lint.survey import Fleetwide, Survey
from renderer.lint.views import Views

__all__ = ["Fleetwide", "Leaf", "SiteFacts", "Survey", "Views", "leaves_of"]

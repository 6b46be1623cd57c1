"""validate: input files and rendered objects against their schemas.

In: parsed input files; a site's Manifests. Out: Problem values, all of them at once.
Never: reads a file of the fleet, or raises for what a person wrote.
"""

from renderer.validate.inputs import check_input
from renderer.validate.shapes import Shapes
from renderer.validate.validator import Validator, check_schemas

__all__ = ["Shapes", "Validator", "check_input", "check_schemas"]

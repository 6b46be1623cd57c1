"""validate: input files and rendered objects against their schemas.

In: parsed input files; a site's Manifests. Out: Problem values, all of them at once.
Never: reads a file of the fleet, or raises for what a person wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.exports import lazily

if TYPE_CHECKING:
    from renderer.validate.definition_changes import DefinitionChange, compare_definitions
    from renderer.validate.definitions import Definition, read_definitions
    from renderer.validate.inputs import check_input
    from renderer.validate.kubernetes import minors
    from renderer.validate.kustomize import KUSTOMIZATIONS
    from renderer.validate.policies import Policies
    from renderer.validate.secrets_inputs import InputCheck
    from renderer.validate.secrets_rules import secret_rules
    from renderer.validate.shapes import Shapes
    from renderer.validate.validator import Validator, check_schemas
    from renderer.validate.verdicts import Verdicts
    from renderer.validate.waiving import WAIVABLE, Waivers
    from renderer.validate.waiving_names import finding_names
else:
    __getattr__ = lazily(
        __name__,
        {
            "definition_changes": "DefinitionChange compare_definitions",
            "definitions": "Definition read_definitions",
            "inputs": "check_input",
            "kubernetes": "minors",
            "kustomize": "KUSTOMIZATIONS",
            "policies": "Policies",
            "secrets_inputs": "InputCheck",
            "secrets_rules": "secret_rules",
            "shapes": "Shapes",
            "validator": "Validator check_schemas",
            "verdicts": "Verdicts",
            "waiving": "WAIVABLE Waivers",
            "waiving_names": "finding_names",
        },
    )

__all__ = [
    "KUSTOMIZATIONS",
    "WAIVABLE",
    "Definition",
    "DefinitionChange",
    "InputCheck",
    "Policies",
    "Shapes",
    "Validator",
    "Verdicts",
    "Waivers",
    "check_input",
    "check_schemas",
    "compare_definitions",
    "finding_names",
    "minors",
    "read_definitions",
    "secret_rules",
]

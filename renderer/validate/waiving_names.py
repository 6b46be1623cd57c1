"""The names by which findings can be waived: of rules, of the questions about references, of policies.

In: the files of schemas/policies, and the fleet's own policies. Out: names. Never: compiles a policy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.strict_yaml import RENDERED_LIMITS, YamlError, load_all
from renderer.validate.admission_files import POLICY
from renderer.validate.rules import mapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.types import SchemaSet
    from renderer.validate.policies import Policies


def finding_names(schemas: SchemaSet, policies: Policies) -> frozenset[str]:
    """All names that `finding` of a waiver may have, besides codes."""
    from renderer.validate.references import QUESTIONS
    from renderer.validate.rules_table import RULES

    rules = {rule.name for rule in RULES} | {question.name for question in QUESTIONS}
    return frozenset(rules | policies.names.keys() | set(_admission_policies(schemas)))


def _admission_policies(schemas: SchemaSet) -> Iterator[str]:
    for file, content in schemas.policies:
        try:
            documents = load_all(content, file, limits=RENDERED_LIMITS)
        except YamlError:
            continue
        for document in documents:
            value = document.value
            if isinstance(value, dict) and value.get("kind") == POLICY:
                yield str(mapping(value, "metadata").get("name"))

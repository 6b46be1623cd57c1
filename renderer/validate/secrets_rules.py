"""The rules for secrets that hold for a fleet: those that fleetpress comes with, and the fleet's own.

In: the fleet's secrets.yaml, if it has one. Out: a RuleSet. Never: takes a pattern that RE2 refuses, or lets an entry
allow everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.errors import Code, ConfigurationError
from renderer.secrets import Allowed, Rule, pattern_flaw, shipped_rules
from renderer.strict_yaml import YamlError, load
from renderer.types import Problem
from renderer.validate.inputs import check_input
from renderer.validate.wording import meant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.secrets import RuleSet
    from renderer.types import Document, KeyPath


def secret_rules(file: tuple[str, bytes] | None) -> RuleSet:
    """The rules of the fleet whose secrets.yaml (name, content) is given; raises ConfigurationError."""
    if file is None:
        return shipped_rules()
    name, content = file
    try:
        document = load(content, name)
    except YamlError as error:
        raise ConfigurationError(f"{name} cannot be read", problems=error.problems) from None
    problems = check_input("secrets", document) or list(_flaws(document))
    if problems:
        raise ConfigurationError(f"{problems[0].where}: {problems[0].what}", problems=problems)
    value: Any = document.value
    return shipped_rules().extended(
        [Rule.parse(entry) for entry in value.get("rules", ())],
        [Allowed.parse(entry) for entry in value.get("allow", ())],
    )


def _flaws(document: Document) -> Iterator[Problem]:
    """What a JSON Schema cannot say."""
    value: Any = document.value
    known = {rule.id for rule in shipped_rules().rules}

    def problem(what: str, path: KeyPath, hint: str) -> Problem:
        return Problem(Code.SECRET_RULES, f"{'.'.join(map(str, path))}: {what}", document.origin(path), hint)

    for number, entry in enumerate(value.get("rules", ())):
        if entry["id"] in known:
            yield problem(f"there is a rule {entry['id']} already", ("rules", number, "id"), "give it another id")
        known.add(entry["id"])
        if flaw := pattern_flaw(entry["pattern"]):
            hint = "RE2 has no look-around and no backreferences; name the secret's group `value`"
            yield problem(f"expected a pattern of RE2: {flaw}", ("rules", number, "pattern"), hint)
    for number, entry in enumerate(value.get("allow", ())):
        if entry.get("rule", next(iter(known))) not in known:
            hint = meant(entry["rule"], known) or "docs/reference/secrets.md lists the rules"
            yield problem(f"there is no rule {entry['rule']}", ("allow", number, "rule"), hint)
        if flaw := pattern_flaw(entry.get("value", "")):
            yield problem(f"expected a pattern of RE2: {flaw}", ("allow", number, "value"), "correct the pattern")

"""The tables of rules in docs/reference/validation.md and secrets.md are those of the program."""

from __future__ import annotations

from renderer.secrets import shipped_rules
from renderer.validate.rules_table import RULES
from tests.docs.test_docs import load_generator


def test_the_tables_of_rules_are_up_to_date() -> None:
    generator = load_generator()

    assert generator.RULES_PAGE.read_text() == generator.rules_page(), "run `make docs`"


def test_every_rule_has_a_row() -> None:
    rows = load_generator().rules_page().splitlines()

    assert [rule.name for rule in RULES if not any(row.startswith(f"| {rule.name} ") for row in rows)] == []


def test_the_table_of_rules_for_secrets_is_up_to_date() -> None:
    generator = load_generator()

    assert generator.SECRETS_PAGE.read_text() == generator.secrets_page(), "run `make docs`"


def test_every_rule_for_secrets_has_a_row() -> None:
    rows = load_generator().secrets_page().splitlines()

    assert [rule.id for rule in shipped_rules().rules if not any(row.startswith(f"| {rule.id} ") for row in rows)] == []

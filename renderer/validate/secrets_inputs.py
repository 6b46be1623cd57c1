"""Looks for secrets in the files of a fleet: sites, layers, overlays.

In: parsed documents, each once. Out: problems at the file and line of the value.
Never: shows a value, or tells of what is only a warning: what is rendered from it will be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.errors import Code
from renderer.secrets import Scanner, scan_value
from renderer.types import Severity
from renderer.validate.inputs import check_input
from renderer.validate.secrets_told import told
from renderer.validate.wording import dotted

if TYPE_CHECKING:
    from renderer.secrets import RuleSet
    from renderer.types import Document, Problem


class InputCheck:
    """`check_input`, and then the rules for secrets: what a reader of files is given to check each with."""

    def __init__(self, rules: RuleSet) -> None:
        self._scanner = Scanner(rules)

    def __call__(self, kind: str, document: Document) -> list[Problem]:
        """Everything wrong with `document`, a file of `kind`."""
        return check_input(kind, document) or self._secrets(document)

    def _secrets(self, document: Document) -> list[Problem]:
        found = []
        for path, hit, text in scan_value(self._scanner, document.value):
            key = dotted(path)
            if hit.rule.severity is Severity.ERROR and not self._scanner.is_allowed(hit, text, document.file, key):
                found.append(told(Code.SECRET_VALUE, hit, key, document.origin(path)))
        return found

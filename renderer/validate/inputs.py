"""Checks fleet, layer, site and lock files against the JSON Schemas that fleetpress ships.

In: a parsed document and its kind. Out: problems with file, line and column, all at once.
Never: reads the fleet repository; the schemas are the tool's own, inside the package or at the top of a checkout.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from renderer.errors import Code, ConfigurationError
from renderer.types import Document, Problem
from renderer.validate.schema import Schema
from renderer.validate.wording import Violation, dotted

KINDS = (
    "fleet",
    "layer",
    "site",
    "lock",
    "migrations",
    "case",
    "approvals",
    "overlay",
    "catalogue",
    "policy",
    "waivers",
    "secrets",
)
_MAY_BE_EMPTY = ("layer", "catalogue")


def check_input(kind: str, document: Document) -> list[Problem]:
    """Every way in which `document` breaks the schema of `kind`, one of KINDS; [] for a valid one."""
    schema = _schema(kind)
    if document.value is None and kind in _MAY_BE_EMPTY:
        return []
    if document.value is None:
        hint = f"schemas/{kind}.schema.json describes what it must hold"
        return [Problem(Code.INPUT_SCHEMA, f"expected a {kind} file, got an empty one", document.origin(()), hint)]
    if schema.validator.is_valid(document.value):
        return []
    found = [_problem(kind, document, violation) for violation in schema.violations(document.value)]
    return sorted(found, key=lambda one: (one.where or document.origin(()), one.code, one.what))


def _problem(kind: str, document: Document, violation: Violation) -> Problem:
    code = Code.INPUT_UNKNOWN_KEY if violation.unknown else Code.INPUT_SCHEMA
    name = dotted(violation.path)
    what = violation.what.replace("unknown field", "unknown key")
    hint = violation.hint or f"correct it; schemas/{kind}.schema.json describes every key"
    return Problem(code, f"{name}: {what}" if name else what, document.origin(violation.path), hint)


@lru_cache(maxsize=len(KINDS))
def _schema(kind: str) -> Schema:
    return Schema(json.loads(_schema_file(kind).read_bytes()))


def _schema_file(kind: str) -> Path:
    """The wheel carries the schemas inside the package; a checkout has them at its top."""
    package = Path(__file__).resolve().parent.parent
    candidates = [folder / "schemas" / f"{kind}.schema.json" for folder in (package, package.parent)]
    found = next((path for path in candidates if path.is_file()), None)
    if kind not in KINDS or found is None:
        raise ConfigurationError(f"fleetpress has no schema for {kind!r} files; reinstall it")
    return found

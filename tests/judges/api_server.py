"""Asks the API server's own code what it says to objects, in the Go program of the folder apiserver.

In: definitions and objects. Out: a verdict for each object. Never: starts a server.
"""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, NamedTuple

from tests.judges.go_programs import built

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MINOR = "1.37"  # whose code the program is made of


class Verdict(NamedTuple):
    """What the API server says on creation: errors, warnings; `unknown` when it has no such kind."""

    errors: tuple[str, ...]
    warnings: tuple[str, ...]
    unknown: bool


class Lifecycle(NamedTuple):
    """What a type of Kubernetes says about its end; empty where it says nothing."""

    api_version: str
    kind: str
    deprecated: str
    removed: str
    replacement: str


def verdicts(definitions: Sequence[Any], objects: Iterable[Any]) -> list[Verdict]:
    """One verdict for each object, or text that holds one in YAML; custom resources are judged by the definitions."""
    lines = [str(len(definitions)), *map(json.dumps, definitions), *map(json.dumps, objects)]
    done = subprocess.run([built("apiserver")], input="\n".join(lines).encode(), capture_output=True, check=True)
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return [Verdict(tuple(one["errors"] or ()), tuple(one["warnings"] or ()), one["unknown"]) for one in said]


def lifecycles() -> list[Lifecycle]:
    """Every type that is, or will be, deprecated."""
    done = subprocess.run([built("apiserver"), "lifecycles"], capture_output=True, check=True)
    fields = ("apiVersion", "kind", "deprecated", "removed", "replacement")
    return [Lifecycle(*(one.get(field, "") for field in fields)) for one in json.loads(done.stdout)]

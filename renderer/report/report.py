"""What a command has to say, and the table of the forms it can be said in.

In: a Report. Out: text for stdout. Data goes to stdout, talk to stderr: that is the caller's affair.
Never: prints, decides an exit code, or knows how a result came about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from renderer.types import Json


@dataclass(frozen=True, slots=True)
class Report:
    """A result in both forms: `data` for programs (schemas/output/<kind>.schema.json), `text` for people."""

    kind: str
    data: Mapping[str, Json]
    text: str


def _text(report: Report) -> str:
    return report.text


def _json(report: Report) -> str:
    return json.dumps({"schema": f"fleetpress/{report.kind}/v1", **report.data}, indent=2, ensure_ascii=False)


REPORTERS: Mapping[str, Callable[[Report], str]] = {"text": _text, "json": _json}

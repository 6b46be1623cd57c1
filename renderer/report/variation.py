"""Words for why a template's files differ from site to site.

In: variations. Out: a Report. Never: judges a template.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.report.report import Report
from renderer.report.table import counted, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Json, TemplatePin

_CAUSES = 4


@dataclass(frozen=True, slots=True)
class Cause:
    """A variable that a file reads: how many values it has, and how many combinations were left if it were not read."""

    path: str
    values: int
    without: int


@dataclass(frozen=True, slots=True)
class FileVariation:
    """One template file over many sites.

    `outputs` counts what it makes, `combinations` what it reads (None when only a run can tell). `share` is its part, 0
    to 1, of all bytes that have to be rendered, validated and stored because sites differ. Where sites share bases,
    `part` is what keeps the file in the site's own part: nothing for one in the base; None without bases.
    """

    path: str
    outputs: int
    share: float
    combinations: int | None
    causes: tuple[Cause, ...]
    part: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Variation:
    """One template version over the sites that take it."""

    pin: TemplatePin
    sites: int
    files: tuple[FileVariation, ...]


def why_site_specific(found: Sequence[Variation]) -> Report:
    """Each file with how often it comes out differently, and because of what."""
    data: dict[str, Json] = {"templates": [_data(variation) for variation in found]}
    return Report("template-why-site-specific", data, "\n\n".join(map(_text, found)))


def _text(variation: Variation) -> str:
    shares = any(file.part is not None for file in variation.files)
    rows = [
        [
            *(file.path, f"{file.outputs:,}", _combinations(file), f"{file.share:.1%}"),
            *([_place(file)] if shares else []),
            _causes(file),
        ]
        for file in variation.files
    ]
    head = f"{variation.pin}: {counted(variation.sites, 'site')}"
    columns = ["file", "outputs", "reads", "bytes", *(["is in"] if shares else []), "because of"]
    return f"{head}\n{table(columns, rows)}"


def _place(file: FileVariation) -> str:
    return f"part: {', '.join(file.part)}" if file.part else "base"


def _combinations(file: FileVariation) -> str:
    return "?" if file.combinations is None else f"{file.combinations:,}"


def _causes(file: FileVariation) -> str:
    if file.combinations is None:
        return "only a run can tell: an include is computed, or objects are compared"
    named = [f"{cause.path} ({cause.values:,} values; {cause.without:,} without)" for cause in file.causes]
    more = [f"and {len(named) - _CAUSES} more"] if len(named) > _CAUSES else []
    return ", ".join([*named[:_CAUSES], *more]) or "the same everywhere"


def _data(variation: Variation) -> Json:
    return {
        "template": variation.pin.name,
        "version": variation.pin.version,
        "sites": variation.sites,
        "files": [
            {
                "path": file.path,
                "outputs": file.outputs,
                "share": round(file.share, 6),
                "combinations": file.combinations,
                "because": [
                    {"path": cause.path, "values": cause.values, "without": cause.without} for cause in file.causes
                ],
                **({} if file.part is None else {"part": list(file.part)}),
            }
            for file in variation.files
        ],
    }

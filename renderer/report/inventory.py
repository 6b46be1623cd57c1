"""Sites with their labels and pins, as a table for people, wider, as CSV, and as data."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from renderer.report.report import Report
from renderer.report.table import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from renderer.types import Json, Site

# What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def sites(found: Sequence[Site], form: str = "text") -> Report:
    """Sites in one of FORMS."""
    data: list[Json] = [
        {
            "site": site.name,
            "file": site.file,
            "labels": dict(site.labels),
            "templates": {pin.name: pin.version for pin in site.templates},
            "layers": list(site.layers),
        }
        for site in found
    ]
    return Report("sites", {"sites": data}, FORMS.get(form, _text)(found))


def _labels(found: Sequence[Site]) -> list[str]:
    return list(dict.fromkeys(label for site in found for label in site.labels))


def _row(site: Site, labels: Sequence[str]) -> list[str]:
    return [site.name, *(site.labels.get(label, "") for label in labels), " ".join(map(str, site.templates))]


def _text(found: Sequence[Site]) -> str:
    labels = _labels(found)
    return table(["site", *labels, "templates"], (_row(site, labels) for site in found)) if found else "no sites"


def _wide(found: Sequence[Site]) -> str:
    labels = _labels(found)
    rows = ([*_row(site, labels), " ".join(site.layers), site.file] for site in found)
    return table(["site", *labels, "templates", "layers", "file"], rows) if found else "no sites"


def _csv(found: Sequence[Site]) -> str:
    """RFC 4180, a column per template too; a cell never begins as a formula of a spreadsheet."""
    labels = _labels(found)
    names = sorted({pin.name for site in found for pin in site.templates})
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow(["site", *labels, *(f"template:{name}" for name in names), "file"])
    for site in found:
        pins = {pin.name: pin.version for pin in site.templates}
        cells = [site.name, *(site.labels.get(label, "") for label in labels), *(pins.get(name, "") for name in names)]
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in (*cells, site.file)])
    return lines.getvalue().removesuffix("\r\n")


FORMS: Final[Mapping[str, Callable[[Sequence[Site]], str]]] = {"text": _text, "wide": _wide, "csv": _csv}

"""The definitions of a fleet, for people and for programs.

In: rows and plans, as the wiring made them. Out: Reports. Never: prints, or decides an exit code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from renderer.report.problems import problems_data, problems_text
from renderer.report.report import Report
from renderer.report.table import counted, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.types import Json, Problem

_MOST: Final = 40
_VERBS: Final = {"add": "added", "update": "updated", "remove": "removed"}


class Change(Protocol):
    """One difference between two definitions; see `renderer.validate.DefinitionChange`."""

    @property
    def version(self) -> str:
        """The version that differs, empty for all."""
        ...

    @property
    def field(self) -> str:
        """Dotted path of the field, empty for the version itself."""
        ...

    @property
    def what(self) -> str:
        """What differs, in words."""
        ...

    @property
    def breaking(self) -> bool:
        """Whether objects that were accepted may be refused."""
        ...


@dataclass(frozen=True, slots=True)
class DefinitionRow:
    """One definition: `file` below schemas/crds; `source` and `version` as the catalogue has them, else empty."""

    group: str
    kind: str
    served: tuple[str, ...]
    storage: str
    file: str
    source: str
    version: str


@dataclass(frozen=True, slots=True)
class Renewal:
    """One definition that is added, updated or removed: its name, its file, and what differs."""

    name: str
    file: str
    changes: Sequence[Change]


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """The minors that schemas are carried for, and the package that carries them."""

    minors: tuple[str, ...]
    package: str
    version: str


def listed(rows: Sequence[DefinitionRow], kubernetes: Kubernetes, problems: Sequence[Problem]) -> Report:
    """The outcome of `schemas list`."""
    cells = [[row.group, row.kind, " ".join(_marked(row)), row.source or "-", row.version or "-"] for row in rows]
    first, last = kubernetes.minors[0], kubernetes.minors[-1]
    carried = f"Kubernetes' own kinds for {first} to {last}: {kubernetes.package} {kubernetes.version}"
    lines = [
        problems_text(problems),
        table(["group", "kind", "versions", "source", "release"], cells) if cells else "",
        f"{counted(len(rows), 'definition')} in schemas/crds; {carried}",
    ]
    data: dict[str, Json] = {
        "definitions": [_row(row) for row in rows],
        "kubernetes": {
            "minors": list(kubernetes.minors),
            "package": kubernetes.package,
            "version": kubernetes.version,
        },
        "problems": problems_data(problems),
    }
    return Report("schemas-list", data, "\n".join(line for line in lines if line))


def changed(
    action: str, renewals: Sequence[Renewal], left_out: Sequence[str], problems: Sequence[Problem], *, written: bool
) -> Report:
    """The outcome of `schemas add`, `update` and `remove`."""
    verb = _VERBS[action] if written else f"would be {_VERBS[action]}"
    lines = [problems_text(problems)]
    for one in renewals:
        lines.append(f"{one.name} {verb}: schemas/crds/{one.file}")
        lines += [_change(change) for change in one.changes[:_MOST]]
        lines += [f"    and {len(one.changes) - _MOST} more, in -o json"] if len(one.changes) > _MOST else []
    if left_out:
        lines.append(f"not in schemas/crds, left out: {', '.join(left_out)}")
    breaking = sum(change.breaking for one in renewals for change in one.changes)
    lines.append(f"{counted(len(renewals), 'definition')} {verb}" + _advice(breaking))
    data: dict[str, Json] = {
        "action": action,
        "written": written,
        "definitions": [_renewal(one) for one in renewals],
        "breaking": breaking,
        "leftOut": list(left_out),
        "problems": problems_data(problems),
    }
    return Report("schemas-change", data, "\n".join(line for line in lines if line))


def _advice(breaking: int) -> str:
    if not breaking:
        return ""
    return f"; {counted(breaking, 'change')} may break objects: `fleetpress validate` tells which"


def _marked(row: DefinitionRow) -> list[str]:
    """Served versions, the stored one with a star."""
    return [f"{version}*" if version == row.storage else version for version in row.served]


def _change(change: Change) -> str:
    place = " ".join(part for part in (change.version, change.field) if part)
    return f"  {'!' if change.breaking else ' '} {place}{' ' if place else ''}{change.what}"


def _row(row: DefinitionRow) -> Json:
    data: dict[str, Json] = {
        "group": row.group,
        "kind": row.kind,
        "served": list(row.served),
        "storage": row.storage,
        "file": row.file,
    }
    return {**data, **({"source": row.source, "release": row.version} if row.source else {})}


def _renewal(one: Renewal) -> Json:
    changes: list[Json] = [
        {"version": change.version, "field": change.field, "what": change.what, "breaking": change.breaking}
        for change in one.changes
    ]
    return {"name": one.name, "file": one.file, "changes": changes}

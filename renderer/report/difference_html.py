"""A difference over a fleet as one HTML file that works without a network, with filters and groups to open.

In: a FleetDifference, its groups as they are told. Out: HTML; at most some 5 MB for 100,000 sites.
Never: loads anything, runs a script that is not its own (the page forbids it to itself), or builds markup of a value.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from renderer.report.differences import headline, summary
from renderer.report.escaping import one_line
from renderer.report.objects import MARKS, field_lines, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from renderer.report.differences import Told
    from renderer.types import FleetDifference, Json, ObjectChange

# Bytes for what the groups change; what comes after says that it was left out. The rest is for names of sites.
_DETAILS: Final = 1_500_000
_FIELDS: Final = 200
_NOWHERE: Final = "base-uri 'none'; form-action 'none'"
# How many leading characters a name shares with the one before, in one character.
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def difference(found: FleetDifference, told: Sequence[Told]) -> str:
    """The page."""
    page, style, script = (
        files("renderer.report").joinpath(f"difference.{end}").read_text() for end in ("html", "css", "js")
    )
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(_data(found, told), separators=(",", ":"), ensure_ascii=False)
    # Nothing inside may end the element that holds it.
    safe = data.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    for mark, text in (("{policy}", policy), ("{style}", style), ("{script}", script), ("{data}", safe)):
        page = page.replace(mark, text, 1)
    return page.rstrip("\n")


def _part(ending: str) -> str:
    return files("renderer.report").joinpath(f"difference.{ending}").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _data(found: FleetDifference, told: Sequence[Told]) -> Json:
    profiles: dict[tuple[str, ...], int] = {}
    names: list[str] = []
    numbers: list[str] = []
    groups: list[Json] = []
    room = _DETAILS
    for one in told:
        sites = sorted(one.group.sites, key=lambda site: site.site)
        names += [site.site for site in sites]
        numbers += [_base36(profiles.setdefault(site.labels, len(profiles))) for site in sites]
        objects: list[Json] = [_object(change) for change in one.changes] if room > 0 else []
        room -= len(json.dumps(objects))
        groups.append(_group(one, objects, len(one.changes) - len(objects)))
    return {
        "title": headline(found),
        "labels": list(found.labels),
        "profiles": [list(profile) for profile in profiles],
        "sites": "\n".join(_front_coded(names)),
        "of": ",".join(numbers),
        "groups": groups,
        "left": list(found.left),
        "risks": {risk.name.lower(): risk.meaning for risk in dict.fromkeys(one.group.risk for one in told)},
    }


def _group(one: Told, objects: list[Json], hidden: int) -> Json:
    group = one.group
    return {
        "id": group.digest[:12],
        "sites": len(group.sites),
        "state": group.state.value,
        "risk": group.risk.name.lower(),
        "what": one_line(summary(one.changes)),
        "own": list(one.left),
        "objects": objects,
        "hidden": hidden,
    }


def _object(change: ObjectChange) -> Json:
    fields: list[Json] = [[MARKS[field.action], *field_lines(field)] for field in change.fields[:_FIELDS]]
    return {
        "mark": MARKS[change.action],
        "kind": change.key.kind,
        "title": title(change),
        "fields": fields,
        "more": len(change.fields) - len(fields),
    }


def _front_coded(names: Iterable[str]) -> Iterable[str]:
    """Each name without what it shares with the one before."""
    last = ""
    for name in names:
        shared = 0
        while shared < min(len(name), len(last), len(_DIGITS) - 1) and name[shared] == last[shared]:
            shared += 1
        yield _DIGITS[shared] + name[shared:]
        last = name


def _base36(number: int) -> str:
    digits = ""
    while number or not digits:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit].lower() + digits
    return digits

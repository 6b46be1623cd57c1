"""`rollout` in fleet.yaml: gates between rings.

In: a value that the fleet's schema accepts. Out: a Rollout, and what is wrong with it that a schema cannot say.
Never: reads a file, or asks for the time.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from renderer.read.files import one_of, quoted, similar
from renderer.types import Freeze, Gate, HealthFeed, Limits, Rollout, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SPAN: Final = re.compile(r"(.+) ([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGE: Final = "1h"
_Flaw = tuple[str, tuple[str | int, ...], str]


def rollout_of(value: Mapping[str, Any]) -> Rollout:
    """The rollout of a fleet.yaml without flaws."""
    raw = value.get("rollout", {})
    gates = {ring: _gate(gate) for ring, gate in raw.get("gates", {}).items()}
    return Rollout(raw.get("label", "ring"), raw.get("timezone", "timezone"), gates, _limits(raw.get("limits", {})))


def rollout_flaws(value: Mapping[str, Any]) -> Iterator[_Flaw]:
    """(what, key path in fleet.yaml, hint) for everything that a schema cannot say."""
    raw = value.get("rollout", {})
    label, labels = raw.get("label", "ring"), value["labels"]
    gates, limits = raw.get("gates", {}), raw.get("limits", {})
    for what, key, hint in _limit_flaws(limits, labels, label):
        yield what, ("rollout", "limits", *key), hint
    if gates and label not in labels:
        typo = similar(label, labels)
        hint = f"did you mean {typo}?" if typo else "say with `label` what rings are called here"
        yield f"labels has no {quoted(label)}, whose values would be the rings", ("rollout", "label"), hint
        return
    for ring, gate in gates.items():
        path = ("rollout", "gates", ring)
        yield from ((what, (*path, *key), hint) for what, key, hint in _gate_flaws(ring, gate, labels[label]))


def _limit_flaws(limits: Mapping[str, Any], labels: Mapping[str, list[str]], label: str) -> Iterator[_Flaw]:
    for name in limits.get("share", {}):
        if name not in labels:
            typo = similar(name, labels)
            hint = f"did you mean {typo}?" if typo else f"expected {one_of(labels)}"
            yield f"labels has no {quoted(name)}", ("share", name), hint
    if limits.get("order") and label not in labels:
        yield (
            f"labels has no {quoted(label)}, whose values would be the rings",
            ("order",),
            "say with `label` what rings are",
        )
    for index, freeze in enumerate(limits.get("freezes", ())):
        start, end = _moment(freeze["from"]), _moment(freeze["to"])
        for key, found in (("from", start), ("to", end)):
            if found is None:
                what = f"expected a time with an offset, got {quoted(freeze[key])}"
                yield what, ("freezes", index, key), 'write it like "2026-12-20T00:00+01:00"'
        if start and end and start >= end:
            yield "the freeze ends before it begins", ("freezes", index), "correct from or to"


def _limits(raw: Mapping[str, Any]) -> Limits:
    freezes = tuple(
        Freeze(start, end, one["reason"], one.get("sites", ""))
        for one in raw.get("freezes", ())
        if (start := _moment(one["from"])) and (end := _moment(one["to"]))
    )
    shares = {label: share(text) for label, text in raw.get("share", {}).items()}
    return Limits(raw.get("sites"), shares, raw.get("at_least", 10), raw.get("order", False), freezes, _deletable(raw))


def _deletable(raw: Mapping[str, Any]) -> frozenset[str] | None:
    return frozenset(raw["delete"]) if "delete" in raw else None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _gate_flaws(ring: str, gate: Mapping[str, Any], rings: list[str]) -> Iterator[_Flaw]:
    if ring not in rings:
        typo = similar(ring, rings)
        hint = f"did you mean {typo}?" if typo else f"expected {one_of(rings[1:] or rings)}"
        yield f"{quoted(ring)} is no ring", (), hint
    elif ring == rings[0]:
        yield (
            f"{quoted(ring)} is the first ring: nothing is promoted to it",
            (),
            "remove the gate, or reorder the rings",
        )
    for index, text in enumerate(_windows(gate)):
        if _window(text) is None:
            hint = 'write it like "Mon-Thu 07:00-15:00", "Sat,Sun 00:00-24:00" or "daily 22:00-04:00"'
            yield f"expected days and times, got {quoted(text)}", ("window", index), hint
    source = gate.get("health", {}).get("from", "")
    if "://" in source and not source.startswith("https://"):
        yield f"expected a file or an https address, got {quoted(source)}", ("health", "from"), "use https"
    elif "://" not in source and (source.startswith("/") or ".." in source.split("/")):
        yield f"the file {quoted(source)} lies outside the fleet's folder", ("health", "from"), "name a file inside"


def _gate(raw: Mapping[str, Any]) -> Gate:
    windows = tuple(window for text in _windows(raw) if (window := _window(text)))
    soak = duration(raw["soak"]) if "soak" in raw else None
    return Gate(soak, raw.get("approvals", 0), windows, share(raw.get("failures", "0%")), _health(raw.get("health")))


def _health(raw: Mapping[str, Any] | None) -> HealthFeed | None:
    return (raw and HealthFeed(raw["from"], share(raw.get("share", "100%")), duration(raw.get("age", _AGE)))) or None


def _windows(gate: Mapping[str, Any]) -> list[str]:
    found = gate.get("window", [])
    return [found] if isinstance(found, str) else list(found)


def duration(text: str) -> timedelta:
    """`30m`, `48h`, `2d`, `1w` or several such, one after the other; raises KeyError or ValueError."""
    parts = re.findall(r"([0-9]+)([a-z])", text)
    return sum((timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta())


def share(text: str) -> float:
    """`2%` as 0.02."""
    return float(text.removesuffix("%")) / 100


def _window(text: str) -> Window | None:
    match = _SPAN.fullmatch(text)
    days = _days(match[1]) if match else None
    if match is None or days is None:
        return None
    # 24:00 is the next midnight: a window that ends at its own start's time lasts into the next day.
    end = time(int(match[4]), int(match[5])) if match[4] else time(0)
    return Window(days, time(int(match[2]), int(match[3])), end)


def _days(text: str) -> frozenset[int] | None:
    if text == "daily":
        return frozenset(range(7))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first not in _DAYS or (last or first) not in _DAYS:
            return None
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        found |= {day % 7 for day in range(start, end + 1 if end >= start else end + 8)}
    return frozenset(found)

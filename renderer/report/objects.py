"""Changed objects and fields, for people and for programs.

In: ObjectChange values. Out: lines of text, or plain data. Never: shows more of a value than fits, but in data.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from difflib import unified_diff
from typing import TYPE_CHECKING, Final

from renderer.report.escaping import one_line, printable
from renderer.report.table import counted
from renderer.secrets import mask_value
from renderer.types import Action

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from renderer.types import FieldChange, Json, ObjectChange, ObjectKey

_CLIP: Final = 100
_BEFORE: Final = 30
_LINES: Final = 12
_ENVIRONMENT: Final = re.compile(r"\[name=([^\]]+)\]\.value$")
_LAST: Final = re.compile(r"[\w-]*\W*$")
# Comparing texts line by line takes quadratic time at worst.
_LONGEST: Final = 2_000
MARKS: Final = {
    Action.ADDED: "+",
    Action.REMOVED: "-",
    Action.CHANGED: "~",
    Action.RENAMED: "=",
    Action.MOVED: ">",
    Action.REORDERED: ">",
}


def changes_text(changes: Sequence[ObjectChange]) -> str:
    """Changed objects for people, a line for each object and each field."""
    return "\n".join(line for change in changes for line in object_lines(change))


def changes_data(changes: Iterable[ObjectChange]) -> list[Json]:
    """Changed objects for programs."""
    return [_object_data(change) for change in changes]


def object_lines(change: ObjectChange, most: int | None = None) -> Iterator[str]:
    """One changed object; of its fields the first `most`."""
    yield title(change)
    shown = change.fields[:most]
    for field in shown:
        head, *rest = field_lines(field)
        yield f"    {head}"
        yield from (f"        {line}" for line in rest)
    if len(shown) < len(change.fields):
        yield f"    and {counted(len(change.fields) - len(shown), 'field')} more"


def title(change: ObjectChange) -> str:
    """What happened to which object."""
    was = f", before {change.was}" if change.was else ""
    files = f" ({change.files[0]} -> {change.files[1]})" if change.files else ""
    return one_line(f"{MARKS[change.action]} {change.key}{was}{files}")


def field_lines(field: FieldChange) -> list[str]:
    """A line for a field; more for a text of several lines, which is compared line by line."""
    field = _unsecret(field)
    head = f"{MARKS[field.action]} {one_line(field.dotted)}:"
    before, after = field.before, field.after
    if isinstance(before, str) and isinstance(after, str) and "\n" in before.rstrip("\n") + after.rstrip("\n"):
        return [head, *_text_lines(before, after)]
    return [f"{head} {_values(field)}"]


def _unsecret(field: FieldChange) -> FieldChange:
    """The change without secrets: what is published may still have one that the rules did not know then."""
    dotted = field.dotted
    # The value of an environment variable is known by the name of its item.
    named = _ENVIRONMENT.search(dotted)
    key = named[1] if named else _LAST.search(dotted)[0]  # type: ignore[index] # it matches anything
    return replace(field, before=mask_value(field.before, key), after=mask_value(field.after, key))


def shown(value: Json) -> str:
    """A value on one line, cut off when it is long."""
    text = printable(json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _CLIP else f"{text[:_CLIP]}…"


def _text_lines(before: str, after: str) -> list[str]:
    old, new = before.splitlines(), after.splitlines()
    if len(old) + len(new) > _LONGEST:
        return [f"{len(old):,} lines -> {len(new):,} lines"]
    found = [line for line in list(unified_diff(old, new, lineterm="", n=1))[2:] if not line.startswith("@@")]
    if not found:
        return ["differs in line ends only"]
    more = [f"and {counted(len(found) - _LINES, 'line')} more"] if len(found) > _LINES else []
    return [_clipped(f"{line[:1]} {line[1:]}") for line in found[:_LINES]] + more


def _clipped(line: str) -> str:
    text = printable(line).replace("\t", "  ").rstrip()
    return text if len(text) <= _CLIP else f"{text[:_CLIP]}…"


def _values(field: FieldChange) -> str:
    if field.action is Action.ADDED:
        return shown(field.after)
    if field.action is Action.REMOVED:
        return shown(field.before)
    if field.action is Action.MOVED:
        return shown(field.after)
    before, after = _from_difference(field.before, field.after)
    return f"{shown(before)} -> {shown(after)}"


def _from_difference(before: Json, after: Json) -> tuple[Json, Json]:
    """Two long texts from shortly before they differ: what they share would hide it."""
    if not (isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > _CLIP):
        return before, after
    pairs = enumerate(zip(before, after, strict=False))
    same = next((place for place, (old, new) in pairs if old != new), min(len(before), len(after)))
    start = same - _BEFORE
    return (before, after) if start <= 0 else (f"…{before[start:]}", f"…{after[start:]}")


def _object_data(change: ObjectChange) -> Json:
    data: dict[str, Json] = {
        "action": change.action.value,
        **_key_data(change.key),
        "fields": [_field_data(field) for field in change.fields],
    }
    if change.was:
        data["was"] = _key_data(change.was)
    if change.files:
        data["files"] = {"before": change.files[0], "after": change.files[1]}
    if change.action is Action.ADDED:
        data["object"] = mask_value(change.document)
    return data


def _key_data(key: ObjectKey) -> dict[str, Json]:
    return {"group": key.group, "kind": key.kind, "namespace": key.namespace, "name": key.name}


def _field_data(field: FieldChange) -> Json:
    field = _unsecret(field)
    data: dict[str, Json] = {"action": field.action.value, "path": field.dotted}
    if field.action is not Action.ADDED:
        data["before"] = field.before
    if field.action is not Action.REMOVED:
        data["after"] = field.after
    if field.at is not None:
        data["at"] = field.at
    return data

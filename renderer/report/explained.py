"""Where a rendered field comes from, for people and for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from renderer.report.report import Report
from renderer.secrets import mask_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.types import Json, KeyPath, Origin, Trace


@dataclass(frozen=True, slots=True)
class Explained:
    """One leaf of a rendered object: its place in the artifact, and the line that made it.

    `made_by` is a line of a template, or of an overlay, and None where nothing is known. `causes` are the values that
    the line reads, `defaults` the questions that answered instead of the site.
    """

    path: KeyPath
    value: Json
    rendered: Origin
    made_by: Origin | None = None
    causes: tuple[Trace, ...] = ()
    defaults: tuple[Origin, ...] = ()

    @property
    def dotted(self) -> str:
        """The field as people write it: `spec.containers[0].image`."""
        steps = (f"[{part}]" if isinstance(part, int) else _name(part) for part in self.path)
        return "".join(steps).removeprefix(".")


def _name(part: str) -> str:
    return f'["{part}"]' if "." in part or "[" in part else f".{part}"


def unsecret_trace(trace: Trace) -> Trace:
    """How a value came to be, without the values that are secrets."""
    key = next((part for part in reversed(trace.path) if isinstance(part, str)), "")
    before = tuple((origin, mask_value(value, key)) for origin, value in trace.overridden)
    return replace(trace, value=mask_value(trace.value, key), overridden=before)


def unsecret(one: Explained) -> Explained:
    """A leaf, and what made it, without the values that are secrets."""
    key = next((part for part in reversed(one.path) if isinstance(part, str)), "")
    return replace(one, value=mask_value(one.value, key), causes=tuple(map(unsecret_trace, one.causes)))


def rendered_fields(site: str, target: str, found: Sequence[Explained]) -> Report:
    """The outcome of `explain --object`."""
    lines = [line for one in found for line in (f"{one.dotted} = {_shown(unsecret(one).value)}", *_indented(one))]
    data: dict[str, Json] = {"site": site, "object": target, "fields": [explained_data(one) for one in found]}
    return Report("explain-object", data, "\n".join(lines))


def _indented(one: Explained) -> Iterator[str]:
    yield from (f"  {line}" for line in explained_lines(one))


def explained_lines(one: Explained) -> Iterator[str]:
    """What made a leaf: its line, the values that this reads, and what they overrode."""
    one = unsecret(one)
    yield f"{one.made_by}, rendered to {one.rendered}" if one.made_by else f"rendered to {one.rendered}"
    for trace in one.causes:
        yield f"{'.'.join(map(str, trace.path))} = {_shown(trace.value)} in {trace.origin}"
        for origin, value in reversed(trace.overridden):
            yield f"  overrides {_shown(value)} of {origin}"
    for origin in one.defaults:
        yield f"default in {origin}"


def _shown(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def explained_data(one: Explained) -> Json:
    """One leaf for programs."""
    one = unsecret(one)
    causes: list[Json] = [
        {
            "key": ".".join(map(str, trace.path)),
            "value": trace.value,
            **_place(trace.origin),
            "overridden": [{**_place(origin), "value": value} for origin, value in trace.overridden],
        }
        for trace in one.causes
    ]
    return {
        "field": one.dotted,
        "value": one.value,
        "rendered": _place(one.rendered),
        "made_by": _place(one.made_by) if one.made_by else None,
        "causes": causes,
        "defaults": [_place(origin) for origin in one.defaults],
    }


def _place(origin: Origin) -> dict[str, Json]:
    return {"file": origin.file, "line": origin.line}

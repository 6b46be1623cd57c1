"""What differs over a fleet, for people and for programs.

In: a FleetDifference and each group's changes in its sites' common words. Out: text for one screen, data, text by site.
Never: leaves something out without saying how much, and where it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from renderer.report.escaping import one_line
from renderer.report.objects import MARKS, changes_data, object_lines
from renderer.report.problems import problems_data
from renderer.report.report import Report
from renderer.report.table import counted
from renderer.types import Action, SiteState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from renderer.types import FleetDifference, Group, Json, ObjectChange, Shared, SiteChange

_GROUPS: Final = 12
_OBJECTS: Final = 5
# More lines than these are no screen any more. Then: so many groups, objects, and fields of each.
_SCREEN: Final = 48
_ROWS: Final = 6
_SHARED: Final = 10
_FEW: Final = 2
_FIELDS: Final = 6
_SITES: Final = 5
_VALUES: Final = 4
_WHERE: Final = "-o json and -o html have all of it"
_STATES: Final = {SiteState.CHANGED: "", SiteState.NEW: "new, ", SiteState.GONE: "gone, "}


@dataclass(frozen=True, slots=True)
class Told:
    """A group as it is told: what its sites have in common, and which placeholders are left."""

    group: Group
    changes: tuple[ObjectChange, ...]
    left: tuple[str, ...]

    @property
    def title(self) -> str:
        """How many sites, and what changes in few words."""
        state = _STATES[self.group.state]
        same = "the same " if len(self.group.sites) > 1 and not self.left else ""
        return f"{counted(len(self.group.sites), 'site')}: {state}{same}{summary(self.changes)}"


def difference(found: FleetDifference, told: Sequence[Told], shared: Sequence[Shared]) -> Report:
    """The outcome of `diff`: each group with its changes, or where that is long, groups first, then what changes."""
    lines = [line for number, one in enumerate(told[:_GROUPS], 1) for line in ("", *_group_lines(number, one))]
    if len(lines) > _SCREEN and len(told) > 1:
        lines = [*_overview(told), *_by_object(shared)]
    else:
        lines += _hidden(told[_GROUPS:])
    if found.left:
        stays = "left the fleet; what is published for them stays"
        lines += ["", f"{counted(len(found.left), 'site')} {stays}: {some(found.left)}"]
    return Report("diff", data_of(found), "\n".join([headline(found), *lines]))


def canaries(found: FleetDifference, chosen: Sequence[tuple[SiteChange, Sequence[ObjectChange]]]) -> Report:
    """The outcome of `canary`: the sites, each with what it is the first to show."""
    distinct = sum(len(changes) for _, changes in chosen)
    lines = [headline(found), f"{counted(len(chosen), 'site')} to see {counted(distinct, 'distinct change')}:"]
    for site, changes in chosen:
        lines.append(f"{site.site}")
        lines += [f"  {MARKS[change.action]} {one_line(str(change.key))}" for change in changes[:_OBJECTS]]
        if len(changes) > _OBJECTS:
            lines.append(f"  and {counted(len(changes) - _OBJECTS, 'change')} more")
    data: dict[str, Json] = {
        "compared": found.compared,
        "changed": found.changed,
        "groups": len(found.groups),
        "distinct": distinct,
        "sites": [{"site": site.site, "changes": [str(change.key) for change in changes]} for site, changes in chosen],
        "failed": found.failed,
        "problems": problems_data(found.problems),
    }
    return Report("canary", data, "\n".join(lines if chosen else lines[:1]))


def by_site(own: Mapping[str, Sequence[ObjectChange]]) -> str:
    """Each site's own changes, one site after the other; of one site its changes alone."""
    lines: list[str] = []
    for site, changes in own.items():
        margin = "" if len(own) == 1 else "  "
        lines += [] if len(own) == 1 else [site]
        lines += [f"{margin}{line}" for change in changes for line in object_lines(change)]
    return "\n".join(lines)


def summary(changes: Sequence[ObjectChange]) -> str:
    """`3 fields of Deployment lab-app`, or how many objects changed, came and went."""
    if len(changes) == 1 and changes[0].action is Action.CHANGED:
        key = changes[0].key
        return one_line(f"{counted(len(changes[0].fields), 'field')} of {key.kind} {key.name}")
    parts = []
    for action in Action:
        of_action = [change for change in changes if change.action is action]
        if action is Action.CHANGED and of_action:
            fields = sum(len(change.fields) for change in of_action)
            parts.append(f"{counted(fields, 'field')} of {counted(len(of_action), 'object')}")
        elif of_action:
            parts.append(f"{counted(len(of_action), 'object')} {action.value}")
    return ", ".join(parts) or "nothing"


def counts_of(group: Group, most: int = _VALUES) -> Iterator[str]:
    """`region eu 30, us 25`, label by label; labels that all sites lack are left out."""
    for label, values in group.counts.items():
        shown = [f"{value} {count:,}" for value, count in islice(values.items(), most) if value]
        more = [f"{len(values) - most:,} more"] if len(values) > most else []
        if shown:
            yield f"{label} {', '.join(shown + more)}"


def headline(found: FleetDifference) -> str:
    """The result in one line."""
    same = found.compared - found.changed
    groups = f" in {counted(len(found.groups), 'group')}" if found.groups else ""
    failed = f", {found.failed:,} could not be compared" if found.failed else ""
    return (
        f"{counted(found.compared, 'site')} compared with {found.before}: "
        f"{_differ(found.changed)}{groups}, {_same(same)}{failed}"
    )


def _differ(count: int) -> str:
    return "1 differs" if count == 1 else f"{count:,} differ"


def _same(count: int) -> str:
    return "1 is the same" if count == 1 else f"{count:,} are the same"


def data_of(found: FleetDifference) -> dict[str, Json]:
    """The difference for programs. With `values`, `changes` give what each site's own comparison gives."""
    return {
        "before": found.before,
        "after": found.after,
        "compared": found.compared,
        "changed": found.changed,
        "failed": found.failed,
        "left": list(found.left),
        "groups": [_group_data(group) for group in found.groups],
        "problems": problems_data(found.problems),
    }


def some(names: Sequence[str], most: int = _SITES) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _group_data(group: Group) -> Json:
    names, sites = group.change.names, group.sites
    values: dict[str, Json] = {name: [site.values[at] for site in sites] for at, name in enumerate(names)}
    return {
        "id": group.digest[:12],
        "state": group.state.value,
        "risk": group.risk.name.lower(),
        "counts": {label: dict(values) for label, values in group.counts.items()},
        "sites": [site.site for site in sites],
        "values": values,
        "changes": changes_data(group.change.changes),
    }


def _hidden(told: Sequence[Told]) -> Iterator[str]:
    if told:
        sites = sum(len(one.group.sites) for one in told)
        yield ""
        yield f"and {counted(len(told), 'group')} more with {counted(sites, 'site')}; {_WHERE}"


def _group_lines(number: int, one: Told) -> Iterator[str]:
    yield from _head(number, one)
    for change in one.changes[:_OBJECTS]:
        yield from (f"   {line}" for line in object_lines(change, _FIELDS))
    if len(one.changes) > _OBJECTS:
        rest = one.changes[_OBJECTS:]
        marks = {action: sum(change.action is action for change in rest) for action in Action}
        listed = " ".join(f"{MARKS[action]}{count:,}" for action, count in marks.items() if count)
        yield f"   and {counted(len(rest), 'object')} more ({listed}); {_WHERE}"
    if one.left:
        yield f"   each site has its own {', '.join(f'⟦{name}⟧' for name in one.left)}"


def _head(number: int, one: Told, most: int = _SITES) -> Iterator[str]:
    yield f"{number}. {one.title} [{one.group.risk.meaning}]"
    yield f"   {' | '.join(counts_of(one.group))}"
    yield f"   {some([site.site for site in one.group.sites], most)}"


def _overview(told: Sequence[Told]) -> Iterator[str]:
    """The groups without their changes."""
    yield ""
    for number, one in enumerate(told[:_ROWS], 1):
        yield from _head(number, one, 3)
    yield from _hidden(told[_ROWS:])


def _by_object(shared: Sequence[Shared]) -> Iterator[str]:
    yield ""
    yield "what changes, with the numbers of the groups:"
    for one in shared[:_SHARED]:
        groups = _ranges([place + 1 for place in one.groups])
        first, *rest = object_lines(one.change, _FEW)
        yield f"{counted(one.sites, 'site')} ({groups}) {first}"
        yield from rest
    if len(shared) > _SHARED:
        yield f"and {counted(len(shared) - _SHARED, 'change')} of objects more; {_WHERE}"


def _ranges(numbers: Sequence[int]) -> str:
    """`1-3, 5` for 1, 2, 3, 5."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)

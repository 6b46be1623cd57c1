"""Problems for people and for programs. The same problem of many sites is told once, with the sites it concerns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from renderer.report.escaping import printable
from renderer.report.table import counted
from renderer.secrets import mask_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from renderer.errors import Code
    from renderer.types import Json, Origin, Problem, Waiver

_SITES_NAMED = 3
_CAUSES_NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem as it is told: all the sites that have it, and all the places of the values that cause it."""

    problem: Problem
    sites: tuple[str, ...]
    causes: tuple[Origin, ...]


def problems_text(problems: Iterable[Problem]) -> str:
    """One paragraph per distinct problem that nobody waived: severity, code, place, what is wrong, what to do."""
    return "\n".join(map(_paragraph, findings(unwaived(problems))))


def problems_data(problems: Iterable[Problem]) -> list[Json]:
    """One object per distinct problem that nobody waived, with all its sites."""
    return [_data(finding) for finding in findings(unwaived(problems))]


def waived_data(problems: Iterable[Problem]) -> list[Json]:
    """One object per distinct problem that is waived, with the waiver and all its sites."""
    return [_data(finding) for finding in findings(waived(problems))]


def waived_words(problems: Iterable[Problem]) -> str:
    """How many findings are waived, such as `, 2 findings waived`; empty for none."""
    found = findings(waived(problems))
    return f", {counted(len(found), 'finding')} waived" if found else ""


def unwaived(problems: Iterable[Problem]) -> list[Problem]:
    """Those that count."""
    return [problem for problem in problems if problem.waived is None]


def waived(problems: Iterable[Problem]) -> list[Problem]:
    """Those that a waiver covers."""
    return [problem for problem in problems if problem.waived is not None]


def findings(problems: Iterable[Problem]) -> list[Finding]:
    """The distinct problems, in the order of their first occurrence; their words without a secret in them."""
    groups: dict[tuple[object, ...], tuple[Problem, dict[str, None], dict[Origin, None]]] = {}
    for problem in problems:
        key = (problem.code, problem.what, problem.where, problem.hint, problem.severity, problem.waived)
        _, sites, causes = groups.setdefault(key, (problem, {}, {}))
        sites.update({problem.site: None} if problem.site is not None else {})
        causes.update(dict.fromkeys(problem.causes))
    return [Finding(_masked(problem), tuple(sites), tuple(causes)) for problem, sites, causes in groups.values()]


def _masked(problem: Problem) -> Problem:
    what, hint = mask_message(problem.what), mask_message(problem.hint)
    return problem if (what, hint) == (problem.what, problem.hint) else replace(problem, what=what, hint=hint)


def _paragraph(finding: Finding) -> str:
    problem = finding.problem
    place = f" {printable(str(problem.where))}:" if problem.where else ""
    lines = [f"{problem.severity} {problem.code}{place} {printable(problem.what)}{_named(finding.sites)}"]
    lines += [f"  {printable(line)}" for line in (described_origin(finding), problem.hint) if line]
    return "\n".join(lines)


def described_origin(finding: Finding) -> str:
    """Which rendered line it is about, and where the values in that line were set; empty where nothing is known."""
    parts = [f"rendered {finding.problem.rendered}"] if finding.problem.rendered else []
    if finding.causes:
        parts.append(f"values: {some(list(map(str, finding.causes)), _CAUSES_NAMED)}")
    return ", ".join(parts)


def some(names: Sequence[str], most: int) -> str:
    """The first `most` names, and how many there are besides."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _named(sites: Sequence[str]) -> str:
    return f" [{some(sites, _SITES_NAMED)}]" if sites else ""


def _data(finding: Finding) -> Json:
    problem = finding.problem
    data: dict[str, Json] = {
        "code": problem.code.value,
        "name": name_of(problem.code),
        "severity": problem.severity.value,
        "what": problem.what,
    }
    if problem.where:
        data |= _place(problem.where)
    if problem.hint:
        data["hint"] = problem.hint
    if problem.key:
        data["key"] = problem.key
    if problem.rule:
        data["rule"] = problem.rule
    if problem.object:
        data["object"] = problem.object
    if problem.rendered:
        data["rendered"] = _place(problem.rendered)
    if finding.causes:
        data["causes"] = [_place(cause) for cause in finding.causes]
    if problem.waived:
        data["severity"] = problem.waived.severity.value
        data["waiver"] = _waiver(problem.waived.waiver)
    return {**data, "sites": list(finding.sites)}


def _waiver(waiver: Waiver) -> dict[str, Json]:
    owner: dict[str, Json] = {"owner": waiver.owner} if waiver.owner else {}
    told: dict[str, Json] = {"name": waiver.name, "reason": waiver.reason, "expires": waiver.expires.isoformat()}
    return {**told, **owner, **_place(waiver.where)}


def _place(origin: Origin) -> dict[str, Json]:
    return {"file": origin.file, "line": origin.line, "column": origin.column}


def name_of(code: Code) -> str:
    """The code's name as people write it: `yaml-duplicate-key`."""
    return code.name.lower().replace("_", "-")


def count_by(values: Iterable[str]) -> Mapping[str, int]:
    """How often each value occurs, in the order of first occurrence."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts

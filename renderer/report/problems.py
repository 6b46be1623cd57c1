"""Problems for people and for programs. The same problem of many sites is told once, with the sites it concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.errors import Code
    from renderer.types import Json, Problem

_SITES_NAMED = 3


def problems_text(problems: Iterable[Problem]) -> str:
    """One paragraph per distinct problem: severity, code, place, what is wrong, what to do."""
    return "\n".join(_paragraph(problem, sites) for problem, sites in _grouped(problems))


def problems_data(problems: Iterable[Problem]) -> list[Json]:
    """One object per distinct problem, with all its sites."""
    return [_data(problem, sites) for problem, sites in _grouped(problems)]


def _grouped(problems: Iterable[Problem]) -> Iterable[tuple[Problem, list[str]]]:
    groups: dict[tuple[object, ...], tuple[Problem, list[str]]] = {}
    for problem in problems:
        key = (problem.code, problem.what, problem.where, problem.hint, problem.severity)
        _, sites = groups.setdefault(key, (problem, []))
        if problem.site is not None and problem.site not in sites[-1:]:
            sites.append(problem.site)
    return groups.values()


def _paragraph(problem: Problem, sites: list[str]) -> str:
    place = f" {problem.where}:" if problem.where else ""
    lines = [f"{problem.severity} {problem.code}{place} {problem.what}{_named(sites)}"]
    if problem.hint:
        lines.append(f"  {problem.hint}")
    return "\n".join(lines)


def _named(sites: list[str]) -> str:
    if not sites:
        return ""
    named = ", ".join(sites[:_SITES_NAMED])
    if len(sites) > _SITES_NAMED:
        named += f" and {len(sites) - _SITES_NAMED} more"
    return f" [{named}]"


def _data(problem: Problem, sites: list[str]) -> Json:
    data: dict[str, Json] = {
        "code": problem.code.value,
        "name": name_of(problem.code),
        "severity": problem.severity.value,
        "what": problem.what,
    }
    if problem.where:
        data |= {"file": problem.where.file, "line": problem.where.line, "column": problem.where.column}
    if problem.hint:
        data["hint"] = problem.hint
    if problem.key:
        data["key"] = problem.key
    return {**data, "sites": list(sites)}


def name_of(code: Code) -> str:
    """The code's name as people write it: `yaml-duplicate-key`."""
    return code.name.lower().replace("_", "-")


def count_by(values: Iterable[str]) -> Mapping[str, int]:
    """How often each value occurs, in the order of first occurrence."""
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts

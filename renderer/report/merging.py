"""The results of shards, put together to the result of the whole.

In: what each shard printed with `-o json`, by the name of its file. Out: one Report of the same kind, an exit code.
Never: depends on the order of the files, or takes a part for the whole: a shard that is missing is a problem.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.errors import Code, ConfigurationError
from renderer.report import results
from renderer.report.changes import DefaultChange
from renderer.types import Digest, Origin, Outcome, Problem, Receipt, Scope, Severity, Shard, Waived, Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from renderer.report.report import Report

_ENVIRONMENT = 4
_HINT = "give the files that `-o json` of validate, plan, publish or verify has written with --shard"


class Part(NamedTuple):
    """The result of one shard: `data` as printed, `problems` as values, one for each site that has it."""

    kind: str
    shard: Shard
    code: int
    home: str
    sites: Sequence[str]
    data: Mapping[str, Any]
    problems: tuple[Problem, ...]


def merge_reports(files: Mapping[str, bytes]) -> tuple[Report, int]:
    """The report of all shards, and the highest of their exit codes; 4 when a shard is missing.

    Raises ConfigurationError for files that are no results of shards, or not of the same run.
    """
    parts = _parts(files)
    first = parts[0]
    missing = tuple(_missing(parts))
    problems = _sorted(problem for part in parts for problem in part.problems)
    report = _KINDS[first.kind](parts, [*missing, *problems])
    sites = sorted(site for part in parts for site in part.sites)
    code = _ENVIRONMENT if missing else max(part.code for part in parts)
    return report.about([*missing, *problems], sites, first.home), code


def _parts(files: Mapping[str, bytes]) -> list[Part]:
    """The parts in the order of their shards."""
    problems: list[Problem] = []
    found: dict[Shard, tuple[str, Part]] = {}
    for name, content in files.items():
        part = _part(content)
        if part is None:
            what = f"{name} is not the result of a shard"
            problems.append(Problem(Code.REPORT_INVALID, what, Origin(name), _HINT))
        elif part.shard in found:
            what = f"{name} and {found[part.shard][0]} are both of shard {part.shard}"
            problems.append(Problem(Code.REPORT_INVALID, what, Origin(name), "give one file for each shard"))
        else:
            found[part.shard] = name, part
    parts = [part for _, (_, part) in sorted(found.items(), key=lambda item: item[0])]
    runs = {(part.kind, part.shard.count, part.data.get("target")) for part in parts}
    if len(runs) > 1:
        told = "; ".join(sorted(f"{kind} in {count} shards to {to}" for kind, count, to in runs))
        what = f"the files are of different runs: {told}"
        problems.append(Problem(Code.REPORT_INVALID, what, hint="merge the shards of one command"))
    if problems or not parts:
        what = "the results cannot be merged"
        raise ConfigurationError(what, problems=problems or [Problem(Code.REPORT_INVALID, what, hint=_HINT)])
    return parts


def _part(content: bytes) -> Part | None:
    try:
        data = json.loads(content)
        kind = data["schema"].removeprefix("fleetpress/").removesuffix("/v1")
        said = data["shard"]
        shard = Shard.parse(f"{said['index']}/{said['count']}")
        problems = tuple(
            problem for one in [*data["problems"], *data.get("suppressed", ())] for problem in _problems(one)
        )
        part = Part(kind, shard, int(said["exit"]), str(said["home"]), [*map(str, said["sites"])], data, problems)
        _KINDS[kind]([part], problems)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return part


def _missing(parts: Sequence[Part]) -> Iterator[Problem]:
    there = {part.shard for part in parts}
    count = parts[0].shard.count
    for shard in (Shard(index, count) for index in range(1, count + 1)):
        if shard not in there:
            what = f"shard {shard} has no result: nothing is known of its sites"
            yield Problem(Code.SHARD_MISSING, what, hint="look at the log of its job, and run it again")


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    """A problem as it was told, once for each of its sites."""
    problem = Problem(
        Code(data["code"]),
        data["what"],
        _origin(data) if "file" in data else None,
        data.get("hint", ""),
        key=data.get("key"),
        severity=Severity(data["severity"]),
        rendered=_origin(data["rendered"]) if "rendered" in data else None,
        causes=tuple(_origin(cause) for cause in data.get("causes", ())),
        rule=data.get("rule", ""),
        object=data.get("object", ""),
    )
    if "waiver" in data:
        problem = replace(problem, severity=Severity.WAIVED, waived=Waived(_waiver(data["waiver"]), problem.severity))
    sites: list[str] = data["sites"]
    yield from (replace(problem, site=str(site)) for site in sites) if sites else [problem]


def _waiver(data: Mapping[str, Any]) -> Waiver:
    """As much of a waiver as was told."""
    ends = date.fromisoformat(data["expires"])
    return Waiver(data["name"], "", Scope(), (), data["reason"], ends, _origin(data), data.get("owner", ""))


def _origin(data: Mapping[str, Any]) -> Origin:
    return Origin(data["file"], data["line"], data["column"])


def _sorted(problems: Iterable[Problem]) -> list[Problem]:
    """Each once, what concerns the whole fleet first, then site by site."""
    return sorted(dict.fromkeys(problems), key=lambda problem: problem.site or "")


def _receipts(parts: Sequence[Part], name: str, problems: Iterable[Problem]) -> list[Receipt]:
    told: dict[str | None, list[Problem]] = {}
    for problem in problems:
        told.setdefault(problem.site, []).append(problem)
    found = [
        Receipt(
            one["site"],
            Outcome(one["outcome"]),
            one.get("reference", ""),
            Digest.parse(one["digest"]) if "digest" in one else None,
            Digest.parse(one["content"]) if "content" in one else None,
            one.get("serial"),
            one["uploads"],
            tuple(told.get(one["site"], ())),
        )
        for part in parts
        for one in part.data[name]
    ]
    return sorted(found, key=lambda receipt: receipt.site)


def _validation(parts: Sequence[Part], problems: Sequence[Problem]) -> Report:
    return results.validation(_sum(parts, "checked"), problems, _sum(parts, "failed"))


def _plan(parts: Sequence[Part], problems: Sequence[Problem]) -> Report:
    changed = {one["site"]: tuple(one["reasons"]) for part in parts for one in part.data["changed"]}
    removed = sorted(site for part in parts for site in part.data["removed"])
    defaults = _defaults(one for part in parts for one in part.data["defaults"])
    return results.plan(dict(sorted(changed.items())), _sum(parts, "unchanged"), removed, problems, defaults)


def _defaults(changes: Iterable[Mapping[str, Any]]) -> list[DefaultChange]:
    """Each changed default once, with the sites of all shards that take it."""
    found: dict[str, DefaultChange] = {}
    for one in changes:
        template = one["template"]
        names = f"{template}@{one['before']}", f"{template}@{one['after']}"
        change = DefaultChange(*names, one["question"], one["old"], one["new"], one["sites"])
        key = json.dumps([*names, one["question"], one["old"], one["new"]])
        before = found.get(key)
        found[key] = change if before is None else replace(change, sites=before.sites + change.sites)
    return [found[key] for key in sorted(found)]


def _publication(parts: Sequence[Part], problems: Sequence[Problem]) -> Report:
    receipts = _receipts(parts, "receipts", problems)
    return results.publication(receipts, _sum(parts, "skipped"), parts[0].data["target"], problems)


def _verification(parts: Sequence[Part], problems: Sequence[Problem]) -> Report:
    receipts = _receipts(parts, "sites", problems)
    fleetwide = [problem for problem in problems if problem.site is None]
    return results.verification(receipts, parts[0].data["target"], fleetwide)


def _sum(parts: Sequence[Part], name: str) -> int:
    return sum(part.data[name] for part in parts)


_KINDS: Mapping[str, Callable[[Sequence[Part], Sequence[Problem]], Report]] = {
    "validate": _validation,
    "plan": _plan,
    "publish": _publication,
    "verify": _verification,
}

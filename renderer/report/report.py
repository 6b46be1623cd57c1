"""What a command has to say, and the table of the forms it can be said in.

In: a Report. Out: text for stdout. Data goes to stdout, talk to stderr: that is the caller's affair.
Never: prints, decides an exit code, or knows how a result came about.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING

from renderer.secrets import mask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from renderer.report.findings import Findings
    from renderer.types import Json, Problem, Shard


@dataclass(frozen=True, slots=True)
class Report:
    """A result in both forms: `data` for programs (schemas/output/<kind>.schema.json), `text` for people.

    `findings` are there for commands that look for problems: only their reports can be said as tests or annotations.
    """

    kind: str
    data: Mapping[str, Json]
    text: str
    findings: Findings | None = None
    share: tuple[Shard, int] | None = None

    def of_shard(self, shard: Shard, code: int) -> Report:
        """The same report as one of several that make up the whole (see merging); `code` is the exit code to come."""
        return self if shard.is_all else replace(self, share=(shard, code))

    def about(self, problems: Iterable[Problem], subjects: Iterable[str], home: str) -> Report:
        """The same report, with its problems and all that was checked; `home` is the file of what has no place."""
        from renderer.report.findings import Findings
        from renderer.report.problems import unwaived, waived

        listed = list(problems)
        found = Findings(tuple(unwaived(listed)), tuple(subjects), home, tuple(waived(listed)))
        if self.share is None:
            return replace(self, findings=found)
        shard, code = self.share
        # What only reporters of problems need must be there for those that are asked for when shards are merged.
        told: dict[str, Json] = {"index": shard.index, "count": shard.count, "exit": code, "home": home}
        return replace(self, findings=found, data={**self.data, "shard": {**told, "sites": list(found.subjects)}})


def _text(report: Report) -> str:
    return report.text


def _json(report: Report) -> str:
    return json.dumps({"schema": f"fleetpress/{report.kind}/v1", **report.data}, indent=2, ensure_ascii=False)


def _safe(write: Callable[[Report], str]) -> Callable[[Report], str]:
    """A reporter behind which no secret is left, wherever it came from and whoever forgot it."""
    return lambda report: mask(write(report))


def _found(form: str) -> Callable[[Report], str]:
    """The reporter of problems whose module and function have the name of its form."""

    def say(report: Report) -> str:
        assert report.findings is not None, f"{report.kind} does not look for problems"  # noqa: S101
        write: Callable[[str, Findings], str] = getattr(import_module(f"renderer.report.{form}"), form)
        return write(report.kind, report.findings)

    return say


_WRITERS = ("junit", "tap", "sarif", "github", "gitlab", "markdown")
# The first two can say any result, the others only one with findings. These hold nothing but problems, whose words are
# masked one by one: hidden in the finished text, `key-password::` would take the end of a command for its value.
REPORTERS: Mapping[str, Callable[[Report], str]] = {
    "text": _safe(_text),
    "json": _safe(_json),
    **{form: _found(form) for form in _WRITERS},
}

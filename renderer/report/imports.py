"""What the command `import` has to say: its result in, a Report out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from renderer.report.problems import problems_data, problems_text
from renderer.report.report import Report
from renderer.report.table import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from renderer.types import Json, Problem


@dataclass(frozen=True, slots=True)
class Imported:
    """One site: its new `file`, empty when there is none, and how many values that has; `sources` it was made of."""

    site: str
    file: str = ""
    sources: tuple[str, ...] = ()
    templates: Mapping[str, str] = field(default_factory=dict)
    values: int = 0
    unpinned: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


def imports(tool: str, sites: Sequence[Imported], *, written: bool) -> Report:
    """The outcome of `import`."""
    problems = [problem for site in sites for problem in site.problems]
    done = [site for site in sites if site.file]
    failed = len(sites) - len(done)
    pins = Counter(f"{name}@{version}" for site in done for name, version in site.templates.items())
    dropped = sum(len(site.unpinned) for site in done)
    lines = [f"{counted(len(done), 'site')} {'imported' if written else 'to import'}, {failed:,} not"]
    lines += [f"  {pin}: {counted(count, 'site')}" for pin, count in sorted(pins.items())]
    if dropped:
        lines.append(f"  {counted(dropped, 'value')} left to the template's defaults")
    data: dict[str, Json] = {
        "tool": tool,
        "written": written,
        "failed": failed,
        "sites": [_site(site) for site in done],
        "problems": problems_data(problems),
    }
    text = "\n".join(part for part in (problems_text(problems), *lines) if part)
    return Report("import", data, text)


def _site(site: Imported) -> Json:
    return {
        "site": site.site,
        "file": site.file,
        "sources": list(site.sources),
        "templates": dict(site.templates),
        "values": site.values,
        "unpinned": list(site.unpinned),
    }

"""Which sites a policy or waiver is about.

In: a scope, a site's name and labels; the labels of a fleet. Out: yes or no, and what of a scope means no site.
Never: reads a site.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from renderer.validate.wording import clipped, meant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.types import Scope


def covers(scope: Scope, name: str, labels: Mapping[str, str]) -> bool:
    """Whether the site is meant."""
    if any(labels.get(label) not in values for label, values in scope.labels.items()):
        return False
    return not scope.sites or any(fnmatchcase(name, pattern) for pattern in scope.sites)


def described(scope: Scope) -> str:
    """The sites in words: `region eu`, `region eu or us and ring canary`."""
    parts = [f"{label} {' or '.join(sorted(values))}" for label, values in sorted(scope.labels.items())]
    parts += [f"site {' or '.join(scope.sites)}"] if scope.sites else []
    return " and ".join(parts) or "all sites"


def scope_flaws(
    scope: Scope, known: Mapping[str, tuple[str, ...]], *, free: bool
) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """(key path, what, hint) for labels that a fleet does not have, and values that they never take.

    `free`: labels that fleet.yaml does not list may be named; no site needs to have them.
    """
    for label, values in scope.labels.items():
        if label not in known:
            if not free:
                what = f"{clipped(label)} is no label of fleet.yaml, so sites may be without it"
                yield (label,), what, meant(label, known) or "add it to labels in fleet.yaml"
            continue
        for value in sorted(values - set(known[label])):
            what = f"the label {label} is never {clipped(value)}"
            yield (label,), what, meant(value, known[label]) or "use a value that fleet.yaml lists"

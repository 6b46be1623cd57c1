"""Which sites a rule of the fleet is about, and findings that the fleet accepts for a time.

In: nothing. Out: frozen values. Never: does I/O, or knows what day it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from renderer.types.problems import Origin, Severity

# The key of a scope that holds names; no label can be called so.
SITE_KEY = "site"


@dataclass(frozen=True, slots=True)
class Scope:
    """Sites whose labels have one of the values each, and whose name fits one of the patterns, when there are any."""

    labels: Mapping[str, frozenset[str]] = field(default_factory=dict)
    sites: tuple[str, ...] = ()

    @classmethod
    def parse(cls, value: Mapping[str, Any] | None) -> Scope:
        """Read `sites:` of a policy or waiver, as its schema has it; None means all sites."""
        listed = {key: (one,) if isinstance(one, str) else tuple(one) for key, one in (value or {}).items()}
        return cls({key: frozenset(some) for key, some in listed.items() if key != SITE_KEY}, listed.get(SITE_KEY, ()))


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that is accepted: the name of a policy or rule, or a code; at which sites, in which objects.

    `objects` are patterns Kind/namespace/name, or Kind/name; any object when there are none. `expires` is the last day.
    """

    name: str
    finding: str
    scope: Scope = field(hash=False)  # a mapping has no hash
    objects: tuple[str, ...]
    reason: str
    expires: date
    where: Origin
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Waived:
    """That a waiver covers a problem, and how severe the problem would be without."""

    waiver: Waiver
    severity: Severity

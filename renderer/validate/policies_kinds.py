"""What all kinds of policies of the fleet's own have in common.

In: nothing. Out: the contract of a policy, and what it says. Never: judges; policies_residency and policies_bounds do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.errors import Code
    from renderer.types import Origin, Scope, Severity
    from renderer.validate.policies_amounts import Demand
    from renderer.validate.policies_evidence import Evidence, Place


@dataclass(frozen=True, slots=True)
class Header:
    """What every policy says about itself."""

    name: str
    why: str
    severity: Severity
    waivable: bool
    where: Origin


class Finding(NamedTuple):
    """What a policy has found; without a place it is about the site as a whole."""

    code: Code
    what: str
    hint: str
    place: Place | None = None


class Total(NamedTuple):
    """What a site's files come to."""

    size: int
    demand: Demand


class Policy(Protocol):
    """A policy, which judges each file by itself. Limits judge the whole site besides."""

    @property
    def header(self) -> Header:
        """What it says about itself."""
        ...

    @property
    def scopes(self) -> Iterable[Scope]:
        """The scopes whose labels decide about sites."""
        ...

    def judge(self, evidence: Evidence, labels: Mapping[str, str]) -> Iterator[Finding]:
        """What is wrong with a file at a site with these labels."""
        ...

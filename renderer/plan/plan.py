"""Which sites have to be looked at, and why.

In: digests of the files that are there now, and the ledger. Out: candidates with their reasons; names only.
Never: reads a site. A site whose own file and whose shared inputs are as the ledger has them costs one comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from renderer.plan.ledger import Entry, Inputs
    from renderer.types import Digest


@dataclass(frozen=True, slots=True)
class Candidates:
    """`changed` maps each site to look at to its reasons; so many `unchanged` ones are left alone; `removed` left."""

    changed: Mapping[str, tuple[str, ...]]
    unchanged: int
    removed: tuple[str, ...]


def candidates(
    files: Mapping[str, Digest],
    entries: Mapping[str, Entry],
    current: Callable[[str], Digest | None],
    key_id: str | None,
) -> Candidates:
    """Compare `files` (site -> digest of its file) and the digests of shared inputs with the ledger's `entries`.

    `current(name)` answers None for an input that is gone. `key_id` is the key that this run signs with, if it does.
    """
    stale = _StaleInputs(current)
    changed: dict[str, tuple[str, ...]] = {}
    for site, digest in files.items():
        entry = entries.get(site)
        reasons = ("new site",) if entry is None else tuple(_reasons(entry, digest, stale, key_id))
        if reasons:
            changed[site] = reasons
    removed = tuple(sorted(entries.keys() - files.keys()))
    return Candidates(changed, len(files) - len(changed), removed)


def reasons_for(entry: Entry, inputs: Inputs) -> tuple[str, ...]:
    """Which inputs of a site that was read anew differ from those that the ledger has: moved pins, other layers."""
    before = {_stem(name): name for name, _ in entry.inputs}
    after = {_stem(name) for name, _ in inputs}
    reasons = [_difference(before.get(_stem(name)), name) for name, _ in sorted(inputs - entry.inputs)]
    reasons += [f"{before[stem]} is no longer used" for stem in sorted(before.keys() - after)]
    return tuple(reasons)


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """A template that is not what it was: `name@version` as published, its digest then, `name@version` now."""

    before: str
    digest: Digest
    after: str


def moves_for(entry: Entry, inputs: Inputs) -> tuple[Move, ...]:
    """The templates that a site had and has, in another version or with other content."""
    before = {_stem(name): (name, digest) for name, digest in entry.inputs if _is_template(name)}
    found = []
    for name, digest in sorted(inputs):
        known = before.get(_stem(name)) if _is_template(name) else None
        if known is not None and known != (name, digest):
            found.append(Move(*known, name))
    return tuple(found)


def _is_template(name: str) -> bool:
    """Templates are the inputs with a version; a range is one too, but is what it stands for."""
    return "@" in name and " " not in name.partition("@")[0] and not name.startswith("layers/")


def _difference(before: str | None, after: str) -> str:
    if before is None:
        return f"{after} is used for the first time"
    if before == after:
        return f"{after} changed"
    return f"{_stem(after)} {before.partition('@')[2]} -> {after.partition('@')[2]}"


def _reasons(entry: Entry, digest: Digest, stale: _StaleInputs, key_id: str | None) -> Iterator[str]:
    if entry.file != digest:
        yield "site file changed"
    yield from stale.of(entry.inputs)
    if key_id is not None and entry.key_id != key_id:
        yield "signing key changed"


def _stem(name: str) -> str:
    return name.partition("@")[0]


class _StaleInputs:
    """Answers, once per group of sites that share their inputs, which of these changed."""

    def __init__(self, current: Callable[[str], Digest | None]) -> None:
        self._current = current
        self._inputs: dict[tuple[str, Digest], str] = {}
        self._groups: dict[Inputs, tuple[str, ...]] = {}

    def of(self, inputs: Inputs) -> tuple[str, ...]:
        reasons = self._groups.get(inputs)
        if reasons is None:
            found = (self._reason(pair) for pair in sorted(inputs))
            reasons = self._groups[inputs] = tuple(reason for reason in found if reason)
        return reasons

    def _reason(self, pair: tuple[str, Digest]) -> str:
        if pair not in self._inputs:
            name, before = pair
            now = self._current(name)
            self._inputs[pair] = "" if now == before else f"{name} {'is gone' if now is None else 'changed'}"
        return self._inputs[pair]

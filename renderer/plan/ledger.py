"""The ledger: what is published, site by site, and the inputs that it was made from.

In and out: JSON bytes, and the same as values. It is a cache of the registry's truth: losing it costs a full check of
the registry, never a wrong artifact. Sites that were made from the same layers and templates share one group of
inputs, so that a changed layer is looked up once per group and not once per site.
Never: does I/O; who stores the bytes is the pipeline's affair.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from renderer.errors import Code, FleetpressError
from renderer.types import Digest, Problem, compact_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEDGER_TYPE = "application/vnd.dev.fleetpress.ledger.v1+json"
_FORMAT = 2
# What a whole ledger remembers to include; older ones are never looked at again.
_REMEMBERED = 64

Row = TypeVar("Row")
Inputs = frozenset[tuple[str, Digest]]


class LedgerError(FleetpressError):
    """The ledger's bytes cannot be read; it can be rebuilt from the registry."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """What one site's last publication was made from, and what came out.

    `file` is the digest of the site's own file; `inputs` are the (name, digest) pairs of everything else it was made
    from; `published` is an RFC 3339 time.
    """

    file: Digest
    inputs: Inputs
    fingerprint: Digest
    content: Digest
    manifest: Digest
    serial: int
    key_id: str
    published: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries by site name: all of them (`whole`), or what one run changed.

    `removed` maps sites that left to the serial at which they did. A whole ledger lists in `includes` the serials of
    the ledgers that need not be read besides it.
    """

    fleet: str
    serial: int = 0
    includes: tuple[int, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True

    def change(self, serial: int, entries: Mapping[str, Entry], removed: Iterable[str] = ()) -> Ledger:
        """What a run at `serial` that published `entries` and missed `removed` changed: as large as the change."""
        return Ledger(self.fleet, serial, (), entries, dict.fromkeys(removed, serial), whole=False)

    def dump(self) -> bytes:
        """Encode; equal ledgers give equal bytes."""
        inputs: _Table[tuple[str, Digest]] = _Table()
        groups: _Table[tuple[int, ...]] = _Table()
        keys: _Table[str] = _Table()
        sites = {
            site: [
                entry.file.hex,
                groups.index(tuple(sorted(inputs.index(pair) for pair in sorted(entry.inputs)))),
                entry.fingerprint.hex,
                entry.content.hex,
                entry.manifest.hex,
                entry.serial,
                keys.index(entry.key_id),
                entry.published,
            ]
            for site, entry in sorted(self.entries.items())
        }
        return compact_json(
            {
                "format": _FORMAT,
                "fleet": self.fleet,
                "serial": self.serial,
                "whole": self.whole,
                "includes": list(self.includes),
                "removed": dict(sorted(self.removed.items())),
                "inputs": [[name, digest.hex] for name, digest in inputs.rows],
                "groups": groups.rows,
                "keys": keys.rows,
                "sites": sites,
            }
        )

    @classmethod
    def load(cls, data: bytes, *, where: str) -> Ledger:
        """Decode `dump`'s bytes; raises LedgerError that names `where` for anything else."""
        try:
            return _decode(json.loads(data))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise ledger_error(where, type(error).__name__) from None


def ledger_error(where: str, why: str) -> LedgerError:
    """The error of a ledger that cannot be used, with the way out."""
    what = f"the ledger at {where} cannot be read ({why})"
    hint = "run `fleetpress publish --all`: it asks the registry about every site and writes the ledger anew"
    return LedgerError(what, problems=[Problem(Code.LEDGER_CORRUPT, what, hint=hint)])


def merge(ledgers: Iterable[Ledger]) -> Ledger:
    """One whole ledger of all `ledgers`, in whatever order they were written: for each site the highest serial counts.

    Of entries with one serial the one in the newer ledger counts: it was looked at again and found the same.
    """
    parts = sorted(ledgers, key=lambda ledger: ledger.serial)
    entries: dict[str, Entry] = {}
    for part in parts:
        for site, entry in part.entries.items():
            if site not in entries or entries[site].serial <= entry.serial:
                entries[site] = entry
        for site, serial in part.removed.items():
            if site in entries and entries[site].serial <= serial:
                del entries[site]
    newest = parts[-1]
    included = {serial for part in parts for serial in (part.serial, *part.includes)} - {0, newest.serial}
    return Ledger(newest.fleet, newest.serial, tuple(sorted(included)[-_REMEMBERED:]), entries)


def join(first: Ledger, second: Ledger) -> Ledger:
    """Two ledgers of one serial as one; where both speak of a site, `second` counts."""
    entries = {site: entry for site, entry in first.entries.items() if site not in second.removed} | dict(
        second.entries
    )
    removed = {site: serial for site, serial in first.removed.items() if site not in second.entries}
    included = tuple(sorted({*first.includes, *second.includes}))
    whole = first.whole or second.whole
    return Ledger(first.fleet, first.serial, included, entries, {} if whole else removed | dict(second.removed), whole)


class _Table(Generic[Row]):
    """Rows numbered in the order in which they are first asked for."""

    def __init__(self) -> None:
        self._numbers: dict[Row, int] = {}

    def index(self, row: Row) -> int:
        """The number of `row`, a new one if it is new."""
        return self._numbers.setdefault(row, len(self._numbers))

    @property
    def rows(self) -> list[Row]:
        """All rows in the order of their numbers."""
        return list(self._numbers)


def _decode(raw: Any) -> Ledger:
    if raw["format"] != _FORMAT:
        raise ValueError(raw["format"])
    inputs = [(str(name), Digest(hexadecimal)) for name, hexadecimal in raw["inputs"]]
    groups = [frozenset(inputs[number] for number in group) for group in raw["groups"]]
    keys = raw["keys"]
    entries = {}
    for site, (file, group, made, content, manifest, serial, key, published) in raw["sites"].items():
        digests = Digest(made), Digest(content), Digest(manifest)
        entries[site] = Entry(Digest(file), groups[group], *digests, serial, keys[key], published)
    return Ledger(raw["fleet"], raw["serial"], tuple(raw["includes"]), entries, raw["removed"], raw["whole"])

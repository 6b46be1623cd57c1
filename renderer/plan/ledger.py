"""The ledger: what is published, site by site, and the inputs that it was made from.

In and out: JSON bytes, and the same as values. It is a cache of the registry's truth: losing it costs a full check of
the registry, never a wrong artifact. Sites that were made from the same layers and templates share one group of
inputs, so that a changed layer is looked up once per group and not once per site.
Never: does I/O; who stores the bytes is the pipeline's affair.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from renderer.errors import Code, FleetpressError
from renderer.types import Digest, Problem, compact_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEDGER_TYPE = "application/vnd.dev.fleetpress.ledger.v1+json"
_FORMAT = 3
# The serials of which a whole ledger remembers what it includes; older ones are never looked at again.
_REMEMBERED = 64

Row = TypeVar("Row")
Inputs = frozenset[tuple[str, Digest]]


class LedgerError(FleetpressError):
    """The ledger's bytes cannot be read; it can be rebuilt from the registry."""

    exit_code = 4


class Edition(NamedTuple):
    """Which of a region's ledgers one is: its serial, and the shard that wrote it; 0 for a run without shards."""

    serial: int
    shard: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """What one site's last publication was made from, and what came out.

    `file` is the digest of the site's own file; `inputs` are the (name, digest) pairs of everything else it was made
    from; `published` is an RFC 3339 time. Where sites share bases, `base` is the key of the one that it has, and
    content and manifest are those of its part.
    """

    file: Digest
    inputs: Inputs
    fingerprint: Digest
    content: Digest
    manifest: Digest
    serial: int
    key_id: str
    published: str
    base: str = ""


@dataclass(frozen=True, slots=True)
class Base:
    """What is published of one base."""

    content: Digest
    manifest: Digest
    serial: int
    key_id: str
    published: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Entries by site name: all of them (`whole`), or what one run changed.

    `removed` maps sites that left to the serial at which they did. A whole ledger lists in `includes` the ledgers that
    need not be read besides it. `shard` is the one of a run in shards that wrote it. `waived` is why the
    run that wrote it was allowed beyond the fleet's limits: a record, which nobody acts upon. `bases` are by key.
    """

    fleet: str
    serial: int = 0
    includes: tuple[Edition, ...] = ()
    entries: Mapping[str, Entry] = field(default_factory=dict)
    removed: Mapping[str, int] = field(default_factory=dict)
    whole: bool = True
    shard: int = 0
    waived: str = ""
    bases: Mapping[str, Base] = field(default_factory=dict)

    @property
    def edition(self) -> Edition:
        """Which one it is."""
        return Edition(self.serial, self.shard)

    def change(
        self,
        edition: Edition,
        entries: Mapping[str, Entry],
        removed: Iterable[str] = (),
        bases: Mapping[str, Base] | None = None,
    ) -> Ledger:
        """What the run of `edition` that published `entries` and missed `removed` changed: as large as the change."""
        serial, shard = edition
        gone = dict.fromkeys(removed, serial)
        return Ledger(self.fleet, serial, (), entries, gone, whole=False, shard=shard, bases=bases or {})

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
                *([entry.base] if entry.base else ()),
            ]
            for site, entry in sorted(self.entries.items())
        }
        bases = {
            key: [base.content.hex, base.manifest.hex, base.serial, keys.index(base.key_id), base.published]
            for key, base in sorted(self.bases.items())
        }
        return compact_json(
            {
                "format": _FORMAT,
                "fleet": self.fleet,
                "serial": self.serial,
                "shard": self.shard,
                "whole": self.whole,
                "includes": [list(edition) for edition in self.includes],
                "removed": dict(sorted(self.removed.items())),
                "inputs": [[name, digest.hex] for name, digest in inputs.rows],
                "groups": groups.rows,
                "keys": keys.rows,
                "sites": sites,
                **({"bases": bases} if bases else {}),
                **({"waived": self.waived} if self.waived else {}),
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

    Of entries with one serial the one in the newer ledger counts: it was looked at again and found the same. The whole
    ledger of a shard knows of the sites of others what was there before; what changed at its serial comes after it.
    """
    parts = sorted(ledgers, key=lambda ledger: (ledger.serial, not ledger.whole, ledger.shard))
    entries: dict[str, Entry] = {}
    bases: dict[str, Base] = {}
    for part in parts:
        for site, entry in part.entries.items():
            if site not in entries or entries[site].serial <= entry.serial:
                entries[site] = entry
        for site, serial in part.removed.items():
            if site in entries and entries[site].serial <= serial:
                del entries[site]
        bases |= _newer_bases(bases, part)
    newest = parts[-1]
    included = {edition for part in parts for edition in (part.edition, *part.includes)} - {(0, 0), newest.edition}
    serials = sorted({edition.serial for edition in included})[-_REMEMBERED:]
    kept = (edition for edition in sorted(included) if edition.serial in serials)
    return Ledger(newest.fleet, newest.serial, tuple(kept), entries, shard=newest.shard, bases=bases)


def _newer_bases(bases: Mapping[str, Base], change: Ledger) -> dict[str, Base]:
    return {key: base for key, base in change.bases.items() if key not in bases or bases[key].serial <= base.serial}


def newer(entries: Mapping[str, Entry], change: Ledger, bases: Mapping[str, Base] | None = None) -> Ledger:
    """What of a newer ledger's `change` counts over `entries` and `bases`, by the rules of `merge`."""
    known = {site: entry for site in (*change.entries, *change.removed) if (entry := entries.get(site)) is not None}
    counting = {
        site: entry for site, entry in change.entries.items() if site not in known or known[site].serial <= entry.serial
    }
    removed = {
        site: serial for site, serial in change.removed.items() if site in known and known[site].serial <= serial
    }
    return replace(change, entries=counting, removed=removed, bases=_newer_bases(bases or {}, change))


def join(first: Ledger, second: Ledger) -> Ledger:
    """Two ledgers of one edition as one; where both speak of a site, `second` counts."""
    entries = {site: entry for site, entry in first.entries.items() if site not in second.removed} | dict(
        second.entries
    )
    removed = {site: serial for site, serial in first.removed.items() if site not in second.entries}
    included = tuple(sorted({*first.includes, *second.includes}))
    whole = first.whole or second.whole
    removed = {} if whole else removed | dict(second.removed)
    bases = {**first.bases, **second.bases}
    return Ledger(first.fleet, first.serial, included, entries, removed, whole, first.shard, bases=bases)


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
    for site, (file, group, made, content, manifest, serial, key, published, *base) in raw["sites"].items():
        digests = Digest(made), Digest(content), Digest(manifest)
        entries[site] = Entry(Digest(file), groups[group], *digests, serial, keys[key], published, *base)
    bases = {
        base_key: Base(Digest(content), Digest(manifest), serial, keys[key], published)
        for base_key, (content, manifest, serial, key, published) in raw.get("bases", {}).items()
    }
    includes = tuple(Edition(serial, shard) for serial, shard in raw["includes"])
    return Ledger(
        raw["fleet"],
        raw["serial"],
        includes,
        entries,
        raw["removed"],
        raw["whole"],
        raw["shard"],
        waived=str(raw.get("waived", "")),
        bases=bases,
    )

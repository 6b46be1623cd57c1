"""Reads the ledgers of one place, each only if it is not the one that is known already.

In: a target, the repository of a region's ledgers, what is known of them. Out: the few that say what is published.
Never: believes that a ledger is the one that is known before its tag says so.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from renderer import plan, publish
from renderer.errors import Code, PublishError
from renderer.plan import LEDGER_TYPE, Edition, Ledger
from renderer.types import compact_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from renderer.publish import Kept, Target
    from renderer.types import Digest, Reference

Answer = TypeVar("Answer")

# Below a whole ledger, of how many older serials the ledgers are looked at: runs that were under way meanwhile.
_SIDE_BY_SIDE = 8
_DAMAGED = frozenset({Code.REGISTRY_CORRUPT, Code.LEDGER_CORRUPT})
_TAG = re.compile(r"1\.(0|[1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Head:
    """What is to be known of a ledger without reading it again; `manifest` tells whether it is still the same one."""

    edition: Edition
    manifest: str
    whole: bool
    includes: tuple[Edition, ...]

    @classmethod
    def of(cls, ledger: Ledger, manifest: Digest) -> Head:
        """Of a ledger and the digest of its manifest."""
        return cls(ledger.edition, manifest.hex, ledger.whole, ledger.includes)

    @property
    def order(self) -> tuple[int, bool, int]:
        """Where it stands when ledgers are merged; see `plan.merge`."""
        return (self.edition.serial, not self.whole, self.edition.shard)


@dataclass(slots=True)
class Reader:
    """Reads at `place`; `read` keeps the ledgers that were not known. `lenient` passes over those that are damaged."""

    target: Target
    place: Reference
    lenient: bool = False
    read: dict[Edition, Ledger] = field(default_factory=dict)

    def editions(self) -> list[Edition]:
        """All ledgers that are there, newest first."""
        return sorted(filter(None, map(_edition, self.target.tags(self.place))), reverse=True)

    def chain(self, known: Sequence[Edition], before: Mapping[Edition, Head]) -> Iterator[Head]:
        """The ledgers that say what is published, newest first: down to a whole one, and those it did not know of."""
        for number, edition in enumerate(known):
            head = self._head(edition, before.get(edition))
            if head is None:
                continue
            yield head
            if head.whole:
                rest = known[number + 1 :]
                older = sorted({one.serial for one in rest} - {edition.serial})[-_SIDE_BY_SIDE:]
                unknown = (one for one in rest if one not in head.includes)
                near = (one for one in unknown if one.serial in {edition.serial, *older})
                found = (self._head(one, before.get(one)) for one in near)
                yield from (one for one in found if one is not None)
                return

    def _head(self, edition: Edition, before: Head | None) -> Head | None:
        """What is at an edition's tag now, read only if it is not the ledger that is known; None as in `load`."""
        kept = self._find(edition)
        if kept is None or (before is not None and before.manifest == kept.manifest.hex):
            return None if kept is None else before
        ledger = self._read(edition, kept)
        if ledger is None:
            return None
        self.read[edition] = ledger
        return Head.of(ledger, kept.manifest)

    def load(self, edition: Edition) -> Ledger | None:
        """A ledger, None when it is gone, or when it cannot be read and that does not matter."""
        kept = self._find(edition)
        return None if kept is None else self._read(edition, kept)

    def _find(self, edition: Edition) -> Kept | None:
        find = partial(publish.find_document, self.target, self.place, tag_of(edition), LEDGER_TYPE)
        return self._excused(edition, find)

    def _read(self, edition: Edition, kept: Kept) -> Ledger | None:
        def read() -> Ledger:
            data = publish.read_document(self.target, self.place, kept)
            return Ledger.load(data, where=f"{self.place.name}:{tag_of(edition)}")

        return self._excused(edition, read)

    def _excused(self, edition: Edition, ask: Callable[[], Answer | None]) -> Answer | None:
        try:
            return _translated(f"{self.place.name}:{tag_of(edition)}", ask)
        except plan.LedgerError:
            if self.lenient:
                return None
            raise


def order(head: Head) -> tuple[int, bool, int]:
    """The order in which ledgers are merged."""
    return head.order


def _edition(tag: str) -> Edition | None:
    match = _TAG.fullmatch(tag)
    return Edition(int(match[1]), int(match[2])) if match else None


def tag_of(edition: Edition) -> str:
    """The tag of a ledger."""
    return f"1.{edition.serial}.{edition.shard}"


def _translated(where: str, ask: Callable[[], Answer]) -> Answer:
    try:
        return ask()
    except PublishError as error:
        if not any(problem.code in _DAMAGED for problem in error.problems):
            raise
        raise plan.ledger_error(where, str(error)) from None


def load_heads(text: str | None) -> list[Head]:
    """What `dump_heads` wrote."""
    return [
        Head(Edition(*edition), manifest, whole, tuple(Edition(*one) for one in includes))
        for edition, manifest, whole, includes in json.loads(text or "[]")
    ]


def dump_heads(heads: Sequence[Head]) -> str:
    """Heads as a text to be remembered."""
    return compact_json([[head.edition, head.manifest, head.whole, head.includes] for head in heads]).decode()

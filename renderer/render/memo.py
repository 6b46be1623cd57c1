"""Remembers what steps of rendering gave, across the sites of one worker.

In: keys that hold everything a step can read, and results. Out: the same results again, while there is room.
Never: keeps a failure, is shared between processes, or is trusted blindly: one hit in 128 is made again and compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from marshal import dumps
from typing import TYPE_CHECKING, Any, Final, TypeVar
from zlib import crc32

from renderer.errors import Code
from renderer.render.keys import MARSHAL_VERSION, Keyer
from renderer.types import Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from renderer.render.reads import ReadPath

Result = TypeVar("Result")

# One worker may use 250 MiB; this is what it spends on not rendering twice.
MEMO_BYTES: Final = 48 << 20
# One hit in so many is rendered again.
CHECK_ONE_IN: Final = 128
# What an entry takes besides its key and its result: the objects' headers and the table's slots.
_ENTRY_BYTES = 200
# A step that gave fewer hits than this in its first tries is about each site's own values: not worth remembering.
_TRIES, _FEWEST_HITS = 256, 8


@dataclass(slots=True)
class Counts:
    """What a memo did. `forgotten` entries had to make room; `wrong` are hits that a second rendering contradicted."""

    hits: int = 0
    misses: int = 0
    forgotten: int = 0
    checked: int = 0
    wrong: int = 0


@dataclass(slots=True)
class Memo:
    """The results of one worker, at most `limit` bytes of them.

    Two generations make it bounded: an entry that is asked for moves to the young one; when that is full, the old one
    is forgotten as a whole. What many sites share stays, what one has alone falls out.
    """

    limit: int = MEMO_BYTES
    counts: Counts = field(default_factory=Counts)
    _young: dict[bytes, Any] = field(default_factory=dict)
    _old: dict[bytes, Any] = field(default_factory=dict)
    _young_bytes: int = 0

    def get(self, key: bytes) -> Any:
        """The result for `key`, or None."""
        found = self._young.get(key)
        if found is None and (found := self._old.pop(key, None)) is not None:
            self._keep(key, found)
        return found

    def put(self, key: bytes, result: Any) -> None:
        """Remember `result`, which is plain data; what is too large for half of the memo is not kept."""
        if _size(key, result) <= self.limit // 2:
            self._keep(key, result)

    def _keep(self, key: bytes, result: Any) -> None:
        size = _size(key, result)
        if self._young_bytes + size > self.limit // 2:
            self.counts.forgotten += len(self._old)
            self._old, self._young, self._young_bytes = self._young, {}, 0
        self._young[key] = result
        self._young_bytes += size


def _size(key: bytes, result: Any) -> int:
    length = len(result) if isinstance(result, bytes) else len(dumps(result, MARSHAL_VERSION))
    return len(key) + length + _ENTRY_BYTES


@dataclass(slots=True)
class Step:
    """One thing that is remembered: an answer, a name, the content of a file. `where` is what a problem points to.

    `live` ends when the step turns out to be of no use, or wrong.
    """

    key: Keyer
    where: Origin
    live: bool = True
    tries: int = 0
    hits: int = 0
    bucket: int = 0

    def __post_init__(self) -> None:
        self.bucket = crc32(self.key.salt)

    def note(self, *, hit: bool) -> None:
        """Count a try; a step without prospects is given up."""
        self.tries += 1
        self.hits += hit
        if self.tries == _TRIES and self.hits < _FEWEST_HITS:
            self.live = False


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps of one template version; what has no step here is done anew for each site."""

    memo: Memo | None = None
    answers: Mapping[str, Step] = field(default_factory=dict)
    outline: Step | None = None
    paths: Mapping[str, Step] = field(default_factory=dict)
    contents: Mapping[str, Step] = field(default_factory=dict)

    def recall(self, site: str) -> Recall:
        """What one site asks the memo with."""
        return Recall(self.memo or Memo(0), crc32(site.encode()))


@dataclass(slots=True)
class Recall:
    """One site's use of the memo. `number` decides which of its hits are rendered again: the same in every run.

    `problems` are hits that turned out to be wrong.
    """

    memo: Memo
    number: int
    problems: list[Problem] = field(default_factory=list)

    def __call__(self, step: Step, view: Mapping[str, Any], make: Callable[[], Result], *more: Any) -> Result:
        """What `make` gives for `view`, remembered or made. What `make` raises is never remembered."""
        key = step.key(view, *more) if step.live else None
        if key is None:
            return make()
        found: Result | None = self.memo.get(key)
        counts = self.memo.counts
        if found is None:
            step.note(hit=False)
            counts.misses += 1
            made = make()
            self.memo.put(key, made)
            return made
        if step.tries < _TRIES:
            step.note(hit=True)
        counts.hits += 1
        if (step.bucket ^ self.number) % CHECK_ONE_IN:
            return found
        return self._checked(step, found, make)

    def _checked(self, step: Step, found: Any, make: Callable[[], Result]) -> Result:
        self.memo.counts.checked += 1
        fresh: Any = None
        try:
            fresh = make()
        finally:
            # An error is a contradiction too: what was remembered did render.
            if fresh is None or dumps(fresh, MARSHAL_VERSION) != dumps(found, MARSHAL_VERSION):
                self._report(step)
        return fresh  # type: ignore[no-any-return]

    def _report(self, step: Step) -> None:
        step.live = False
        self.memo.counts.wrong += 1
        what = "a result remembered from another site is not what this site renders to"
        hint = (
            "this is a defect of fleetpress: report it with this template file, and set FLEETPRESS_MEMO=off and give "
            "`--all` to make every site anew"
        )
        self.problems.append(Problem(Code.MEMO_WRONG, what, step.where, hint))


def make_step(salt: bytes, where: Origin, paths: Iterable[ReadPath] | None) -> Step | None:
    """A step that reads `paths`; None when they are not known."""
    return None if paths is None else Step(Keyer(salt, paths), where)

"""Making templates.lock: everything that the fleet pins, held to a commit or manifest and to its content.

In: a workspace, what shall be locked. Out: the new lock as a value, with what differs; written when asked to.
Never: changes what a version is locked to unless the version itself is named, or writes half a file.
"""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from renderer import engine, read
from renderer.errors import Code, ConfigurationError, EnvironmentFailure, SourceFailure, TemplateError
from renderer.fleet.press import Order, ReadPins
from renderer.read import NEXT, Lock, SourceKind
from renderer.report.templates import LockRow, LockState, RangeRow
from renderer.types import Problem, Rejected, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.fleet.workspace import Workspace
    from renderer.read import Locked


@dataclass(frozen=True, slots=True)
class LockOrder:
    """What to lock. No `names` and no `pins` mean all that the fleet pins.

    `upgrade` takes the newest version of each range, the newest commit of `next`, and, of the `pins` that are named,
    whatever they are now. `check` asks the sources whether their versions are still what the lock says.
    """

    names: tuple[str, ...] = ()
    pins: tuple[TemplatePin, ...] = ()
    upgrade: bool = False
    check: bool = False

    @classmethod
    def parse(cls, words: tuple[str, ...], *, upgrade: bool = False, check: bool = False) -> LockOrder:
        """Read NAME and NAME@VERSION; raises ConfigurationError for a version that is none."""
        pins = tuple(TemplatePin(*word.split("@", 1)) for word in words if "@" in word)
        for pin in pins:
            if not (pin.name and read.VERSION.fullmatch(pin.version)):
                what = f"expected NAME or NAME@VERSION, got {str(pin)[:80]!r}"
                raise ConfigurationError(what, problems=[Problem(Code.USAGE, what, hint="name one version, no range")])
        return cls(tuple(word for word in words if "@" not in word), pins, upgrade, check)

    def selects(self, pin: TemplatePin) -> bool:
        """Whether this version may be locked anew; the others stay as they are."""
        return not (self.names or self.pins) or pin.name in self.names or pin in self.pins

    def renews(self, pin: TemplatePin) -> bool:
        """Whether what the version is locked to may change."""
        return self.upgrade and (pin in self.pins or (pin.version == NEXT and self.selects(pin)))

    def renews_range(self, pin: TemplatePin) -> bool:
        """Whether a range may move to a newer version."""
        return self.upgrade and self.selects(pin)


@dataclass(frozen=True, slots=True)
class Locking:
    """The lock as it would be; `rows` and `ranges` say what is new. `problems`: those of the sites left out."""

    lock: Lock
    rows: tuple[LockRow, ...]
    ranges: tuple[RangeRow, ...]
    problems: tuple[Problem, ...]
    changed: bool

    @property
    def differs(self) -> bool:
        """Whether the lock would change, or a source offers other content under a locked version."""
        return self.changed or any(row.state in (LockState.MOVED, LockState.GONE) for row in self.rows)


def make_lock(space: Workspace, order: LockOrder, workers: engine.Workers) -> Locking:
    """Resolve what `order` asks for. Writes nothing.

    Raises ConfigurationError with all problems of the templates, SourceFailure when a source cannot be reached.
    """
    return _Locker(space, order).run(*_pins_in_use(space, workers))


def write_lock(space: Workspace, lock: Lock) -> None:
    """Replace templates.lock. Raises EnvironmentFailure."""
    replace_file(read.lock_path(space.fleet), read.dump_lock(lock).encode())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside `path`, then put it in its place: readers see the old or the new one, never half of it."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(content)
        made = Path(file.name)
        made.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        made.replace(path)
    except OSError as error:
        what = f"{path.name} cannot be written: {error.strerror or type(error).__name__}"
        hint = "make room, or correct the permissions, and run again"
        raise EnvironmentFailure(what, problems=[Problem(Code.OUTPUT_UNWRITABLE, what, hint=hint)]) from None


def _pins_in_use(space: Workspace, workers: engine.Workers) -> tuple[set[TemplatePin], list[Problem]]:
    """Every pin of every site, as written, and the problems of the sites whose pins cannot be known."""
    pins: set[TemplatePin] = set()
    problems = list(space.index.problems)
    orders = [Order(file) for file in space.index.sites.values()]
    for outcome in engine.for_size(len(orders), workers).map(ReadPins(space.root), orders):
        if isinstance(outcome, Rejected):
            problems += outcome.problems
        else:
            pins.update(outcome)
    return pins, problems


@dataclass
class _Locker:
    """One run of `make_lock`: problems are gathered, so that all are told at once."""

    space: Workspace
    order: LockOrder
    problems: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.library = self.space.library
        self.before = self.library.lock or Lock()

    def run(self, used: set[TemplatePin], skipped: list[Problem]) -> Locking:
        ranges = self._ranges(used, keep=bool(skipped))
        exact = {pin for pin in used if not read.is_range(pin.version)}
        needed = exact | {TemplatePin(pin.name, version) for pin, version in ranges.items()} | set(self.order.pins)
        settled = self._settle(needed)
        if self.problems:
            raise ConfigurationError(self.problems[0].what, problems=self.problems)
        lock = Lock(settled, ranges)
        rows = tuple(self._rows(settled))
        before = self.library.lock
        changed = before is None or read.dump_lock(before) != read.dump_lock(lock)
        return Locking(lock, rows, tuple(self._range_rows(ranges)), tuple(skipped), changed)

    def _ranges(self, used: set[TemplatePin], *, keep: bool) -> dict[TemplatePin, str]:
        """What each range in use stands for; with `keep`, those that nobody seems to use stay too."""
        found = dict(self.before.ranges) if keep else {}
        for pin in sorted(pin for pin in used if read.is_range(pin.version)):
            known = self.before.ranges.get(pin)
            if known is not None and not self.order.renews_range(pin):
                found[pin] = known
            elif self.order.selects(pin):
                with self._noting_problems():
                    found[pin] = self.library.resolve_range(pin).version
        return found

    def _settle(self, needed: set[TemplatePin]) -> dict[TemplatePin, Locked]:
        """Each version with what it is locked to; problems are noted."""
        found: dict[TemplatePin, Locked] = {}
        for pin in sorted({*needed, *self.library.folders(), *self.before.versions}):
            known = self.before.versions.get(pin)
            with self._noting_problems():
                if self.library.is_lockable(pin) and (locked := self._locked(pin, known, needed)):
                    found[pin] = locked
        return found

    def _locked(self, pin: TemplatePin, known: Locked | None, needed: set[TemplatePin]) -> Locked | None:
        """What a version is locked to from now on; None when it leaves the lock, or never was in it."""
        if not self.order.selects(pin):
            return known
        if known is None or self.order.renews(pin):
            return self.library.resolve(pin)
        offered = self.library.offers(pin, known)
        if offered and known.kind is not SourceKind.DIRECTORY:
            return known  # its address says what it holds: nothing has to be read
        if offered or pin in needed:
            self.library.tree(pin)  # a folder that changed, or is gone, is told
            return known
        return None

    @contextmanager
    def _noting_problems(self) -> Iterator[None]:
        try:
            yield
        except SourceFailure:
            raise
        except TemplateError as error:
            self.problems += error.problems

    def _rows(self, settled: Mapping[TemplatePin, Locked]) -> Iterator[LockRow]:
        for pin in sorted({*settled, *self.before.versions}, key=lambda pin: (pin.name, read.order(pin.version))):
            known, now = self.before.versions.get(pin), settled.get(pin)
            shown = now or known
            assert shown is not None, "a row is in one of the two"  # noqa: S101
            yield LockRow(pin, self._state(pin, known, now), shown.kind.value, shown.address, shown.digest)

    def _state(self, pin: TemplatePin, known: Locked | None, now: Locked | None) -> LockState:
        if now is None:
            return LockState.REMOVED
        if known is None:
            return LockState.ADDED
        if known != now:
            return LockState.CHANGED
        if not self.order.check or now.kind is SourceKind.DIRECTORY or pin.version == NEXT:
            return LockState.KEPT
        address = self.library.address(pin)
        if address == now.address:
            return LockState.KEPT
        return LockState.GONE if address is None else LockState.MOVED

    def _range_rows(self, ranges: Mapping[TemplatePin, str]) -> Iterator[RangeRow]:
        for pin in sorted({*ranges, *self.before.ranges}):
            yield RangeRow(pin, self.before.ranges.get(pin), ranges.get(pin))

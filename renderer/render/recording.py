"""Puts together, from what a marked template tells while it renders, which places made each line.

In: the points that printed, in order, and the chunks that Jinja gives. Out: lines, each with the trails to its places.
Never: decides what a line means, or changes a chunk.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from renderer.render.marking import Point

# How far back a filtered text is looked for among what macros and blocks have collected.
_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class Trail:
    """How a piece of text came about: `points` from the innermost to the outermost, `line` of the first, the text."""

    line: int
    points: tuple[int, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Text, and the trails to where it comes from: one, or those of a line that a filter has changed."""

    text: str
    trails: tuple[Trail, ...]

    def through(self, point: int) -> Piece:
        """The same text, printed by `point`."""
        return replace(self, trails=tuple(replace(trail, points=(*trail.points, point)) for trail in self.trails))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of output with its line end, and the trails of its parts, from left to right."""

    text: str
    trails: tuple[Trail, ...]


@dataclass(slots=True)
class _Group:
    """What a macro or block collected; `used` when it was printed somewhere."""

    pieces: tuple[Piece, ...]
    text: str
    used: bool = False


_Item: TypeAlias = "Piece | _Group"


@dataclass(slots=True)
class _Level:
    """What is being collected: pieces and groups in order; `call` is the point of the call block under way."""

    items: list[_Item] = field(default_factory=list)
    call: int | None = None

    @property
    def groups(self) -> list[_Group]:
        return [item for item in self.items if isinstance(item, _Group)][-_REMEMBERED:]


class Recording:
    """A `marking.Recorder`, and the pieces of the whole text."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._points = points
        self._levels = [_Level()]
        self._pieces: list[Piece] = []

    def printed(self, point: int, text: str | None) -> None:
        """See `Recorder`."""
        level = self._levels[-1]
        level.call = None
        if text is None:
            return
        own = Trail(self._points[point].line, (point,), text)
        inside = self._inside(text) if self._points[point].collects else None
        if inside is None:
            level.items.append(Piece(text, (own,)))
        else:
            level.items += [piece.through(point) if piece.trails else replace(piece, trails=(own,)) for piece in inside]

    def entered(self) -> None:
        """See `Recorder`."""
        self._levels.append(_Level())

    def left(self) -> None:
        """See `Recorder`."""
        pieces = tuple(_flat(self._levels.pop().items))
        level = self._levels[-1]
        if level.call is not None:
            pieces = tuple(piece.through(level.call) for piece in pieces)
        level.items.append(_Group(pieces, "".join(piece.text for piece in pieces)))

    def dropped(self) -> None:
        """See `Recorder`."""
        self._levels.pop()

    def called(self, point: int) -> None:
        """See `Recorder`."""
        self._levels[-1].call = point

    def chunk(self, text: str) -> None:
        """Jinja gave `text`, which the points told since the last chunk have made."""
        level = self._levels[-1]
        new = [item for item in level.items if isinstance(item, Piece)]
        if "".join(piece.text for piece in new) != text:
            # A call block or a recursive loop prints what it collected without a point of its own.
            new = self._aligned(text, level.groups) or [Piece(text, ())]
        self._pieces += new
        level.items = list(level.groups)

    def lines(self) -> list[Line]:
        """The lines of the whole text."""
        return list(self._lines(self._pieces))

    def _inside(self, text: str) -> list[Piece] | None:
        """The pieces of `text`, which is about to be printed, when they were collected before."""
        level = self._levels[-1]
        told = [item for item in level.items if isinstance(item, Piece)]
        if len(self._levels) == 1 and told and "".join(piece.text for piece in told) == text:
            # A block that is printed by its name is not collected: its pieces came just before.
            level.items = list(level.groups)
            return told
        return self._aligned(text, level.groups)

    def _aligned(self, text: str, groups: Sequence[_Group]) -> list[Piece] | None:
        """`text` as pieces of what was collected; None when nothing that was looks like it."""
        for group in reversed(groups):
            if group.text == text:
                group.used = True
                return list(group.pieces)
        known = [(line, group) for group in groups for line in self._lines(group.pieces) if line.text.strip()]
        pieces: list[Piece] = []
        for line in reversed(text.splitlines(keepends=True)):
            # Filters such as `indent` and `trim` change what stands around a line, and keep the order of lines.
            index = next((i for i in reversed(range(len(known))) if known[i][0].text.strip() == line.strip()), None)
            if index is not None:
                known[index][1].used = True
            pieces.append(Piece(line, known[index][0].trails if index is not None else ()))
            known = known[:index] if index is not None else known
        return pieces[::-1] if any(piece.trails for piece in pieces) else None

    def _lines(self, pieces: Iterable[Piece]) -> Iterator[Line]:
        """The lines of pieces; the line of a trail follows where a text as it is written has several."""
        text: list[str] = []
        trails: list[Trail] = []
        for piece in pieces:
            for number, part in enumerate(piece.text.splitlines(keepends=True)):
                text.append(part)
                trails += [self._moved(trail, number, part) for trail in piece.trails]
                if part.endswith("\n"):
                    yield Line("".join(text), tuple(trails))
                    text, trails = [], []
        if text:
            yield Line("".join(text), tuple(trails))

    def _moved(self, trail: Trail, lines: int, part: str) -> Trail:
        is_text = self._points[trail.points[0]].node is None
        return replace(trail, line=trail.line + lines if is_text else trail.line, text=part)


def _flat(items: Iterable[_Item]) -> Iterator[Piece]:
    """The pieces; a group that nothing printed was printed by itself, as a call block is."""
    for item in items:
        if isinstance(item, Piece):
            yield item
        elif not item.used:
            yield from item.pieces

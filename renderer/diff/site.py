"""What changes at one site, worked out once for all sites with the same change.

In: a site's rendered files before and after, and the words that are its own. Out: its change, with placeholders for
these words. Remembered is what was found for a text with placeholders, so that most sites cost a look-up for each file.
Never: tells of a change otherwise than a comparison of the site's own files would: what placeholders take part in is
compared with that when it is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from renderer.diff.blanking import Blanker
from renderer.diff.memo import Memo
from renderer.diff.objects import Found, Rules, compare, diff_objects, in_order, read_file, read_objects
from renderer.diff.placeholders import PLACEHOLDER, Words, fill_change
from renderer.strict_yaml import YamlError
from renderer.types import Change, ObjectKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.types import ObjectChange

_Files = tuple[tuple[str, bytes | None, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class _Parsed(Found):
    """An object of a file that was read once; `text` tells it from all others."""

    text: tuple[bytes, int] = (b"", 0)


class SiteDiffer:
    """Compares sites by one set of rules; build one for each process."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._blanker = Blanker()
        self._changes: Memo[tuple[str, Change]] = Memo()
        self._parsed: Memo[tuple[_Parsed, ...]] = Memo()
        self._pairs: Memo[list[ObjectChange]] = Memo()

    def diff(self, before: Mapping[str, bytes], after: Mapping[str, bytes], words: Words) -> tuple[str, Change] | None:
        """A digest of the site's change, and the change; None when every file is the same. Raises YamlError."""
        paths = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        if not paths:
            return None
        files = tuple((path, before.get(path), after.get(path)) for path in paths)
        blanked, key = self._blanked(files, words)
        known = self._changes.get(key)
        if known is None:
            known, is_shared = self._found(files, blanked, words)
            if is_shared:
                self._changes.put(key, known)
        return known if known[1].changes else None

    def _blanked(self, files: _Files, words: Words) -> tuple[_Files, bytes]:
        """The files with placeholders, and one digest over all of them."""
        state = sha256()
        blanked: list[tuple[str, bytes | None, bytes | None]] = []
        for path, old, new in files:
            place, _ = self._blanker.blank(path.encode(), words)
            assert place is not None, "a path is a text"  # noqa: S101
            (before, first), (after, second) = self._blanker.blank(old, words), self._blanker.blank(new, words)
            state.update(b"%d:" % len(place) + place + first + second)
            blanked.append((place.decode(), before, after))
        return tuple(blanked), state.digest()

    def _found(self, files: _Files, blanked: _Files, words: Words) -> tuple[tuple[str, Change], bool]:
        """The change, and whether other sites with the same blanked files have it too."""
        try:
            changes = self._compared(blanked)
        except YamlError:  # a placeholder is longer than what it stands for, and YAML has limits
            return _told(_exact(files, self._rules), ()), False
        names = tuple(sorted({match[1] for match in PLACEHOLDER.finditer(repr(changes))} & words.by_name.keys()))
        if names:
            exact = _exact(files, self._rules)
            if unblanked(changes, words.by_name) != exact:
                return _told(exact, ()), False
        return _told(changes, names), True

    def _compared(self, files: _Files) -> tuple[ObjectChange, ...]:
        before = self._objects((path, old) for path, old, _ in files)
        after = self._objects((path, new) for path, _, new in files)
        return diff_objects(before, after, self._rules, self._compare)

    def _objects(self, files: Iterable[tuple[str, bytes | None]]) -> dict[ObjectKey, Found]:
        return {
            ObjectKey.of(found.document): found
            for path, content in files
            if content is not None
            for found in self._read(path, content)
        }

    def _read(self, path: str, content: bytes) -> tuple[_Parsed, ...]:
        text = sha256(path.encode() + b"\0" + content).digest()
        known = self._parsed.get(text)
        if known is None:
            found = enumerate(read_file(path, content))
            known = tuple(_Parsed(one.document, one.file, (text, number)) for number, one in found)
            self._parsed.put(text, known)
        return known

    def _compare(self, key: ObjectKey, before: Found, after: Found, rules: Rules) -> list[ObjectChange]:
        assert isinstance(before, _Parsed) and isinstance(after, _Parsed), "read by _read"  # noqa: S101, PT018
        pair = (before.text, after.text)
        known = self._pairs.get(pair)
        if known is None:
            known = compare(key, before, after, rules)
            self._pairs.put(pair, known)
        return known


def unblanked(changes: Iterable[ObjectChange], words: Mapping[str, str]) -> tuple[ObjectChange, ...]:
    """The changes of one site, in its own words."""
    return in_order(fill_change(change, words) for change in changes)


def _exact(files: _Files, rules: Rules) -> tuple[ObjectChange, ...]:
    before = {path: old for path, old, _ in files if old is not None}
    after = {path: new for path, _, new in files if new is not None}
    return diff_objects(read_objects(before), read_objects(after), rules)


def _told(changes: tuple[ObjectChange, ...], names: tuple[str, ...]) -> tuple[str, Change]:
    return sha256(repr(changes).encode()).hexdigest()[:32], Change(changes, names)

"""Takes out of texts what one site calls its own, and puts it in again.

In: a site's name and its values. Out: texts with placeholders, and the way back.
Never: maps two texts to one: what has been taken out is known by its placeholder, which no text has by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from renderer.types import Item, ObjectChange, ObjectKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from renderer.types import FieldChange, Json, Step

OPEN, CLOSE = "⟦", "⟧"
SITE: Final = "site"
PLACEHOLDER: Final = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_OPEN: Final = OPEN.encode()
_NAME: Final = re.compile(r"[\w.-]+")
# A text that is taken out is one word to every YAML parser, and one that means nothing to Kubernetes: an address, a
# host, a path. Words without a digit, a dot, a dash or a slash may be keys or kinds.
_WORD: Final = re.compile(r"(?=[^\d./-]*[\d./-])(?=.*[A-Za-z./-])[A-Za-z0-9][A-Za-z0-9._/-]{2,}[A-Za-z0-9]")
_TYPED: Final = re.compile(r"[\d.eE+_-]+|0[xo][0-9a-fA-F]+|\d{4}-\d\d-\d\d.*")
_ADDRESS: Final = re.compile(r"\d+(\.\d+){3}(/\d+)?(-\d+(\.\d+){3})?")
_RUN: Final = re.compile(rb"[A-Za-z0-9]+")
_INSIDE: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


@dataclass(frozen=True, slots=True)
class Words:
    """What one site calls its own: (text, placeholder) as bytes, the longest first, and the texts by name.

    `rare` are the longest run of letters and digits in each text: where that does not stand, the text does not.
    """

    pairs: tuple[tuple[bytes, bytes], ...]
    rare: tuple[bytes, ...]
    by_name: Mapping[str, str]

    @classmethod
    def of(cls, site: str, values: Mapping[str, Json]) -> Words:
        """Of a site's name and its values."""
        named = {site: SITE}
        for name, text in _texts(dict(values), ""):
            if _NAME.fullmatch(name) and _is_telling(text) and site not in text:
                named.setdefault(text, name)
        names = " ".join(named.values())
        usable = {text: name for text, name in named.items() if text not in names}
        pairs = sorted(usable.items(), key=lambda pair: (-len(pair[0]), pair[0]))
        encoded = tuple((text.encode(), f"{OPEN}{name}{CLOSE}".encode()) for text, name in pairs)
        rare = tuple(max(_RUN.findall(text), key=len) for text, _ in encoded)
        return cls(encoded, rare, {name: text for text, name in pairs})

    def blank(self, text: bytes) -> bytes:
        """`text` with placeholders, where the site's words stand as words."""
        return swap_words(text, self.pairs)


def swap_words(text: bytes, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """`text` with each placeholder in the place of its word; the same text when no word is in it."""
    if _OPEN in text:
        return text
    for word, placeholder in pairs:
        if word in text:
            text = _swap(text, word, placeholder)
    return text


def runs_of(text: bytes) -> frozenset[bytes]:
    """All runs of letters and digits in a text. A word that is taken out is made of whole ones."""
    return frozenset(_RUN.findall(text))


def fill(text: str, words: Mapping[str, str]) -> str:
    """`text` with the words that its placeholders stand for, as far as they are known."""
    return PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), text) if OPEN in text else text


def fill_change(change: ObjectChange, words: Mapping[str, str]) -> ObjectChange:
    """A change with its placeholders filled."""
    if not words:
        return change

    def filled(text: str) -> str:
        return fill(text, words)

    return replace(
        change,
        key=_key(change.key, filled),
        fields=tuple(_field(field, filled) for field in change.fields),
        was=_key(change.was, filled) if change.was else None,
        files=(filled(change.files[0]), filled(change.files[1])) if change.files else None,
        document=_value(change.document, filled),
    )


def _key(key: ObjectKey, filled: Callable[[str], str]) -> ObjectKey:
    return ObjectKey(*map(filled, (key.group, key.kind, key.namespace, key.name)))


def _field(field: FieldChange, filled: Callable[[str], str]) -> FieldChange:
    path = tuple(_step(step, filled) for step in field.path)
    return replace(field, path=path, before=_value(field.before, filled), after=_value(field.after, filled))


def _step(step: Step, filled: Callable[[str], str]) -> Step:
    if isinstance(step, str):
        return filled(step)
    if isinstance(step, Item):
        return Item(tuple((name, _value(value, filled)) for name, value in step.names))
    return step


def _value(value: Json, filled: Callable[[str], str]) -> Json:
    if isinstance(value, str):
        return filled(value)
    if isinstance(value, dict):
        return {filled(key): _value(inner, filled) for key, inner in value.items()}
    if isinstance(value, list):
        return [_value(inner, filled) for inner in value]
    return value


def _texts(value: Json, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key in sorted(value):
            yield from _texts(value[key], f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}.{index}")


@lru_cache(maxsize=65_536)
def _is_telling(text: str) -> bool:
    if _ADDRESS.fullmatch(text):
        return True
    return _WORD.fullmatch(text) is not None and _TYPED.fullmatch(text) is None


def _swap(text: bytes, word: bytes, placeholder: bytes) -> bytes:
    """Replaces `word` where it is no part of a longer one."""
    first, *rest = text.split(word)
    parts = [first]
    for part in rest:
        before, after = parts[-1][-1:], part[:1]
        inside = (before and before[0] in _INSIDE) or (after and after[0] in _INSIDE)
        parts += [word if inside else placeholder, part]
    return b"".join(parts)

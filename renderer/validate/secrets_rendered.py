"""Looks for secrets in what was rendered.

In: rendered files of any kind. Out: problems at the rendered line, with the key that it belongs to.
Never: shows a value. The data of a plain Secret is passed over: that it is plain is a problem of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from renderer.errors import Code
from renderer.secrets import Scanner
from renderer.strict_yaml import YamlError, load_all, split
from renderer.types import Origin
from renderer.validate import secret
from renderer.validate.secrets_told import told
from renderer.validate.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.secrets import Hit, RuleSet
    from renderer.types import Document, KeyPath, Problem


class Found(NamedTuple):
    """A secret in one document: the line counts from the document's first, and is 0 there."""

    hit: Hit
    text: str
    key: str
    line: int
    column: int

    def below(self, lines: int) -> Found:
        """The same, so many lines further down."""
        return self._replace(line=self.line + lines)


class RenderedSecrets:
    """Finds the secrets in rendered files. Build one per process: what it compiles does not pickle."""

    def __init__(self, rules: RuleSet) -> None:
        self._scanner = Scanner(rules)

    def problems(self, path: str, secrets: Iterable[Found]) -> list[Problem]:
        """A problem for each of the secrets of a file, but for those that the fleet allows there."""
        return [_told(path, one) for one in secrets if not self._is_allowed(path, one)]

    def in_file(self, content: bytes) -> tuple[Found, ...]:
        """The secrets of a file, document by document."""
        return tuple([found.below(piece.line) for piece in split(content) for found in self.in_document(piece.content)])

    def in_document(self, content: bytes) -> tuple[Found, ...]:
        """The secrets of a document."""
        hits = list(self._scanner.secrets(content))
        return tuple(_placed(content, hits)) if hits else ()

    def _is_allowed(self, path: str, found: Found) -> bool:
        return self._scanner.is_allowed(found.hit, found.text, path, found.key)


def _told(path: str, found: Found) -> Problem:
    return told(Code.SECRET_RENDERED, found.hit, found.key, Origin(path, found.line + 1, found.column + 1))


def _placed(content: bytes, hits: Iterable[tuple[Hit, str]]) -> Iterator[Found]:
    places = _Places(content)
    for hit, text in hits:
        line = content.count(b"\n", 0, hit.start)
        column = hit.start - (content.rfind(b"\n", 0, hit.start) + 1)
        key, is_told = places.at(line + 1, column + 1)
        if not is_told:
            yield Found(hit, text, key, line, column)


class _Places:
    """Which key a place in a document belongs to."""

    def __init__(self, content: bytes) -> None:
        try:
            self._documents = load_all(content, "")
        except YamlError:
            self._documents = []

    def at(self, line: int, column: int) -> tuple[str, bool]:
        """The key as people write it, the object in front; and whether it is the data of a plain Secret."""
        for document in self._documents:
            path = _last_before(document, line, column)
            value = document.value
            if path and isinstance(value, dict):
                metadata = value.get("metadata")
                name = metadata.get("name") if isinstance(metadata, dict) else None
                title = "/".join(str(part) for part in (value.get("kind"), name) if part)
                is_told = secret.is_secret(value) and path[0] in secret.DATA_FIELDS
                return ": ".join(part for part in (title, dotted(path)) if part), is_told
        return "", False


def _last_before(document: Document, line: int, column: int) -> KeyPath:
    """The path of the value that begins last before a place."""
    before = [(where, len(path), path) for path, where in document.positions.items() if where <= (line, column)]
    return max(before, key=lambda one: one[:2])[2] if before else ()

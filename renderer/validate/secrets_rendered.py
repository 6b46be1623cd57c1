"""Looks for secrets in what was rendered, each distinct document once.

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
from renderer.validate.memo import Memo
from renderer.validate.secrets_told import told
from renderer.validate.wording import dotted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.secrets import Hit, RuleSet
    from renderer.types import Document, KeyPath, Manifest, Problem

# Documents of some 2 kB each; twice as many may be held.
_KEPT = 4_096


class _Found(NamedTuple):
    """A secret in one document: the line counts from the document's first, and is 0 there."""

    hit: Hit
    text: str
    key: str
    line: int
    column: int


class RenderedSecrets:
    """Finds the secrets in rendered files. Build one per process: what it compiles does not pickle."""

    def __init__(self, rules: RuleSet) -> None:
        self._scanner = Scanner(rules)
        self._files: Memo[bytes, tuple[_Found, ...]] = Memo(_KEPT)
        self._documents: Memo[bytes, tuple[_Found, ...]] = Memo(_KEPT)

    def problems(self, one: Manifest) -> list[Problem]:
        """A problem for each secret in a file."""
        found = self._files.get(one.content)
        if found is None:
            found = tuple(self._in_file(one.content))
            self._files.put(one.content, found)
        return [self._told(secret, one.path) for secret in found if not self._is_allowed(secret, one.path)]

    def _is_allowed(self, found: _Found, path: str) -> bool:
        return self._scanner.is_allowed(found.hit, found.text, path, found.key)

    def _told(self, found: _Found, path: str) -> Problem:
        return told(Code.SECRET_RENDERED, found.hit, found.key, Origin(path, found.line + 1, found.column + 1))

    def _in_file(self, content: bytes) -> Iterator[_Found]:
        for piece in split(content):
            known = self._documents.get(piece.content)
            if known is None:
                known = tuple(self._in_document(piece.content))
                self._documents.put(piece.content, known)
            yield from (found._replace(line=found.line + piece.line) for found in known)

    def _in_document(self, content: bytes) -> Iterator[_Found]:
        hits = list(self._scanner.secrets(content))
        places = _Places(content) if hits else None
        for hit, text in hits:
            line = content.count(b"\n", 0, hit.start)
            column = hit.start - (content.rfind(b"\n", 0, hit.start) + 1)
            assert places is not None  # noqa: S101 - there are hits
            key, is_told = places.at(line + 1, column + 1)
            if not is_told:
                yield _Found(hit, text, key, line, column)


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

"""Files of the fleet repository: reading, walking, naming them.

In: paths. Out: bytes, digests, names, problems as values. Never: follows a symbolic link below the folders it walks,
writes, or raises for a file that cannot be read.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from hashlib import sha1, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from renderer.errors import Code
from renderer.secrets import mask, mask_lines
from renderer.strict_yaml import YamlError, load
from renderer.types import Digest, Document, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.read.interface import Check

_CHUNK: Final = 1 << 16
# The hash of a repository's objects, by the number of hexadecimal digits of its ids.
_GIT_HASHES: Final = {40: sha1, 64: sha256}
_SHOWN: Final = 8
_LONGEST: Final = 57


def read_file(path: str | Path) -> bytes:
    """Content of a file; raises OSError. Several times faster than Path.read_bytes."""
    # Without O_NONBLOCK, opening a pipe that somebody left in the folder would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        content = chunk = os.read(descriptor, _CHUNK)
        while len(chunk) == _CHUNK:
            chunk = os.read(descriptor, _CHUNK)
            content += chunk
        return content
    finally:
        os.close(descriptor)


def digest_of(path: str | Path) -> Digest | None:
    """Digest of a file's bytes, None when it cannot be read."""
    try:
        return Digest(sha256(read_file(path)).hexdigest())
    except OSError:
        return None


def digest_of_folder(folder: Path) -> Digest:
    """Digest of every file below `folder`: its path, its content, whether it can be executed, where a link leads.

    A folder that is not there is an empty one. Raises OSError.
    """
    digest = sha256()
    with suppress(FileNotFoundError):
        for path, entry in sorted(walk(str(folder)), key=lambda found: found[0]):
            if entry.is_symlink():
                kind, content = "link", os.fsencode(Path(entry.path).readlink())
            else:
                kind = "program" if entry.stat().st_mode & stat.S_IXUSR else "file"
                content = read_file(entry.path)
            digest.update(f"{kind} {path!r} {len(content)}\n".encode() + content)
    return Digest(digest.hexdigest())


def digest_and_oid(path: str | Path, length: int) -> tuple[Digest, str]:
    """Digest of a file's bytes, and the id that git gives them, if its ids have `length` digits. Raises OSError."""
    content = read_file(path)
    digest = Digest(sha256(content).hexdigest())
    if length not in _GIT_HASHES:
        return digest, ""
    return digest, _GIT_HASHES[length](b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def walk(folder: str, *, hidden: bool = True) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Every entry below `folder` that is not a folder, with its relative POSIX path, in no order.

    Links are given, not followed. Without `hidden`, names that begin with a dot are passed over. Raises OSError.
    """
    todo = [("", folder)]
    while todo:
        prefix, current = todo.pop()
        with os.scandir(current) as entries:
            for entry in entries:
                if not hidden and entry.name[0] == ".":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    todo.append((f"{prefix}{entry.name}/", entry.path))
                else:
                    yield prefix + entry.name, entry


def parse(content: bytes, file: str, kind: str, check: Check) -> Document | tuple[Problem, ...]:
    """The document in `content`, or everything that is wrong with its YAML or else its shape."""
    try:
        document = load(content, file)
    except YamlError as error:
        return mask_lines(error.problems, content)
    return tuple(check(kind, document)) or document


def unreadable(file: str, error: OSError) -> Problem:
    """Problem for a file that exists but cannot be read."""
    reason = error.strerror or type(error).__name__
    return Problem(Code.FILE_UNREADABLE, f"cannot read the file: {reason}", Origin(file), "check its permissions")


def similar(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` was most probably meant to be."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(words), n=1)), None)


def one_of(words: Iterable[str]) -> str:
    """`one of a, b, c`, cut off after a few."""
    known = list(words)
    if len(known) == 1:
        return known[0]
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"one of {', '.join(known[:_SHOWN])}{more}"


def quoted(text: str) -> str:
    """`text` cut to 60 characters and printable, for messages; a secret is hidden, for cut it might not be known."""
    text = mask(text)
    return printable(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def printable(text: str) -> str:
    """`text` with escapes for what a terminal would not show."""
    return text if text.isprintable() else ascii(text)[1:-1]

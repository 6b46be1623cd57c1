"""Text to parser events, and a parser's complaint in a person's words.

In: the bytes of a file. Out: Documents, or YamlError. Never: hands a parser what it cannot survive.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import yaml

from renderer.errors import Code
from renderer.strict_yaml.building import Builder, Stop
from renderer.strict_yaml.limits import INPUT_LIMITS, RENDERED_LIMITS, Limits, YamlError
from renderer.strict_yaml.positions import LatePositions
from renderer.strict_yaml.quick import quick
from renderer.strict_yaml.scalars import UNPRINTABLE, excerpt, resolve
from renderer.types import Document, Problem

if TYPE_CHECKING:
    from renderer.strict_yaml.scalars import Judge

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"
_DIRECTIVE: Final = re.compile(r"^%", re.MULTILINE)


def _read(
    text: bytes | str, file: str, limits: Limits, *, line_offset: int = 0, single: bool = True, judge: Judge = resolve
) -> list[Document]:
    return _built(text, Builder(file, limits, line_offset, single=single, judge=judge))


def _built(text: bytes | str, builder: Builder) -> list[Document]:
    source = _decode(text, builder)
    if not builder.problems:
        try:
            builder.run(LOADER(source).get_event)
        except Stop:
            pass
        except yaml.YAMLError as error:
            builder.problems.append(_explain(error, source, builder))
    if builder.problems:
        raise _error(builder.problems)
    return builder.documents


def _error(problems: list[Problem]) -> YamlError:
    first = problems[0]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    column = first.where.column if first.where else 1
    return YamlError(f"{first.where}:{column}: {first.what}{more}", problems=problems)


def _decode(text: bytes | str, builder: Builder) -> str:
    """Text of the file; what no parser should see is added to the builder's problems."""
    data = _bytes(text)
    if len(data) > builder.limits.size:
        what = f"expected at most {builder.limits.size:,} bytes, got {len(data):,}"
        builder.problems.append(builder.problem(Code.YAML_LIMIT, what, (0, 0), "split the file"))
        return ""
    try:
        source = text if isinstance(text, str) else data.decode()
    except UnicodeDecodeError as error:
        at = _place(data[: error.start].decode())
        what = "the file is not UTF-8 text"
        builder.problems.append(builder.problem(Code.YAML_SYNTAX, what, at, "save the file as UTF-8"))
        return ""
    source = source.removeprefix("\ufeff")
    if not source.isascii() or len(data.translate(None, _CONTROLS)) != len(data):
        _refuse_unprintable(source, builder)
    # libyaml needs quadratic time for thousands of %TAG lines, before it hands out its first event.
    if "%" in source and (match := _DIRECTIVE.search(source)):
        what = "a line begins with %, which YAML takes for a directive"
        at = _place(source[: match.start()])
        builder.problems.append(
            builder.problem(Code.YAML_FEATURE, what, at, "remove the directive, or indent the text")
        )
    return source


def _refuse_unprintable(source: str, builder: Builder) -> None:
    match = UNPRINTABLE.search(source)
    if match is None:
        return
    what = f"the invisible character U+{ord(match[0]):04X} is not allowed"
    hint = 'remove it, or write it as an escape in double quotes: "\\u...."'
    builder.problems.append(builder.problem(Code.YAML_SYNTAX, what, _place(source[: match.start()]), hint))


def _place(before: str) -> tuple[int, int]:
    """Line and column, from 0, of what follows the text `before`."""
    lines = re.split(r"\r\n|\r|\n", before)
    return len(lines) - 1, len(lines[-1])


# A fragment of the parser's words -> what a person needs to hear, and what to do about it.
_SYNTAX: Final = (
    (
        "mapping values are not allowed",
        "`:` stands where no entry can begin",
        "check the indentation, or quote a text that contains `: `",
    ),
    ("violates indentation", "a tab stands where spaces are expected", "indent with spaces"),
    (
        "unexpected end of stream",
        "the quote that opens here is never closed",
        "close it, or double a quote inside the text",
    ),
    ("unexpected document indicator", "the quote that opens here is never closed", "close it before the `---`"),
    (
        "',' or ']'",
        "expected `,` or `]` in a list",
        "close the list, or quote an item that contains special characters",
    ),
    ("',' or '}'", "expected `,` or `}` in a map", "close the map, or quote a value that contains special characters"),
    ("expected ':'", "expected `:` after a key", "add `: `, or indent the line so that it continues the text above"),
    ("escape", "unknown escape after `\\` in double quotes", "write `\\\\` for a backslash, or use single quotes"),
    ("sequence entries are not allowed", "a list item `- ` cannot begin here", "put it on a line of its own"),
    ("mapping keys are not allowed", "a key `? ` cannot begin here", "put it on a line of its own, or quote it"),
    ("alphabetic or numeric", "expected a name after `&` or `*`", "quote a text that begins with & or *"),
    ("line break", "expected nothing more in this line after `|` or `>`", "begin the text in the next line"),
    ("document start", "expected the end of the document", "check the indentation, or quote the text"),
    ("node content", "expected a value", "write one, or remove the bracket or comma before it"),
    ("tag", "a tag (!) is not allowed", "quote a text that begins with !"),
    (
        "expected key",
        "expected `key:` in line with the entries above",
        "check the indentation of this line and of the one before",
    ),
    (
        "block end",
        "expected an entry in line with those above",
        "check the indentation of this line and of the one before",
    ),
    (
        "'-' indicator",
        "expected `- ` in line with the items above",
        "check the indentation of this line and of the one before",
    ),
)


def _explain(error: yaml.YAMLError, source: str, builder: Builder) -> Problem:
    """Translate the parser's complaint into a person's words."""
    said = str(getattr(error, "problem", None) or "")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    opened = getattr(error, "context_mark", None)
    if "cannot start any token" in said and mark is not None:
        what, hint = _explain_character(source, mark.index)
    else:
        what, hint = next(((what, hint) for words, what, hint in _SYNTAX if words in said), ("not valid YAML", ""))
    if opened is not None and "quote that opens here" in what:
        mark = opened
    elif opened is not None and mark is not None and opened.line != mark.line and "`,` or" in what:
        what = f"{what} that opens in line {opened.line + 1 + builder.offset}"
    at = (mark.line, mark.column) if mark is not None else (0, 0)
    return builder.problem(Code.YAML_SYNTAX, what, at, hint or "compare with the examples in the documentation")


def _explain_character(source: str, index: int) -> tuple[str, str]:
    character = source[index : index + 1]
    if character == "\t":
        return "a tab stands where spaces are expected", "indent with spaces"
    return f"a plain text cannot begin with {excerpt(character)}", "quote it"


def load(text: bytes | str, file: str, *, limits: Limits = INPUT_LIMITS, judge: Judge = resolve) -> Document:
    """Read a file of one document; an empty file has the value None.

    Raises YamlError with all problems. `file` is only used to say where. A file that another program wrote is read with
    the `judge` that knows what its plain scalars mean to that program.
    """
    values = quick(_bytes(text), limits) if judge is resolve else None
    if values is not None and len(values) == 1:
        return Document(file, values[0], LatePositions(lambda: _read(text, file, limits)[0].positions))
    documents = _read(text, file, limits, judge=judge)
    return documents[0] if documents else Document(file, None)


def load_all(text: bytes | str, file: str, *, limits: Limits = RENDERED_LIMITS, line_offset: int = 0) -> list[Document]:
    """Read a file of any number of documents; empty ones (null) are dropped.

    `line_offset` is added to every line, for a text cut out of a larger file. Raises YamlError with all problems.
    """

    @lru_cache(maxsize=1)
    def strictly() -> list[Document]:
        documents = _read(text, file, limits, line_offset=line_offset, single=False)
        return [document for document in documents if document.value is not None]

    values = quick(_bytes(text), limits)
    if values is None:
        return strictly()
    return [
        Document(file, value, LatePositions(lambda number=number: strictly()[number].positions))  # type: ignore[misc]
        for number, value in enumerate(values)
    ]


def load_certain(content: bytes, file: str) -> Document | None:
    """The one document, or none, of a piece of a file; None unless it is sure what the piece says."""
    values = quick(content, RENDERED_LIMITS)
    if values is None or len(values) > 1:
        return None
    return Document(
        file, values[0] if values else None, LatePositions(lambda: _read(content, file, RENDERED_LIMITS)[0].positions)
    )


def load_tagged(text: bytes | str, file: str, tags: frozenset[str], *, limits: Limits = INPUT_LIMITS) -> list[Document]:
    """Read a file of any number of documents, in which scalars may have one of `tags`: a Tagged stands for each.

    Raises YamlError with all problems.
    """
    return _built(text, Builder(file, limits, single=False, tags=tags))


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")

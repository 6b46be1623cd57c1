"""Strict YAML: the one module that touches a YAML parser.

In: the text of one file. Out: plain JSON data with positions, or YamlError with every problem that could be found.
Never: composes recursively (libyaml's composer overflows the C stack on `[[[[`), guesses what a scalar means, or reads
files.

Accepted is only what YAML 1.1, YAML 1.2 and Kubernetes' Go parser read alike; the rest is refused with "quote it".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

from renderer.errors import Code, ConfigurationError
from renderer.types import Document, Json, KeyPath, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INPUT_LIMITS", "RENDERED_LIMITS", "Limits", "YamlError", "load", "load_all"]


class YamlError(ConfigurationError):
    """A text that is not strict YAML; `problems` holds everything found."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a text may be.

    `size` in bytes; `depth` of nesting; `nodes`: parser events, and as many values repeated by aliases; `aliases`;
    `problems`: how many are told before reading ends.
    """

    size: int = 1 << 20
    depth: int = 64
    nodes: int = 100_000
    aliases: int = 1_000
    problems: int = 100


INPUT_LIMITS: Final = Limits()
# A rendered file may hold CustomResourceDefinitions: megabytes, and schemas nested deeper than people write.
RENDERED_LIMITS: Final = Limits(size=16 << 20, depth=128, nodes=1_000_000, aliases=10_000)


def load(text: bytes | str, file: str, *, limits: Limits = INPUT_LIMITS) -> Document:
    """Read a file of one document; an empty file has the value None.

    Raises YamlError with all problems. `file` is only used to say where.
    """
    documents = _read(text, file, limits, line_offset=0, single=True)
    return documents[0] if documents else Document(file, None)


def load_all(text: bytes | str, file: str, *, limits: Limits = RENDERED_LIMITS, line_offset: int = 0) -> list[Document]:
    """Read a file of any number of documents; empty ones (null) are dropped.

    `line_offset` is added to every line, for a text cut out of a larger file. Raises YamlError with all problems.
    """
    documents = _read(text, file, limits, line_offset=line_offset, single=False)
    return [document for document in documents if document.value is not None]


# --- scalars --------------------------------------------------------------------------------------


class _Ambiguous:
    """The value of a plain scalar that parsers disagree about."""


_AMBIGUOUS: Final = _Ambiguous()


def _casings(word: str) -> list[str]:
    return ["".join(letters) for letters in product(*((c.lower(), c.upper()) for c in word))]


# true/True/TRUE and null/Null/NULL/~ mean the same everywhere. Other casings (tRUE) are strings, and surely a slip.
_WORDS: Final[dict[str, Json | _Ambiguous]] = {
    **{
        text: _AMBIGUOUS
        for word in ("yes", "no", "on", "off", "y", "n", "true", "false", "null")
        for text in _casings(word)
    },
    **dict.fromkeys(("=", "<<"), _AMBIGUOUS),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_NUMERIC: Final = frozenset("0123456789+-.")
_NUMBER: Final = re.compile(
    r"""
    (?P<int> 0 | -?[1-9][0-9]{0,18} )
  | (?P<float> -?(?:0|[1-9][0-9]*)\.[0-9]+ )
  | (?P<ambiguous>
        [-+]?[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?             # 0644, 1_000, +1, 1., 1e3, 8728e5
      | [-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?                         # .5
      | [-+]?0(?:[xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)              # 0x1f, 0o17, 0b1
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?                # 12:30:45 and 22:22 count in sixties
      | [-+]?\.(?:[iI][nN][fF]|[nN][aA][nN])                            # .inf, .nan
      | [0-9]{4}-[0-9]{1,2}-[0-9]{1,2}                                  # dates and timestamps
        (?:(?:[Tt]|[ \t]+)[0-9:.]+[ \t]*(?:[Zz]|[-+][0-9:]+)?)?
    )""",
    re.VERBOSE,
)
_INT64: Final = 1 << 63
_LONGEST_NUMBER: Final = 40


def _resolve(text: str) -> Json | _Ambiguous:
    """Value of a plain scalar; `_AMBIGUOUS` where parsers differ."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        # Kubernetes' parser drops every underscore before it looks for a number: 0E0_ is one.
        return _AMBIGUOUS if "_" in text and _NUMBER.fullmatch(text.replace("_", "")) else text
    if match.lastgroup == "int":
        number = int(text)
        return number if -_INT64 <= number < _INT64 else _AMBIGUOUS
    if match.lastgroup == "float" and len(text) <= _LONGEST_NUMBER:
        return _resolve_float(text)
    return _AMBIGUOUS


def _resolve_float(text: str) -> float | _Ambiguous:
    """Value of a decimal fraction whose text survives reading and writing: 1.2 does, 1.20 does not."""
    number = float(text)
    written = repr(number)
    if "e" in written:
        written = format(Decimal(written), "f")
    return number if written == text and (number or text[0] != "-") else _AMBIGUOUS


def _excerpt(text: str) -> str:
    """At most 60 characters of `text`, printable."""
    shown = text if len(text) <= 50 else f"{text[:47]}..."  # noqa: PLR2004 - room for escapes
    return shown if shown.isprintable() else ascii(shown)[1:-1][:60]


# --- positions ------------------------------------------------------------------------------------

# Depth, key or index, line, column (from 0), depth, key … in one flat list: tuples keep the garbage collector busy.
_Trail = list["int | str"]


def _steps(trail: _Trail) -> Iterator[tuple[int, str | int, int, int]]:
    """Undo the flattening."""
    flat: Iterator[Any] = iter(trail)
    return zip(flat, flat, flat, flat, strict=True)


class _Positions(Mapping[KeyPath, tuple[int, int]]):
    """Where each value stands; the paths are only put together when a problem asks."""

    __slots__ = ("_index", "_offset", "_trail")

    def __init__(self, trail: _Trail, offset: int) -> None:
        self._trail = trail
        self._offset = offset
        self._index: dict[KeyPath, tuple[int, int]] | None = None

    def _table(self) -> dict[KeyPath, tuple[int, int]]:
        if self._index is None:
            index: dict[KeyPath, tuple[int, int]] = {}
            path: KeyPath = ()
            for depth, key, line, column in _steps(self._trail):
                path = (*path[: depth - 1], key) if depth else ()
                index[path] = (line + 1 + self._offset, column + 1)
            self._index = index
        return self._index

    def __getitem__(self, path: KeyPath) -> tuple[int, int]:
        return self._table()[path]

    def __iter__(self) -> Iterator[KeyPath]:
        return iter(self._table())

    def __len__(self) -> int:
        return len(self._table())

    def __repr__(self) -> str:
        return repr(self._table())


# --- events to data -------------------------------------------------------------------------------


class _Slot:
    """What the next node is, where it is not the value of a mapping's key."""


_KEY: Final = _Slot()
_ITEM: Final = _Slot()
_ROOT: Final = _Slot()

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Stop(Exception):
    """Reading cannot go on; the reason is already among the problems."""


class _Builder:
    """Turns parser events into JSON data, one document after the other, and keeps every problem."""

    def __init__(self, file: str, limits: Limits, line_offset: int, *, single: bool) -> None:
        self.file = file
        self.limits = limits
        self.offset = line_offset
        self.single = single
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        self.aliases = self.expanded = 0
        self.reset()
        self.handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.start,
            yaml.SequenceStartEvent: self.start,
            yaml.MappingEndEvent: self.end,
            yaml.SequenceEndEvent: self.end,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.start_document,
            yaml.DocumentEndEvent: self.end_document,
            yaml.StreamStartEvent: lambda _: None,
            yaml.StreamEndEvent: lambda _: None,
        }

    def reset(self) -> None:
        """Make room for a document."""
        self.value: Json = None
        self.trail: _Trail = []
        self.depth = 0
        self.anchors: dict[str, Json | _Slot] = {}
        self.stack: list[tuple[Any, str | _Slot, str | None]] = []
        self.container: Any = None
        self.slot: str | _Slot = _ROOT
        self.anchor: str | None = None

    def run(self, next_event: Callable[[], Any]) -> None:
        """Consume the events up to the end of the stream, or up to a limit."""
        handlers = self.handlers
        event = None
        for _ in range(self.limits.nodes + 2):
            following = next_event()
            if following is None:
                return
            event = following
            handlers[event.__class__](event)
        self.stop(Code.YAML_LIMIT, f"the file has more than {self.limits.nodes:,} values", event, "split the file")

    def report(self, code: Code, what: str, event: Any, hint: str) -> None:
        """Note a problem at an event, and stop when there are too many."""
        mark = event.start_mark
        self.problems.append(self.problem(code, what, (mark.line, mark.column), hint))
        if len(self.problems) >= self.limits.problems:
            raise _Stop

    def problem(self, code: Code, what: str, at: tuple[int, int], hint: str) -> Problem:
        """Problem at a line and column counted from 0."""
        return Problem(code, what, Origin(self.file, at[0] + 1 + self.offset, at[1] + 1), hint)

    def stop(self, code: Code, what: str, event: Any, hint: str) -> NoReturn:
        """Note a problem that ends the reading."""
        self.report(code, what, event, hint)
        raise _Stop

    def scalar(self, event: Any) -> None:
        """A key, or a value that is not a map or a list."""
        if event.tag is not None:
            self.refuse_tag(event)
        if self.slot is _KEY:
            self.key(event)
            return
        text: str = event.value
        value: Json = text
        if event.implicit[0] and (text in _WORDS or text[0] in _NUMERIC):
            resolved = _resolve(text)
            if isinstance(resolved, _Ambiguous):
                self.refuse_ambiguous(event)
            else:
                value = resolved
        if event.anchor is not None:
            self.anchors[event.anchor] = value
        self.put(value, event)

    def key(self, event: Any) -> None:
        """The key of a mapping entry; must be text to every parser."""
        text: str = event.value
        mark = event.start_mark
        if event.implicit[0] and (text in _WORDS or text[0] in _NUMERIC) and _resolve(text) != text:
            self.refuse_key(event)
        elif text in self.container:
            self.refuse_duplicate(event)
        if event.anchor is not None:
            self.anchors[event.anchor] = text
        self.trail += (self.depth, text, mark.line, mark.column)
        self.container[text] = None  # keeps the place; an entry without a value is null
        self.slot = text

    def put(self, value: Json, event: Any) -> None:
        """Hang a value where it belongs."""
        slot = self.slot
        if isinstance(slot, str):
            self.container[slot] = value
            self.slot = _KEY
            return
        if slot is _KEY:  # a map, list or alias as key: told already, the name only keeps the parser's count
            self.slot = ""
            return
        mark = event.start_mark
        if slot is _ITEM:
            self.trail += (self.depth, len(self.container), mark.line, mark.column)
            self.container.append(value)
        else:
            self.trail += (0, 0, mark.line, mark.column)
            self.value = value

    def start(self, event: Any) -> None:
        """A map or list begins."""
        if event.tag is not None:
            self.refuse_tag(event)
        if self.slot is _KEY:
            self.report(
                Code.YAML_FEATURE, "a key must be text, got a map or list", event, "write the key as quoted text"
            )
        is_map = event.__class__ is yaml.MappingStartEvent
        opened: Json = {} if is_map else []
        self.put(opened, event)
        self.stack.append((self.container, self.slot, self.anchor))
        self.depth += 1
        self.container, self.slot, self.anchor = opened, (_KEY if is_map else _ITEM), event.anchor
        if event.anchor is not None:
            self.anchors[event.anchor] = _ROOT  # unfinished: an alias to it would be a loop
        if self.depth > self.limits.depth:
            self.stop(
                Code.YAML_LIMIT, f"values are nested deeper than {self.limits.depth} levels", event, "flatten the data"
            )

    def end(self, _: Any) -> None:
        """The open map or list is complete."""
        if self.anchor is not None:
            self.anchors[self.anchor] = self.container
        self.container, self.slot, self.anchor = self.stack.pop()
        self.depth -= 1

    def alias(self, event: Any) -> None:
        """A value that was anchored earlier in the same document."""
        name = event.anchor
        value = self.anchors.get(name, _KEY)
        if self.slot is _KEY:
            self.report(Code.YAML_FEATURE, f"an alias (*{_excerpt(name)}) stands as a key", event, "write the key out")
            value = None
        elif isinstance(value, _Slot):
            what = "is not defined above" if value is _KEY else "refers to a value that contains it"
            self.report(
                Code.YAML_FEATURE, f"the alias *{_excerpt(name)} {what}", event, "write the value out, or quote it"
            )
            value = None
        self.aliases += 1
        nodes, height = _measure(value)
        self.expanded += nodes
        over = self.aliases > self.limits.aliases or self.expanded > self.limits.nodes
        if over or self.depth + height > self.limits.depth:
            self.stop(Code.YAML_LIMIT, "the aliases repeat too much, or too deeply", event, "write the values out")
        self.put(value, event)

    def start_document(self, event: Any) -> None:
        """`---`, or the first value of the file."""
        if self.single and self.documents:
            self.stop(Code.YAML_FEATURE, "expected one document, found a second one", event, "remove it and its `---`")
        self.reset()

    def end_document(self, _: Any) -> None:
        """The document is complete."""
        self.documents.append(Document(self.file, self.value, _Positions(self.trail, self.offset)))

    def refuse_tag(self, event: Any) -> None:
        """A tag lets the file choose a type."""
        what = f"the tag {_excerpt(event.tag)} is not allowed"
        self.report(Code.YAML_FEATURE, what, event, "remove the tag; quote the value if it is text")

    def refuse_ambiguous(self, event: Any) -> None:
        """A plain scalar that parsers read differently."""
        shown = _excerpt(event.value)
        what = f"expected a value that every YAML parser reads alike, got {shown}"
        self.report(Code.YAML_AMBIGUOUS, what, event, f'quote it: "{shown}"')

    def refuse_key(self, event: Any) -> None:
        """A key that is not text, or not to every parser."""
        shown = _excerpt(event.value)
        if event.value == "<<":
            self.report(
                Code.YAML_FEATURE, "merge keys (<<) are not allowed", event, "write the entries out, or use a layer"
            )
        else:
            what = f"expected a key that is text to every YAML parser, got {shown or 'nothing'}"
            self.report(Code.YAML_AMBIGUOUS, what, event, f'quote it: "{shown}":')

    def refuse_duplicate(self, event: Any) -> None:
        """A key that the same map already has."""
        lines = [line for depth, key, line, _ in _steps(self.trail) if depth == self.depth and key == event.value]
        first = lines[-1] + 1 + self.offset
        what = f"the key {_excerpt(event.value)} stands twice in one map, first in line {first}"
        self.report(Code.YAML_DUPLICATE_KEY, what, event, "remove or rename one of them")


def _measure(value: Json | _Slot) -> tuple[int, int]:
    """Number of nodes below and including `value`, and how deep they nest; shared parts count each time."""
    nodes = height = 0
    todo = [(value, 0)]
    while todo:
        node, depth = todo.pop()
        nodes += 1
        if isinstance(node, dict | list):
            height = max(height, depth + 1)
            todo.extend((child, depth + 1) for child in (node.values() if isinstance(node, dict) else node))
    return nodes, height


# --- text to events -------------------------------------------------------------------------------

_CONTROLS: Final = bytes(set(range(32)) - set(b"\t\n\r")) + b"\x7f"
# Not printable to YAML, or (NEL, LS, PS) a line break to YAML 1.1 but not to 1.2.
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_DIRECTIVE: Final = re.compile(r"^%", re.MULTILINE)


def _read(text: bytes | str, file: str, limits: Limits, *, line_offset: int, single: bool) -> list[Document]:
    builder = _Builder(file, limits, line_offset, single=single)
    source = _decode(text, builder)
    if not builder.problems:
        try:
            builder.run(_LOADER(source).get_event)
        except _Stop:
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


def _decode(text: bytes | str, builder: _Builder) -> str:
    """Text of the file; what no parser should see is added to the builder's problems."""
    data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
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


def _refuse_unprintable(source: str, builder: _Builder) -> None:
    match = _UNPRINTABLE.search(source)
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


def _explain(error: yaml.YAMLError, source: str, builder: _Builder) -> Problem:
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
    return f"a plain text cannot begin with {_excerpt(character)}", "quote it"

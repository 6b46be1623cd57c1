"""Changes single entries of a YAML file and leaves every other byte as it is: comments, order, quotes, line ends.

In: the bytes of a layer or site file, and key paths. Out: the new bytes, read again and found to hold exactly the
change; EditError where that cannot be had. Never: writes a file, or touches a line that the change does not concern.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import yaml

from renderer import strict_yaml
from renderer.errors import ConfigurationError
from renderer.scaffold import nested
from renderer.scaffold.source import EditError, Entry, Source, entries

if TYPE_CHECKING:
    from renderer.scaffold.nested import Keys
    from renderer.types import Json

_BOM = "\ufeff"
_STEP = 2


class _Change(NamedTuple):
    """Text from `start` to `end` becomes `text`."""

    start: int
    end: int
    text: str


def insert(content: bytes, path: Keys, value: Json, style: str | None = None) -> bytes:
    """Add an entry at the end of its map; the maps above it are made where they are missing. For `style` see `emit`."""
    source, before = _open(content)
    if nested.holds(before, path):
        raise EditError(f"{'.'.join(path)} is already there")
    return _apply(
        content, source, [_addition(source, path, _Tail(f": {emit(value, style)}", 0))], _put(before, path, value)
    )


def replace(content: bytes, path: Keys, value: Json) -> bytes:
    """Give an entry another value, in the quotes of the old one."""
    source, before = _open(content)
    entry = source.entry(path)
    start, end = entry.value.start_mark.index, source.end(entry.value)
    if isinstance(entry.value, yaml.ScalarNode) and entry.value.style not in {"|", ">"}:
        text = emit(value, entry.value.style)
        change = _Change(start, end, text if end > start else f" {text}")
    else:
        if "#" in source.text[entry.key_end : end]:
            raise EditError(f"the value of {'.'.join(path)} may hold comments, which would be lost")
        change = _Change(entry.key_end, end, f": {emit(value)}")
    return _apply(content, source, [change], _put(before, path, value))


def set_text(content: bytes, path: Keys, text: str) -> bytes:
    """Give an entry a text, in the quotes that it has; a new entry gets double quotes."""
    _, before = _open(content)
    return replace(content, path, text) if nested.holds(before, path) else insert(content, path, text, '"')


def remove(content: bytes, path: Keys) -> bytes:
    """Take an entry away, and the maps below the outermost that are empty then."""
    source, before = _open(content)
    return _apply(content, source, _removal(source, path, ()), nested.drop(before, path))


def move(content: bytes, source_path: Keys, target: Keys) -> bytes:
    """Put an entry to another path: in its place where it can stay, else at the end of the map that it goes to."""
    source, before = _open(content)
    entry = source.entry(source_path)
    parent = source_path[:-1]
    keys = target[len(parent) :]
    own = source_path[-1]
    stays = target[: len(parent)] == parent and (
        keys[0] == own or keys[0] not in {other.key.value for other in entries(entry.parent)}
    )
    if stays:
        changes = [_in_place(source, entry, keys)]
    else:
        tail = _tail(source, entry)
        changes = [_addition(source, target, tail), *_removal(source, source_path, target)]
    try:
        expected = nested.moved(before, source_path, target)
    except ValueError as error:
        raise EditError(str(error)) from None
    new = _apply(content, source, changes, expected)
    if new.count(b"#") != content.count(b"#"):
        # It stood in a map that is empty without the entry, and goes with it.
        raise EditError(f"a comment beside {'.'.join(source_path)} would be lost; move the entry by hand")
    return new


def emit(value: Json, style: str | None = None) -> str:
    """`value` on one line of YAML; a text in the quotes `style`, or plain where every parser reads it as that text."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{emit(key)}: {emit(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(emit(item) for item in value)}]"
    if not isinstance(value, str):
        return json.dumps(value)
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return value if style != '"' and _is_plain(value) else f'"{"".join(map(_escaped, value))}"'


def _escaped(character: str) -> str:
    """A character inside double quotes."""
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"  # noqa: PLR2004 - what four digits can tell


def _is_plain(text: str) -> bool:
    if text != text.strip() or not text.isprintable():
        return False
    try:
        found = strict_yaml.load(f"- [{text}]\n- {text}: {text}\n", "value").value
    except ConfigurationError:
        return False
    return found == [[text], {text: text}]


def _open(content: bytes) -> tuple[Source, Json]:
    text = content.decode().removeprefix(_BOM)
    # A missing last line break is put in here and taken out at the end, so that lines are whole in between.
    missing = "" if not text or text.endswith("\n") else "\r\n" if "\r\n" in text else "\n"
    source = Source.read(text + missing)
    return source, strict_yaml.load(content, "file").value


def _put(before: Json, path: Keys, value: Json) -> Json:
    try:
        return nested.put(before, path, value)
    except ValueError as error:
        raise EditError(str(error)) from None


def _apply(content: bytes, source: Source, changes: list[_Change], expected: Json) -> bytes:
    """The new file, provided that it says what is expected and nothing else."""
    text = source.text
    for change in sorted(changes, reverse=True):
        text = text[: change.start] + change.text + text[change.end :]
    original = content.decode()
    if original.removeprefix(_BOM) and not original.endswith("\n"):
        text = text.removesuffix("\n").removesuffix("\r")
    new = ((_BOM if original.startswith(_BOM) else "") + text).encode()
    try:
        found = strict_yaml.load(new, "file").value
    except ConfigurationError as error:
        raise EditError(f"the new text would not be valid: {error.problems[0].what}") from None
    # As text: to Python, 1 and true are equal.
    if json.dumps(found, sort_keys=True) != json.dumps(expected, sort_keys=True):
        raise EditError("the new text would be read as something else")
    return new


class _Tail(NamedTuple):
    """What follows a key, from its colon on, as it stood in the column `column`."""

    text: str
    column: int
    flow: str | None = None


def _tail(source: Source, entry: Entry) -> _Tail:
    """An entry's text after its key; `flow` is what of it can stand inside braces."""
    end = source.end(entry.value)
    value = source.text[entry.key_end : end]
    if entry.parent.flow_style:
        return _Tail(value, entry.column, value)
    whole = source.text[entry.key_end : source.line_end(source.entry_end(entry))]
    fits = "\n" not in value and whole.rstrip() == value
    return _Tail(whole, entry.column, value if fits else None)


def _in_place(source: Source, entry: Entry, keys: Keys) -> _Change:
    if len(keys) == 1:
        return _Change(entry.start, entry.key_end, emit(keys[0]))
    if entry.parent.flow_style:
        end = source.end(entry.value)
        return _Change(entry.start, end, _chain(keys, source.text[entry.key_end : end]))
    end = source.line_end(source.entry_end(entry))
    tail = _Tail(source.text[entry.key_end : end], entry.column)
    return _Change(entry.start, end, _block(source, keys, tail, entry.column).lstrip(" "))


def _addition(source: Source, target: Keys, tail: _Tail) -> _Change:
    """A new entry in the deepest map that is there."""
    depth = next(depth for depth in range(len(target) - 1, -1, -1) if depth == 0 or source.map_at(target[:depth]))
    parent, keys = source.map_at(target[:depth]), target[depth:]
    if parent is None:
        return _Change(len(source.text), len(source.text), _block(source, keys, tail, 0) + source.newline)
    known = entries(parent)
    if parent.flow_style:
        if tail.flow is None and tail.column:
            raise EditError(f"{'.'.join(target)} would go into braces, where its text has no place")
        at = source.end(known[-1].value) if known else parent.start_mark.index + 1
        return _Change(at, at, (", " if known else "") + _chain(keys, tail.flow or tail.text))
    at = source.own_lines(known[-1])[1]
    return _Change(at, at, _block(source, keys, tail, known[-1].column) + source.newline)


def _chain(keys: Keys, tail: str) -> str:
    head = "".join(f"{emit(key)}: {{" for key in keys[:-1])
    return f"{head}{emit(keys[-1])}{tail}{'}' * (len(keys) - 1)}"


def _block(source: Source, keys: Keys, tail: _Tail, column: int) -> str:
    """Nested block entries, the innermost with `tail`, whose further lines keep their distance to the key."""
    heads = [f"{' ' * (column + _STEP * depth)}{emit(key)}" for depth, key in enumerate(keys)]
    shift = column + _STEP * (len(keys) - 1) - tail.column
    first, *others = tail.text.split(source.newline)
    lines = [*(f"{head}:" for head in heads[:-1]), heads[-1] + first, *(_shifted(line, shift) for line in others)]
    return source.newline.join(lines)


def _shifted(line: str, shift: int) -> str:
    if shift >= 0 or not line.strip():
        return " " * max(shift, 0) + line if line.strip() else line
    return line[min(-shift, len(line) - len(line.lstrip(" "))) :]


def _removal(source: Source, path: Keys, target: Keys) -> list[_Change]:
    """The changes that take an entry away; maps on the way to `target` are not empty afterwards."""
    entry = source.entry(path)
    while len(path) > 2 and len(entry.parent.value) == 1 and target[: len(path) - 1] != path[:-1]:  # noqa: PLR2004 - a section and a key
        path = path[:-1]
        entry = source.entry(path)
    alone = len(entry.parent.value) == 1
    if entry.parent.flow_style:
        return [_flow_removal(source, entry)]
    first, last = source.own_lines(entry)
    refilled = bool(target) and target[: len(path) - 1] == path[:-1]
    if alone and not refilled and len(path) > 1:
        above = source.entry(path[:-1])
        return [_Change(above.key_end, above.key_end + 1, ": {}"), _Change(first, last, "")]
    return [_Change(first, last, "")]


def _flow_removal(source: Source, entry: Entry) -> _Change:
    known = entries(entry.parent)
    if entry.place + 1 < len(known):
        return _Change(entry.start, known[entry.place + 1].start, "")
    start = source.end(known[entry.place - 1].value) if entry.place else entry.start
    return _Change(start, source.end(entry.value), "")

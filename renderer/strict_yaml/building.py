"""Parser events to plain JSON data, in one pass.

In: events. Out: Documents and every problem on the way. Never: recurses into what it reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

import yaml

from renderer.errors import Code
from renderer.strict_yaml.positions import Positions, Trail, steps
from renderer.strict_yaml.scalars import NUMERIC, WORDS, Ambiguous, excerpt, resolve
from renderer.types import Document, Json, Origin, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.strict_yaml.limits import Limits
    from renderer.strict_yaml.scalars import Judge


@dataclass(frozen=True, slots=True)
class Tagged:
    """A scalar under a tag that the caller asked for; it stands in the data where its value would."""

    tag: str
    text: str


class _Slot:
    """What the next node is, where it is not the value of a mapping's key."""


_KEY: Final = _Slot()
_ITEM: Final = _Slot()
_ROOT: Final = _Slot()


class Stop(Exception):
    """Reading cannot go on; the reason is already among the problems."""


class Builder:
    """Turns parser events into JSON data, one document after the other, and keeps every problem."""

    def __init__(
        self,
        file: str,
        limits: Limits,
        line_offset: int = 0,
        *,
        single: bool = True,
        judge: Judge = resolve,
        tags: frozenset[str] = frozenset(),
    ) -> None:
        self.file = file
        self.judge = judge
        self.tags = tags
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
        self.trail: Trail = []
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
            raise Stop

    def problem(self, code: Code, what: str, at: tuple[int, int], hint: str) -> Problem:
        """Problem at a line and column counted from 0."""
        return Problem(code, what, Origin(self.file, at[0] + 1 + self.offset, at[1] + 1), hint)

    def stop(self, code: Code, what: str, event: Any, hint: str) -> NoReturn:
        """Note a problem that ends the reading."""
        self.report(code, what, event, hint)
        raise Stop

    def scalar(self, event: Any) -> None:
        """A key, or a value that is not a map or a list."""
        if event.tag is not None:
            if event.tag in self.tags and self.slot is not _KEY:
                self.put(cast("Json", Tagged(event.tag, event.value)), event)
                return
            self.refuse_tag(event)
        if self.slot is _KEY:
            self.key(event)
            return
        text: str = event.value
        value: Json = text
        if event.implicit[0] and (text in WORDS or text[0] in NUMERIC):
            resolved = self.judge(text)
            if isinstance(resolved, Ambiguous):
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
        if event.implicit[0] and (text in WORDS or text[0] in NUMERIC) and self.judge(text) != text:
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
            self.report(Code.YAML_FEATURE, f"an alias (*{excerpt(name)}) stands as a key", event, "write the key out")
            value = None
        elif isinstance(value, _Slot):
            what = "is not defined above" if value is _KEY else "refers to a value that contains it"
            self.report(
                Code.YAML_FEATURE, f"the alias *{excerpt(name)} {what}", event, "write the value out, or quote it"
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
        self.documents.append(Document(self.file, self.value, Positions(self.trail, self.offset)))

    def refuse_tag(self, event: Any) -> None:
        """A tag lets the file choose a type."""
        what = f"the tag {excerpt(event.tag)} is not allowed"
        self.report(Code.YAML_FEATURE, what, event, "remove the tag; quote the value if it is text")

    def refuse_ambiguous(self, event: Any) -> None:
        """A plain scalar that parsers read differently."""
        shown = excerpt(event.value)
        what = f"expected a value that every YAML parser reads alike, got {shown}"
        self.report(Code.YAML_AMBIGUOUS, what, event, f'quote it: "{shown}"')

    def refuse_key(self, event: Any) -> None:
        """A key that is not text, or not to every parser."""
        shown = excerpt(event.value)
        if event.value == "<<":
            self.report(
                Code.YAML_FEATURE, "merge keys (<<) are not allowed", event, "write the entries out, or use a layer"
            )
        else:
            what = f"expected a key that is text to every YAML parser, got {shown or 'nothing'}"
            self.report(Code.YAML_AMBIGUOUS, what, event, f'quote it: "{shown}":')

    def refuse_duplicate(self, event: Any) -> None:
        """A key that the same map already has."""
        lines = [line for depth, key, line, _ in steps(self.trail) if depth == self.depth and key == event.value]
        first = lines[-1] + 1 + self.offset
        what = f"the key {excerpt(event.value)} stands twice in one map, first in line {first}"
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

"""Where the entries of a YAML file stand in its text.

In: the text of a file without aliases. Out: offsets of keys, values and lines. Never: changes the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, cast

import yaml

if TYPE_CHECKING:
    from renderer.scaffold.nested import Keys


class EditError(ValueError):
    """A file whose text cannot be changed with certainty; the message says what stands in the way."""


class Entry(NamedTuple):
    """One entry of a map: the nodes of its key and its value, its place among the entries, and the map."""

    key: yaml.ScalarNode
    value: yaml.Node
    place: int
    parent: yaml.MappingNode

    @property
    def column(self) -> int:
        """Where the key begins in its line, from 0."""
        return cast("int", self.key.start_mark.column)

    @property
    def start(self) -> int:
        """Offset of the key."""
        return cast("int", self.key.start_mark.index)

    @property
    def key_end(self) -> int:
        """Offset after the key."""
        return cast("int", self.key.end_mark.index)


@dataclass(frozen=True, slots=True)
class Source:
    """A file's text, which ends with a line break, and its nodes."""

    text: str
    root: yaml.MappingNode | None

    @classmethod
    def read(cls, text: str) -> Source:
        """Parse `text`; raises EditError for what is not edited."""
        if "\r" in text and len(re.findall("\r\n", text)) != len(re.findall("\r\n|\r|\n", text)):
            raise EditError("the lines of the file end in different ways")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, Loader=yaml.SafeLoader)):
            raise EditError("the file has an alias (*name), so one text stands for several values")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is not None and not isinstance(root, yaml.MappingNode):
            raise EditError("the file is no map")
        return cls(text, root)

    @property
    def newline(self) -> str:
        """How the file ends its lines."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def entry(self, path: Keys) -> Entry:
        """The entry at `path`."""
        parent = self.map_at(path[:-1])
        found = next((entry for entry in entries(parent) if entry.key.value == path[-1]), None) if parent else None
        if found is None:
            raise EditError(f"{'.'.join(path)} is not in the file")
        return found

    def map_at(self, path: Keys) -> yaml.MappingNode | None:
        """The map at `path`; None when there is nothing or no map."""
        node: yaml.Node | None = self.root
        for key in path:
            if not isinstance(node, yaml.MappingNode):
                return None
            node = next((entry.value for entry in entries(node) if entry.key.value == key), None)
        return node if isinstance(node, yaml.MappingNode) else None

    def end(self, node: yaml.Node) -> int:
        """Offset after the last character of a node; the parser's own mark stands behind comments and blank lines."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            if isinstance(last, tuple):
                return max(self.end(last[0]), self.end(last[1]))
            return self.end(last)
        begin, end = node.start_mark.index, node.end_mark.index
        return begin + len(self.text[begin:end].rstrip())

    def line_start(self, offset: int) -> int:
        """Offset of the beginning of the line."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Offset of the line break that ends the line."""
        found = self.text.find(self.newline, offset)
        return len(self.text) if found < 0 else found

    def after_line(self, offset: int) -> int:
        """Offset of the beginning of the next line."""
        return min(self.line_end(offset) + len(self.newline), len(self.text))

    def own_lines(self, entry: Entry) -> tuple[int, int]:
        """From the beginning of the first line of a block entry to that of the line after it."""
        first = self.line_start(entry.start)
        if self.text[first : entry.start].strip():
            raise EditError(f"{entry.key.value} does not begin its line")
        return first, self.after_line(self.entry_end(entry))

    def entry_end(self, entry: Entry) -> int:
        """Offset after the last character of an entry."""
        return max(self.end(entry.key), self.end(entry.value))


def entries(node: yaml.MappingNode) -> list[Entry]:
    """The entries of a map, in order."""
    return [Entry(key, value, index, node) for index, (key, value) in enumerate(node.value)]

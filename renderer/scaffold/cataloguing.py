"""Entries of schemas/crds/catalogue.yaml, and the manifests that they list, as text.

In: the bytes of a catalogue, what becomes of an entry. Out: the new bytes; every line that is not concerned stays.
Never: reads or writes a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml

from renderer import strict_yaml
from renderer.scaffold.editing import emit
from renderer.scaffold.writing import yaml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.types import Json

HEADER: Final = """\
# yaml-language-server: $schema=../catalogue.schema.json
# Where the CustomResourceDefinitions in this folder come from. `fleetpress schemas` keeps this file.
"""


class Added(NamedTuple):
    """An entry for definitions that were given as files: `files` are paths below schemas/crds with their SHA-256."""

    project: str
    source: str
    version: str
    digest: str
    files: Mapping[str, str]


def manifest(value: Mapping[str, Any]) -> bytes:
    """A definition as it stands in schemas/crds."""
    return b"---\n" + yaml_text(dict(value)).encode()


def add_entry(content: bytes | None, entry: Added) -> bytes:
    """The catalogue with one more entry at its end; a new one where there was none."""
    text = (content or HEADER.encode()).decode()
    text += "" if text.endswith("\n") else "\n"
    files: list[Json] = [{"file": file, "sha256": digest} for file, digest in sorted(entry.files.items())]
    data: list[Json] = [{**_head(entry), "files": files}]
    return (text + yaml_text(data)).encode()


def renew_files(content: bytes | None, entry: Added) -> bytes:
    """The catalogue with what it says of these files renewed: in place where an entry lists no others."""
    text, kept = (content or HEADER.encode()).decode(), dict(entry.files)
    for node in reversed(_entries(text)):
        listed = {_value(item, "file").value for item in _value(node, "files").value}
        if listed <= kept.keys() and all(name.value != "module" for name, _ in node.value):
            text = _renewed(text, node, entry._replace(files={file: kept.pop(file) for file in listed}))
    rest = drop_files(text.encode(), kept)
    return add_entry(rest, entry._replace(files=kept)) if kept else rest


def drop_files(content: bytes, files: Iterable[str]) -> bytes:
    """The catalogue without these files, and without entries that list no other."""
    gone, text = frozenset(files), content.decode()
    for node in reversed(_entries(text)):
        items = _value(node, "files").value
        listed = [item for item in items if _value(item, "file").value in gone]
        if len(listed) == len(items):
            text = _without(text, node)
        else:
            for item in reversed(listed):
                text = _without(text, item)
    return text.encode()


def _head(entry: Added) -> dict[str, str]:
    return {
        "project": entry.project,
        "source": entry.source,
        "version": entry.version,
        "digest": entry.digest,
    }


def _entries(text: str) -> list[yaml.MappingNode]:
    strict_yaml.load(text, "catalogue.yaml")  # what it refuses is never composed
    root = yaml.compose(text, yaml.SafeLoader)
    return list(root.value) if root is not None else []


def _value(node: yaml.MappingNode, key: str) -> Any:
    return next(value for name, value in node.value if name.value == key)


def _renewed(text: str, node: yaml.MappingNode, entry: Added) -> str:
    """`text` with the values of an entry replaced, the last one first, so that places stay right."""
    new = [(_value(node, key), value) for key, value in _head(entry).items()]
    new += [(_value(item, "sha256"), entry.files[_value(item, "file").value]) for item in _value(node, "files").value]
    for scalar, value in sorted(new, key=lambda one: one[0].start_mark.index, reverse=True):
        text = text[: scalar.start_mark.index] + emit(value, scalar.style) + text[scalar.end_mark.index :]
    return text


def _without(text: str, node: yaml.Node) -> str:
    """`text` without the list item that `node` is: whole lines, the dash before it included."""
    start = text.rfind("\n", 0, node.start_mark.index) + 1
    end = text.find("\n", _end(node))
    return text[:start] + (text[end + 1 :] if end >= 0 else "")


def _end(node: yaml.Node) -> int:
    """Where the last word of a node ends; the parser's own mark of a block is past the comments that follow."""
    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        node = last[1] if isinstance(last, tuple) else last
    return int(node.end_mark.index)

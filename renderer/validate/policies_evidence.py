"""What policies look at in a rendered file: its objects, the images and hosts that they name, what they ask for.

In: a file's name and content. Out: Evidence, the same for every site that has the file, small enough to be kept.
Never: judges, knows a policy, or looks into a Secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.strict_yaml import YamlError, load_all
from renderer.types import Origin
from renderer.validate.catalog import group_of
from renderer.validate.crds import CRD_GROUP, CRD_KIND
from renderer.validate.policies_amounts import Demand, Volume, demand_of, volumes_of
from renderer.validate.policies_places import ImageAt, hosts_at, images_at
from renderer.validate.policies_texts import Found, hosts_in
from renderer.validate.policies_walk import walk
from renderer.validate.rules import mapping
from renderer.validate.secret import is_encrypted
from renderer.validate.wording import clipped, dotted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from renderer.types import Document, KeyPath

YAML_SUFFIXES = (".yaml", ".yml", ".json")
# A literal block scalar: its text begins on the next line, line by line as it is written.
_LITERAL = re.compile(r"\|[+-]?[0-9]?[+-]?\s*(?:#.*)?$")
_NOTHING = Demand()
# Kinds whose fields say by which names the site is asked, not whom it asks; so do the values of a chart for them.
_ANSWERING = frozenset(("Certificate", "GRPCRoute", "Gateway", "HTTPRoute", "Ingress", "TLSRoute"))
# Definitions speak of hosts in their descriptions; a Secret's content is nobody's business.
_SILENT = frozenset((("", "Secret"), (CRD_GROUP, CRD_KIND)))


class Subject(NamedTuple):
    """An object by what policies and waivers know it by; empty for a file that is none."""

    group: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def title(self) -> str:
        """As messages call it."""
        return f"{self.kind or 'object'}/{clipped(self.name)}" if self.name else self.kind

    def __str__(self) -> str:
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)


class Place(NamedTuple):
    """A field of an object: document of the file, key path, and how many line breaks into its text."""

    subject: Subject
    path: KeyPath
    document: int = 0
    breaks: int = 0

    @property
    def field(self) -> str:
        """The field as messages call it, below its object."""
        return dotted(self.path[2:] if self.path[:1] == ("items",) else self.path)


class SeenImage(NamedTuple):
    """An image that an object names."""

    place: Place
    image: ImageAt


class SeenHost(NamedTuple):
    """A host that an object names."""

    place: Place
    found: Found


class SeenVolume(NamedTuple):
    """A volume that an object asks for."""

    place: Place
    volume: Volume


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one file gives policies to judge."""

    objects: tuple[Place, ...] = ()
    images: tuple[SeenImage, ...] = ()
    hosts: tuple[SeenHost, ...] = ()
    volumes: tuple[SeenVolume, ...] = ()
    demand: Demand = _NOTHING


def evidence_of(suffix: str, content: bytes) -> Evidence:
    """The evidence of a file; nothing of one that cannot be read, which is told by others."""
    if suffix not in YAML_SUFFIXES:
        return _of_text(content)
    try:
        return evidence_of_documents(load_all(content, ""))
    except YamlError:
        return Evidence()


def evidence_of_documents(documents: Sequence[Document]) -> Evidence:
    """The evidence of a file with these documents."""
    objects = [
        _Object(number, prefix, value)
        for number, document in enumerate(documents)
        for prefix, value in _objects(document.value)
    ]
    return Evidence(
        objects=tuple(one.place(("metadata", "name")) for one in objects if one.subject.kind),
        images=tuple(SeenImage(one.place(path), image) for one in objects for path, image in one.images),
        hosts=tuple(found for one in objects for found in one.hosts()),
        volumes=tuple(found for one in objects for found in one.volumes()),
        demand=Demand.joined(demand_of(one.subject.group, one.subject.kind, one.value) for one in objects),
    )


def locate(suffix: str, content: bytes, place: Place) -> Origin:
    """Where in a file without name a place stands: read again, for few files have a finding."""
    if suffix not in YAML_SUFFIXES:
        return Origin("", place.breaks + 1)
    where = load_all(content, "")[place.document].origin(place.path)
    lines = content.decode().splitlines()
    if where.line <= len(lines) and _LITERAL.search(lines[where.line - 1]):
        return Origin("", min(where.line + 1 + place.breaks, len(lines)))
    return where


def _of_text(content: bytes) -> Evidence:
    text = content.decode(errors="replace")
    found = (SeenHost(Place(Subject(), (), 0, text.count("\n", 0, one.at)), one) for one in hosts_in(text))
    return Evidence(hosts=tuple(found))


def _objects(value: object) -> Iterator[tuple[KeyPath, Any]]:
    """The objects of a document, a List's items, with their key paths."""
    items = value.get("items") if isinstance(value, dict) and value.get("kind") == "List" else None
    if isinstance(items, list):
        yield from ((("items", index), item) for index, item in enumerate(items))
    else:
        yield (), value


class _Object:
    """One object of a document."""

    def __init__(self, document: int, prefix: KeyPath, value: Any) -> None:
        self._document, self._prefix = document, prefix
        self.value: dict[str, Any] = value if isinstance(value, dict) else {"": value}
        self.subject = _subject(self.value)
        group, kind = self.subject.group, self.subject.kind
        silent = (group, kind) in _SILENT
        self._nodes = [] if silent else [*walk(self.value)]
        self.images = [] if silent else [*images_at(group, kind, self.value, self._nodes)]
        self._named = [] if silent else [*hosts_at(group, kind, self.value)]

    def place(self, path: KeyPath, breaks: int = 0) -> Place:
        """The field at `path`, or so many line breaks into its text."""
        return Place(self.subject, (*self._prefix, *path), self._document, breaks)

    def hosts(self) -> Iterator[SeenHost]:
        """The hosts that it names, each once."""
        seen: set[tuple[object, str]] = set()
        for path, text, found in self._found_hosts():
            if found[:2] not in seen:
                seen.add(found[:2])
                yield SeenHost(self.place(path, text.count("\n", 0, found.at)), found)

    def volumes(self) -> Iterator[SeenVolume]:
        """The volumes that it asks for."""
        for path, volume in volumes_of(self.subject.group, self.subject.kind, self.value):
            yield SeenVolume(self.place(path), volume)

    def _found_hosts(self) -> Iterator[tuple[KeyPath, str, Found]]:
        for path, host in self._named:
            yield path, "", Found(host)
        images = {path for path, _ in self.images}
        answering = self.subject.kind in _ANSWERING
        for path, key, text, inbound in self._nodes:
            if not isinstance(text, str) or (":" not in text and "." not in text) or is_encrypted(text):
                continue
            # The host of a reference to an image is a registry, and policies about those judge it.
            if "://" in text or path not in images:
                for found in hosts_in(text, "" if inbound or answering else key):
                    yield path, text, found


def _subject(value: dict[str, Any]) -> Subject:
    metadata = mapping(value, "metadata")
    group = group_of(str(value.get("apiVersion", "")))
    texts = (group, value.get("kind"), metadata.get("namespace"), metadata.get("name"))
    return Subject(*(text if isinstance(text, str) else "" for text in texts))

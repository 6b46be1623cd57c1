"""templates.lock: what each template version of a fleet is, to the byte.

In: the file beside fleet.yaml. Out: a Lock, and the text of one. Never: writes the file, or asks a source.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from renderer.errors import ConfigurationError
from renderer.read.files import parse, read_file, unreadable
from renderer.read.interface import Lock, Locked, SourceKind
from renderer.read.ranges import order
from renderer.types import Digest, Document, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from renderer.read.interface import Check
    from renderer.types import Fleet, Problem

LOCK_FILE: Final = "templates.lock"
_FORMAT: Final = 1
_HEAD: Final = """\
# yaml-language-server: $schema=../../schemas/lock.schema.json
# Written by `fleetpress template lock`; do not edit. See docs/reference/template-sources.md of fleetpress.
"""
_ADDRESS: Final = {SourceKind.GIT: "commit", SourceKind.OCI: "manifest"}


def lock_path(fleet: Fleet) -> Path:
    """Where the fleet's lock is, or would be."""
    return fleet.root / LOCK_FILE


def load_lock(fleet: Fleet, *, check: Check) -> Lock | None:
    """The fleet's lock, None when it has none; `check` vouches for the file's shape. Raises ConfigurationError."""
    path = lock_path(fleet)
    file = path.relative_to(fleet.repository).as_posix()
    try:
        content = read_file(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _error([unreadable(file, error)]) from None
    document = parse(content, file, "lock", check)
    if not isinstance(document, Document):
        raise _error(document)
    return _lock(document.value)


def dump_lock(lock: Lock) -> str:
    """The text of a lock: one line for each version, in a fixed order, so that equal locks have equal texts."""
    versions: dict[str, list[str]] = defaultdict(list)
    for pin, locked in sorted(lock.versions.items(), key=lambda item: (item[0].name, order(item[0].version))):
        versions[pin.name].append(f"    {_text(pin.version)}: {_entry(locked)}")
    lines = [f"format: {_FORMAT}", *_section("templates", versions)]
    if lock.ranges:
        ranges: dict[str, list[str]] = defaultdict(list)
        for pin, version in sorted(lock.ranges.items()):
            ranges[pin.name].append(f"    {_text(pin.version)}: {_text(version)}")
        lines += _section("ranges", ranges)
    return _HEAD + "\n".join(lines) + "\n"


def _section(name: str, entries: Mapping[str, list[str]]) -> Iterable[str]:
    if not entries:
        yield f"{name}: {{}}"
        return
    yield f"{name}:"
    for template, lines in entries.items():
        yield f"  {_text(template)}:"
        yield from lines


def _entry(locked: Locked) -> str:
    fields = {"source": locked.kind.value}
    if locked.kind in _ADDRESS:
        fields[_ADDRESS[locked.kind]] = locked.address
    fields["digest"] = str(locked.digest)
    return f"{{{', '.join(f'{key}: {_text(value)}' for key, value in fields.items())}}}"


def _text(value: str) -> str:
    """YAML that every parser reads as this text: a JSON string is one."""
    return json.dumps(value)


def _lock(value: Any) -> Lock:
    versions = {
        TemplatePin(name, version): _locked(entry)
        for name, entries in value["templates"].items()
        for version, entry in entries.items()
    }
    ranges = {
        TemplatePin(name, allowed): version
        for name, entries in value.get("ranges", {}).items()
        for allowed, version in entries.items()
    }
    return Lock(versions, ranges)


def _locked(entry: dict[str, str]) -> Locked:
    kind = SourceKind(entry["source"])
    return Locked(kind, Digest.parse(entry["digest"]), entry[_ADDRESS[kind]] if kind in _ADDRESS else "")


def _error(problems: Iterable[Problem]) -> ConfigurationError:
    found = tuple(problems)
    return ConfigurationError(f"{found[0].where}: {found[0].what}", problems=found)

"""Reports as bytes, for a place that keeps them between runs.

In: a FileReport, or what a place gives back. Out: bytes, or the report again; None for bytes that are not one.
Never: runs anything that stands in such bytes, as unpickling would, or takes a broken report for a good one: the place
itself has to notice when it loses or mixes up bytes.
"""

from __future__ import annotations

import hashlib
import json
from abc import abstractmethod
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, Protocol

from renderer.errors import Code
from renderer.types import Origin, Problem, Severity
from renderer.validate.admission import Look
from renderer.validate.facts import Facts, Maker, Pods, Selection
from renderer.validate.kustomize import Reference
from renderer.validate.needs import Need, Thing
from renderer.validate.report import FileReport, Identity
from renderer.validate.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Callable


class Verdicts(Protocol):
    """A place that keeps verdicts: bytes by key. It may forget any of them at any time."""

    @abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """What was put under `key`, or None."""

    @abstractmethod
    def put(self, key: bytes, verdict: bytes) -> None:
        """Keep `verdict`, or not."""


def verdict_key(context: bytes, minor: str, shipped: str, content: bytes) -> bytes:
    """The key of a file's verdict: with `context`, which the caller makes of program and schemas, all it depends on."""
    digest = hashlib.sha256()
    for part in (context, minor.encode(), shipped.encode(), content):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


_TUPLES: Final[dict[str, Any]] = {
    kind.__name__: kind for kind in (FileReport, Identity, Facts, Summary, Thing, Need, Selection, Pods, Maker, Look)
}
_RECORDS: Final[dict[str, Any]] = {kind.__name__: kind for kind in (Problem, Origin, Reference)}
_ENUMS: Final[dict[str, Any]] = {kind.__name__: kind for kind in (Code, Severity)}


def encoded(report: FileReport) -> bytes:
    """`report` as JSON: every value that JSON does not have is a list that begins with its type."""
    return json.dumps(_plain(report), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def decoded(verdict: bytes) -> FileReport | None:
    """The report again; None when `verdict` is not one."""
    try:
        found = _value(json.loads(verdict.decode("utf-8", "surrogatepass")))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    return found if isinstance(found, FileReport) else None


def _plain(value: Any) -> Any:
    name = type(value).__name__
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [name, *map(_plain, value)]
    if isinstance(value, frozenset):
        # Sorted, so that the same report gives the same bytes.
        return [name, *sorted(map(_plain, value))]
    if name in _RECORDS:
        return [name, *(_plain(getattr(value, field.name)) for field in fields(value))]
    return [name, value.value] if name in _ENUMS else value


_MAKERS: Final[dict[str, Callable[[list[Any]], Any]]] = {
    "list": list,
    "tuple": tuple,
    "frozenset": frozenset,
    **{name: lambda parts, kind=kind: kind._make(parts) for name, kind in _TUPLES.items()},  # type: ignore[misc]
    **{name: lambda parts, kind=kind: kind(*parts) for name, kind in (_RECORDS | _ENUMS).items()},  # type: ignore[misc]
}


def _value(plain: Any) -> Any:
    if isinstance(plain, list):
        name, *parts = plain
        return _MAKERS[name](list(map(_value, parts)))
    return {key: _value(inner) for key, inner in plain.items()} if isinstance(plain, dict) else plain

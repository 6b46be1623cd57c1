"""Reports as bytes, for a place that keeps them between runs.

In: a FileReport, or what a place gives back. Out: bytes, or the report again; None for bytes that are not one.
Never: makes anything of such bytes but the types of a report: pickle reads them, three times as quickly as JSON and our
own code did, and no other name is looked up for it. The place itself has to notice when it loses or mixes up bytes, and
that nobody else writes there.
"""

from __future__ import annotations

import hashlib
import pickle
from abc import abstractmethod
from io import BytesIO
from typing import Any, Final, Protocol

from renderer.errors import Code
from renderer.types import Origin, Problem, Severity
from renderer.validate.admission import Look
from renderer.validate.facts import Facts, Maker, Pods, Selection
from renderer.validate.kustomize import Reference
from renderer.validate.needs import Need, Thing
from renderer.validate.report import FileReport, Identity
from renderer.validate.summary import Summary


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


# All that a report is made of. Nothing else is ever made of bytes that come back.
_KINDS: Final[dict[tuple[str, str], Any]] = {
    (kind.__module__, kind.__qualname__): kind
    for kind in (
        *(FileReport, Identity, Facts, Summary, Thing, Need, Selection, Pods, Maker, Look),
        *(Problem, Origin, Reference, Code, Severity, frozenset),
    )
}
# The last protocol that every supported Python writes alike.
_PROTOCOL: Final = 4


class _Reader(pickle.Unpickler):
    """Makes reports, and refuses everything else that pickled bytes could ask for."""

    def find_class(self, module: str, name: str) -> Any:
        """A class of reports; raises UnpicklingError for any other name."""
        kind = _KINDS.get((module, name))
        if kind is None:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of a report")
        return kind


def encoded(report: FileReport) -> bytes:
    """`report` as bytes."""
    return pickle.dumps(report, _PROTOCOL)


def decoded(verdict: bytes) -> FileReport | None:
    """The report again; None when `verdict` is not one."""
    try:
        found = _Reader(BytesIO(verdict)).load()
    except Exception:  # noqa: BLE001 - broken bytes may end in any error; all of them mean that it is no report
        return None
    return found if type(found) is FileReport else None

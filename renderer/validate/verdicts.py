"""Keeps reports between runs: those of a site's own files together, those that several sites share one by one.

In: FileReports, or the bytes that a place gives back. Out: bytes, or the reports again; none for any other bytes.
Never: makes anything of such bytes but the types of a report: pickle reads them, three times as quickly as JSON and our
own code did, and no other name is looked up for it. The place itself has to notice when it loses or mixes up bytes, and
that nobody else writes there.
"""

from __future__ import annotations

import hashlib
import pickle
from abc import abstractmethod
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Protocol

from renderer.errors import Code
from renderer.types import Origin, Problem, Severity
from renderer.validate.admission import Look
from renderer.validate.facts import Maker, Pods, Selection
from renderer.validate.kustomize import Reference
from renderer.validate.needs import Thing
from renderer.validate.report import FileReport, Identity
from renderer.validate.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Verdicts(Protocol):
    """A place that keeps verdicts: bytes by key. It may forget any of them at any time."""

    @abstractmethod
    def find(self, keys: Sequence[bytes]) -> Mapping[bytes, bytes]:
        """What was put under those of `keys` that are known."""

    @abstractmethod
    def put(self, key: bytes, verdict: bytes) -> None:
        """Keep `verdict`, or not."""


class KeptVerdicts:
    """A place, or none, seen by one program and fleet: `context` is all that makes verdicts differ beside content."""

    def __init__(self, place: Verdicts | None = None, context: bytes = b"") -> None:
        self.place, self.context = place, context

    def of_site(self, site: str) -> SiteVerdicts:
        """What is kept for a site."""
        return SiteVerdicts(self, site)

    def put(self, key: bytes, report: FileReport) -> None:
        """Keep the verdict of a file that several sites have."""
        if self.place is not None and _may_be_kept(report):
            self.place.put(key, encoded({key: report}))


class SiteVerdicts:
    """What is kept for one site: one entry for all files that no other site had, so that it is one thing to look up.

    The entry is read with the first question, and written anew when the site has other files than it tells of.
    """

    def __init__(self, kept: KeptVerdicts, site: str) -> None:
        self.site = site
        self._kept = kept
        self._entry = verdict_key(kept.context, "", "", f"site {site}".encode()) if kept.place else b""
        self._own: dict[bytes, FileReport] | None = None
        self._shared: set[bytes] = set()
        self._noted: dict[bytes, FileReport] = {}

    def key(self, minor: str, shipped: str, content: bytes) -> bytes:
        """The key of a file's verdict; empty where nothing is kept."""
        return verdict_key(self._kept.context, minor, shipped, content) if self._kept.place else b""

    def find(self, keys: Sequence[bytes]) -> dict[bytes, FileReport]:
        """What earlier runs have found about files."""
        if self._kept.place is None:
            return {}
        asked = [*keys, self._entry] if self._own is None else keys
        got = self._kept.place.find(asked)
        if self._own is None:
            self._own = decoded(got.get(self._entry, b""))
        found = {key: self._own[key] for key in keys if key in self._own}
        for key in keys:
            if key not in found and key in got:
                found |= decoded(got[key])
                self._shared.add(key)
        return found

    def is_shared(self, key: bytes) -> bool:
        """Whether a file's verdict was found among those of all sites."""
        return key in self._shared

    def note(self, key: bytes, report: FileReport) -> None:
        """The site has a file of its own."""
        if _may_be_kept(report):
            self._noted[key] = report

    def close(self) -> None:
        """Write the entry, if it tells something else now."""
        place = self._kept.place
        if place is not None and self._own is not None and self._noted != self._own:
            place.put(self._entry, encoded(self._noted))


def _may_be_kept(report: FileReport) -> bool:
    """Whether content tells all about a report, and it holds nothing that must not be written down."""
    return not (report.looks or report.secrets or any(one.code is Code.MEMO_WRONG for one in report.problems))


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
        *(FileReport, Identity, Summary, Thing, Selection, Pods, Maker, Look),
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


def encoded(reports: Mapping[bytes, FileReport]) -> bytes:
    """Reports by key, as bytes."""
    return pickle.dumps(dict(reports), _PROTOCOL)


def decoded(entry: bytes) -> dict[bytes, FileReport]:
    """The reports again; none when `entry` is something else."""
    try:
        found = _Reader(BytesIO(entry)).load()
    except Exception:  # noqa: BLE001 - broken bytes may end in any error; all of them mean that it is no report
        return {}
    if type(found) is not dict or not all(type(one) is FileReport for one in found.values()):
        return {}
    return found

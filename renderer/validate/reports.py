"""Remembers what each distinct document and file was found to be.

In: the content of files, and the case they are judged in. Out: FileReports, lines relative to the file.
Never: tells two contents apart by less than all of their bytes, or changes a report because of what came before.

A file is taken apart at its documents, so that one of the site's own does not make the others new. Where a document
leaves a doubt about what it says, the file is read and judged as a whole.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from renderer.errors import Code
from renderer.strict_yaml import load_certain, split
from renderer.types import Origin, Problem
from renderer.validate.memo import Memo
from renderer.validate.objects import check_data, check_documents, check_file
from renderer.validate.report import FileReport, joined
from renderer.validate.verdicts import KeptVerdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from renderer.strict_yaml import Piece
    from renderer.validate.admission import Look
    from renderer.validate.catalog import Catalog
    from renderer.validate.secrets_rendered import Found, RenderedSecrets
    from renderer.validate.verdicts import SiteVerdicts

# Files and documents, each of some 2 to 4 kB with its report; twice as many may be held.
_FILES, _DOCUMENTS = 2_048, 4_096

# One kept report in so many is made again and compared.
CHECK_ONE_IN: Final = 128

Value = TypeVar("Value")

# What a content is judged by: a minor, the definitions that the artifact ships itself, and the content.
_Key = tuple[str, str, bytes]


class _Known:
    """A report in memory. `key` is that of its verdict; `owner` the only site that has the file, as far as is known."""

    __slots__ = ("key", "owner", "report")

    def __init__(self, report: FileReport, key: bytes, owner: str) -> None:
        self.report, self.key, self.owner = report, key, owner


class Reports:
    """All reports of one worker. `kept` may hold verdicts of earlier runs, and gets those of this one."""

    def __init__(self, secrets: RenderedSecrets, kept: KeptVerdicts | None = None) -> None:
        self._secrets, self._kept = secrets, kept or KeptVerdicts()
        self._files: _Remembered[_Known] = _Remembered(_FILES)
        self._documents: _Remembered[FileReport] = _Remembered(_DOCUMENTS)
        self._data: Memo[bytes, FileReport] = Memo(_FILES)
        self._texts: Memo[bytes, tuple[Found, ...]] = Memo(_FILES)

    def of_site(self, name: str) -> SiteReports:
        """The reports of a site's files."""
        return SiteReports(self, self._kept.of_site(name))

    def of_data(self, content: bytes) -> FileReport:
        """The report of a file that is not applied as it is."""
        known = self._data.get(content)
        if known is None:
            known = check_data("", content)._replace(secrets=self._secrets.in_file(content))
            self._data.put(content, known)
        return known

    def of_text(self, content: bytes) -> tuple[Found, ...]:
        """The secrets in a file that is no YAML."""
        known = self._texts.get(content)
        if known is None:
            known = self._secrets.in_file(content)
            self._texts.put(content, known)
        return known

    def known(self, key: _Key, catalog: Catalog) -> _Known | None:
        """What is in memory about a file."""
        return self._files.get(key, catalog)

    def remember(self, key: _Key, catalog: Catalog, known: _Known) -> None:
        """Keep in memory what is known about a file."""
        self._files.put(key, catalog, known, known.report.looks)

    def keep(self, key: bytes, report: FileReport) -> None:
        """Keep for later runs what was found out about a file that several sites have."""
        self._kept.put(key, report)

    def judged(self, content: bytes, catalog: Catalog, case: tuple[str, str]) -> FileReport:
        """The report of a file that nothing is known about."""
        pieces = split(content)
        if len(pieces) == 1:
            return self._whole(content, catalog)
        found: list[tuple[int, FileReport]] = []
        for piece in pieces:
            report = self._document(piece, catalog, case)
            if report is None:
                return self._whole(content, catalog)
            found.append((piece.line, report))
        return joined(found)

    def _whole(self, content: bytes, catalog: Catalog) -> FileReport:
        return check_file("", content, catalog)._replace(secrets=self._secrets.in_file(content))

    def _document(self, piece: Piece, catalog: Catalog, case: tuple[str, str]) -> FileReport | None:
        key = (*case, piece.content)
        known = self._documents.get(key, catalog)
        if known is None:
            document = load_certain(piece.content, "")
            if document is None:
                return None
            known = check_documents([document], catalog)
            if secrets := self._secrets.in_document(piece.content):
                known = known._replace(secrets=secrets)
            self._documents.put(key, catalog, known, known.looks)
        return known


class _Remembered(Generic[Value]):
    """Values by content, and by what policies look at beside it: with more, each site would be a case of its own."""

    def __init__(self, limit: int) -> None:
        self._looks: Memo[_Key, tuple[Look, ...]] = Memo(limit)
        self._values: Memo[_Key | tuple[str, str, bytes, bytes], Value] = Memo(limit)

    def get(self, key: _Key, catalog: Catalog) -> Value | None:
        if not catalog.admission:
            return self._values.get(key)
        looks = self._looks.get(key)
        return None if looks is None else self._values.get((*key, _looked_at(looks, catalog)))

    def put(self, key: _Key, catalog: Catalog, value: Value, looks: tuple[Look, ...]) -> None:
        if catalog.admission:
            self._looks.put(key, looks)
            self._values.put((*key, _looked_at(looks, catalog)), value)
        else:
            self._values.put(key, value)


def _looked_at(looks: tuple[Look, ...], catalog: Catalog) -> bytes:
    return hashlib.sha256(b"\n".join(map(catalog.seen, looks))).digest() if looks else b""


class SiteReports:
    """The reports of one site's files; `close` keeps what was found out."""

    def __init__(self, reports: Reports, verdicts: SiteVerdicts) -> None:
        self._reports, self._verdicts = reports, verdicts

    def of(self, files: Mapping[str, bytes], catalog: Catalog, case: tuple[str, str]) -> dict[str, FileReport]:
        """Reports by path, in the order of `files`; their problems and lines are to be moved to where they stand.

        `case` names what of a catalog makes a difference: its minor and shipped set.
        """
        found = {path: self._remembered((*case, content), catalog) for path, content in files.items()}
        new = [path for path, report in found.items() if report is None]
        if new:
            found.update(zip(new, self._found([files[path] for path in new], catalog, case), strict=True))
        return found  # type: ignore[return-value]  # no None is left

    def close(self) -> None:
        """All files of the site have been asked for."""
        self._verdicts.close()

    def _remembered(self, key: _Key, catalog: Catalog) -> FileReport | None:
        known = self._reports.known(key, catalog)
        if known is None:
            return None
        if known.owner == self._verdicts.site:
            self._verdicts.note(known.key, known.report)
        elif known.owner:
            known.owner = ""
            self._reports.keep(known.key, known.report)
        return known.report

    def _found(self, contents: list[bytes], catalog: Catalog, case: tuple[str, str]) -> Iterable[FileReport]:
        """What earlier runs know of files, or judging tells."""
        keys = [self._verdicts.key(*case, content) for content in contents]
        earlier = self._verdicts.find(keys)
        for key, content in zip(keys, contents, strict=True):
            kept = earlier.get(key)
            report = None if kept is None or _is_checked(key) else kept
            if report is None:
                report = self._reports.judged(content, catalog, case)
            told = report if kept is None or report is kept or report == kept else _contradicting(report)
            if not self._verdicts.is_shared(key):
                self._verdicts.note(key, report)
                known = _Known(told, key, self._verdicts.site)
            else:
                known = _Known(told, key, "")
                if told is not report:
                    self._reports.keep(key, report)
            self._reports.remember((*case, content), catalog, known)
            yield told


def _is_checked(key: bytes) -> bool:
    return int.from_bytes(key[:4], "big") % CHECK_ONE_IN == 0


def _contradicting(report: FileReport) -> FileReport:
    """A report that is not what an earlier run has kept."""
    what = "what an earlier run found out about this file is not so"
    hint = "this is a defect of fleetpress, or of the machine: report it, and set FLEETPRESS_MEMO=off meanwhile"
    return report._replace(problems=(*report.problems, Problem(Code.MEMO_WRONG, what, Origin("", 1), hint)))

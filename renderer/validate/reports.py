"""Remembers what each distinct document and file was found to be.

In: the content of a file, and the case it is judged in. Out: its FileReport, lines relative to the file.
Never: tells two contents apart by less than all of their bytes, or changes a report because of what came before.

A file is taken apart at its documents, so that one of the site's own does not make the others new. Where a document
leaves a doubt about what it says, the file is read and judged as a whole.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from renderer.errors import Code
from renderer.strict_yaml import load_certain, split
from renderer.types import Origin, Problem
from renderer.validate.memo import Memo
from renderer.validate.objects import check_data, check_documents, check_file
from renderer.validate.report import FileReport, joined
from renderer.validate.verdicts import decoded, encoded, verdict_key

if TYPE_CHECKING:
    from renderer.strict_yaml import Piece
    from renderer.validate.admission import Look
    from renderer.validate.catalog import Catalog
    from renderer.validate.verdicts import Verdicts

# Files and documents, each of some 2 to 4 kB with its report; twice as many may be held.
_FILES, _DOCUMENTS = 2_048, 4_096

# One kept report in so many is made again and compared.
CHECK_ONE_IN: Final = 128

# What a content is judged by: a minor, the definitions that the artifact ships itself, and the content.
_Key = tuple[str, str, bytes]


class Reports:
    """All reports of one worker. `case` names what of a catalog makes a difference: its minor and shipped set.

    Those of files may be kept in `verdicts` between runs; `context` tells there one program and fleet from another.
    """

    def __init__(self, verdicts: Verdicts | None = None, context: bytes = b"") -> None:
        self._verdicts, self._context = verdicts, context
        self._files = _Kept(_FILES)
        self._documents = _Kept(_DOCUMENTS)
        self._data: Memo[bytes, FileReport] = Memo(_FILES)

    def of(self, content: bytes, catalog: Catalog, case: tuple[str, str]) -> FileReport:
        """The report of a file; its problems and lines are to be moved to where it stands."""
        key = (*case, content)
        known = self._files.get(key, catalog)
        if known is None:
            known = self._kept(content, catalog, case)
            self._files.put(key, catalog, known)
        return known

    def of_data(self, content: bytes) -> FileReport:
        """The report of a file that is not applied as it is."""
        known = self._data.get(content)
        if known is None:
            known = check_data("", content)
            self._data.put(content, known)
        return known

    def _kept(self, content: bytes, catalog: Catalog, case: tuple[str, str]) -> FileReport:
        """The report that an earlier run has left, or a new one."""
        if self._verdicts is None:
            return self._new(content, catalog, case)
        key = verdict_key(self._context, *case, content)
        verdict = self._verdicts.get(key)
        known = None if verdict is None else decoded(verdict)
        if known is not None and int.from_bytes(key[:4], "big") % CHECK_ONE_IN == 0:
            return self._checked(key, known, self._new(content, catalog, case))
        if known is None:
            known = self._new(content, catalog, case)
            # Where a policy looks at other objects of the site, the content does not tell all.
            if not known.looks:
                self._verdicts.put(key, encoded(known))
        return known

    def _checked(self, key: bytes, known: FileReport, fresh: FileReport) -> FileReport:
        """The new report, which says so if the one that was kept is another."""
        if fresh == known or self._verdicts is None:
            return fresh
        self._verdicts.put(key, encoded(fresh))
        what = "what an earlier run found out about this file is not so"
        hint = "this is a defect of fleetpress, or of the machine: report it, and set FLEETPRESS_MEMO=off meanwhile"
        return fresh._replace(problems=(*fresh.problems, Problem(Code.MEMO_WRONG, what, Origin("", 1), hint)))

    def _new(self, content: bytes, catalog: Catalog, case: tuple[str, str]) -> FileReport:
        pieces = split(content)
        if len(pieces) == 1:
            return check_file("", content, catalog)
        found: list[tuple[int, FileReport]] = []
        for piece in pieces:
            report = self._document(piece, catalog, case)
            if report is None:
                return check_file("", content, catalog)
            found.append((piece.line, report))
        return joined(found)

    def _document(self, piece: Piece, catalog: Catalog, case: tuple[str, str]) -> FileReport | None:
        key = (*case, piece.content)
        known = self._documents.get(key, catalog)
        if known is None:
            document = load_certain(piece.content, "")
            if document is None:
                return None
            known = check_documents([document], catalog)
            self._documents.put(key, catalog, known)
        return known


class _Kept:
    """Reports by content, and by what policies look at beside it: with more, each site would be a case of its own."""

    def __init__(self, limit: int) -> None:
        self._looks: Memo[_Key, tuple[Look, ...]] = Memo(limit)
        self._reports: Memo[_Key | tuple[str, str, bytes, bytes], FileReport] = Memo(limit)

    def get(self, key: _Key, catalog: Catalog) -> FileReport | None:
        if not catalog.admission:
            return self._reports.get(key)
        looks = self._looks.get(key)
        return None if looks is None else self._reports.get((*key, _looked_at(looks, catalog)))

    def put(self, key: _Key, catalog: Catalog, report: FileReport) -> None:
        if catalog.admission:
            self._looks.put(key, report.looks)
            self._reports.put((*key, _looked_at(report.looks, catalog)), report)
        else:
            self._reports.put(key, report)


def _looked_at(looks: tuple[Look, ...], catalog: Catalog) -> bytes:
    return hashlib.sha256(b"\n".join(map(catalog.seen, looks))).digest() if looks else b""

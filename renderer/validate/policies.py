"""Asks the fleet's own policies about what was rendered for a site.

In: a site's Manifests and labels. Out: problems in a fixed order.
Never: reads a document twice, or judges one twice for sites with the same values of the labels that policies look at;
the memo only saves time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from renderer.strict_yaml import load_certain, split
from renderer.types import Problem
from renderer.validate.memo import Memo
from renderer.validate.objects import order
from renderer.validate.policies_amounts import Demand
from renderer.validate.policies_bounds import Limits
from renderer.validate.policies_evidence import (
    YAML_SUFFIXES,
    Evidence,
    evidence_of,
    evidence_of_documents,
    locate,
)
from renderer.validate.policies_files import OwnPolicies
from renderer.validate.policies_kinds import Total
from renderer.validate.report import located

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.types import Manifest, Manifests, SchemaSet
    from renderer.validate.policies_kinds import Finding, Header

_FILES, _DOCUMENTS = 4_096, 8_192


class _Part(NamedTuple):
    """A document of a file, or a file that cannot be taken apart: how many lines stand before it, and what is in it."""

    line: int
    content: bytes
    evidence: Evidence


class _File(NamedTuple):
    """A file taken apart, with all that it asks for; `suffix` says how it is read."""

    suffix: str
    parts: tuple[_Part, ...]
    demand: Demand


_Values: TypeAlias = "tuple[str, ...]"
_Found: TypeAlias = "tuple[Problem, ...]"


class Policies:
    """The policies of a fleet, with a memo. Without any, they cost nothing. Build one per process."""

    def __init__(self, own: OwnPolicies) -> None:
        self._policies = own.policies
        self._limits = [one for one in own.policies if isinstance(one, Limits)]
        self.problems = own.problems
        self._labels = sorted({label for one in own.policies for some in one.scopes for label in some.labels})
        self._files: Memo[tuple[str, bytes], _File] = Memo(_FILES)
        self._evidence: Memo[bytes, Evidence] = Memo(_DOCUMENTS)
        self._judged_files: Memo[tuple[str, bytes, _Values], _Found] = Memo(_FILES)
        self._judged: Memo[tuple[str, bytes, _Values], _Found] = Memo(_DOCUMENTS)

    @classmethod
    def of(cls, schemas: SchemaSet, labels: Mapping[str, tuple[str, ...]]) -> Policies:
        """The policies of schemas/policies; `labels` are those that every site has, with their values."""
        return cls(OwnPolicies.of(schemas.policies, labels))

    @property
    def names(self) -> Mapping[str, bool]:
        """The names of all policies, and whether what each finds may be waived."""
        return {one.header.name: one.header.waivable for one in self._policies}

    def check(self, manifests: Manifests, labels: Mapping[str, str]) -> list[Problem]:
        """Everything that policies have against a site's files; what is wrong with the policies themselves, too."""
        if not self._policies:
            return list(self.problems)
        values = tuple(labels.get(label, "") for label in self._labels)
        found: list[Problem] = []
        demands: list[Demand] = []
        for one in manifests.files:
            file = self._file(one)
            demands.append(file.demand)
            problems = self._problems(one, file, values, labels)
            found += [located(problem, one.path) for problem in problems] if problems else ()
        if self._limits:
            total = Total(sum(len(one.content) for one in manifests.files), Demand.joined(demands))
            found += (_problem(one.header, too) for one in self._limits for too in one.judge_total(total, labels))
        return [*self.problems, *sorted(dict.fromkeys(found), key=order)]

    def _file(self, one: Manifest) -> _File:
        suffix = one.path[one.path.rfind(".") :]
        key = (suffix, one.content)
        known = self._files.get(key)
        if known is None:
            parts = self._parts(suffix, one.content)
            known = _File(suffix, parts, Demand.joined(part.evidence.demand for part in parts))
            self._files.put(key, known)
        return known

    def _parts(self, suffix: str, content: bytes) -> tuple[_Part, ...]:
        """Documents, so that one of the site's own does not make the others of its file new."""
        pieces = split(content) if suffix in YAML_SUFFIXES else []
        found: list[_Part] = []
        for piece in pieces if len(pieces) > 1 else ():
            evidence = self._evidence_of(piece.content)
            if evidence is None:
                break
            found.append(_Part(piece.line, piece.content, evidence))
        if found and len(found) == len(pieces):
            return tuple(found)
        return (_Part(0, content, evidence_of(suffix, content)),)

    def _evidence_of(self, content: bytes) -> Evidence | None:
        known = self._evidence.get(content)
        if known is None:
            document = load_certain(content, "")
            if document is None:
                return None
            known = evidence_of_documents([document])
            self._evidence.put(content, known)
        return known

    def _problems(self, one: Manifest, file: _File, values: _Values, labels: Mapping[str, str]) -> _Found:
        """Of a file; they stand in a file without name."""
        key = (file.suffix, one.content, values)
        known = self._judged_files.get(key)
        if known is None:
            known = tuple(
                located(problem, "", part.line)
                for part in file.parts
                for problem in self._judge(part, file.suffix, values, labels)
            )
            self._judged_files.put(key, known)
        return known

    def _judge(self, part: _Part, suffix: str, values: _Values, labels: Mapping[str, str]) -> _Found:
        key = (suffix, part.content, values)
        known = self._judged.get(key)
        if known is None:
            known = tuple(
                _problem(policy.header, found, (suffix, part.content))
                for policy in self._policies
                for found in policy.judge(part.evidence, labels)
            )
            self._judged.put(key, known)
        return known


def _problem(header: Header, finding: Finding, file: tuple[str, bytes] | None = None) -> Problem:
    place = finding.place
    parts = (place.subject.title, place.field, finding.what) if place else (finding.what,)
    words = f"{': '.join(part for part in parts if part)} (policy {header.name})"
    where = locate(*file, place) if place and file else None
    hint = f"{finding.hint}: {header.why}" if header.why else finding.hint
    about = str(place.subject) if place else ""
    return Problem(finding.code, words, where, hint, severity=header.severity, rule=header.name, object=about)

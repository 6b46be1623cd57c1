"""Checks all that was rendered for a site, each distinct file once.

In: a site's Manifests and its Kubernetes minor. Out: problems in a fixed order, all at once.
Never: changes its answer because of what it checked before; the memo only saves time.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from renderer.errors import Code
from renderer.types import Digest, Manifest, Manifests, Origin, Problem, References, SchemaSet, Severity, compact_json
from renderer.validate import kustomize
from renderer.validate.admission import Admission, Surroundings
from renderer.validate.catalog import Catalog
from renderer.validate.crds import CRD_GROUP, CRD_KIND, CrdSet
from renderer.validate.kubernetes import Kubernetes, minors
from renderer.validate.memo import Memo
from renderer.validate.objects import facts_of_file, locate, locate_field, objects_of, order
from renderer.validate.references import Promises, dangling
from renderer.validate.report import FileReport, Identity, located
from renderer.validate.reports import Reports
from renderer.validate.secrets_rendered import RenderedSecrets
from renderer.validate.secrets_rules import secret_rules
from renderer.validate.verdicts import KeptVerdicts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from renderer.types import Fleet
    from renderer.validate.facts import Facts
    from renderer.validate.verdicts import Verdicts

SUFFIXES = (".yaml", ".yml", ".json")
_DEFINITION = (CRD_GROUP, CRD_KIND)
_HELD, _SHIPPED = 4_096, 200

_Files = dict[str, Manifest]
_Reports = dict[str, FileReport]


class _Shipped(NamedTuple):
    """The definitions that an artifact carries itself: `key` tells sets apart, `problems` what is wrong with them."""

    key: str
    crds: CrdSet
    problems: tuple[Problem, ...]


class Validator:
    """Checks rendered objects against Kubernetes' schemas, the fleet's CRDs and each other.

    `allow_kinds` ("group/Kind") may pass without a schema; `references` says how those that lead nowhere are told: not
    at all when it is left out. A document is validated once per minor and content, however many sites have
    it. Build one per process: it does not pickle.
    """

    def __init__(
        self,
        schemas: SchemaSet,
        allow_kinds: frozenset[str] = frozenset(),
        references: References | None = None,
        kept: tuple[Verdicts, bytes] | None = None,
    ) -> None:
        self._schemas = schemas
        self._allow_kinds = allow_kinds
        self._references = references or References(None)
        self._kubernetes: dict[str, Kubernetes] = {}
        self._catalogs: dict[str, Catalog] = {}
        self._promises = Promises(self._references.provided)
        # A file of rules that cannot be read is told when the first site is checked.
        self._kept = KeptVerdicts(*kept) if kept else None
        self._facts: Memo[bytes, Facts] = Memo(_HELD)
        self._held: Memo[bytes, tuple[dict[str, Any], ...]] = Memo(_HELD)
        self._shipped: Memo[tuple[str, str], _Shipped] = Memo(_SHIPPED)

    @classmethod
    def of(cls, fleet: Fleet, schemas: SchemaSet, kept: Verdicts | None = None, program: bytes = b"") -> Validator:
        """The validator that fleet.yaml asks for.

        Verdicts of earlier runs are taken from `kept`; `program` must be another for any other build of this program,
        or of a package that it needs.
        """
        secrets = Digest.of(schemas.secrets[1]).hex if schemas.secrets else ""
        context = [program.hex(), schemas.digest.hex, secrets, *sorted(fleet.allow_kinds)]
        verdicts = (kept, compact_json(context)) if kept else None
        return cls(schemas, fleet.allow_kinds, fleet.references, verdicts)

    def check(self, manifests: Manifests, kubernetes: str, file: str | None = None) -> list[Problem]:
        """Everything wrong with a site's files for a minor such as "1.35"; [] when all is well.

        Problems stand at the rendered path and line; `file` is only where an unknown minor is reported. `site` is left
        for the caller to set. Warnings (severity) may be among them.
        """
        if kubernetes not in minors():
            hint = f"schemas are carried for {', '.join(minors())}"
            where = Origin(file) if file else None
            return [Problem(Code.KUBERNETES_UNKNOWN, f"Kubernetes {kubernetes!r} is not known", where, hint)]
        files = {one.path: one for one in manifests.files if one.path.endswith(SUFFIXES)}
        shipped, reports = self._reports(manifests.site, files, kubernetes)
        found = [located(problem, path) for path, report in reports.items() for problem in report.problems]
        found += [*shipped.problems, *_duplicates(files, reports), *self._broken_policies]
        found += _dangling([one.path for one in manifests.files], reports)
        found += [problem for one in manifests.files for problem in self._in_secret(one, reports.get(one.path))]
        if self._references.severity is not None:
            found += [replace(one, severity=self._references.severity) for one in self._lost(files, reports)]
        return sorted(dict.fromkeys(found), key=order) if found else found

    @cached_property
    def _secrets(self) -> RenderedSecrets:
        return RenderedSecrets(secret_rules(self._schemas.secrets))

    @cached_property
    def _known(self) -> Reports:
        return Reports(self._secrets, self._kept)

    @cached_property
    def _crds(self) -> CrdSet:
        return CrdSet.of(self._schemas.crds)

    def _in_secret(self, one: Manifest, report: FileReport | None) -> list[Problem]:
        """The secrets in a file; one without a report is no YAML."""
        secrets = self._known.of_text(one.content) if report is None else report.secrets
        return self._secrets.problems(one.path, secrets) if secrets else []

    def _lost(self, files: _Files, reports: _Reports) -> Iterator[Problem]:
        def facts(path: str) -> Facts:
            content = files[path].content
            known = self._facts.get(content)
            if known is None:
                known = facts_of_file(content)
                self._facts.put(content, known)
            return known

        summaries = {path: report.summary for path, report in reports.items()}
        return dangling(
            summaries, self._promises, facts, lambda path, need: locate_field(path, files[path].content, need)
        )

    def _reports(self, site: str, files: _Files, minor: str) -> tuple[_Shipped, _Reports]:
        around, none = self._surroundings(files), _nothing_shipped()
        catalog = self._catalog(minor, none, around) if around else self._usual(minor)
        known = self._known.of_site(site)
        reports = known.of({path: one.content for path, one in files.items()}, catalog, (minor, none.key))
        shipped = self._shipped_by([files[path] for path in reports if _DEFINITION in reports[path].kinds], minor)
        if shipped.crds.keys:
            catalog = self._catalog(minor, shipped, around or Surroundings())
            # The artifact's own definition is what the cluster will have: it goes before the fleet's.
            again = [path for path, report in reports.items() if report.kinds & shipped.crds.keys]
            reports |= known.of({path: files[path].content for path in again}, catalog, (minor, shipped.key))
        known.close()
        data = {kustomize.resolve(path, one.target) for path in files for one in reports[path].references if one.data}
        reports.update({path: self._known.of_data(files[path].content) for path in data & files.keys() if path})
        return shipped, reports

    def _usual(self, minor: str) -> Catalog:
        """The catalog of all sites of a minor that ship nothing, where no policy looks around."""
        if minor not in self._catalogs:
            self._catalogs[minor] = self._catalog(minor, _nothing_shipped(), Surroundings())
        return self._catalogs[minor]

    def _catalog(self, minor: str, shipped: _Shipped, around: Surroundings) -> Catalog:
        return Catalog(self._minor(minor), self._crds, shipped.crds, self._allow_kinds, self._admission, around)

    @cached_property
    def _admission(self) -> Admission:
        policies = self._schemas.policies
        return Admission(policies, self._minor(minors()[-1])) if policies else Admission()

    @cached_property
    def _broken_policies(self) -> tuple[Problem, ...]:
        return tuple(one for one in self._admission.problems if one.severity is Severity.ERROR)

    def _surroundings(self, files: _Files) -> Surroundings | None:
        """The site's namespaces and possible parameters, when a policy looks at any."""
        if self._admission.surrounding is None:
            return None
        return Surroundings.of(found for path in sorted(files) for found in self._holding(files[path]))

    def _holding(self, one: Manifest) -> tuple[dict[str, Any], ...]:
        known = self._held.get(one.content)
        if known is None:
            mentioned = self._admission.surrounding and self._admission.surrounding.search(one.content)
            known = objects_of(one.path, one.content) if mentioned else ()
            self._held.put(one.content, known)
        return known

    def _minor(self, minor: str) -> Kubernetes:
        if minor not in self._kubernetes:
            self._kubernetes[minor] = Kubernetes(minor)
        return self._kubernetes[minor]

    def _shipped_by(self, files: list[Manifest], minor: str) -> _Shipped:
        if not files:
            return _nothing_shipped()
        digest = Digest.of(
            b"".join(Digest.of(part).hex.encode() for one in files for part in (one.path.encode(), one.content))
        )
        known = self._shipped.get((minor, digest.hex))
        if known is None:
            crds = CrdSet.of((one.path, one.content) for one in files)
            known = _Shipped(digest.hex, crds, tuple(crds.check(self._minor(minor))))
            self._shipped.put((minor, digest.hex), known)
        return known


def _nothing_shipped() -> _Shipped:
    return _Shipped("", CrdSet(), ())


def check_schemas(schemas: SchemaSet) -> list[Problem]:
    """Everything wrong with the fleet's CRD files and policies themselves; reads and compiles all of them."""
    kubernetes = Kubernetes(minors()[-1])
    return [*CrdSet.of(schemas.crds).check(kubernetes), *Admission(schemas.policies, kubernetes).problems]


def _duplicates(files: _Files, reports: Mapping[str, FileReport]) -> Iterator[Problem]:
    """Objects that stand twice in the site, told at each later place."""
    every = [found for report in reports.values() for found in report.objects]
    if len(set(every)) == len(every):
        return
    first: dict[Identity, tuple[str, int]] = {}
    for path in sorted(reports):
        for number, identity in enumerate(reports[path].objects):
            seen = first.setdefault(identity, (path, number))
            if seen != (path, number):
                yield _duplicate(files, identity, seen, (path, number))


def _duplicate(files: _Files, identity: Identity, first: tuple[str, int], second: tuple[str, int]) -> Problem:
    before, here = (locate(path, files[path].content, number) for path, number in (first, second))
    place = f" in namespace {identity.namespace}" if identity.namespace else ""
    what = f"{identity.kind}/{identity.name}{place} stands twice: in {before} and in {here}"
    return Problem(Code.OBJECT_DUPLICATE, what, here, "remove or rename one of them")


def _dangling(paths: Iterable[str], reports: Mapping[str, FileReport]) -> Iterator[Problem]:
    """Files that a kustomization names but the artifact does not have."""
    naming = {path: report for path, report in reports.items() if report.references}
    present = frozenset(paths) if naming else frozenset()
    for path, report in naming.items():
        for one in report.references:
            target = kustomize.resolve(path, one.target)
            if target is not None and not kustomize.is_present(target, present):
                what = f"Kustomization: {one.field}: expected a file or kustomization of the artifact, got {one.target}"
                yield Problem(Code.OBJECT_SCHEMA, what, Origin(path, one.line), "render that file, or remove the entry")

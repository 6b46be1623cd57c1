"""Checks the objects of one rendered file.

In: a file's path and content, and the catalog of known kinds. Out: a FileReport: problems, and a summary of objects.
Never: looks at another file, keeps parsed data, or shows a value of a Secret.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from renderer.errors import Code
from renderer.secrets import mask_lines
from renderer.strict_yaml import YamlError, load_all
from renderer.types import Document, KeyPath, Origin, Problem, Severity
from renderer.validate import kustomize, secret
from renderer.validate.catalog import Catalog, group_of
from renderer.validate.crds import CRD_GROUP, CRD_KIND, Refusal
from renderer.validate.facts import NO_FACTS, Facts, facts_of
from renderer.validate.kustomize import Reference
from renderer.validate.names import crd_name_problems, name_problems
from renderer.validate.needs import Need, Subject
from renderer.validate.report import FileReport, Identity
from renderer.validate.rules_table import broken
from renderer.validate.summary import Summary
from renderer.validate.wording import Violation, clipped, dotted, type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from renderer.validate.admission import Look
    from renderer.validate.cel_rules import Breach
    from renderer.validate.kind import KindSchema

MOST_PER_DOCUMENT = 20


class _Object:
    """One object of a document, or one item of a List in it. What is no text, or no mapping, counts as empty."""

    __slots__ = ("api_version", "document", "group", "is_named", "kind", "metadata", "prefix", "value")

    def __init__(self, document: Document, prefix: KeyPath, value: dict[str, Any]) -> None:
        self.document, self.prefix, self.value = document, prefix, value
        api_version, kind, metadata = value.get("apiVersion"), value.get("kind"), value.get("metadata")
        self.api_version = api_version if isinstance(api_version, str) else ""
        self.kind = kind if isinstance(kind, str) else ""
        self.metadata: dict[str, Any] = metadata if isinstance(metadata, dict) else {}
        self.group = group_of(self.api_version)
        self.is_named = bool(self.metadata.get("name") and self.kind) and self.group != kustomize.GROUP

    @property
    def title(self) -> str:
        kind, name = self.kind or "object", self.metadata.get("name")
        return f"{kind}/{clipped(name)}" if isinstance(name, str) else kind

    @property
    def called(self) -> str:
        """Kind/namespace/name, or Kind/name for what names no namespace: what waivers know it by."""
        parts = (self.kind, self.metadata.get("namespace"), self.metadata.get("name"))
        return "/".join(part for part in parts if isinstance(part, str) and part)

    def problem(self, code: Code, violation: Violation) -> Problem:
        path = (*self.prefix, *violation.path)
        words = ": ".join(part for part in (self.title, dotted(violation.path), violation.what) if part)
        hint = violation.hint or "correct it in the template, or in the values it comes from"
        return Problem(code, words, self.document.origin(path), hint, object=self.called)


def check_file(path: str, content: bytes, catalog: Catalog) -> FileReport:
    """Parse `content` strictly and check every object in it; problems stand in `path`, sorted by place."""
    try:
        documents = load_all(content, path)
    except YamlError as error:
        return FileReport(_yaml_problems(error, content))
    return check_documents(documents, catalog)


def check_documents(documents: Sequence[Document], catalog: Catalog) -> FileReport:
    """Check every object in documents that were read; a null one is none."""
    objects: list[_Object] = []
    problems: list[Problem] = []
    looks: dict[Look, None] = {}
    for document in documents:
        if document.value is not None:
            held = [*_objects(document, (), document.value)]
            problems += _checked(document, held, catalog, looks)
            objects += held
    return FileReport(
        tuple(problems),
        tuple([_identity(one) for one in objects if one.is_named]),
        frozenset([(one.group, one.kind) for one in objects]),
        tuple([found for one in objects if one.group == kustomize.GROUP for found in _references(one)]),
        Summary.of(_facts(objects)),
        tuple(looks),
    )


def check_data(path: str, content: bytes) -> FileReport:
    """A file that is data or a patch, not an object to apply: only strict YAML without plain Secrets is asked."""
    try:
        documents = load_all(content, path)
    except YamlError as error:
        return FileReport(_yaml_problems(error, content))
    objects = [one for document in documents for one in _objects(document, (), document.value)]
    return FileReport(tuple(problem for one in objects for problem in _secrets(one)))


def objects_of(path: str, content: bytes) -> tuple[dict[str, Any], ...]:
    """The named objects of a file; none of one that cannot be read."""
    try:
        return tuple(one.value for one in _parsed(path, content) if one.is_named and one.api_version)
    except YamlError:
        return ()


def facts_of_file(content: bytes) -> Facts:
    """What the objects of a file mean to the rest of their site; nothing for a file that cannot be read."""
    try:
        return _facts(_parsed("", content))
    except YamlError:
        return NO_FACTS


def locate(path: str, content: bytes, number: int) -> Origin:
    """Where the named object `number` of a file has its name: read again, for lines are not kept and seldom asked."""
    named = [one for one in _parsed(path, content) if one.is_named]
    return named[number].document.origin((*named[number].prefix, "metadata", "name"))


def locate_field(path: str, content: bytes, need: Need) -> Origin:
    """Where the field stands that something is needed in; read again, as in `locate`."""
    one = _parsed(path, content)[need.number]
    return one.document.origin((*one.prefix, *need.path))


def _parsed(path: str, content: bytes) -> list[_Object]:
    return [one for document in load_all(content, path) for one in _objects(document, (), document.value)]


def _yaml_problems(error: YamlError, content: bytes) -> tuple[Problem, ...]:
    hide = secret.mentions_secret(content)
    return tuple(_yaml_problem(one, hide=hide) for one in mask_lines(error.problems, content))


def _yaml_problem(problem: Problem, *, hide: bool) -> Problem:
    if not hide:
        return replace(problem, code=Code.OBJECT_YAML)
    what = f"not strict YAML ({problem.code}); no more is shown, for the file holds a Secret"
    return Problem(Code.OBJECT_YAML, what, problem.where, "quote ambiguous values; see docs/reference/errors.md")


def _objects(document: Document, prefix: KeyPath, value: object) -> Iterator[_Object]:
    """The objects of a document; a List is its items."""
    if not isinstance(value, dict):
        return
    items = value.get("items")
    if value.get("kind") == "List" and value.get("apiVersion") == "v1" and isinstance(items, list):
        for index, item in enumerate(items):
            yield from _objects(document, (*prefix, "items", index), item)
    else:
        yield _Object(document, prefix, value)


def _checked(
    document: Document, objects: Sequence[_Object], catalog: Catalog, looks: dict[Look, None]
) -> list[Problem]:
    found = [*_not_mappings(document, (), document.value)]
    for one in objects:
        if not (one.api_version and one.is_named and isinstance(one.metadata["name"], str)):
            found += _incomplete(one)
        found += _names(one, catalog.kubernetes.minor)
        if one.kind == "Secret" or one.group == kustomize.GROUP:
            found += _secrets(one)
        if one.api_version and one.kind:
            found += _against_schema(one, catalog, looks)
    return _capped(sorted(dict.fromkeys(found), key=order)) if found else found


def order(problem: Problem) -> tuple[str, int, int, str, str]:
    """Sort key: file, line, column, code, words."""
    where = problem.where
    return (*((where.file, where.line, where.column) if where else ("", 0, 0)), problem.code, problem.what)


def _capped(problems: list[Problem]) -> list[Problem]:
    more = len(problems) - MOST_PER_DOCUMENT
    if more <= 0:
        return problems
    last = problems[MOST_PER_DOCUMENT - 1]
    what = f"… and {more} more problems in this document"  # sorts behind the words of its neighbour
    note = replace(last, what=what, hint="correct these first")
    return [*problems[:MOST_PER_DOCUMENT], note]


def _not_mappings(document: Document, prefix: KeyPath, value: object) -> Iterator[Problem]:
    if not isinstance(value, dict):
        what = f"expected a mapping with apiVersion, kind and metadata.name, got {type_name(value)}"
        yield Problem(Code.OBJECT_INCOMPLETE, what, document.origin(prefix), "remove it, or write an object")
    elif value.get("kind") == "List" and isinstance(value.get("items"), list):
        for index, item in enumerate(value["items"]):
            yield from _not_mappings(document, (*prefix, "items", index), item)


def _incomplete(one: _Object) -> Iterator[Problem]:
    for key, text in (("apiVersion", one.api_version), ("kind", one.kind)):
        if not text:
            hint = "every object names its apiVersion, kind and metadata.name"
            yield one.problem(Code.OBJECT_INCOMPLETE, Violation((), f"{key} is missing or no text", hint))
    name = one.metadata.get("name")
    if one.group != kustomize.GROUP and not (isinstance(name, str) and name):
        made = "a fixed name is needed: generateName cannot be applied" if "generateName" in one.metadata else ""
        what = "name is missing or no text"
        yield one.problem(Code.OBJECT_INCOMPLETE, Violation(("metadata",), what, made or "give the object a name"))


def _names(one: _Object, minor: str) -> list[Problem]:
    if one.group == kustomize.GROUP:
        return []
    found = [*name_problems(one.group, one.kind, one.metadata, minor)]
    if (one.group, one.kind) == (CRD_GROUP, CRD_KIND):
        found += crd_name_problems({**one.value, "metadata": one.metadata})
    return [one.problem(Code.OBJECT_NAME, violation) for violation in found]


def _secrets(one: _Object) -> Iterator[Problem]:
    paths = secret.plain_fields(one.value) if secret.is_secret(one.value) else []
    if one.group == kustomize.GROUP:
        paths = [*kustomize.secrets(one.value)]
    for path in paths:
        hint = "use an ExternalSecret, or encrypt the file with SOPS"
        yield one.problem(Code.OBJECT_SECRET, Violation(path, "secret data in plain text", hint))


def _against_schema(one: _Object, catalog: Catalog, looks: dict[Look, None]) -> list[Problem]:
    schema = catalog.find(one.api_version, one.kind)
    if isinstance(schema, Refusal):
        return [_refused(one, schema)]
    if schema is None:
        return [*_against_policies(one, one.value, catalog, None, looks)]
    sealed, quiet = secret.has_sops(one.value), secret.is_secret(one.value)
    value = secret.decrypted_shape(one.value) if sealed else one.value
    shape = schema.schema.violations(value, quiet=quiet)
    if sealed:
        shape = [found for found in shape if not secret.is_encrypted(_at(value, found.path))]
    problems = [*schema.warnings]
    if schema.deprecation is not None:
        told = one.problem(Code.OBJECT_API_DEPRECATED, schema.deprecation)
        problems.append(replace(told, severity=Severity.WARNING))
    problems += [one.problem(Code.OBJECT_SCHEMA, found) for found in (*shape, *schema.repeated(value, quiet=quiet))]
    problems += [one.problem(Code.OBJECT_NAME, found) for found in schema.names(value)]
    # A misspelt field would be told twice: as unknown, and as missing by a rule. Of what SOPS encrypted, only a Secret
    # keeps what its rules look at.
    if not shape and (quiet or not sealed):
        problems += _against_rules(one, value, catalog.kubernetes.minor)
    if not shape and schema.rules is not None:
        problems += _against_cel(one, schema.rules.breaches(value))
    if not shape:
        problems += _against_policies(one, value, catalog, schema, looks)
    return problems


def _against_rules(one: _Object, value: dict[str, Any], minor: str) -> Iterator[Problem]:
    for rule, path, what in broken(one.group, one.kind, value):
        found = one.problem(Code.OBJECT_RULE, Violation(path, f"{what} (rule {rule.name})", rule.hint))
        yield replace(found, severity=rule.severity_in(minor), rule=rule.name)


def _against_cel(one: _Object, breaches: Iterable[Breach]) -> Iterator[Problem]:
    for violation, severity in breaches:
        yield replace(one.problem(Code.OBJECT_CEL, violation), severity=severity)


def _against_policies(
    one: _Object, value: dict[str, Any], catalog: Catalog, schema: KindSchema | None, looks: dict[Look, None]
) -> Iterator[Problem]:
    """What admission policies say; `looks` gets what they look at beside the object."""
    if not one.is_named or not catalog.admission:
        return
    creation = catalog.creation(value, schema)
    looks.update(dict.fromkeys(catalog.admission.looks(creation)))
    for what, hint, severity, policy in catalog.admission.findings(creation, catalog.around, catalog.resource):
        found = one.problem(Code.OBJECT_POLICY, Violation(("metadata", "name"), what, hint))
        yield replace(found, severity=severity, rule=policy)


def _refused(one: _Object, refusal: Refusal) -> Problem:
    path: KeyPath = ("kind",) if refusal.code is Code.OBJECT_KIND_UNKNOWN else ("apiVersion",)
    where = refusal.where or one.document.origin((*one.prefix, *path))
    return Problem(refusal.code, f"{one.title}: {refusal.what}", where, refusal.hint)


def _at(value: Any, path: KeyPath) -> object:
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _identity(one: _Object) -> Identity:
    namespace = one.metadata.get("namespace")
    place = namespace if isinstance(namespace, str) else ""
    return Identity(one.group, one.kind, place, str(one.metadata["name"]))


def _facts(objects: Sequence[_Object]) -> Facts:
    return Facts.joined(
        [facts_of(Subject(one.group, one.kind, one.value, number)) for number, one in enumerate(objects)]
    )


def _references(one: _Object) -> Iterator[Reference]:
    for path, target, data in kustomize.references(one.value):
        line = one.document.origin((*one.prefix, *path)).line
        yield Reference(target, dotted(path), line, data)

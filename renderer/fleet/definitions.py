"""The CustomResourceDefinitions of a fleet: what is there, and how definitions are added, renewed and taken away.

In: a workspace, files that hold definitions. Out: a plan as a value, with all problems; written when asked to.
Never: asks the network, writes anything while there is a problem, or touches what schemas/crds/update.py generates.
"""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Final

from renderer import read, scaffold, validate
from renderer.errors import Code, ConfigurationError
from renderer.report.definitions import DefinitionRow, Renewal
from renderer.types import Origin, Problem, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from renderer.read import Catalogue
    from renderer.types import Fleet
    from renderer.validate import Definition

SCHEMA_PACKAGE: Final = "kubernetes-validate"
_SUFFIXES: Final = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Given:
    """What a person named: `sources` as they were named; files with their content, by the names that are told."""

    sources: tuple[str, ...]
    files: tuple[tuple[str, bytes], ...]

    @property
    def digest(self) -> str:
        """One SHA-256 over all files, in their order."""
        return hashlib.sha256(b"".join(content for _, content in self.files)).hexdigest()


@dataclass(frozen=True, slots=True)
class Stock:
    """The definitions of a fleet, sorted: file below schemas/crds -> definition; and the catalogue beside them.

    `others` are those that stand behind the first in a file that somebody put there by hand.
    """

    catalogue: Catalogue
    content: Mapping[str, bytes]
    definitions: Mapping[str, Definition]
    others: tuple[tuple[str, Definition], ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def all(self) -> list[tuple[str, Definition]]:
        """(file, definition) of every one."""
        return [*self.definitions.items(), *self.others]

    def holding(self, definition: Definition) -> str | None:
        """The file that defines the same kind."""
        return next((file for file, known in self.all if _key(known) == _key(definition)), None)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change: new content by file below schemas/crds (None: gone), the catalogue, and what is told."""

    files: Mapping[str, bytes | None] = field(default_factory=dict)
    catalogue: bytes | None = None
    renewals: tuple[Renewal, ...] = ()
    left_out: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether an error stands in the way."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Naming:
    """What the catalogue shall say; without `source`, the names of the files. `kinds`, if any, are the ones to take."""

    project: str | None = None
    version: str | None = None
    source: str | None = None
    kinds: tuple[str, ...] = ()


def read_given(sources: Sequence[str], stdin: bytes) -> Given:
    """The files that `sources` mean: a file, `-`, or every .yaml, .yml and .json in a folder and below."""
    found: list[tuple[str, bytes]] = []
    problems: list[Problem] = []
    for source in sources:
        try:
            found += [("<stdin>", stdin)] if source == "-" else _read(Path(source))
        except OSError as error:
            what = f"cannot read {source}: {error.strerror or type(error).__name__}"
            problems.append(Problem(Code.FILE_UNREADABLE, what, Origin(source), "name a file, a folder, or -"))
    if problems:
        raise ConfigurationError(problems[0].what, problems=problems)
    return Given(tuple(sources), tuple(found))


def _read(path: Path) -> list[tuple[str, bytes]]:
    files = sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES) if path.is_dir() else [path]
    return [(file.as_posix(), file.read_bytes()) for file in files]


def read_stock(fleet: Fleet) -> Stock:
    """All definitions of the fleet. Files that cannot be used, or differ from the catalogue, are problems."""
    catalogue = read.load_catalogue(fleet, validate.check_input)
    content = read.definition_files(fleet)
    folder = read.crds_folder(fleet).relative_to(fleet.repository).as_posix()
    problems: list[Problem] = []
    definitions: dict[str, Definition] = {}
    others: list[tuple[str, Definition]] = []
    for file, text in content.items():
        found, wrong = validate.read_definitions(f"{folder}/{file}", text)
        problems += wrong
        definitions.update(dict.fromkeys([file], found[0]) if found else {})
        others += [(file, one) for one in found[1:]]
    problems += _strays(catalogue, content, folder)
    return Stock(catalogue, content, definitions, tuple(others), tuple(problems))


def _strays(catalogue: Catalogue, content: Mapping[str, bytes], folder: str) -> Iterable[Problem]:
    for file, known in catalogue.files.items():
        if file not in content:
            what = f"the catalogue lists {file}, which is not there"
            yield Problem(Code.DEFINITION_ALTERED, what, known.where, "restore it, or remove the entry")
        elif known.sha256 and known.sha256 != hashlib.sha256(content[file]).hexdigest():
            what = f"differs from what the catalogue says of {known.source} {known.version}"
            hint = "do not edit it: add or update it with `fleetpress schemas`, or run schemas/crds/update.py"
            where = Origin(f"{folder}/{file}")
            yield Problem(Code.DEFINITION_ALTERED, what, where, hint, severity=Severity.WARNING)


def rows(stock: Stock) -> list[DefinitionRow]:
    """A row for each definition, sorted by group and kind."""
    found = [_row(stock, file, one) for file, one in stock.all]
    return sorted(found, key=lambda row: (row.group, row.kind))


def _row(stock: Stock, file: str, one: Definition) -> DefinitionRow:
    known = stock.catalogue.files.get(file)
    source, version = (known.source, known.version) if known else ("", "")
    return DefinitionRow(one.group, one.kind, one.served, one.storage, file, source, version)


def kubernetes() -> tuple[tuple[str, ...], str, str]:
    """The minors that schemas are carried for, and the package and version that they come from."""
    return validate.minors(), SCHEMA_PACKAGE, installed(SCHEMA_PACKAGE)


def plan_add(stock: Stock, given: Given, naming: Naming) -> Plan:
    """File new definitions. One that is there already is a problem, and so is everything wrong with one."""
    found, problems = _definitions(given, naming)
    for one in found:
        held = stock.holding(one)
        if held is not None:
            hint = "`fleetpress schemas update` replaces it"
            problems.append(Problem(Code.DEFINITION_TAKEN, f"{one.name} is there: {held}", one.where, hint))
    if problems:
        return Plan(problems=tuple(sorted(problems, key=lambda one: one.where or Origin(""))))
    files = {f"{naming.project}/{one.name}.yaml": scaffold.manifest(one.value) for one in found}
    catalogue = scaffold.add_entry(stock.catalogue.content, _entry(naming.project or "", files, given, naming))
    return Plan(files, catalogue, tuple(Renewal(one.name, file, ()) for one, file in zip(found, files, strict=True)))


def plan_update(stock: Stock, given: Given, naming: Naming) -> Plan:
    """Replace definitions by newer ones, each told with what differs; kinds that are not filed are left out."""
    found, problems = _definitions(given, naming)
    known = [(one, held) for one in found if (held := stock.holding(one)) is not None]
    if not known and not problems:
        what = f"none of these definitions is in schemas/crds: {', '.join(one.name for one in found)}"
        problems.append(Problem(Code.DEFINITION_UNKNOWN, what, found[0].where, "`fleetpress schemas add` files them"))
    files: dict[str, bytes] = {}
    renewals = []
    for one, held in known:
        before = next(known for file, known in stock.all if file == held and _key(known) == _key(one))
        changes = validate.compare_definitions(before, one)
        content = scaffold.manifest(one.value)
        if content != stock.content[held] and (changes or one.value != before.value):
            files[held] = content
            renewals.append(Renewal(one.name, held, tuple(changes)))
    left_out = tuple(one.name for one in found if stock.holding(one) is None)
    catalogue = stock.catalogue.content
    if files and not problems:
        for project in sorted({file.partition("/")[0] for file in files}):
            own = {file: content for file, content in files.items() if file.partition("/")[0] == project}
            catalogue = scaffold.renew_files(catalogue, _entry(project, own, given, naming))
    return Plan(files, catalogue, tuple(renewals), left_out, tuple(problems))


def guarded(stock: Stock, plan: Plan) -> Plan:
    """The plan, unless it concerns what is not the command's own.

    That is what schemas/crds/update.py writes, for two masters would undo each other, and files of several definitions.
    """
    found = []
    shared = {file for file, _ in stock.others} & plan.files.keys()
    for file in sorted(shared):
        what, hint = f"{file} holds several definitions", "split it: a file for each, named PLURAL.GROUP.yaml"
        found.append(Problem(Code.CRD_INVALID, what, stock.definitions[file].where, hint))
    for file in plan.files:
        known = stock.catalogue.files.get(file)
        if known and known.generated:
            what = f"{file} is generated from {known.source} {known.version}"
            hint = "edit that entry of the catalogue, and run schemas/crds/update.py"
            found.append(Problem(Code.DEFINITION_GENERATED, what, known.where, hint))
    return replace(plan, problems=(*plan.problems, *found))


def plan_remove(stock: Stock, names: Sequence[str]) -> Plan:
    """Take definitions away, by plural.group, group/Kind, or file below schemas/crds."""
    chosen: dict[str, str] = {}
    problems = []
    for name in names:
        named = {file: one.name for file, one in stock.all if name in _names(file, one)}
        chosen |= named
        if not named:
            what, hint = f"there is no definition {name[:100]!r}", "`fleetpress schemas list` shows them"
            problems.append(Problem(Code.DEFINITION_UNKNOWN, what, hint=hint))
    listed = chosen.keys() & stock.catalogue.files.keys()
    content = stock.catalogue.content
    catalogue = scaffold.drop_files(content, listed) if listed and content is not None else None
    renewals = tuple(Renewal(name, file, ()) for file, name in chosen.items())
    return Plan(dict.fromkeys(chosen), catalogue, renewals, problems=tuple(problems))


def write(fleet: Fleet, stock: Stock, plan: Plan) -> None:
    """Make the folder what the plan says: new files first, then what is replaced, then what goes."""
    folder = read.crds_folder(fleet)
    changed = {file: content for file, content in plan.files.items() if content is not None}
    if plan.catalogue is not None:
        changed[read.CATALOGUE] = plan.catalogue
    before = {**stock.content, **({read.CATALOGUE: stock.catalogue.content} if stock.catalogue.content else {})}
    new = {file: content for file, content in changed.items() if file not in before}
    if new:
        _place(folder, new)
    try:
        old = {file: content for file, content in changed.items() if file not in new}
        scaffold.rewrite([scaffold.Rewrite(folder / file, before[file], content) for file, content in old.items()])
    except BaseException:
        for file in new:
            (folder / file).unlink(missing_ok=True)
        raise
    for file, content in plan.files.items():
        if content is None:
            (folder / file).unlink(missing_ok=True)
            with suppress(OSError):  # the project's folder, unless something else is in it
                (folder / file).parent.rmdir()


def _place(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fleetpress-") as made:
        for file, content in files.items():
            path = Path(made) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        scaffold.place(Path(made), folder)


def _definitions(given: Given, naming: Naming) -> tuple[list[Definition], list[Problem]]:
    found: list[Definition] = []
    problems: list[Problem] = []
    for file, content in given.files:
        definitions, wrong = validate.read_definitions(file, content)
        found += [one for one in definitions if not naming.kinds or one.kind in naming.kinds]
        problems += [one for one in wrong if one.severity is Severity.ERROR]
    seen: dict[tuple[str, str], Definition] = {}
    for one in found:
        first = seen.setdefault(_key(one), one)
        if first is not one:
            what = f"{one.name} is defined twice, first at {first.where}"
            problems.append(Problem(Code.CRD_INVALID, what, one.where, "give each kind once"))
    if not found and not problems:
        names = ", ".join(dict.fromkeys(file for file, _ in given.files)) or "the folder"
        kinds = f" of the kinds {', '.join(naming.kinds)}" if naming.kinds else ""
        hint = "expected apiextensions.k8s.io/v1 CustomResourceDefinition, as in `kubectl get crd NAME -o yaml`"
        what = f"no CustomResourceDefinition{kinds} in {names[:200]}"
        problems.append(Problem(Code.CRD_INVALID, what, Origin(given.files[0][0]) if given.files else None, hint))
    return found, problems


def _key(one: Definition) -> tuple[str, str]:
    return one.group, one.kind


def _names(file: str, one: Definition) -> tuple[str, ...]:
    return file, one.name, f"{one.group}/{one.kind}"


def _entry(project: str, files: Mapping[str, bytes], given: Given, naming: Naming) -> scaffold.Added:
    sums = {file: hashlib.sha256(content).hexdigest() for file, content in files.items()}
    # Not where they lay: that means something on this machine only.
    source = naming.source or ", ".join(Path(one).resolve().name if one != "-" else "stdin" for one in given.sources)
    return scaffold.Added(project, source, naming.version or "", f"sha256:{given.digest}", sums)

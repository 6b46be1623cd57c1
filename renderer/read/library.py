"""The template versions that a fleet can use: those in its folder and those of its sources, held to its lock.

In: a fleet, its lock, the access to sources. Out: trees whose content is what the lock says; versions as they are now.
Never: resolves a range by anything but the lock, or takes content that the lock does not know when there is one.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from renderer.errors import Code, TemplateError
from renderer.read.files import quoted
from renderer.read.git_address import is_local
from renderer.read.interface import Lock, Locked, SourceKind
from renderer.read.lock import lock_path
from renderer.read.ranges import NEXT, is_range, newest, order
from renderer.read.source_git import GitTemplates
from renderer.read.source_oci import OciTemplates
from renderer.read.templates import has_folder, list_versions, load_template, missing, tree_of
from renderer.types import GitSource, Origin, Problem, TemplatePin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from renderer.read.interface import Access, Source
    from renderer.types import Fleet, TemplateFile, TemplateSource, TemplateTree


class Library:
    """See the module. `lock` is None for a fleet without one: then only its own folder can be used, as it is."""

    def __init__(self, fleet: Fleet, lock: Lock | None, access: Access) -> None:
        self._fleet = fleet
        self.lock = lock
        asked: dict[str, Mapping[str, str]] = {}
        self._sources = {name: _source(source, fleet.root, access, asked) for name, source in fleet.sources.items()}

    def exact(self, pin: TemplatePin) -> TemplatePin:
        """The pin itself, or for a range what the lock resolves it to; raises TemplateError when it does not."""
        if not is_range(pin.version):
            return pin
        version = (self.lock or Lock()).ranges.get(pin)
        if version is None:
            raise self._unlocked(f"nothing says which version of {pin.name} the range {quoted(pin.version)} stands for")
        return TemplatePin(pin.name, version)

    def tree(self, pin: TemplatePin) -> TemplateTree:
        """The files of an exact version, as the lock knows them. Raises TemplateError."""
        locked = self.lock.versions.get(pin) if self.lock else None
        if locked is None:
            return self._unlocked_tree(pin)
        tree = self.fetch(pin, locked)
        if tree.digest != locked.digest:
            raise self._changed(tree, locked)
        return tree

    def source_files(self, pin: TemplatePin) -> tuple[TemplateFile, ...]:
        """All files of a version that the lock has from a source, its tests too. Raises TemplateError."""
        self.tree(pin)
        locked = self.lock.versions.get(pin) if self.lock else None
        if locked is None or locked.kind is SourceKind.DIRECTORY:
            raise self._unlocked(f"templates.lock does not have {pin} from a source")
        with self._placed(pin.name):
            return self._sources[pin.name].read(pin, locked.address)

    def fetch(self, pin: TemplatePin, locked: Locked) -> TemplateTree:
        """The files where `locked` says they are, whatever their digest. Raises TemplateError."""
        if locked.kind is SourceKind.DIRECTORY:
            return load_template(self._fleet, pin)
        if not self.offers(pin, locked):
            raise self._unlocked(f"templates.lock has {pin} from {locked.kind}, but fleet.yaml names no such source")
        return self._read(pin, locked.address)

    def resolve(self, pin: TemplatePin) -> Locked:
        """What an exact version is now; the fleet's folder comes before the sources. Raises TemplateError."""
        if has_folder(self._fleet, pin):
            return Locked(SourceKind.DIRECTORY, load_template(self._fleet, pin).digest)
        address = self.address(pin)
        if address is None:
            raise missing(pin, self._known(pin.name, self.versions(pin.name)))
        return Locked(self._sources[pin.name].kind, self._read(pin, address).digest, address)

    def address(self, pin: TemplatePin) -> str | None:
        """The commit or manifest that a version has at its source now, None if there is none. Asks the source."""
        source = self._sources.get(pin.name)
        with self._placed(pin.name):
            return source.find(pin.version) if source is not None else None

    def resolve_range(self, pin: TemplatePin) -> TemplatePin:
        """The newest version that a range allows now. Asks the source. Raises TemplateError when there is none."""
        versions = self.versions(pin.name)
        try:
            found = newest(versions, pin.version)
        except ValueError as error:
            problem = Problem(Code.INPUT_SCHEMA, f"{pin.name}: {error}", hint="see docs/reference/template-sources.md")
            raise TemplateError(problem.what, problems=[problem]) from None
        if found is None:
            raise missing(pin, self._known(pin.name, versions))
        return TemplatePin(pin.name, found)

    def versions(self, name: str) -> tuple[str, ...]:
        """Every version of a template that there is now, in their order. Asks the source."""
        own = list_versions(self._fleet).get(name, ())
        source = self._sources.get(name)
        with self._placed(name):
            return tuple(sorted({*own, *(source.versions() if source else ())}, key=order))

    def names(self) -> tuple[str, ...]:
        """Every template that has a folder or a source."""
        return tuple(sorted({*list_versions(self._fleet), *self._sources}))

    def folders(self) -> Iterable[TemplatePin]:
        """Every version in the fleet's folder."""
        return (TemplatePin(name, version) for name, found in list_versions(self._fleet).items() for version in found)

    def is_lockable(self, pin: TemplatePin) -> bool:
        """Whether a lock holds this version: all but the working version in the fleet's own folder."""
        return not (pin.version == NEXT and has_folder(self._fleet, pin))

    def kind(self, pin: TemplatePin) -> SourceKind:
        """Where an unlocked version would be taken from: the fleet's folder comes before the sources."""
        return SourceKind.DIRECTORY if has_folder(self._fleet, pin) else self._sources[pin.name].kind

    def offers(self, pin: TemplatePin, locked: Locked) -> bool:
        """Whether the folder is there, or fleet.yaml names a source of the kind, that a version is locked to."""
        if locked.kind is SourceKind.DIRECTORY:
            return has_folder(self._fleet, pin)
        source = self._sources.get(pin.name)
        return source is not None and source.kind is locked.kind

    def _known(self, name: str, versions: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
        return {**list_versions(self._fleet), **({name: versions} if versions else {})}

    def _read(self, pin: TemplatePin, address: str) -> TemplateTree:
        with self._placed(pin.name):
            tree = tree_of(pin, str(pin), self._sources[pin.name].read(pin, address))
        address = _address(self._fleet.sources[pin.name])
        return replace(tree, repository=address, lenient=pin.name in self._fleet.lenient)

    @contextmanager
    def _placed(self, name: str) -> Iterator[None]:
        """What is wrong with a source is told with its place in fleet.yaml: sites that share it share the problem."""
        try:
            yield
        except TemplateError as error:
            where = self._fleet.sources[name].where
            problems = [replace(problem, where=problem.where or where) for problem in error.problems]
            raise type(error)(str(error), problems=problems) from None

    def _unlocked(self, what: str) -> TemplateError:
        hint = "run `fleetpress template lock`, and commit templates.lock"
        path = lock_path(self._fleet) if self.lock is not None else self._fleet.root / "fleet.yaml"
        where = Origin(path.relative_to(self._fleet.repository).as_posix())
        return TemplateError(what, problems=[Problem(Code.TEMPLATE_UNLOCKED, what, where, hint)])

    def _unlocked_tree(self, pin: TemplatePin) -> TemplateTree:
        in_folder = has_folder(self._fleet, pin)
        if not in_folder and pin.name in self._sources:
            raise self._unlocked(f"templates.lock does not have {pin}, which comes from a source")
        if in_folder and self.lock is not None and pin.version != NEXT:
            raise self._unlocked(f"templates.lock does not have {pin}")
        return load_template(self._fleet, pin)

    def _changed(self, tree: TemplateTree, locked: Locked) -> TemplateError:
        pin = tree.pin
        what = f"{pin} has the digest {tree.digest}, expected {locked.digest} from templates.lock"
        why = (
            "restore the files and release the change as a new version"
            if locked.kind is SourceKind.DIRECTORY
            else "`path` of its source in fleet.yaml changed, or the cache is damaged"
        )
        hint = f"{why}; if it is meant, run `fleetpress template lock --upgrade {pin}`"
        problem = Problem(Code.TEMPLATE_CHANGED, what, Origin(tree.file), hint)
        return TemplateError(what, problems=[problem])


def _address(source: TemplateSource) -> str:
    """The source as fleet.yaml names it. A folder of this machine is another one elsewhere, so it has none."""
    if isinstance(source, GitSource):
        return "" if is_local(source.url) else source.url
    return f"oci://{source.repository}"


def _source(source: TemplateSource, base: Path, access: Access, asked: dict[str, Mapping[str, str]]) -> Source:
    """`asked` keeps what a git repository answered: several templates may share one."""
    if isinstance(source, GitSource):
        return GitTemplates(source, base, access, asked)
    return OciTemplates(source, access)
